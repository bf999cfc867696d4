"""What `snug why` says is what happens inside, where root starts it and another user runs there."""
import snugtest
import why_checks


class Default(why_checks.Default):
    test_a_project_under_an_overlay = None  # an overlay cannot be idmapped, and so is refused


class Varied(why_checks.Varied):
    overlay = False


if __name__ == "__main__":
    snugtest.main()
