"""Package managers and build tools at work in a capture, on directories that are the host's: which a rename cannot move
there (EXDEV). Once taken over, the project is what the same work makes of it outside."""
import json
import os
import shutil
import stat
import subprocess
import zipfile

import snugtest
from snugtest import Case
from trees import described


class Captured(Case):
    PROFILE = "default"
    VARIES = ()  # endings of names whose content is another each time

    def natively(self, script):
        subprocess.run(["bash", "-euc", script], cwd=self.project, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       env=self.environment({"CI": "1"}))

    def captured(self, script, status=0):
        result = self.inside("bash", "-euc", script, options=("-p", self.PROFILE, "--project", "overlay", "--env", "CI=1"), timeout=300)
        self.assert_status(result, status)
        return result

    def applied(self):
        result = self.snug("apply", "--yes", "--reviewed", timeout=120)
        self.assert_status(result, 0)

    def tree(self):
        nodes, one_file = described(self.project)
        return {path: node[:-1] if path.endswith(self.VARIES) and stat.S_ISREG(node[0]) else node for path, node in nodes.items()}, one_file

    def start(self, script):
        """What is there before: the host's. Kept beside the project, to begin from there once more."""
        self.natively(script)
        self.begun = os.path.join(self.folder("begun"), "project")
        subprocess.run(["cp", "-a", self.project, self.begun], check=True)

    def same(self, script, check=None):
        """`script` captured and applied makes the tree it makes on the host."""
        self.natively(script)
        wanted = self.tree()
        shutil.rmtree(self.project)
        subprocess.run(["cp", "-a", self.begun, self.project], check=True)
        self.captured(script)
        self.applied()
        if check:
            check()
        self.assertEqual(self.tree(), wanted)


class RenameTest(Captured):
    """What a program sees that calls rename(2) alone, and what mv and make do instead."""

    START = "mkdir -p old/deep; echo 1 > old/deep/f; ln -s f old/deep/link; chmod 750 old/deep; mkfifo old/fifo; truncate -s 2M old/holes"

    def test_mv_and_make_copy(self):
        self.write("Makefile", "all:\n\tmv stage dist\n\tmkdir -p work && cp -a dist work/\n\tmv -T work dist/work\n\tmv old/deep .\n")
        self.start(self.START + "; mkdir stage; cp -a old/. stage/")
        self.same("mv old new; mv new/deep deeper; mv deeper new/deep; mv new old; make -s; mv old dist/")

    def test_what_calls_rename_alone_is_told_that_it_is_another_device(self):
        snugtest.need_program("perl")
        snugtest.need_program("node")
        snugtest.need_program("git")
        self.natively(self.START + "; git init -q; echo 1 > old/kept; git add old/kept")
        for call in ("import os; os.rename('old', 'new')", "import ctypes; c = ctypes.CDLL(None, use_errno=True);"
                     "assert c.renameat2(-100, b'old', -100, b'new', 1) != 0; raise OSError(ctypes.get_errno(), 'x')"):
            result = self.captured(f'/usr/bin/python3 -c "try:\n  {call}\nexcept OSError as e: print(e.errno)"')
            self.assertEqual(result.stdout, b"18\n")
        self.assertIn(b"cross-device", self.captured("perl -e 'rename(\"old\", \"new\") or die $!'", status=18).stderr)
        self.assertEqual(self.captured("node -e 'try { fs.renameSync(\"old\", \"new\") } catch (e) { console.log(e.code) }'").stdout, b"EXDEV\n")
        self.assertIn(b"cross-device", self.captured("git mv old new", status=128).stderr)
        # As the manual says: what was made inside can be renamed, and mv and git add do what git mv does.
        self.captured("cp -a old copy; /usr/bin/python3 -c \"import os; os.rename('copy', 'renamed')\"; rm -r renamed;"
                      "mv old new; git add -A; git ls-files | grep -x new/kept; ! git ls-files | grep ^old")
        answer = json.loads(self.snug("why", "--project", "overlay", "--json", os.path.join(self.project, "old")).stdout)
        self.assertTrue(any("EXDEV" in remark for remark in answer["remarks"]), answer)
        self.assert_status(self.snug("discard", "--yes"), 0)

    def test_python_moves_and_a_directory_made_inside_is_renamed(self):
        self.start(self.START + "; rm old/fifo")
        self.same("/usr/bin/python3 -c \"import shutil, os; shutil.move('old', 'new'); os.mkdir('a'); os.rename('a', 'b');"
                  " os.rename('new', 'b/new'); os.rename('b/new/deep/f', 'f')\"")


