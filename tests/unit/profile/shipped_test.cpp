// The profiles that come with snug: good in themselves, and plannable for a usual machine.
#include "profile/shipped.h"

#include <algorithm>
#include <map>
#include <set>

#include "support/planning.h"

using namespace snug;

namespace {

LoadOutcome load(const ShippedProfile& profile) {
  return load_profile({{.text = std::string(profile.text), .name = std::string(profile.name)}}, {});
}

}  // namespace

TEST_CASE("the shipped profiles are those that the manual lists") {
  std::set<std::string_view> names;
  for (const ShippedProfile& profile : shipped_profiles()) names.insert(profile.name);
  CHECK(names == std::set<std::string_view>{"agent", "cpp", "default", "git", "go", "java", "node", "offline-build",
                                            "python", "rust", "strict", "web-service"});
}

TEST_CASE("a shipped profile has no mistake, uses nothing that is refused, says what it is for, and is short") {
  for (const ShippedProfile& profile : shipped_profiles()) {
    INFO(profile.name);
    const LoadOutcome loaded = load(profile);
    for (const Diagnostic& mistake : loaded.diagnostics) FAIL_CHECK(to_text(mistake));
    CHECK_FALSE(loaded.profile.description.empty());
    CHECK(profile.text.starts_with("# "));
    CHECK(std::count(profile.text.begin(), profile.text.end(), '\n') <= 40);
  }
}

TEST_CASE("a shipped profile makes a plan without network, without anybody's keys and without a warning") {
  for (const ShippedProfile& profile : shipped_profiles()) {
    INFO(profile.name);
    Planning planning;
    planning.host.add(
        "f /home/ann/.ssh/id_ed25519 uid=1000\nf /home/ann/.ssh/known_hosts uid=1000\nf /home/ann/.npmrc uid=1000\n"
        "f /home/ann/.cargo/credentials.toml uid=1000\nd /home/ann/.cargo/registry uid=1000\n"
        "f /home/ann/.m2/settings.xml uid=1000\nd /home/ann/.m2/repository uid=1000\nd /home/ann/.npm/_cacache "
        "uid=1000\n"
        "f /home/ann/.config/git/credentials uid=1000\nf /home/ann/.config/git/config uid=1000\n"
        "f /home/ann/.git-credentials uid=1000\nf /home/ann/.pypirc uid=1000\nd /home/ann/.aws uid=1000\n"
        "s /tmp/ssh-XX/agent.7 uid=1000");
    planning.caller().environment["SSH_AUTH_SOCK"] = "/tmp/ssh-XX/agent.7";
    const Profile wanted = load(profile).profile;
    const PlanOutcome made = build_plan(wanted, planning.facts, planning.host, planning.request);
    for (const Error& error : made.errors) FAIL_CHECK(to_text(error));
    CHECK(made.plan.network.value == NetworkMode::none);
    for (const Note& note : made.plan.notes) {
      INFO(note.text);
      CHECK(note.level == Note::Level::information);
    }
    for (const char* secret :
         {"/home/ann/.ssh", "/home/ann/.ssh/id_ed25519", "/home/ann/.npmrc", "/home/ann/.netrc", "/home/ann/.cargo",
          "/home/ann/.cargo/credentials.toml", "/home/ann/.m2", "/home/ann/.m2/settings.xml", "/home/ann/.config/git",
          "/home/ann/.config/git/credentials", "/home/ann/.git-credentials", "/home/ann/.pypirc", "/home/ann/.aws"}) {
      INFO(secret);
      CHECK_FALSE(entry_at(made.plan, secret));
    }
    const bool has_agent = entry_at(made.plan, "/run/snug/ssh-agent") != nullptr;
    CHECK(has_agent == (profile.name == "git"));
  }
}

TEST_CASE("a shipped profile passes no variable that usually holds a secret") {
  for (const ShippedProfile& profile : shipped_profiles()) {
    INFO(profile.name);
    Planning planning;
    for (const char* secret :
         {"NPM_TOKEN", "NODE_AUTH_TOKEN", "npm_config__auth", "CARGO_REGISTRY_TOKEN", "GITHUB_TOKEN",
          "CARGO_REGISTRIES_MINE_TOKEN", "TWINE_PASSWORD", "PIP_INDEX_URL", "DATABASE_URL", "FLASK_SECRET_KEY",
          "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "SSH_AUTH_SOCK", "GOPROXY", "GOAUTH", "MAVEN_PASSWORD",
          "AWS_SECRET_ACCESS_KEY", "CCACHE_REMOTE_STORAGE"}) {
      planning.caller().environment[secret] = "hunter2";
    }
    const PlanOutcome made = build_plan(load(profile).profile, planning.facts, planning.host, planning.request);
    for (const Variable& variable : made.plan.environment) {
      INFO(variable.name);
      CHECK(variable.value.find("hunter2") == std::string::npos);
    }
  }
}

TEST_CASE("a shipped profile for a language names its package server, for --net filtered and nothing else") {
  const std::map<std::string_view, std::string> servers{
      {"node", "registry.npmjs.org"}, {"python", "pypi.org"}, {"rust", "index.crates.io"},   {"go", "proxy.golang.org"},
      {"java", "repo1.maven.org"},    {"git", "github.com"},  {"agent", "api.anthropic.com"}};
  for (const ShippedProfile& profile : shipped_profiles()) {
    INFO(profile.name);
    Planning planning;
    const LoadOutcome loaded = load_profile({{.text = std::string(profile.text), .name = std::string(profile.name)}},
                                            {{.key = "network.mode", .value = "filtered", .option = "--net"}});
    const PlanOutcome made = build_plan(loaded.profile, planning.facts, planning.host, planning.request);
    REQUIRE(made.errors.empty());
    REQUIRE(made.plan.filter);
    std::set<std::string> names;
    for (const auto& rule : made.plan.filter->allow) {
      CHECK(rule.value.who == NetworkRule::Who::name);  // no pattern and no range
      names.insert(rule.value.name);
    }
    const auto server = servers.find(profile.name);
    CHECK(names.empty() == (server == servers.end()));
    if (server != servers.end()) CHECK(names.contains(server->second));
  }
}
