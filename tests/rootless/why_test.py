"""What `snug why` says is what happens inside."""
import snugtest
from why_checks import Default, Varied  # noqa: F401  (test cases)

if __name__ == "__main__":
    snugtest.main()
