#include "net/policy.h"

#include <random>

#include "net/special.h"
#include "support/catch.h"

namespace {

using namespace snug;
using Reason = NetworkVerdict::Reason;

NetworkPolicy::Rules rules(const std::vector<std::string>& texts) {
  NetworkPolicy::Rules rules;
  for (const std::string& text : texts) {
    auto rule = parse_network_rule(text);
    REQUIRE(rule.ok());
    rules.push_back({std::move(rule).value(), {.line = static_cast<int>(rules.size()) + 1}});
  }
  return rules;
}

NetworkPolicy policy(const std::vector<std::string>& allow, const std::vector<std::string>& deny = {}) {
  return NetworkPolicy(rules(allow), rules(deny));
}

Reason by_address(const NetworkPolicy& policy, const char* text, std::uint16_t port = 443) {
  return policy.address(parse_ip(text).value(), port).reason;
}

Reason by_resolving(const NetworkPolicy& policy, const char* text, std::uint16_t port = 443) {
  return policy.resolved(parse_ip(text).value(), port).reason;
}

}  // namespace

TEST_CASE("a name is allowed by the rules that name it, at their ports") {
  const NetworkPolicy p = policy({"a.example", "*.b.example:22,8000-8002", "c.example:*"});
  CHECK(p.name("a.example", 443).allowed());
  CHECK(p.name("a.example", 80).allowed());
  CHECK(p.name("a.example", 22).reason == Reason::other_ports);
  CHECK(p.name("x.a.example", 443).reason == Reason::no_rule);
  CHECK(p.name("b.example", 22).reason == Reason::no_rule);
  CHECK(p.name("x.b.example", 22).allowed());
  CHECK(p.name("x.y.b.example", 8001).allowed());
  CHECK(p.name("x.y.b.example", 8003).reason == Reason::other_ports);
  CHECK(p.name("xb.example", 22).reason == Reason::no_rule);
  CHECK(p.name("c.example", 65535).allowed());
  CHECK(p.name("a.example", 443).rule->line == 1);
}

TEST_CASE("a name has an address inside if some port of it may be reached") {
  CHECK(policy({"a.example"}).name("a.example").allowed());
  CHECK(policy({"a.example"}).name("b.example").reason == Reason::no_rule);
  CHECK(policy({"*"}, {"a.example"}).name("a.example").reason == Reason::denied);
  CHECK(policy({"*"}, {"a.example:80"}).name("a.example").allowed());
  CHECK(policy({"*"}, {"a.example:80", "*.example:443"}).name("a.example").reason == Reason::denied);
  CHECK(policy({"a.example:80-90"}, {"a.example:80-85", "a.example:86-90"}).name("a.example").reason == Reason::denied);
  CHECK(policy({"a.example:80-90"}, {"a.example:87-90", "a.example:80-85"}).name("a.example").allowed());
  CHECK(policy({}, {"a.example"}).name("a.example").reason == Reason::denied);
  CHECK(policy({}, {"a.example:80"}).name("a.example").reason == Reason::no_rule);
  CHECK(policy({"a.example:65535"}, {"a.example:65535"}).name("a.example").reason == Reason::denied);
}

TEST_CASE("a rule of deny wins") {
  const NetworkPolicy p = policy({"*", "10.0.0.0/8"}, {"t.example", "*.bad.example:443", "10.1.0.0/16", "*:25"});
  CHECK(p.name("t.example", 443).reason == Reason::denied);
  CHECK(p.name("t.example", 443).rule->line == 1);
  CHECK(p.name("x.bad.example", 443).reason == Reason::denied);
  CHECK(p.name("x.bad.example", 80).allowed());
  CHECK(p.name("mail.example", 25).reason == Reason::denied);
  CHECK(by_address(p, "10.1.2.3") == Reason::denied);
  CHECK(by_address(p, "10.2.2.3") == Reason::allowed);
  CHECK(by_resolving(p, "10.1.2.3") == Reason::denied);
  CHECK(by_resolving(p, "10.2.2.3") == Reason::allowed);
}

TEST_CASE("an address that is not public needs a rule that lies within its range") {
  for (const char* special : {"127.0.0.1",
                              "10.0.0.1",
                              "172.16.0.1",
                              "192.168.1.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "0.0.0.0",
                              "224.0.0.1",
                              "255.255.255.255",
                              "198.18.1.1",
                              "192.88.99.1",
                              "::",
                              "::1",
                              "fe80::1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "ff02::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::127.0.0.1",
                              "64:ff9b::8.8.8.8",
                              "64:ff9b:1::1",
                              "2002:7f00:1::",
                              "2001::1",
                              "fec0::1"}) {
    INFO(special);
    const NetworkPolicy anyone = policy({"*", "0.0.0.0/0", "::/0"});
    CHECK_FALSE(by_address(anyone, special) == Reason::allowed);
    CHECK(by_resolving(anyone, special) == Reason::not_public);
    const NetworkPolicy named = policy({to_text(IpRange{parse_ip(special).value(), 128}) + ""});
    CHECK(by_address(named, special) == Reason::allowed);
    CHECK(by_resolving(named, special) == Reason::allowed);
    CHECK(by_address(named, special, 81) == Reason::other_ports);
  }
  CHECK(by_address(policy({"10.0.0.0/8"}), "10.200.0.1") == Reason::allowed);
  CHECK(by_address(policy({"8.0.0.0/5"}), "10.0.0.1") == Reason::not_public);
  CHECK(by_address(policy({"0.0.0.0/0"}), "8.8.8.8") == Reason::allowed);
  CHECK(by_address(policy({"::/0"}), "8.8.8.8") == Reason::no_rule);
  CHECK(by_address(policy({"::/0"}), "2606:4700::1") == Reason::allowed);
  CHECK(by_address(policy({"example.com"}), "8.8.8.8") == Reason::no_rule);
  CHECK(by_resolving(policy({"example.com"}), "8.8.8.8") == Reason::allowed);
}

