// One host and one profile for each rule, with the line it names and a neighbour it leaves alone.
#include "plan/lint.h"

#include <algorithm>
#include <set>

#include "support/planning.h"

using namespace snug;

namespace {

struct Linting : Planning {
  std::vector<Finding> findings() {
    const Profile loaded = profile();
    PlanOutcome made = build_plan(loaded, facts, host, request);
    for (const Error& error : made.errors) FAIL(to_text(error));
    return lint({loaded, made.plan, request.caller, host});
  }

  /// The findings of one rule. `rest`: what follows "version = 1".
  std::vector<Finding> of(const std::string& id, const std::string& rest) {
    toml = rest;
    std::vector<Finding> all = findings();
    std::erase_if(all, [&](const Finding& finding) { return finding.id != id; });
    return all;
  }

  /// The only finding of that rule.
  Finding one(const std::string& id, const std::string& rest) {
    std::vector<Finding> all = of(id, rest);
    REQUIRE(all.size() == 1);
    return all[0];
  }
};

bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("lint has nothing to say about the default profile") {
  Linting linting;
  CHECK(linting.findings().empty());
}

TEST_CASE("lint: writable-path") {
  Linting linting;
  linting.host.add("d /home/ann/bin uid=1000\nd /home/ann/.npm/bin uid=1000");
  linting.caller().environment["PATH"] = "/usr/bin:/home/ann/bin:/home/ann/absent:bin";
  const Finding found = linting.one("writable-path", "[filesystem]\nwrite = [\"~/bin\"]");
  CHECK(found.origin.line == 3);
  CHECK(says(found.what, "\"/home/ann/bin\" is on your PATH"));
  CHECK(found.repair == Repair{Repair::Kind::add, "filesystem.protect", "/home/ann/bin"});
  CHECK(linting.of("writable-path", "[filesystem]\nread = [\"~/bin\"]").empty());
  CHECK(linting.of("writable-path", "[filesystem]\nwrite = [\"~/bin\"]\nprotect = [\"~/bin\"]").empty());
  CHECK(linting.of("writable-path", "[filesystem]\noverlay = [\"~/bin\"]").empty());
}

TEST_CASE("lint: control-socket") {
  Linting linting;
  linting.host.add("s /run/docker.sock\ns /run/plain.sock uid=1000");
  const Finding found =
      linting.one("control-socket",
                  "[network]\nsockets = [{ path = \"/run/docker.sock\", i-know = \"full control of my account\" }]");
  CHECK(found.origin.line == 3);
  CHECK(says(found.what, "the Docker engine"));
  CHECK(linting.of("control-socket", "[network]\nsockets = [\"/run/plain.sock\"]").empty());
}

TEST_CASE("lint: control-socket, D-Bus") {
  Linting linting;
  linting.host.add("s /run/user/1000/bus uid=1000");
  const Finding found =
      linting.one("control-socket",
                  "[network]\nsockets = [{ path = \"/run/user/1000/bus\", i-know = \"full control of my account\" }]");
  CHECK(says(found.what, "the session D-Bus"));
}

TEST_CASE("lint: host-network, with abstract sockets where Landlock cannot keep them away") {
  Linting linting;
  linting.facts.landlock_abi = 5;
  const Finding old = linting.one("host-network", "[network]\nmode = \"host\"");
  CHECK(says(old.what, "abstract Unix sockets"));
  CHECK(old.origin.line == 3);
  linting.facts.landlock_abi = 6;
  CHECK_FALSE(says(linting.one("host-network", "[network]\nmode = \"host\"").what, "abstract"));
  CHECK(linting.of("host-network", "[network]\nmode = \"none\"").empty());
}

TEST_CASE("lint: writable-home") {
  Linting linting;
  linting.host.add("f /home/ann/.bashrc uid=1000\nd /home/ann/.config/fish uid=1000");
  // The whole home is the whole answer.
  linting.request.caller.cwd = "/srv/web";
  linting.request.caller.state_dir = "/srv/state/snug";  // else no profile gets the home writable
  linting.request.caller.config_dir = "/srv/config/snug";
  linting.host.add("d /srv/web uid=1000\nd /srv/state uid=1000\nd /srv/config uid=1000");
  const std::string none = "[filesystem]\nproject = \"none\"\n";
  CHECK(says(linting.one("writable-home", none + "write = [\"~\"]").what, "your home can be written"));
  const Finding config = linting.one("writable-home", none + "write = [\"~/.config\"]");
  CHECK(says(config.what, ".config/fish"));
  CHECK(config.repair == Repair{Repair::Kind::add, "filesystem.protect", "~/.config/fish"});
  CHECK(says(linting.one("writable-home", none + "write = [\"~/.bashrc\"]").what, "/.bashrc"));
  CHECK(linting.of("writable-home", none + "read = [\"~/.bashrc\"]").empty());
  CHECK(linting.of("writable-home", none + "write = [\"~/.config\"]\nprotect = [\"~/.config/fish\"]").empty());
}

TEST_CASE("lint: late-match, a pattern below a writable bind") {
  Linting linting;
  const Finding found = linting.one("late-match", "[filesystem]\nhide = [\"**/.env\", \".env\"]");
  CHECK(found.origin.line == 3);
  CHECK(says(found.what, "matched once"));
  CHECK(linting.of("late-match", "[filesystem]\nproject = \"read\"\nhide = [\"**/.env\"]").empty());
  CHECK(linting
            .of("late-match",
                "[filesystem]\nproject = \"overlay\"\nhide = [\"**/.env\"]\n[changes]\n"
                "on-success = \"discard\"\non-failure = \"discard\"")
            .empty());
}

TEST_CASE("lint: single-file, once for each line") {
  Linting linting;
  linting.host.add(
      "f /home/ann/web/.env uid=1000\nf /home/ann/web/src/.env uid=1000\nf /home/ann/web/.envrc uid=1000\n"
      "d /home/ann/web/keys uid=1000");
  const auto found = linting.of("single-file", "[filesystem]\nhide = [\"**/.env\", \"keys\"]\nprotect = [\".envrc\"]");
  REQUIRE(found.size() == 2);
  CHECK(says(found[0].what, "/.env\" and 1 more is hidden only until"));
  CHECK(found[0].origin.line == 3);
  CHECK(says(found[1].what, "/.envrc\" is read-only only until"));
  CHECK(found[1].origin.line == 4);
  CHECK(linting.of("single-file", "[filesystem]\nhide = [\"keys\"]").empty());
}

TEST_CASE("lint: absent-protected") {
  Linting linting;
  linting.host.add("f /home/ann/web/.envrc uid=1000");
  const Finding found = linting.one(
      "absent-protected", "[filesystem]\nprotect = [\".envrc\", \".vscode/tasks.json\", \"Makefile?\", \"a*\"]");
  CHECK(says(found.what, "\".vscode/tasks.json\" does not exist"));
  CHECK(found.origin.line == 3);
  CHECK(linting.of("absent-protected", "[filesystem]\nproject = \"read\"\nprotect = [\".vscode\"]").empty());
}

TEST_CASE("lint: allow-all") {
  Linting linting;
  const auto found = linting.of("allow-all", "[network]\nmode = \"host\"\nallow = [\"*\", \"*:443\", \"*.a.example\"]");
  CHECK(found.size() == 2);
  CHECK(found.at(0).origin.line == 4);
}

TEST_CASE("lint: passed-secret, by name and by pattern") {
  Linting linting;
  const auto found =
      linting.of("passed-secret",
                 "[environment]\npass = [\"GITHUB_TOKEN\", \"AWS_*\", \"AWS_REGION\", \"EDITOR\", \"TOKENIZERS_*\"]");
  REQUIRE(found.size() == 2);
  CHECK(found[0].repair == Repair{Repair::Kind::remove, "environment.pass", "GITHUB_TOKEN"});
  CHECK(found[1].repair == Repair{Repair::Kind::remove, "environment.pass", "AWS_*"});
  CHECK(says(found[1].fix, "--pass AWS_"));
  // The caller of these tests has AWS_SECRET_ACCESS_KEY.
  CHECK(says(linting.one("passed-secret", "[environment]\npass = [\"A*\"]").what, "AWS_SECRET_ACCESS_KEY"));
  CHECK(says(linting.one("passed-secret", "[environment]\npass = [\"*\"]").what, "AWS_SECRET_ACCESS_KEY"));
  CHECK(linting.of("passed-secret", "[environment]\npass = [\"MY_*\"]").empty());
}

TEST_CASE("lint: shown-credentials, a token in .gitconfig") {
  Linting linting;
  const std::string shown = "[filesystem]\nread = [\"~/.gitconfig\"]";
  CHECK(linting.of("shown-credentials", shown).empty());
  for (const std::string text :
       {"[http]\\n extraHeader = AUTHORIZATION: basic x\\n", "[url \\\"https://ann:pw@git.example/\\\"]\\n",
        "[github]\\n oauth = ghp_0123456789\\n"}) {
    INFO(text);
    Linting other;
    other.host.add("f /home/ann/.gitconfig uid=1000 \"" + text + "\"");
    const Finding found = other.one("shown-credentials", shown);
    CHECK(says(found.what, "~/.gitconfig"));
    CHECK(found.origin.line == 3);
    CHECK_FALSE(says(found.what + found.fix, "ghp_"));  // what is secret is not printed
    CHECK(other.of("shown-credentials", "description = \"\"").empty());
  }
}

TEST_CASE("lint: shown-credentials, files that are nothing else") {
  Linting linting;
  linting.host.add("f /home/ann/.ssh/id_ed25519 uid=1000 mode=0600");
  const Finding found =
      linting.one("shown-credentials", "[filesystem]\nread = [\"~/.ssh\", \"~/.netrc?\"]\nhide = [\"~/.netrc\"]");
  CHECK(says(found.what, "~/.ssh/id_ed25519"));
  CHECK(found.repair == Repair{Repair::Kind::add, "filesystem.hide", "~/.ssh/id_ed25519"});
}

TEST_CASE("lint: no-filter") {
  Linting linting;
  CHECK(linting.one("no-filter", "[seccomp]\npolicy = \"off\"").origin.line == 3);
}

TEST_CASE("every rule of lint has a test, a reason and a name of its own") {
  const std::set<std::string_view> tested = {"writable-path", "control-socket", "host-network",     "writable-home",
                                             "late-match",    "single-file",    "absent-protected", "allow-all",
                                             "passed-secret", "no-filter",      "shown-credentials"};
  std::set<std::string_view> named;
  for (const LintRuleName& rule : lint_rules()) {
    CHECK(named.insert(rule.id).second);
    CHECK_FALSE(rule.why.empty());
  }
  CHECK(named == tested);
}

TEST_CASE("a repair of lint's takes its finding away and brings no other") {
  Linting linting;
  linting.host.add("d /home/ann/bin uid=1000\nf /home/ann/.ssh/id_rsa uid=1000\nf /home/ann/.bashrc uid=1000");
  linting.caller().environment["PATH"] = "/usr/bin:/home/ann/bin";
  linting.toml = "[filesystem]\nwrite = [\"~/bin\", \"~/.bashrc\"]\nread = [\"~/.ssh\"]";
  const auto before = linting.findings();
  CHECK(before.size() == 3);
  for (const Finding& finding : before) {
    INFO(finding.id);
    REQUIRE(finding.repair);
    linting.options.push_back({.key = finding.repair->key,
                               .value = toml_quote(finding.repair->element),
                               .how = Override::How::append,
                               .option = "--fix"});
  }
  const auto after = linting.findings();
  for (const Finding& finding : after) CHECK(finding.id == "single-file");
}
