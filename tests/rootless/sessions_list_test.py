"""`snug ps` and `snug kill`: running sandboxes, listed and ended."""
import snugtest
from sessions_checks import Details, Killing, Listing, Names, Sessions  # noqa: F401  (test cases)


class Nested(Sessions):
    def test_inside_another_snug(self):
        output = self.beside_an_inner_one("./snug ps; ./snug kill inner; wait $inner; echo ended $?; ./snug ps -q")
        [_, row, *rest] = output.splitlines()
        self.assertRegex(row, r" inner .* sleep 30 ")
        self.assertEqual(rest, ["ended 143"], output)


if __name__ == "__main__":
    snugtest.main()
