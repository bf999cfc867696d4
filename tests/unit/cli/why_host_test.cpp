// What `snug why` says of hosts, beside the rules themselves.
#include "cli/why_host.h"

#include <random>

#include "net/policy.h"
#include "support/planning.h"

using namespace snug;

namespace {

struct Hosts : Planning {
  explicit Hosts(const std::string& network = "") { toml = "[network]\n" + network; }

  What what(const std::string& word) const {
    const auto what = understand(word, WhatKind::host, {}, "/", "/");
    if (!what) FAIL(to_text(what.error()));
    return *what;
  }
  Verdict ask(const std::string& word) { return why_host(plan(), profile(), what(word)); }
};

bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

std::string added(const Verdict& verdict) {
  std::string text;
  for (const ProfileLine& line : verdict.add) text += to_text(line) + ";";
  return text;
}

}  // namespace

TEST_CASE("without a network the mode and the rule are missing, or the mode alone") {
  Hosts none;
  const Verdict verdict = none.ask("registry.npmjs.org:443");
  CHECK_FALSE(verdict.allowed);
  CHECK(says(verdict.reason, "network.mode = \"none\""));
  CHECK(added(verdict) == "network.mode = \"filtered\";network.allow = [\"registry.npmjs.org:443\"];");
  CHECK(added(none.ask("@npm")) == "network.mode = \"filtered\";network.allow = [\"@npm\"];");
  Hosts listed("allow = [\"x.test\"]");
  CHECK(added(listed.ask("x.test")) == "network.mode = \"filtered\";");
  CHECK(none.ask("localhost:80").allowed);
  CHECK(says(none.ask("127.0.0.1:80").reason, "own loopback"));
  CHECK(says(none.ask("localhost:80").fix, "host-ports = [80]"));
}

TEST_CASE("with the host's network everything is reached") {
  Hosts host("mode = \"host\"");
  for (const char* word : {"x.test", "10.0.0.1:22", "@npm", "*"}) CHECK(host.ask(word).allowed);
}

TEST_CASE("the rules decide, and the line that decides is named") {
  Hosts hosts(
      "mode = \"filtered\"\nallow = [\"a.test\",\n\"*.b.test:22,8000-8002\",\n\"10.0.0.0/8:5432\",\n\"@pypi\"]\n"
      "deny = [\"t.b.test\"]");
  CHECK(hosts.ask("a.test:443").origin.line == 4);
  CHECK(hosts.ask("x.b.test:22").origin.line == 5);
  CHECK(hosts.ask("10.9.9.9:5432").origin.line == 6);
  CHECK(hosts.ask("pypi.org").origin.line == 7);
  const Verdict denied = hosts.ask("t.b.test:22");
  CHECK_FALSE(denied.allowed);
  CHECK(denied.origin.line == 8);
  CHECK(denied.add.empty());
  CHECK(says(denied.fix, "snug.toml:8"));
  const Verdict port = hosts.ask("a.test:22");
  CHECK(says(port.reason, "other ports"));
  CHECK(added(port) == "network.allow = [\"a.test:22\"];");
  CHECK(says(hosts.ask("c.test").reason, "no rule"));
  CHECK(added(hosts.ask("[fd00::1]:80")) == "network.allow = [\"[fd00::1]:80\"];");
}

TEST_CASE("without a port the usual two are meant") {
  Hosts hosts("mode = \"filtered\"\nallow = [\"both.test\", \"one.test:443\", \"ssh.test:22,8000-8001\"]");
  CHECK(hosts.ask("both.test").add.empty());
  CHECK(says(hosts.ask("both.test").reason, "at ports 80, 443"));
  const Verdict one = hosts.ask("one.test");
  CHECK(one.allowed);
  CHECK(says(one.reason, "at port 443, not at port 80"));
  CHECK(added(one) == "network.allow = [\"one.test\"];");
  CHECK(says(hosts.ask("ssh.test").reason, "at ports 22, 8000-8001, not at port 80"));
}

TEST_CASE("addresses that are not public need a rule of their own") {
  Hosts hosts("mode = \"filtered\"\nallow = [\"*\", \"0.0.0.0/0\"]");
  const Verdict metadata = hosts.ask("169.254.169.254");
  CHECK_FALSE(metadata.allowed);
  CHECK(says(metadata.reason, "metadata"));
  CHECK(added(metadata) == "network.allow = [\"169.254.169.254\"];");
  CHECK(hosts.ask("8.8.8.8").allowed);
}

TEST_CASE("udp has rules of its own, and those of deny hold for both") {
  Hosts hosts(
      "mode = \"filtered\"\nallow = [\"udp://a.test:123\", \"a.test\"]\ndeny = [\"udp://a.test:443\", \"b.test\"]");
  CHECK(hosts.ask("udp://a.test:123").allowed);
  CHECK_FALSE(hosts.ask("a.test:123").allowed);
  CHECK(hosts.ask("a.test:443").allowed);
  CHECK(added(hosts.ask("udp://a.test:80")) == "network.allow = [\"udp://a.test:80\"];");
  CHECK(says(hosts.ask("udp://b.test:9").reason, "network.deny"));
}

