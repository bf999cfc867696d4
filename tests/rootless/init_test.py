"""`snug init`: what it writes, what it leaves alone, and that what it wrote can be used."""
import os
import subprocess

import snugtest
from snugtest import Case, HOME, show


class Init(Case):
    def init(self, *words, **more):
        return self.snug("init", *words, **more)

    def read(self, path="snug.toml"):
        with open(os.path.join(self.project, path)) as file:
            return file.read()

    def entries(self):
        return sorted(name for name in os.listdir(self.project) if name != "probe")

    def test_the_file_is_written_and_can_be_used(self):
        self.write("package.json", "{}")
        self.write("go.mod", "module x\n")
        self.write(".env", "TOKEN=secret\n")
        self.write(".vscode/settings.json", "{}\n")
        result = self.init()
        self.assert_status(result, 0)
        self.assertEqual(result.stdout, b"")
        self.assertIn('extends = ["node", "go"]', self.read())
        self.assertRegex(show(result.stderr), r"Node\.js \(package\.json\): profile node")
        self.assertIn("snug plan", show(result.stderr))
        self.assertEqual(os.stat(os.path.join(self.project, "snug.toml")).st_mode & 0o022, 0)
        check = self.snug("check")
        self.assert_status(check, 0)
        inside = self.snug("run", "--", "sh", "-c",
                           "cat .env 2>/dev/null || echo hidden; echo x > .vscode/settings.json || echo read-only; echo $npm_config_fund")
        self.assertEqual(inside.stdout, b"hidden\nread-only\nfalse\n", self.story(inside))

    def test_what_was_written_is_approved_and_no_other_byte(self):
        self.write("Cargo.toml", "")
        self.assert_status(self.init(), 0)
        self.assert_status(self.snug("trust", "--show"), 0)
        self.assertIn(os.path.join(self.project, "snug.toml"), show(self.snug("trust", "--list").stdout))
        opened = self.read() + '[filesystem]\nread = ["~/.gitconfig?"]\n'
        self.write("snug.toml", opened.replace("\n[filesystem]\n", "\n", 1))
        result = self.snug("run", "true")
        self.assert_status(result, 125)
        self.assertIn("has changed since you approved it", show(result.stderr))
        self.assert_status(self.init("--force"), 0)
        self.assert_status(self.snug("run", "true"), 0)

    def test_by_a_path_with_a_link(self):
        link = os.path.join(self.folder("links"), "here")
        os.symlink(self.project, link)
        self.assert_status(self.init(link), 0)
        self.assertIn(os.path.join(self.project, "snug.toml"), show(self.snug("trust", "--list").stdout))

    def test_in_another_directory(self):
        other = self.folder("other")
        self.write(os.path.join(other, "Cargo.toml"), "")
        self.assert_status(self.init(other), 0)
        with open(os.path.join(other, "snug.toml")) as file:
            self.assertIn("rust", file.read())
        self.assertEqual(self.entries(), [])

    def test_a_part_of_a_work_tree(self):
        os.mkdir(os.path.join(self.project, ".git"))
        self.assertNotIn("work tree", show(self.init().stderr))
        os.mkdir(os.path.join(self.project, "part"))
        result = self.init("part")
        self.assertIn(f"for all of its git work tree: snug init {self.project}", show(result.stderr))
        self.assertIn(f"wrote {self.project}/part/snug.toml", show(result.stderr))

    def test_one_that_is_there_stays_but_for_force(self):
        self.write("snug.toml", "version = 1\n# mine\n")
        result = self.init()
        self.assert_status(result, 2)
        self.assertRegex(show(result.stderr), r"it is there already(.|\n)*--force")
        self.assertEqual(self.read(), "version = 1\n# mine\n")
        self.assert_status(self.init("--force"), 0)
        self.assertIn("snug init", self.read())
        self.assertEqual(self.entries(), ["snug.toml"])

    def test_stdout_writes_nothing(self):
        self.write("snug.toml", "mine\n")
        result = self.init("--stdout")
        self.assert_status(result, 0)
        self.assertTrue(result.stdout.startswith(b"# "))
        self.assertEqual((self.entries(), self.read()), (["snug.toml"], "mine\n"))

    def test_no_link_is_followed(self):
        target = self.write(os.path.join(self.folder("elsewhere"), "bashrc"), "mine\n")
        for to in (target, target + ".absent"):
            os.symlink(to, os.path.join(self.project, "snug.toml"))
            for words in ((), ("--force",)):
                result = self.init(*words)
                self.assert_status(result, 2)
                self.assertIn("symbolic link", show(result.stderr))
            os.unlink(os.path.join(self.project, "snug.toml"))
        self.assertEqual(os.listdir(os.path.dirname(target)), ["bashrc"])
        with open(target) as file:
            self.assertEqual(file.read(), "mine\n")
        os.mkdir(os.path.join(self.project, "snug.toml"))
        self.assert_status(self.init("--force"), 2)

    def test_places_that_are_no_project(self):
        for place, because in (("/", "root of the system"), (HOME, "your home"), ("/etc", "system directory"), ("/nowhere/at/all", "not a directory")):
            result = self.init(place)
            self.assert_status(result, 2)
            self.assertIn(because, show(result.stderr))
        self.assertFalse(os.path.exists(os.path.join(HOME, "snug.toml")))

    def test_a_directory_that_cannot_be_written(self):
        os.chmod(self.project, 0o555)
        self.addCleanup(os.chmod, self.project, 0o755)
        result = self.init()
        self.assert_status(result, 2)
        self.assertIn("Permission denied", show(result.stderr))

    def test_a_full_disk_leaves_nothing(self):
        big = ["bash", "-c", 'ulimit -f 0; trap "" XFSZ; exec "$0" init', snugtest.SNUG]
        result = subprocess.run(big, cwd=self.project, capture_output=True, timeout=60)
        self.assert_status(result, 2)
        self.assertIn("File too large", show(result.stderr))
        self.assertEqual(self.entries(), [])

    def test_two_at_once_make_one(self):
        processes = [subprocess.Popen([snugtest.SNUG, "init"], cwd=self.project, stderr=subprocess.DEVNULL) for _ in range(8)]
        statuses = sorted(process.wait(60) for process in processes)
        self.assertEqual(statuses, [0] + [2] * 7)
        self.assertEqual(self.entries(), ["snug.toml"])

    def test_names_of_a_hostile_project_are_shown_harmless(self):
        self.write('.env.\x1b[31m"]\nproject = "none".local', "x")
        result = self.init()
        self.assert_status(result, 0)
        self.assertNotIn(b"\x1b", result.stderr)
        self.assert_status(self.snug("check"), 0)
        inside = self.snug("run", "--", "sh", "-c", "cat .env.* || echo hidden; test -e probe && echo project")
        self.assertEqual(inside.stdout, b"hidden\nproject\n", self.story(inside))


if __name__ == "__main__":
    snugtest.main()
