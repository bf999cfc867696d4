"""`snug run --detach`, and `logs`, `attach` and `wait`: sandboxes that nobody holds in a terminal."""
import snugtest
from detached_checks import Attaching, Ending, FromInside, Logs, Starting  # noqa: F401  (test cases)

if __name__ == "__main__":
    snugtest.main()
