"""Daily tools inside the default sandbox: git, Python, node, npm."""
import json
import os
import subprocess
import unittest

import snugtest
from snugtest import Case, HOME

IDENTITY = ("export GIT_AUTHOR_NAME=T GIT_AUTHOR_EMAIL=t@example.com GIT_COMMITTER_NAME=T GIT_COMMITTER_EMAIL=t@example.com; ")


class Git(Case):
    def test_init_commit_clone_worktree(self):
        snugtest.need_program("git")
        output = self.shell(IDENTITY + """
            mkdir repo; cd repo; git init -q -b main .; echo a > a; git add a; git commit -qm first
            git clone -q . ../clone; git worktree add -q ../tree -b topic; cd ../tree; echo b > b; git add b; git commit -qm second
            git -C ../clone fetch -q ../repo topic; git -C ../clone merge -q FETCH_HEAD; git -C ../clone log --format=%s
            git -C ../repo worktree list | wc -l; git -C ../repo fsck""")
        self.assertEqual(output.split(), ["second", "first", "2"])
        outside = subprocess.run(["git", "-C", os.path.join(self.project, "clone"), "status", "--short"], capture_output=True)
        self.assertEqual((outside.returncode, outside.stdout), (0, b""), self.story(outside))

    def test_a_worktree_as_the_project(self):
        snugtest.need_program("git")
        repo, tree = os.path.join(self.folder(), "repo"), os.path.join(self.project, "tree")
        subprocess.run(["sh", "-ec", IDENTITY + f"git init -q -b main {repo}; cd {repo}; git commit -q --allow-empty -m first; "
                        f"git worktree add -q {tree} -b topic"], check=True)
        result = self.snug("run", "--", "sh", "-ec", IDENTITY + "git status --short --branch; echo x > x; git add x; git commit -qm second; "
                           "git log --format=%s", cwd=tree)
        self.assertEqual(result.returncode, 0, self.story(result))
        self.assertIn(b"second\nfirst", result.stdout)


class Python(Case):
    def test_virtual_environment_and_its_test_run(self):
        self.write("tests/__init__.py", "")
        self.write("package/__init__.py", "def double(x):\n    return 2 * x\n")
        self.write("tests/test_package.py", "import unittest, package\nclass T(unittest.TestCase):\n"
                   "    def test_double(self):\n        self.assertEqual(package.double(21), 42)\n")
        output = self.shell("/usr/bin/python3 -m venv env; . env/bin/activate; python -m unittest discover -v -s tests -t . 2>&1; "
                            "python -c 'import sys; print(sys.prefix)'; pip --version", timeout=240)
        self.assertIn("OK", output)
        self.assertIn(os.path.join(self.project, "env"), output)
        self.assertRegex(output, r"pip \d+")

    def test_multiprocessing_and_sockets(self):
        self.write("x.py", "import multiprocessing as m, socket\nif __name__ == '__main__':\n"
                   "    with m.Pool(2) as p: print(p.map(abs, [-1, -2]))\n    a, b = socket.socketpair(); a.send(b'x'); print(b.recv(1))\n")
        self.assertEqual(self.shell("/usr/bin/python3 x.py"), "[1, 2]\nb'x'\n")


class Node(Case):
    def test_a_script(self):
        snugtest.need_program("node")
        self.write("x.js", "const fs = require('fs'), os = require('os');\n"
                   "fs.writeFileSync('made', os.homedir());\nsetTimeout(() => console.log(process.cwd()), 10);\n")
        self.assertEqual(self.shell("node x.js").strip(), self.project)
        with open(os.path.join(self.project, "made")) as file:
            self.assertEqual(file.read(), HOME)

    def test_npm_ci_from_a_local_archive(self):
        snugtest.need_program("npm")
        self.write("dep/package.json", json.dumps({"name": "dep", "version": "1.0.0", "main": "i.js",
                                                   "scripts": {"postinstall": "node -e \"require('fs').writeFileSync('ran','')\""}}))
        self.write("dep/i.js", "module.exports = () => 'from the archive';\n")
        self.write("app/package.json", json.dumps({"name": "app", "version": "1.0.0", "dependencies": {"dep": "file:../dep-1.0.0.tgz"},
                                                   "scripts": {"test": "node -p \"require('dep')()\""}}))
        output = self.shell("(cd dep && npm pack --silent --pack-destination ..) >/dev/null; cd app; "
                            "npm install --package-lock-only --silent --no-audit --no-fund; rm -rf node_modules; "
                            "npm ci --silent --no-audit --no-fund --offline; npm test --silent; ls node_modules/dep", timeout=240)
        self.assertIn("from the archive", output)
        self.assertIn("ran", output)
        self.assertFalse(os.path.exists(os.path.join(HOME, ".npm")))


if __name__ == "__main__":
    snugtest.main()
