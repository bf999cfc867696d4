// network.mode, allow and deny.
#include "support/golden.h"
#include "support/planning.h"

using namespace snug;

namespace {

Planning filtered(const std::string& rest) {
  Planning planning;
  planning.toml = "[network]\nmode = \"filtered\"\n" + rest;
  return planning;
}

std::vector<std::string> texts(const std::vector<Sourced<NetworkRule>>& rules) {
  std::vector<std::string> texts;
  for (const auto& rule : rules) texts.push_back(to_text(rule.value));
  return texts;
}

std::string only_error(Planning planning) {
  const PlanOutcome outcome = planning.outcome();
  REQUIRE(outcome.errors.size() == 1);
  return to_text(outcome.errors.front());
}

}  // namespace

TEST_CASE("a filtered network lists its rules with their lines, groups as what they stand for") {
  Planning planning = filtered("allow = [\"Registry.Example.\", \"@pypi\", \"*.x.test:22\"]\ndeny = [\"t.example\"]");
  const Plan plan = planning.plan();
  REQUIRE(plan.filter);
  CHECK(texts(plan.filter->allow) ==
        std::vector<std::string>{"registry.example", "pypi.org", "files.pythonhosted.org", "*.x.test:22"});
  CHECK(plan.filter->allow[1].origin.line == 4);
  CHECK(texts(plan.filter->deny) == std::vector<std::string>{"t.example"});
  CHECK(plan.namespaces.network);
  CHECK(plan.name_service);
  const std::string text = plan_to_text(plan, Colour::never);
  CHECK(text.find("network: filtered: only what the rules allow") != std::string::npos);
  CHECK(text.find("    deny   t.example") != std::string::npos);
  CHECK(text.find("    allow  files.pythonhosted.org") != std::string::npos);
  CHECK(plan_to_json(plan).find("\"rule\": \"*.x.test:22\"") != std::string::npos);
}

TEST_CASE("a filtered network without rules reaches nothing and says so") {
  const Plan plan = filtered("").plan();
  CHECK(plan.filter->allow.empty());
  CHECK(plan_to_text(plan, Colour::never).find("nothing is allowed") != std::string::npos);
}

TEST_CASE("what a filter cannot hold is refused") {
  CHECK(filtered("allow = [\"*:*\"]").plan().filter);
  CHECK(filtered("allow = [\"udp://ntp.example:123\"]").plan().filter->allow.size() == 1);
  CHECK(only_error(filtered("[filesystem]\netc = \"host\"")).find("cannot filter names") == 0);
  Planning host;
  host.toml = "[network]\nmode = \"host\"\ndeny = [\"t.example\"]";
  CHECK(only_error(host).find("cannot keep the command from \"t.example\"") == 0);
}

TEST_CASE("rules of a network that is none or the host's") {
  Planning none;
  none.toml = "[network]\nallow = [\"a.example\"]\ndeny = [\"b.example\"]";
  const Plan plan = none.plan();
  CHECK_FALSE(plan.filter);
  CHECK(plan.name_service);  // answers "no" to all, and tells
  Planning host;
  host.toml = "[network]\nmode = \"host\"\nallow = [\"a.example\"]";
  const auto warns = [](const Plan& plan) {
    return std::ranges::any_of(plan.notes, [](const Note& note) {
      return note.level == Note::Level::warning && note.text.find("network.allow limits nothing") == 0;
    });
  };
  const Plan open = host.plan();
  CHECK_FALSE(open.name_service);
  CHECK(warns(open));
  host.toml = "extends = [\"node\"]\n[network]\nmode = \"host\"";  // its rules are for --net filtered
  CHECK_FALSE(warns(host.plan()));
}

TEST_CASE("the host's proxy is in the plan, its password nowhere") {
  Planning planning = filtered("allow = [\"a.example\"]");
  planning.caller().environment["HTTPS_PROXY"] = "http://ann:hush@proxy.example:3128";
  planning.caller().environment["NO_PROXY"] = "corp.example,10.0.0.0/8";
  const Plan plan = planning.plan();
  REQUIRE((plan.filter && plan.filter->proxy));
  CHECK(plan.filter->proxy->credentials == "ann:hush");
  const std::string text = plan_to_text(plan, Colour::never), json = plan_to_json(plan);
  CHECK(text.find("through the proxy proxy.example:3128, with a name and a password") != std::string::npos);
  CHECK(text.find("past the proxy    10.0.0.0/8") != std::string::npos);
  CHECK(json.find("\"credentials\": true") != std::string::npos);
  for (const std::string& printed : {text, json}) {
    CHECK(printed.find("hush") == std::string::npos);
    CHECK(printed.find("YW5uOmh1c2g") == std::string::npos);
  }
  CHECK(variable(plan, "HTTPS_PROXY") == nullptr);
}

TEST_CASE("a proxy that cannot be used stops a filtered network and no other") {
  Planning planning = filtered("");
  planning.caller().environment["ALL_PROXY"] = "socks5://ann:hush@proxy.example";
  CHECK(only_error(planning).find("cannot use the proxy that ALL_PROXY names: it is of socks5://") == 0);
  CHECK(only_error(planning).find("hush") == std::string::npos);
  planning.toml = "[network]\nmode = \"none\"\n";
  CHECK(planning.errors().empty());
}
