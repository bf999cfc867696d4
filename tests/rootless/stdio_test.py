"""Pipes, files and closed descriptors on 0-2."""
import hashlib
import os
import random
import subprocess
import unittest

import snugtest
from snugtest import Case, SNUG


class Pipes(Case):
    def test_binary_data_passes_unchanged(self):
        data = random.Random(7).randbytes(8 << 20)
        result = self.inside("cat", input=data)
        self.assert_status(result, 0)
        self.assertEqual(hashlib.sha256(result.stdout).digest(), hashlib.sha256(data).digest())

    def test_output_and_errors_stay_apart(self):
        result = self.inside("sh", "-c", "echo out; echo err >&2")
        self.assertEqual((result.stdout, result.stderr), (b"out\n", b"err\n"))

    def test_a_reader_that_leaves_ends_the_writer(self):
        script = f"{SNUG} run -- yes | head -n 1; echo ${{PIPESTATUS[0]}}"
        result = subprocess.run(["bash", "-c", script], cwd=self.project, capture_output=True, timeout=30)
        self.assertEqual(result.stdout.split(), [b"y", str(128 + 13).encode()], self.story(result))

    def test_piped_into_tee(self):
        snugtest.need_program("make")
        self.write("Makefile", "all:\n\t@echo built\n")
        script = f"set -o pipefail; {SNUG} run make | tee log"
        result = subprocess.run(["bash", "-c", script], cwd=self.project, capture_output=True, timeout=30)
        self.assertEqual((result.returncode, result.stdout), (0, b"built\n"), self.story(result))

    def test_end_of_input_arrives(self):
        process = self.start("wc", "-c")
        output, _ = process.communicate(b"12345", timeout=20)
        self.assertEqual(output, b"5\n")


class Files(Case):
    def test_input_from_a_file(self):
        path = self.write("input", "from a file\n")
        with open(path, "rb") as file:
            result = self.inside("cat", stdin=file)
        self.assertEqual(result.stdout, b"from a file\n")

    def test_a_file_outside_the_view_as_input(self):
        path = self.write(os.path.join(self.folder(), "input"), "not in the view\n")
        with open(path, "rb") as file:
            result = self.inside("sh", "-c", "cat; ls /proc/self/fd >/dev/null", stdin=file)
        self.assertEqual(result.stdout, b"not in the view\n", self.story(result))

    def test_output_to_a_file(self):
        data = random.Random(8).randbytes(3 << 20)
        path = os.path.join(self.folder(), "output")
        with open(path, "wb") as file:
            result = self.inside("cat", input=data, stdout=file)
        self.assert_status(result, 0)
        with open(path, "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(data).digest())

    def test_appending_to_a_file_appends(self):
        path = self.write(os.path.join(self.folder(), "log"), "before\n")
        with open(path, "ab") as file:
            self.inside("echo", "after", stdout=file)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"before\nafter\n")

    def test_a_file_to_write_cannot_be_reopened_or_truncated(self):
        path = self.write(os.path.join(self.folder(), "output"), "x" * 1000)
        script = ": > /proc/self/fd/1; truncate -s 0 /proc/self/fd/1; readlink /proc/self/fd/1 >&2"
        with open(path, "r+b") as file:
            file.seek(0, 2)
            result = self.inside("sh", "-c", script, stdout=file)
        self.assertEqual(os.path.getsize(path), 1000, self.story(result))
        self.assertNotIn(path.encode(), result.stderr.split(b"\n"))
        with open(path, "r+b") as file:  # the control: outside the same words empty it
            file.seek(0, 2)
            subprocess.run(["sh", "-c", script], stdout=file, stderr=subprocess.DEVNULL)
        self.assertEqual(os.path.getsize(path), 0)

    def test_output_to_a_full_disk_is_an_error_of_the_command(self):
        with open("/dev/full", "wb") as full:
            result = self.inside("sh", "-c", "echo x; echo status $? >&2", stdout=full)
        self.assertIn(b"status 1", result.stderr, self.story(result))


class Closed(Case):
    def closed(self, *descriptors):
        redirections = " ".join(f"{fd}>&-" if fd else "<&-" for fd in descriptors)
        script = f'exec "$@" {redirections}'
        command = [SNUG, "run", "--", os.path.join(self.project, "probe"), "exit", "5"]
        return subprocess.run(["sh", "-c", script, "sh", *command], cwd=self.project, capture_output=True, timeout=30)

    def test_a_missing_command_is_told_from_an_end(self):
        for redirections in ("<&-", "<&- >&-", "<&- >&- 2>&-"):
            script = f"{SNUG} run -- /no/such/command {redirections}"
            result = subprocess.run(["sh", "-c", script], cwd=self.project, capture_output=True, timeout=30)
            self.assertEqual(result.returncode, 127, redirections)

    def test_each_of_them(self):
        for descriptors in ((0,), (1,), (2,), (0, 1), (0, 1, 2)):
            self.assert_status(self.closed(*descriptors), 5)

    def test_errors_closed_keeps_output(self):
        result = subprocess.run(["sh", "-c", f"{SNUG} run -- echo fine 2>&-"], cwd=self.project, capture_output=True)
        self.assertEqual((result.returncode, result.stdout), (0, b"fine\n"))

    def test_no_descriptor_of_snug_takes_a_closed_ones_place(self):
        script = f"{SNUG} run -- {self.project}/probe descriptors <&- 2>&-"
        result = subprocess.run(["sh", "-c", script], cwd=self.project, capture_output=True)
        for value in snugtest.Facts(result).all("fd"):
            self.assertRegex(value, r"^(1 pipe:|[02] /dev/null$)")


class Refused(Case):
    def test_directories(self):
        for fd in (0, 1, 2):
            directory = os.open(self.folder(), os.O_RDONLY | os.O_DIRECTORY)
            streams = {("stdin", "stdout", "stderr")[fd]: directory}
            result = self.inside("true", **streams)
            os.close(directory)
            self.assert_status(result, 125)

    def test_path_descriptors(self):
        handle = os.open("/etc/passwd", os.O_PATH)
        result = self.inside("cat", stdin=handle)
        os.close(handle)
        self.assert_refused(result, "input|descriptor 0|stdin")


if __name__ == "__main__":
    snugtest.main()
