"""Attempts at the sandbox's first process, by the calls that ask for no more than the same user id."""
import escaping
from escaping import Escape

WITHOUT_WALL = ('[seccomp]\nallow = ["setpriority", "ioprio_set", "sched_setscheduler", "sched_setparam", "sched_setaffinity", '
                '"sched_setattr"]\n')


class SlowedDown(Escape):
    def test_in_each_way(self):
        for way in ("nice", "group", "user", "idle", "affinity", "io", "io-user"):
            with self.subTest(way):
                self.assertIn("stopped EPERM", self.assert_contained("slow-init", way))
                self.assert_works_inside("slow-init", way, profile=WITHOUT_WALL)

    def test_programs_still_schedule_themselves(self):
        self.shell("nice -n 5 true; renice -n 6 $$ >/dev/null; taskset -c 0 true; chrt --idle 0 true; ionice -c 3 true")


if __name__ == "__main__":
    escaping.main()
