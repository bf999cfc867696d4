"""A machine whose root is an overlay itself, as live systems and containers have it: an overlay cannot lie on that."""
import os
import subprocess
import tempfile

import snugtest
from snugtest import HOME, Case, show


class OverlayRoot(Case):
    def setUp(self):
        super().setUp()
        shown = subprocess.run(["stat", "-f", "-c", "%T", "/", HOME], capture_output=True, timeout=60)
        self.assertEqual(shown.stdout.split(), [b"overlayfs", b"overlayfs"])

    def test_what_needs_no_overlay_works(self):
        self.assertEqual(self.shell("echo text > file; cat file"), "text\n")
        with open(os.path.join(self.project, "file")) as file:
            self.assertEqual(file.read(), "text\n")

    def test_a_capture_is_refused_and_works_where_the_fix_says(self):
        options = ["--project", "overlay"]
        result = self.inside("touch", "made", options=options)
        self.assert_refused(result, "cannot carry an overlay's upper directory", r"fix: .*XDG_STATE_HOME=/a/directory/there")
        with tempfile.TemporaryDirectory(dir="/dev/shm") as state:
            elsewhere = {"XDG_STATE_HOME": state}
            self.assert_status(self.inside("touch", "made", options=options, env=elsewhere), 0)
            self.assertIn("made", show(self.snug("diff", env=elsewhere).stdout))
        self.assertFalse(os.path.exists(os.path.join(self.project, "made")))


if __name__ == "__main__":
    snugtest.main()
