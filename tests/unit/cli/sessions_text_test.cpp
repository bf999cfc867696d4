// The table of snug ps: its columns, and what of it fits on a terminal.
#include "cli/sessions_text.h"

#include "support/catch.h"

using namespace snug;

namespace {

SeenSandbox sandbox(const std::string& id, std::vector<std::string> command) {
  SeenSandbox seen;
  seen.record.id = id;
  seen.record.profile = "default";
  seen.record.project = "/home/ann/web";
  seen.record.started = 100;
  seen.record.command = std::move(command);
  return seen;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t from = 0;
  for (std::size_t end = 0; (end = text.find('\n', from)) != text.npos; from = end + 1) {
    lines.push_back(text.substr(from, end - from));
  }
  return lines;
}

}  // namespace

TEST_CASE("columns stand below each other whatever characters are in them") {
  std::vector<SeenSandbox> sandboxes{sandbox("00000001", {"make", "größer"}), sandbox("00000002", {"make", "all"})};
  sandboxes[0].record.project = "/home/ann/überall";
  const auto lines = lines_of(sandboxes_to_text(sandboxes, 105, "/home/ann"));
  REQUIRE(lines.size() == 3);
  CHECK(lines[1] == "00000001  -     default  ~/überall  make 'größer'  5s   0K      0");
  CHECK(lines[2] == "00000002  -     default  ~/web      make all       5s   0K      0");
}

TEST_CASE("a command is cut between characters") {
  const std::string line = command_line_of({std::string(35, 'x') + "üüüüüüü"});
  CHECK(line == "'" + std::string(35, 'x') + "ü...");
}

TEST_CASE("a table that is drawn over another fits the terminal and scrolls nothing") {
  const std::string table = "HEAD\none\ntwo\nthree\n";
  CHECK(drawn_over(table, {.lines = 5, .columns = 80}) ==
        "\033[HHEAD\033[K\none\033[K\ntwo\033[K\nthree\033[K\n\033[J");
  CHECK(drawn_over(table, {.lines = 4, .columns = 80}) == "\033[HHEAD\033[K\none\033[K\n... and 2 more\033[K\n\033[J");
  CHECK(drawn_over(table, {.lines = 5, .columns = 3}) == "\033[HHEA\033[K\none\033[K\ntwo\033[K\nthr\033[K\n\033[J");
  CHECK(drawn_over(table, {}) == drawn_over(table, {.lines = 5, .columns = 80}));
  CHECK(lines_of(drawn_over(table, {.lines = 1, .columns = 80})).size() == 2);
}

TEST_CASE("on a narrow terminal the command gives way to what is used") {
  const std::vector<SeenSandbox> sandboxes{sandbox("00000001", {std::string(60, 'x')})};
  const auto row = [&](std::size_t columns) {
    return lines_of(sandboxes_to_screen(sandboxes, 105, "/home/ann", {.lines = 10, .columns = columns}))[1];
  };
  CHECK(row(200).find(std::string(37, 'x') + "...  5s   0K      0") != std::string::npos);
  CHECK(row(80).find("x...  5s   0K      0\033[K") != std::string::npos);
  CHECK(row(80).size() <= 80 + std::string_view("\033[K").size());
  CHECK(row(20).size() == 20 + std::string_view("\033[K").size());
}
