#include "profile/variables.h"

#include <map>

#include "profile/load.h"
#include "support/catch.h"

using namespace snug;

namespace {

using Names = std::map<std::string, std::string>;

KnownValues known(const Names& environment = {}) {
  return {.project = "/home/ann/web",
          .home = "/home/ann",
          .user = "ann",
          .uid = "1000",
          .state = "/home/ann/.local/state",
          .runtime = "/run/user/1000",
          .environment = [environment](const std::string& name) {
            const auto found = environment.find(name);
            return found == environment.end() ? std::nullopt : std::optional(found->second);
          }};
}

/// The hostname-like text of `description`, or the mistakes.
std::string value_of(const std::string& text, const std::string& vars = "", const Names& environment = {}) {
  const std::string toml = "version = 1\ndescription = '" + text + "'\n" + vars;
  const LoadOutcome outcome = load_profile({{"p.toml", toml}}, {}, {.known = known(environment)});
  std::string all;
  for (const Diagnostic& diagnostic : outcome.diagnostics) all += to_text(diagnostic) + "\n";
  return all.empty() ? outcome.profile.description : all;
}

std::string mistake(const std::string& message) { return "p.toml:2:15: description: " + message + "\n"; }

std::string filesystem_mistake(const std::string& key, const std::string& value, const Names& environment) {
  const LoadOutcome outcome =
      load_profile({{"p.toml", "version = 1\n" + key + " = [\"" + value + "\"]\n"}}, {}, {.known = known(environment)});
  return outcome.diagnostics.empty() ? "" : outcome.diagnostics[0].message;
}

}  // namespace

TEST_CASE("snug's own variables stand for the project, the user and their directories") {
  CHECK(value_of("${project} ${home} ${user} ${uid}") == "/home/ann/web /home/ann ann 1000");
  CHECK(value_of("${state} ${runtime}") == "/home/ann/.local/state /run/user/1000");
}

TEST_CASE("variables of the environment, with a value for when they are unset or empty") {
  const Names environment{{"A", "x"}, {"EMPTY", ""}};
  CHECK(value_of("<${env:A}>", "", environment) == "<x>");
  CHECK(value_of("<${env:EMPTY}>", "", environment) == "<>");
  CHECK(value_of("${env:A:-y}${env:NO:-y}${env:EMPTY:-z}", "", environment) == "xyz");
  CHECK(value_of("${env:NO:-}") == "");
  CHECK(value_of("${env:NO:-${home}/.cache}/x") == "/home/ann/.cache/x");
  CHECK(value_of("${env:NO:-${env:NO2:-a}b}c") == "abc");
  CHECK(value_of("${env:NO}") ==
        mistake("\"${env:NO}\": the variable is not set; write \"${env:NO:-...}\" with what to use then"));
  CHECK(value_of("${env:}") == mistake("\"${env:}\" names no variable; write such as \"${env:EDITOR}\""));
}

TEST_CASE("[vars] can be used by either name, before they are defined, and by each other") {
  const std::string vars = "[vars]\na = \"${vars.b}/a\"\nb = \"${c}/b\"\nc = \"${home}\"\n";
  CHECK(value_of("${vars.a} ${b}", vars) == "/home/ann/b/a /home/ann/b");
}

TEST_CASE("of two definitions the later counts, also where the earlier document uses it") {
  const LoadOutcome outcome =
      load_profile({{"a.toml", "version = 1\nhostname = \"${x}\"\n[vars]\nx = \"${gone}\"\ny = \"a\"\n"},
                    {"b.toml", "version = 1\n[vars]\nx = \"b${y}\"\n"}},
                   {{.key = "vars.y", .value = "o", .option = "--set"}});
  CHECK(outcome.diagnostics.empty());
  CHECK(outcome.profile.hostname.value == "bo");
  CHECK(outcome.profile.vars.at("x").value == "bo");
}

TEST_CASE("\"$${\" is the two characters, and a lone \"$\" itself") {
  CHECK(value_of("$${home} $ $$ $x $1 $$$${x") == "${home} $ $$ $x $1 $$${x");
  CHECK(value_of("${x}", "[vars]\nx = '$${home}'\n") == "${home}");  // what is replaced is not looked at again
  CHECK(value_of("${env:A}", "", {{"A", "${home}"}}) == "${home}");
}

TEST_CASE("what no variable has is a mistake with what may have been meant") {
  CHECK(value_of("${hom}") == mistake("unknown variable \"${hom}\"; did you mean \"${home}\"?"));
  CHECK(value_of("${cahe}", "[vars]\ncache = \"x\"\n") ==
        mistake("unknown variable \"${cahe}\"; did you mean \"${cache}\"?"));
  CHECK(value_of("${EDITOR}", "", {{"EDITOR", "vi"}}) ==
        mistake("unknown variable \"${EDITOR}\"; did you mean \"${env:EDITOR}\"?"));
  CHECK(value_of("${}") == mistake("unknown variable \"${}\""));
  CHECK(value_of("${home") ==
        mistake("\"${\" has no \"}\"; write \"$${\" where the two characters themselves are meant"));
  CHECK(load_profile({{"p.toml", "version = 1\nhostname = \"${home}\"\n"}}, {}).diagnostics.at(0).message ==
        "hostname: \"${home}\" has no value here");
}

