// The manual and --help name every option, command, key and exit status there is, and none that is not.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/parse.h"
#include "plan/control_sockets.h"
#include "plan/lint.h"
#include "plan/toolchains.h"
#include "profile/narrowing.h"
#include "profile/schema.h"
#include "profile/shipped.h"
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

std::vector<std::string> pages() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(snug::test::source_dir() + "/man")) {
    if (file.path().extension() == ".scd") names.push_back(file.path().filename());
  }
  REQUIRE(names.size() > 4);
  return names;
}

using Words = std::set<std::string>;

/// Of other programs, in examples and comparisons.
constexpr std::array others_options{
    "--noroot",
    "--caps",
    "--seccomp",
    "--nonewprivs",
    "--noprofile",  // firejail
    "--cgroups",
    "--userns",  // podman
    "--rm",
    "--cpus",
    "--network",
    "--pids-limit",      // docker
    "--boottime",        // unshare
    "--scope",           // systemd-run
    "--ignore-scripts",  // npm
    "--no-hardlinks",    // git clone
};

/// The commands `snug help` and `snug version`, which --help shows as an option or not at all; `snug shell` is `snug`.
bool is_shown_as_option(std::string_view command) {
  return command == "help" || command == "version" || command == "shell";
}

/// Told once for all commands, in the overview.
bool is_everywhere(std::string_view option) {
  constexpr std::array all{"-h", "--help", "-v", "--verbose", "-V", "--version"};
  return std::ranges::find(all, option) != all.end();
}

Words long_options(snug::Command command) {
  Words names;
  for (const auto& option : snug::option_names(command)) {
    if (option.name.starts_with("--")) names.insert(option.name);
  }
  return names;
}

/// entries: at the start of a line, where --help describes them; anywhere: also in running text and examples.
enum class At { entries, anywhere };

bool is_entry(std::string_view text, std::size_t at) {
  const auto begin = text.rfind('\n', at) + 1;
  auto lead = text.substr(begin, at - begin);
  if (lead.size() == 6 && lead.starts_with("  -") && lead.ends_with(", ")) lead = "  ";  // "  -q, --quiet"
  return lead.size() >= 2 && lead.find_first_not_of(' ') == lead.npos;
}

Words options_in(std::string_view text, At where) {
  Words found;
  for (auto at = text.find("--"); at != text.npos; at = text.find("--", at + 2)) {
    const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", at + 2);
    const auto name = text.substr(at, end - at);
    const bool begins = at == 0 || std::string_view(" *[(|'\"\n").find(text[at - 1]) != text.npos;
    if (begins && name.size() > 3 && name[2] != '-' && (where == At::anywhere || is_entry(text, at)))
      found.insert(std::string(name));
  }
  return found;
}

/// What stands behind each "*snug " of a line of a page, up to the next.
std::vector<std::string> uses_of_snug(const std::string& line) {
  std::vector<std::string> uses;
  if (!line.starts_with("*snug ")) return uses;
  for (auto at = line.find("*snug "); at != line.npos;) {
    const auto next = line.find("*snug ", at + 6);
    uses.push_back(line.substr(at + 6, next == line.npos ? next : next - at - 6));
    at = next;
  }
  return uses;
}

/// Words in bold, as *word*.
Words marked_words(const std::string& text) {
  Words found;
  for (auto at = text.find('*'); at != text.npos; at = text.find('*', at + 1)) {
    const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz.-", at + 1);
    if (end != text.npos && end > at + 1 && text[end] == '*') found.insert(text.substr(at + 1, end - at - 1));
  }
  return found;
}

/// A table of the profile format that holds others' keys.
bool is_section(const std::string& word) {
  const auto keys = snug::all_keys();
  return std::ranges::any_of(keys, [&](const std::string& key) { return key.starts_with(word + "."); });
}

