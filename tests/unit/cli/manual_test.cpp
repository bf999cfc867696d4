// The manual keeps up with the option table.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "cli/help.h"
#include "cli/options.h"
#include "cli/parse.h"
#include "plan/control_sockets.h"
#include "plan/lint.h"
#include "plan/toolchains.h"
#include "profile/narrowing.h"
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

TEST_CASE("snug(1) and --help have every option of the commands for running sandboxes") {
  const auto page = read_page("snug.1.scd");
  const auto overview = snug::help_text(std::nullopt);
  for (const auto command : {snug::Command::ps, snug::Command::kill}) {
    for (const auto& option : snug::option_names(command)) {
      if (option.name == "--verbose" || option.name == "--help" || option.name == "-v" || option.name == "-h") continue;
      INFO(option.name);
      CHECK(page.find("*" + option.name + "*") != std::string::npos);
      CHECK(snug::help_text(command).find(option.name) != std::string::npos);
    }
  }
  for (const char* name : {"ps", "kill"}) {
    CHECK(page.find("*snug " + std::string(name) + "*") != std::string::npos);
    CHECK(overview.find("snug " + std::string(name) + " ") != std::string::npos);
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

TEST_CASE("snug(1) and --help have every command, and snug-profiles(7) every option of `snug trust`") {
  const auto page = read_page("snug.1.scd");
  const auto overview = snug::help_text(std::nullopt);
  for (const char* command : {"run", "plan", "check", "trust", "doctor", "help"}) {
    INFO(command);
    CHECK(page.find("*snug " + std::string(command) + "*") != std::string::npos);
    CHECK(overview.find("snug " + std::string(command) + " ") != std::string::npos);
  }
  const auto profiles = read_page("snug-profiles.7.scd");
  const auto help = snug::help_text(snug::Command::trust);
  for (const char* option : {"--show", "--undo", "--list"}) {
    CHECK(profiles.find("*" + std::string(option) + "*") != std::string::npos);
    CHECK(page.find("*" + std::string(option) + "*") != std::string::npos);
    CHECK(help.find(option) != std::string::npos);
  }
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
