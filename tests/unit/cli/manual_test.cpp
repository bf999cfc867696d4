// The manual keeps up with the option table.
#include <fstream>
#include <sstream>
#include <string>

#include "cli/help.h"
#include "cli/options.h"
#include "cli/parse.h"
#include "support/catch.h"
#include "support/places.h"

namespace {

std::string read_page(const std::string& name) {
  const std::ifstream file(snug::test::source_dir() + "/man/" + name);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("snug(1) has every shared option with the key it overrides") {
  const auto page = read_page("snug.1.scd");
  for (const auto& option : snug::shared_options()) {
    INFO(option.name);
    const auto at = page.find("\n*" + std::string(option.name) + "* ");
    REQUIRE(at != std::string::npos);
    const auto entry = page.substr(at, page.find("\n\n", at) - at);
    const std::string key = option.key;
    if (!key.empty()) CHECK(entry.find("(" + key + ")") != std::string::npos);
  }
}

TEST_CASE("--help of run-like commands has every shared option") {
  for (const auto command : {snug::Command::run, snug::Command::shell, snug::Command::plan}) {
    const auto help = snug::help_text(command);
    for (const auto& option : snug::shared_options()) {
      INFO(option.name);
      CHECK(help.find("      " + std::string(option.name) + " " + option.metavar) != std::string::npos);
    }
  }
}

TEST_CASE("snug(1) and --help have every option of why and allow") {
  const auto page = read_page("snug.1.scd");
  for (const auto command : {snug::Command::why, snug::Command::allow}) {
    for (const auto& option : snug::option_names(command)) {
      if (!option.name.starts_with("--") || option.name == "--verbose" || option.name == "--help") continue;
      INFO(option.name);
      CHECK(page.find("*" + option.name + "*") != std::string::npos);
      CHECK(snug::help_text(command).find(option.name + " ") != std::string::npos);
    }
  }
}