class LargeTreeTest(Captured):
    """Twenty thousand files as package managers lay them out: deep, linked from .bin, and the store's by a second name."""

    PACKAGES = r"""
import os, shutil
os.umask(0o022)
def package(number, version, store=False):
    path = f"node_modules/p{number}"
    for file in range(100):
        name = f"lib/{file % 7}/{file % 3}/{file}.js"
        to = f".store/p{number}@{version}/{name}" if store else f"{path}/{name}"
        os.makedirs(os.path.dirname(to), exist_ok=True)
        with open(to, "w") as out: out.write(f"module.exports = {number} + {file} + '{version}';\n" * (file % 5))
        if file == 0: os.chmod(to, 0o755)
        if store:
            os.makedirs(os.path.dirname(f"{path}/{name}"), exist_ok=True)
            os.link(to, f"{path}/{name}")
    link = f"node_modules/.bin/p{number}"
    os.makedirs("node_modules/.bin", exist_ok=True)
    if os.path.lexists(link): os.unlink(link)
    os.symlink(f"../p{number}/lib/0/0/0.js", link)
def nested(levels, version):
    path = "node_modules/deep" + "".join(f"/node_modules/level{level}" for level in range(levels))
    os.makedirs(path, exist_ok=True)
    with open(path + "/index.js", "w") as out: out.write(version)
"""
    BEFORE = PACKAGES + r"""
for number in range(80): package(number, "1.0.0", store=number >= 60)
for levels in range(40): nested(levels, "1.0.0")
"""
    AFTER = PACKAGES + r"""
for number in range(30):  # replaced
    shutil.move(f"node_modules/p{number}", f"node_modules/.p{number}-x1")
    package(number, "2.0.0")
    shutil.rmtree(f"node_modules/.p{number}-x1")
for number in range(30, 50):  # removed
    shutil.rmtree(f"node_modules/p{number}")
    os.unlink(f"node_modules/.bin/p{number}")
for number in range(50, 60):  # written in place
    for file in range(0, 100, 3):
        with open(f"node_modules/p{number}/lib/{file % 7}/{file % 3}/{file}.js", "a") as out: out.write("more\n")
    os.chmod(f"node_modules/p{number}/lib", 0o700)
for number in range(60, 65):  # by one of two names
    for file in range(0, 100, 10):
        with open(f"node_modules/p{number}/lib/{file % 7}/{file % 3}/{file}.js", "a") as out: out.write("both\n")
for number in range(65, 70):  # the other name stays
    shutil.rmtree(f"node_modules/p{number}")
for number in range(80, 120): package(number, "1.0.0", store=True)
for levels in range(0, 60, 2): nested(levels, "2.0.0")
shutil.rmtree("node_modules/deep" + "".join(f"/node_modules/level{level}" for level in range(50)))
"""

    def test_a_tree_of_twenty_thousand_files(self):
        for name, text in (("before.py", self.BEFORE), ("after.py", self.AFTER)):
            self.write(name, text)
        self.start("/usr/bin/python3 before.py")
        self.same("/usr/bin/python3 after.py")
        self.assertGreater(sum(len(names) for _, _, names in os.walk(self.project)), 15000)


class NpmTest(Captured):
    """npm moves a package that it replaces or removes aside, by its directory."""

    PROFILE = "node"

    def package(self, name, version, **more):
        folder = f"packages/{name}-{version}"
        base = name.split("/")[-1]
        self.write(f"{folder}/package.json", json.dumps({"name": name, "version": version, "bin": {base: "bin/run.js"}, **more}))
        self.write(f"{folder}/bin/run.js", f"#!/usr/bin/env node\nconsole.log('{name} {version}');\n", 0o755)
        for number in range(20):
            self.write(f"{folder}/lib/{number % 3}/{number}.js", f"module.exports = '{version} {number}';\n")

    def test_install_replace_remove_and_anew(self):
        snugtest.need_program("npm")
        for name, version in (("left", "1.0.0"), ("left", "2.0.0"), ("right", "1.0.0"), ("@scope/deep", "1.0.0"), ("@scope/deep", "2.0.0")):
            self.package(name, version)
        self.package("made", "1.0.0", scripts={"postinstall": "rm -rf built && mkdir out && node -e \"fs.writeFileSync('out/tmp', 'built'); fs.renameSync('out', 'built')\""})
        self.write("package.json", json.dumps({"name": "app", "version": "1.0.0"}))
        npm = "npm --offline --no-audit --no-fund --silent --foreground-scripts"
        self.start(f"for p in packages/*/ packages/@*/*/; do [ ! -e $p/package.json ] || npm pack --silent $p; done; rm -r packages;"
                   f"{npm} install ./left-1.0.0.tgz ./right-1.0.0.tgz ./scope-deep-1.0.0.tgz")
        self.same(f"{npm} install ./left-2.0.0.tgz ./scope-deep-2.0.0.tgz ./made-1.0.0.tgz; test \"$(npx left)\" = 'left 2.0.0';"
                  f"{npm} uninstall right; {npm} ci; mv node_modules aside; mv aside node_modules; {npm} install ./right-1.0.0.tgz;"
                  f"{npm} dedupe; {npm} rebuild; {npm} uninstall left; {npm} prune",
                  check=lambda: self.natively("test \"$(npx deep)\" = '@scope/deep 2.0.0'; npm ls --all > /dev/null"))