std::set<int> numbers_from_100(const std::string& text) {
  std::set<int> found;
  for (std::size_t at = 0; (at = text.find_first_of("0123456789", at)) != text.npos;) {
    const auto end = std::min(text.find_first_not_of("0123456789", at), text.size());
    if (end - at == 3) found.insert(std::stoi(text.substr(at, 3)));
    at = end;
  }
  return found;
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

TEST_CASE("snug-profiles(7) has every shipped profile, every toolchain, and no other profile") {
  const auto page = read_page("snug-profiles.7.scd");
  const auto table =
      page.substr(page.find("# SHIPPED PROFILES"), page.find("# TOOLCHAINS") - page.find("# SHIPPED PROFILES"));
  for (const auto& profile : snug::shipped_profiles()) {
    INFO(profile.name);
    CHECK(table.find("\n|  *" + std::string(profile.name) + "*\n") != std::string::npos);
  }
  std::size_t rows = 0;
  for (auto at = table.find("\n|  *"); at != std::string::npos; at = table.find("\n|  *", at + 1)) ++rows;
  CHECK(rows == snug::shipped_profiles().size());
  for (const auto& toolchain : snug::known_toolchains()) {
    INFO(toolchain.name);
    CHECK(page.find("\n|  *" + std::string(toolchain.name) + "*\n", page.find("# TOOLCHAINS")) != std::string::npos);
  }
}

TEST_CASE("snug.toml(5) names whose sockets are control sockets") {
  const auto page = read_page("snug.toml.5.scd");
  const auto table = page.substr(page.find("## CONTROL SOCKETS"));
  for (const char* owner :
       {"Docker",  "podman",    "containerd", "CRI-O",  "BuildKit", "LXD",      "Incus",      "libvirt", "D-Bus",
        "systemd", "Nix",       "snapd",      "X11",    "Wayland",  "PipeWire", "PulseAudio", "GnuPG",   "keyring",
        "KWallet", "KeePassXC", "tmux",       "screen", "Emacs",    "Neovim",   "ssh",        "snug"}) {
    INFO(owner);
    CHECK(table.find(owner) != std::string::npos);
    CHECK(std::any_of(
        snug::control_sockets().begin(), snug::control_sockets().end(),
        [&](const snug::ControlSocket& row) { return std::string(row.owner).find(owner) != std::string::npos; }));
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

TEST_CASE("snug(1) and --help name every command and every option of each, and its --help no other option") {
  const auto page = read_page("snug.1.scd");
  const auto overview = snug::help_text(std::nullopt);
  for (const std::string_view name : snug::command_names()) {
    const auto command = *snug::find_command_name(std::string(name));
    INFO(name);
    CHECK(page.find("*snug " + std::string(name) + "*") != std::string::npos);
    CHECK((is_shown_as_option(name) || overview.find("\n  snug " + std::string(name) + " ") != std::string::npos));
    const Words known = long_options(command), told = options_in(snug::help_text(command), At::entries);
    for (const auto& option : snug::option_names(command)) {
      INFO(option.name);
      CHECK(page.find("*" + option.name + "*") != std::string::npos);
      const bool is_short = !option.name.starts_with("--");
      const bool is_told = is_short ? snug::help_text(command).find("\n  " + option.name) != std::string::npos
                                    : told.contains(option.name);
      CHECK((is_told || is_everywhere(option.name) || is_shown_as_option(name)));
    }
    for (const std::string& option : told) {
      INFO(option);
      CHECK((known.contains(option) || is_shown_as_option(name)));
    }
  }
}

TEST_CASE("a synopsis names only options of its command") {
  for (const std::string& file : pages()) {
    std::istringstream lines(read_page(file));
    for (std::string line; std::getline(lines, line);) {
      for (const std::string& use : uses_of_snug(line)) {
        const std::string name = use.substr(0, use.find_first_of(" *"));
        const auto command = snug::find_command_name(name);
        INFO(file << ": " << line);
        if (!command || is_shown_as_option(name)) continue;
        for (const std::string& option : options_in(use, At::anywhere)) {
          INFO(option);
          CHECK(long_options(*command).contains(option));
        }
      }
    }
  }
}

TEST_CASE("no page and no --help names an option that does not exist") {
  Words known(others_options.begin(), others_options.end());
  for (const std::string_view name : snug::command_names())
    known.merge(long_options(*snug::find_command_name(std::string(name))));
  std::map<std::string, std::string> texts{{"snug --help", snug::help_text(std::nullopt)}};
  for (const std::string& file : pages()) texts[file] = read_page(file);
  for (const std::string_view name : snug::command_names())
    texts["snug " + std::string(name) + " --help"] = snug::help_text(snug::find_command_name(std::string(name)));
  for (const auto& [where, text] : texts) {
    for (const std::string& option : options_in(text, At::anywhere)) {
      INFO(where << ": " << option);
      CHECK(known.contains(option));
    }
  }
}

TEST_CASE("no page names a key or a page that does not exist") {
  const auto keys = snug::all_keys();
  for (const std::string& file : pages()) {
    for (const std::string& word : marked_words(read_page(file))) {
      INFO(file << ": " << word);
      const std::string section = word.substr(0, word.find('.'));
      const bool like_a_key = word.find('.') != std::string::npos && is_section(section);
      if (like_a_key) CHECK(std::find(keys.begin(), keys.end(), word) != keys.end());
      if (word.starts_with("snug-"))
        CHECK((std::ranges::any_of(pages(), [&](const std::string& page) { return page.starts_with(word + "."); }) ||
               word == "snug-enter"));
    }
  }
}

TEST_CASE("every page is named at the end of snug(1)") {
  const auto page = read_page("snug.1.scd");
  const auto end = page.substr(page.find("# SEE ALSO"));
  for (const std::string& file : pages()) {
    if (file == "snug.1.scd") continue;
    INFO(file);
    const auto section = file.rfind('.', file.size() - 5);
    CHECK(end.find("*" + file.substr(0, section) + "*(" + file.substr(section + 1, 1) + ")") != std::string::npos);
  }
}

TEST_CASE("snug(1) and --help name the exit statuses of a run, and no others") {
  const auto page = read_page("snug.1.scd");
  const auto begin = page.find("# EXIT STATUS");
  const auto table = page.substr(begin, page.find("*snug plan*", begin) - begin);
  const auto overview = snug::help_text(std::nullopt);
  const auto told = overview.substr(overview.find("exit status:"));
  const std::set<int> statuses{124, snug::status_setup_failed, 126, 127, 128};
  CHECK(numbers_from_100(table) == statuses);
  CHECK(numbers_from_100(told) == statuses);
}

TEST_CASE("snug-profiles(7) names every key that needs no approval") {
  const auto page = read_page("snug-profiles.7.scd");
  for (const auto key : snug::keys_that_narrow()) {
    const std::string name(key);
    const std::string section = name.substr(0, name.find('.'));
    INFO(name);
    CHECK((page.find("*" + name + "*") != std::string::npos ||
           (section == "limits" && page.find("*limits*") != std::string::npos)));
  }
}

TEST_CASE("snug(1) has every piece of advice that check gives") {
  const auto page = read_page("snug.1.scd");
  for (const auto& rule : snug::lint_rules()) {
    INFO(rule.id);
    CHECK(page.find("\n*" + std::string(rule.id) + "*\n") != std::string::npos);
  }
}
