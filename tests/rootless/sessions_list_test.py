"""`snug ps` and `snug kill`: running sandboxes, listed and ended."""
import os
import shutil

import snugtest
from sessions_checks import Details, Killing, Listing, Names, Sessions  # noqa: F401  (test cases)


class Nested(Sessions):
    def test_inside_another_snug(self):
        inner = os.path.join(self.project, "snug")
        shutil.copy(snugtest.SNUG, inner)
        script = ('export XDG_RUNTIME_DIR=$PWD/rt; mkdir -m 700 rt; ./snug run --name inner -- sleep 60 & '
                  'while [ -z "$(./snug ps -q)" ]; do sleep 0.05; done; ./snug ps; ./snug kill inner; ./snug ps -q; wait')
        result = self.inside("sh", "-c", script, profile="nested = true\n")
        self.assert_status(result, 0)
        self.assertRegex(result.stdout.decode().splitlines()[1], r" inner .* sleep 60 ")
        self.assertEqual(len(result.stdout.splitlines()), 2, result.stdout)


if __name__ == "__main__":
    snugtest.main()