class PipTest(Captured):
    """pip stashes what it replaces."""

    PROFILE = "python"
    VARIES = (".pyc",)

    def wheel(self, name, version):
        info = f"{name}-{version}.dist-info"
        files = {f"{name}/__init__.py": f"version = '{version}'\ndef main(): pass\n", f"{name}/data/{version}/f": version, f"{name}/sub/__init__.py": "",
                 f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", f"{info}/RECORD": "",
                 f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                 f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n"}
        path = os.path.join(self.project, f"wheels/{name}-{version}-py3-none-any.whl")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)

    def test_install_upgrade_and_uninstall_in_an_environment(self):
        for name, version in (("dep", "1.0"), ("dep", "2.0"), ("gone", "1.0"), ("more", "1.0")):
            self.wheel(name, version)
        pip = "env/bin/pip --disable-pip-version-check -q --no-cache-dir"
        self.start(f"/usr/bin/python3 -m venv env; {pip} install --no-index --find-links wheels dep==1.0 gone")
        self.same(f"{pip} install --no-index --find-links wheels -U dep more; {pip} uninstall -y gone;"
                  f"{pip} install --no-index --find-links wheels --force-reinstall dep==1.0; {pip} install --no-index --find-links wheels -U dep;"
                  "test \"$(env/bin/python -c 'import dep; print(dep.version)')\" = 2.0; mv env/lib aside; mv aside env/lib; env/bin/pip check > /dev/null",
                  check=lambda: self.natively("test \"$(env/bin/python -c 'import dep, more; print(dep.version)')\" = 2.0; env/bin/more;"
                                              "env/bin/pip check; ! env/bin/python -c 'import gone' 2> /dev/null"))

    def test_an_environment_made_inside(self):
        self.wheel("dep", "1.0")
        pip = "env/bin/pip --disable-pip-version-check -q --no-cache-dir"
        self.start("true")
        self.same(f"/usr/bin/python3 -m venv env; {pip} install --no-index --find-links wheels dep",
                  check=lambda: self.natively("env/bin/python -c 'import dep, sys; assert sys.prefix.endswith(\"/env\")'; env/bin/pip check"))


class CargoTest(Captured):
    PROFILE = "rust"

    def tree(self):
        nodes, one_file = super().tree()
        kinds = {path: node[0] if path.startswith("target/") else node for path, node in nodes.items()}
        return kinds, {group for group in one_file if not any(path.startswith("target/") for path in group)}

    def test_a_build_goes_on_and_the_next_one_outside_has_nothing_to_do(self):
        snugtest.need(os.path.exists("/usr/bin/cargo"), "the program cargo")
        self.write("Cargo.toml", '[workspace]\nmembers = ["app", "dep"]\n')
        for name, more in (("app", '[dependencies]\ndep = { path = "../dep" }\n'), ("dep", "")):
            self.write(f"{name}/Cargo.toml", f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n{more}')
        self.write("dep/src/lib.rs", "pub fn answer() -> i32 { 41 }\n")
        self.write("dep/build.rs", 'fn main() { std::fs::write(std::env::var("OUT_DIR").unwrap() + "/made", "1").unwrap(); }\n')
        self.write("app/src/main.rs", 'fn main() { println!("{}", dep::answer()); }\n')
        cargo = "export CARGO_INCREMENTAL=0; cargo"
        self.start(f"{cargo} build -q --offline")
        outside = lambda: self.natively(f"test \"$(target/debug/app)\" = 42; {cargo} build --offline 2> said; ! grep Compiling said; rm said")
        self.same(f"sed -i s/41/42/ dep/src/lib.rs; mv target target2; mv target2 target; {cargo} build -q --offline; cargo clean -q -p app;"
                  "cargo run -q --offline; cargo package -q --offline --no-verify --allow-dirty -p dep; cargo doc -q --offline --no-deps", check=outside)


if __name__ == "__main__":
    snugtest.main()