TEST_CASE("[vars] that go round in a circle are mistakes with the whole chain") {
  const std::string all = value_of("x", "[vars]\na = \"${b}\"\nb = \"${vars.a}\"\nself = \"${self}\"\n");
  CHECK(all ==
        "p.toml:4:5: vars.a: variables go round in a circle: \"${vars.b}\" -> \"${vars.a}\" -> \"${vars.b}\"\n"
        "p.toml:5:5: vars.b: variables go round in a circle: \"${vars.a}\" -> \"${vars.b}\" -> \"${vars.a}\"\n"
        "p.toml:6:8: vars.self: variables go round in a circle: \"${vars.self}\" -> \"${vars.self}\"\n");
}

TEST_CASE("names of [vars] are plain words that are not snug's own") {
  CHECK(value_of("x", "[vars]\nhome = \"/\"\n") ==
        "p.toml:4:8: vars.home: this name is one of snug's own variables; take another\n");
  CHECK(value_of("x", "[vars]\n\"a b\" = \"/\"\n") ==
        "p.toml:4:9: vars.a b: is no name of a variable; use letters, digits, \"-\" and \"_\"\n");
  CHECK(value_of("x", "[vars]\na = 3\n") ==
        "p.toml:4:5: vars.a: expected text in quotes, found a whole number; write \"3\"\n");
}

TEST_CASE("a few lines cannot grow without bound") {
  std::string vars = "[vars]\nv0 = \"xxxxxxxxxx\"\n";
  for (int i = 1; i < 30; ++i) {
    vars += "v" + std::to_string(i) + " = \"";
    for (int j = 0; j < 10; ++j) vars += "${v" + std::to_string(i - 1) + "}";
    vars += "\"\n";
  }
  CHECK(value_of("${v29}", vars).find("larger than 64 KiB") != std::string::npos);
  std::string empty = "[vars]\nv0 = \"\"\n" + vars.substr(vars.find("v1 ="));
  CHECK(value_of("${v29}", empty).find("it has too many variables") != std::string::npos);
  std::string deep = "[vars]\nv0 = \"\"\n";
  for (int i = 1; i < 100; ++i) deep += "v" + std::to_string(i) + " = \"${v" + std::to_string(i - 1) + "}\"\n";
  CHECK(value_of("${v99}", deep).find("more than 32 deep") != std::string::npos);
  std::string nested;
  for (int i = 0; i < 20000; ++i) nested += "${env:A:-";
  CHECK(value_of(nested + std::string(20000, '}')).find("more than 32 deep") != std::string::npos);
}

TEST_CASE("what a variable stands for is plain text, never a sign of the format") {
  const Names hostile{
      {"Q", "/x?"}, {"STAR", "/*"}, {"BANG", "!/x"},   {"LIST", "\", \"/etc"}, {"UP", "/a/../b"},
      {"REL", "x"}, {"ANY", "*"},   {"GROUP", "@npm"}, {"WIDE", "10.0.0.0/8"}, {"TWO", "a.example:1,2"}};
  for (const char* key : {"filesystem.read", "filesystem.write", "filesystem.hide", "filesystem.protect",
                          "environment.path", "network.sockets"}) {
    INFO(key);
    CHECK(filesystem_mistake(key, "${env:Q}", hostile).find("\"?\" would have a meaning here") != std::string::npos);
    CHECK(filesystem_mistake(key, "${env:STAR}", hostile).find("\"*\" would have a meaning") != std::string::npos);
    CHECK(filesystem_mistake(key, "${env:UP}", hostile).find("has \"..\" in it") != std::string::npos);
  }
  for (const char* name : {"BANG", "LIST", "REL"}) {
    CHECK(filesystem_mistake("filesystem.read", "${env:" + std::string(name) + "}", hostile).find("is not absolute") !=
          std::string::npos);
  }
  for (const char* name : {"ANY", "GROUP", "WIDE", "TWO"}) {
    CHECK(filesystem_mistake("network.allow", "${env:" + std::string(name) + "}", hostile)
              .find("would have a meaning here") != std::string::npos);
  }
  CHECK(filesystem_mistake("environment.pass", "${env:ANY}", hostile).find("would have a meaning") !=
        std::string::npos);
  // The profile's own signs beside a variable still count.
  const LoadOutcome outcome =
      load_profile({{"p.toml", "version = 1\n[filesystem]\nread = [\"${home}/x?\"]\nhide = [\"${home}/**/*.key\"]\n"}},
                   {}, {.known = known()});
  CHECK(outcome.diagnostics.empty());
  CHECK(outcome.profile.filesystem.read.at(0).optional);
}

TEST_CASE("bytes that TOML cannot say come through variables as they are") {
  CHECK(value_of("${env:A}", "", {{"A", "caf\xe9 \xf4\x8f\xb8\xa4"}}) == "caf\xe9 \xf4\x8f\xb8\xa4");
}

TEST_CASE("options mean what they say: the shell has replaced its variables already") {
  const LoadOutcome outcome = load_profile(
      {}, {{.key = "environment.set.X", .value = toml_quote("${home}"), .option = "--env"}}, {.known = known()});
  CHECK(outcome.profile.environment.set.at("X").value == "${home}");
}