TEST_CASE("rules of udp allow no tcp") {
  const NetworkPolicy p = policy({"udp://a.example:123", "udp://10.0.0.1:123"});
  CHECK(p.name("a.example", 123).reason == Reason::no_rule);
  CHECK(by_address(p, "10.0.0.1", 123) == Reason::no_rule);
}

TEST_CASE("rules of tcp allow no udp, but deny it") {
  const auto rule = [](const std::string& text) { return Sourced<NetworkRule>{parse_network_rule(text).value(), {}}; };
  const NetworkPolicy p({rule("*"), rule("udp://a.example:123"), rule("udp://b.example:*")},
                        {rule("b.example"), rule("udp://a.example:5")}, NetworkRule::Protocol::udp);
  CHECK(p.name("a.example", 123).allowed());
  CHECK(p.name("a.example", 80).reason == Reason::other_ports);
  CHECK(p.name("c.example", 123).reason == Reason::no_rule);
  CHECK(p.name("b.example", 7).reason == Reason::denied);
}

TEST_CASE("groups are made of good rules") {
  for (const NetworkGroup& group : network_groups()) {
    for (const char* text : group.rules) {
      INFO(text);
      const auto rule = parse_network_rule(text);
      REQUIRE(rule.ok());
      CHECK(rule->who != NetworkRule::Who::group);
      CHECK(to_text(*rule) == text);
    }
  }
}

// --- properties, over invented rules ----------------------------------------------------------------------

namespace {

class Inventor {
 public:
  explicit Inventor(unsigned seed) : random_(seed) {}

  unsigned below(unsigned end) { return std::uniform_int_distribution<unsigned>(0, end - 1)(random_); }
  std::string name() {
    static const char* const parts[] = {"a", "b", "x-1", "com"};
    std::string name = parts[below(4)];
    for (unsigned more = below(3); more > 0; --more) name = std::string(parts[below(4)]) + "." + name;
    return name;
  }
  std::uint16_t port() { return static_cast<std::uint16_t>(79 + below(6)); }
  IpAddress address() {
    static const char* const some[] = {"8.8.8.8", "8.8.4.4", "10.0.0.1", "10.1.0.1", "::1", "2606::1", "127.0.0.1"};
    return parse_ip(some[below(7)]).value();
  }
  std::string ports() {
    const unsigned first = port();
    switch (below(4)) {
      case 0:
        return ":" + std::to_string(first);
      case 1:
        return ":" + std::to_string(first) + "-" + std::to_string(first + below(4));
      case 2:
        return ":22," + std::to_string(first);
      default:
        return "";
    }
  }
  std::string who() {
    switch (below(4)) {
      case 0:
        return "*";
      case 1:
        return "*." + name();
      case 2:
        return "[" + to_text(IpRange{parse_ip("2606::").value(), static_cast<int>(16 + below(100))}) + "]";
      default:
        return below(2) == 0 ? name() : to_text(parse_ip_range("10.0.0.0/" + std::to_string(below(33))).value());
    }
  }
  std::string rule() { return who() + ports(); }
  std::vector<std::string> rules() {
    std::vector<std::string> texts(1 + below(4));
    for (std::string& text : texts) text = rule();
    return texts;
  }

 private:
  std::mt19937 random_;
};

std::vector<std::string> with(std::vector<std::string> texts, const std::string& more) {
  texts.push_back(more);
  return texts;
}

}  // namespace

TEST_CASE("a rule read back from its text is the same rule") {
  Inventor invent(1);
  for (int i = 0; i < 2000; ++i) {
    const auto rule = parse_network_rule(invent.rule());
    REQUIRE(rule.ok());
    const auto again = parse_network_rule(to_text(*rule));
    INFO(to_text(*rule));
    REQUIRE(again.ok());
    CHECK(*again == *rule);
  }
}

TEST_CASE("more rules of deny never allow more, more rules of allow never less") {
  Inventor invent(2);
  for (int i = 0; i < 3000; ++i) {
    const auto allow = invent.rules(), deny = invent.rules();
    const std::string more = invent.rule(), name = invent.name();
    const std::uint16_t port = invent.port();
    const IpAddress address = invent.address();
    const NetworkPolicy base = policy(allow, deny), wider = policy(with(allow, more), deny),
                        narrower = policy(allow, with(deny, more));
    const auto implies = [](bool a, bool b) { return !a || b; };
    CHECK(implies(narrower.name(name, port).allowed(), base.name(name, port).allowed()));
    CHECK(implies(base.name(name, port).allowed(), wider.name(name, port).allowed()));
    CHECK(implies(narrower.address(address, port).allowed(), base.address(address, port).allowed()));
    CHECK(implies(base.address(address, port).allowed(), wider.address(address, port).allowed()));
    CHECK(implies(narrower.resolved(address, port).allowed(), base.resolved(address, port).allowed()));
    // what is reached by its address alone may be what a name resolves to
    CHECK(implies(base.address(address, port).allowed(), base.resolved(address, port).allowed()));
    // a name that may be reached at a port has an address
    CHECK(implies(base.name(name, port).allowed(), base.name(name).allowed()));
  }
}

TEST_CASE("a name has an address exactly if some port of it may be reached") {
  Inventor invent(3);
  for (int i = 0; i < 300; ++i) {
    const NetworkPolicy p = policy(invent.rules(), invent.rules());
    const std::string name = invent.name();
    bool any = false;
    for (std::uint16_t port = 1; port < 1000; ++port) any = any || p.name(name, port).allowed();
    CHECK(p.name(name).allowed() == any);
  }
}
