"""Detached sandboxes of root's, whose commands run under another user id."""
import snugtest
from detached_checks import Attaching, Ending, FromInside, Logs, Starting  # noqa: F401  (test cases)

if __name__ == "__main__":
    snugtest.main()
