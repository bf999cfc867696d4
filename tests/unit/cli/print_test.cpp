#include "cli/print.h"

#include "support/catch.h"

TEST_CASE("control characters are shown, not sent to the terminal") {
  CHECK(snug::printable("plain\ttext\n") == "plain\ttext\n");
  CHECK(snug::printable("\x1b]0;title\x07") == "\\x1b]0;title\\x07");
  CHECK(snug::printable("\x7f\r") == "\\x7f\\x0d");
  CHECK(snug::printable("na\xc3\xafve") == "na\xc3\xafve");
  CHECK(snug::printable("\xc2\x9b"
                        "31m\xff") == "\\x9b31m\\xff");
}
