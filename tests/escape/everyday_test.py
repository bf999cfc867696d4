"""The walls are worth nothing if nobody can work behind them: everyday actions in the same run as the attempts."""
import os

import escaping
import everyday
from escaping import Escape
from snugtest import SNUG


class Everyday(Escape):
    def test_twenty_actions(self):
        worked = 0
        for name in everyday.ACTIONS:
            if everyday.missing_tools(name):
                continue
            with self.subTest(name):
                os.chdir(self.project)
                status, output = everyday.run_action(name, [SNUG, "run", "--"])
                self.assertEqual(status, 0, output)
                worked += 1
        os.chdir("/")
        self.assertGreaterEqual(worked, 20, "too few of the tools are installed")


if __name__ == "__main__":
    escaping.main()