TEST_CASE("several hosts are allowed by just that rule") {
  Hosts hosts("mode = \"filtered\"\nallow = [\"*.a.test\", \"@npm\"]");
  CHECK(hosts.ask("*.a.test").allowed);
  CHECK_FALSE(hosts.ask("*.a.test:22").allowed);
  CHECK(hosts.ask("@npm").allowed);
  CHECK_FALSE(hosts.ask("@pypi").allowed);
}

TEST_CASE("a port of the host that the sandbox has is said to be the host's") {
  Hosts hosts("host-ports = [5432]");
  CHECK(says(hosts.ask("localhost:5432").reason, "the host's own port"));
  CHECK(says(hosts.ask("host.snug:5432").reason, "the host's own port"));
  CHECK(says(hosts.ask("localhost:80").reason, "own loopback"));
}

// --- for random rules -------------------------------------------------------------------------------------

namespace {

struct Choice {
  std::mt19937 random;
  template <class List>
  auto of(const List& list) {
    return list[random() % std::size(list)];
  }
  std::string rule() {
    static const char* const who[] = {"a.test",     "b.a.test", "*.a.test",   "*",         "10.1.0.0/16", "10.1.2.3",
                                      "93.184.1.1", "fc00::/7", "8.8.0.0/16", "0.0.0.0/0", "@pypi"};
    static const char* const ports[] = {"", "", ":22", ":80", ":79-81", ":443,22"};
    const std::string whom = of(who);
    const std::string port = of(ports);
    if (whom[0] == '@' || port.empty()) return whom;
    return (whom.find(':') != whom.npos ? "[" + whom + "]" : whom) + port;
  }
  std::string list() {
    std::string text;
    for (unsigned count = random() % 4; count > 0; --count) text += "\"" + rule() + "\",";
    return "[" + text + "]";
  }
};

}  // namespace

TEST_CASE("what is said of a host is what the rules let through") {
  constexpr const char* words[] = {"a.test",   "b.a.test",   "c.test",  "pypi.org", "10.1.2.3", "10.1.9.9",
                                   "10.2.0.1", "93.184.1.1", "8.8.8.8", "fd00::1",  "2a00::1",  "169.254.169.254"};
  constexpr std::uint16_t ports[] = {22, 25, 80, 81, 443};
  Choice choice{std::mt19937(23)};
  int allowed = 0, asked = 0;
  for (int round = 0; round < 120; ++round) {
    const std::string lists = "allow = " + choice.list() + "\ndeny = " + choice.list();
    INFO(lists);
    Hosts hosts("mode = \"filtered\"\n" + lists);
    const Plan plan = hosts.plan();
    const Profile profile = hosts.profile();
    const NetworkPolicy policy(plan.filter->allow, plan.filter->deny);
    for (const char* word : words) {
      What what = hosts.what(word);
      const bool name = what.rule.who == NetworkRule::Who::name;
      bool any = false;
      for (const std::uint16_t port : ports) {
        what.port = port;
        const NetworkVerdict real = name ? policy.name(word, port) : policy.address(what.rule.range.base, port);
        const bool said = why_host(plan, profile, what).allowed;
        CHECK(said == real.allowed());
        if (name && said) CHECK(policy.name(word).allowed());
        any = any || said;
        allowed += said ? 1 : 0;
        ++asked;
      }
      what.port = 0;
      const Verdict whole = why_host(plan, profile, what);
      if (any) CHECK(whole.allowed);
      if (name) CHECK(whole.allowed == policy.name(word).allowed());
      if (!whole.allowed && whole.add.empty()) CHECK(says(whole.fix, "take it out of"));
    }
  }
  CHECK(allowed > asked / 20);
  CHECK(allowed < asked / 2);
}

TEST_CASE("the lines that are named let the host through, unless a rule of deny is against it") {
  constexpr const char* words[] = {"a.test",        "a.test:25",    "c.test:443", "10.2.0.1",
                                   "93.184.1.1:22", "[fd00::1]:80", "@npm"};
  Choice choice{std::mt19937(5)};
  int tried = 0;
  for (int round = 0; round < 100; ++round) {
    Hosts hosts((round % 3 == 0 ? "" : "mode = \"filtered\"\n") +
                ("allow = " + choice.list() + "\ndeny = " + choice.list()));
    for (const char* word : words) {
      const Verdict before = hosts.ask(word);
      if (before.add.empty()) continue;
      Hosts with(hosts);
      for (const ProfileLine& line : before.add) {
        const bool set = line.how == ProfileLine::How::set;
        with.options.push_back({.key = line.key,
                                .value = toml_quote(line.element),
                                .how = set ? Override::How::replace : Override::How::append,
                                .option = "test"});
      }
      INFO(hosts.toml << word);
      const Verdict after = with.ask(word);
      ++tried;
      CHECK((after.allowed || !after.fix.empty()));
      if (after.add.empty() && after.fix.empty()) CHECK(after.allowed);
    }
  }
  CHECK(tried > 100);
}
