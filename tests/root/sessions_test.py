"""Running sandboxes of root's, whose commands run under another user id."""
import snugtest
from sessions_checks import Details, Executing, Killing, Listing, Names  # noqa: F401  (test cases)

if __name__ == "__main__":
    snugtest.main()
