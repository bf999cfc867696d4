// share/snug.schema.json says what the parser's tables say. Whether a validator agrees with the parser about whole
// profiles is tested in tests/rootless/schema_test.py.
#include "profile/schema.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "profile/load.h"
#include "profile/words.h"
#include "support/catch.h"
#include "support/places.h"

using namespace snug;
using nlohmann::json;

namespace {

using Names = std::set<std::string>;

std::string read_source(const std::string& name) {
  const std::ifstream file(test::source_dir() + "/" + name);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

const json& schema() {
  static const json parsed = json::parse(read_source("share/snug.schema.json"));
  return parsed;
}

/// Calls `visit(key, node)` for the schema and every property in it. Lists and references are looked through, the
/// "replace" of a list too.
template <class Visit>
void walk(const std::string& key, const json& node, const Visit& visit);

template <class Visit>
void walk_into(const std::string& key, const json& node, const Visit& visit) {
  if (node.contains("$ref")) {
    const std::string name = node["$ref"].get<std::string>();
    walk_into(key, schema().at(json::json_pointer(name.substr(1))), visit);
  }
  for (const char* const part : {"allOf", "anyOf"}) {
    if (!node.contains(part)) continue;
    for (const json& inner : node[part]) walk_into(key, inner, visit);
  }
  if (node.contains("items") && node["items"].is_object()) walk_into(key, node["items"], visit);
  if (!node.contains("properties")) return;
  for (const auto& [name, inner] : node["properties"].items()) {
    if (name == "replace") continue;
    walk(key.empty() ? name : key + "." + name, inner, visit);
  }
}

template <class Visit>
void walk(const std::string& key, const json& node, const Visit& visit) {
  visit(key, node);
  walk_into(key, node, visit);
}

bool is_rlimit(const std::string& key) { return key.starts_with("limits.rlimit."); }

std::map<std::string, json> properties() {
  std::map<std::string, json> found;
  walk("", schema(), [&](const std::string& key, const json& node) {
    if (!key.empty()) found[key] = node;
  });
  return found;
}

/// The words of an enumeration that `node` has, itself or through references, but not those of keys in it.
void collect_words(const json& node, Names& words) {
  if (node.contains("$ref")) {
    collect_words(schema().at(json::json_pointer(node["$ref"].get<std::string>().substr(1))), words);
  }
  for (const char* const part : {"allOf", "anyOf"}) {
    if (!node.contains(part)) continue;
    for (const json& inner : node[part]) collect_words(inner, words);
  }
  if (node.contains("items") && node["items"].is_object()) collect_words(node["items"], words);
  if (!node.contains("enum")) return;
  for (const json& word : node["enum"]) {
    if (word.is_string()) words.insert(word.get<std::string>());
  }
}

template <class Table>
Names names_of(const Table& table) {
  Names names;
  for (const auto& word : table) names.emplace(word.text);
  return names;
}

bool is_accepted(const std::string& lines) {
  return load_profile({{"p.toml", "version = 1\n" + lines}}, {}).diagnostics.empty();
}

// The manual's markup away, and the same from a description that quotes it.
std::string unmarked(std::string_view text) {
  std::string plain;
  bool space = true;
  for (const char c : text) {
    if (c == '*' || c == '_' || c == '\\') continue;
    const bool blank = c == ' ' || c == '\t' || c == '\n';
    if (!blank || !space) plain += blank ? ' ' : c;
    space = blank;
  }
  return plain;
}

}  // namespace

TEST_CASE("the JSON schema has every key of the tables and no other") {
  Names known, described;
  for (const std::string& key : all_keys()) known.insert(key);
  for (const auto& [key, node] : properties()) {
    if (!is_rlimit(key)) described.insert(key);
  }
  CHECK(known == described);
}

TEST_CASE("the JSON schema has the words of the tables") {
  const std::map<std::string, Names> tables = {
      {"subids", names_of(subid_words)},
      {"toolchains", names_of(toolchain_words)},
      {"require", names_of(promise_words)},
      {"filesystem.etc", names_of(etc_words)},
      {"filesystem.project", names_of(project_words)},
      {"filesystem.home", names_of(home_words)},
      {"filesystem.git", names_of(git_words)},
      {"filesystem.mount.access", names_of(access_words)},
      {"filesystem.mount.type", names_of(mount_words)},
      {"network.mode", names_of(network_words)},
      {"seccomp.policy", names_of(policy_words)},
      {"changes.on-success", names_of(end_words)},
      {"changes.on-failure", names_of(end_words)},
      // These two take other values besides their words.
      {"user", {"self", "root", "host-root"}},
      {"filesystem.root", {"host", "empty"}},
  };
  for (const auto& [key, node] : properties()) {
    if (is_rlimit(key)) continue;
    INFO(key);
    Names words;
    collect_words(node, words);
    const auto table = tables.find(key);
    CHECK(words == (table == tables.end() ? Names{} : table->second));
  }
}

TEST_CASE("the JSON schema has the limits of setrlimit(2)") {
  int limits = 0;
  for (const auto& [key, node] : properties()) {
    if (!is_rlimit(key)) continue;
    INFO(key);
    CHECK(is_accepted(key + " = 1\n"));
    CHECK(is_accepted(key + " = \"unlimited\"\n"));
    CHECK(is_accepted(key + " = \"2M\"\n") == (node["$ref"] == "#/definitions/limit-of-bytes"));
    CHECK(is_accepted(key + " = \"2s\"\n") == (node["$ref"] == "#/definitions/limit-of-time"));
    ++limits;
  }
  CHECK(limits == 16);  // RLIM_NLIMITS of Linux
}

TEST_CASE("the JSON schema's defaults are values of their keys") {
  int defaults = 0;
  for (const auto& [key, node] : properties()) {
    if (!node.contains("default") || key.starts_with("filesystem.mount.")) continue;
    INFO(key);
    CHECK(is_accepted(key + " = " + node["default"].dump() + "\n"));
    ++defaults;
  }
  CHECK(defaults > 10);
}

TEST_CASE("the JSON schema describes every key in the manual's words") {
  const std::string manual = unmarked(read_source("man/snug.toml.5.scd"));
  for (const auto& [key, node] : properties()) {
    const bool is_section = node.value("type", "") == "object" && key.find('.') == std::string::npos && key != "vars";
    if (is_rlimit(key) || is_section) continue;
    INFO("share/snug.schema.json describes " << key << " in words that man/snug.toml.5.scd does not have");
    REQUIRE(node.contains("description"));
    CHECK(manual.find(unmarked(node["description"].get<std::string>())) != std::string::npos);
  }
}
