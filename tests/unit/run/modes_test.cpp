#include "run/modes.h"

#include <string>

#include "support/catch.h"

using snug::ModeScanner;

namespace {

std::string left_on_by(std::string_view output) {
  ModeScanner scanner;
  scanner.scan(output);
  return scanner.reset_sequence();
}

}  // namespace

TEST_CASE("what vim leaves on when it is killed is switched off, the screen first") {
  CHECK(left_on_by("\x1b[?1049h\x1b[>4;2m\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[?25l text") ==
        "\x1b[>4;0m\x1b[?1049l\x1b[?1004l\x1b[?2004l\x1b[?25h\x1b[?1l\x1b>");
}

TEST_CASE("a program that cleans up leaves nothing to reset") {
  CHECK(left_on_by("\x1b[?1049h\x1b[?25l\x1b[?25h\x1b[?1049l").empty());
  CHECK(left_on_by("\x1b[?1000;1006h...\x1b[?1006;1000l").empty());
  CHECK(left_on_by("\x1b=\x1b[>1u\x1b[>4;1m\x1b[>4m\x1b[<u\x1b>").empty());
}

TEST_CASE("several modes in one sequence count each") {
  CHECK(left_on_by("\x1b[?1002;1006;12;99999h") == "\x1b[?1002l\x1b[?1006l");
}

TEST_CASE("a sequence is understood however reads cut it") {
  const std::string output = "abc\x1b[?1049h\x1b[31mred\x1b[?2004hdef";
  for (std::size_t first = 0; first <= output.size(); ++first) {
    for (std::size_t second = first; second <= output.size(); ++second) {
      ModeScanner scanner;
      scanner.scan({output.data(), first});
      scanner.scan({output.data() + first, second - first});
      scanner.scan({output.data() + second, output.size() - second});
      CHECK(scanner.reset_sequence() == "\x1b[?1049l\x1b[?2004l");
    }
  }
}

TEST_CASE("the kitty keyboard's pushes are popped as often as they were pushed") {
  CHECK(left_on_by("\x1b[>1u\x1b[>5u\x1b[>5u\x1b[<u") == "\x1b[<2u");
  CHECK(left_on_by("\x1b[>1u\x1b[<9u").empty());
  CHECK(left_on_by("\x1b[u\x1b[<u\x1b[?u").empty());
}

TEST_CASE("a full reset undoes everything") {
  CHECK(left_on_by("\x1b[?1049h\x1b=\x1b[>1u\x1b"
                   "c")
            .empty());
}

TEST_CASE("parameters without end and binary output are survived and set nothing") {
  CHECK(left_on_by("\x1b[?" + std::string(5000, '1') + "h").empty());
  std::string all;
  for (int i = 0; i < 70000; ++i) all += static_cast<char>(i * 7919 >> 3);
  ModeScanner scanner;
  scanner.scan(all);
  scanner.scan("\x1b[?1049h");
  scanner.scan("\x1b\x1b[?25l");
  CHECK(scanner.alternate_screen());
}

TEST_CASE("switching to the alternate screen is known while it is on") {
  ModeScanner scanner;
  CHECK_FALSE(scanner.alternate_screen());
  scanner.scan("\x1b[?47h");
  CHECK(scanner.alternate_screen());
  scanner.scan("\x1b[?47l");
  CHECK_FALSE(scanner.alternate_screen());
}
