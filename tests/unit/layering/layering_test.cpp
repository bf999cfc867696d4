// The arrows between folders, read off the #include lines. The table is the rule; CMake's DEPENDS follow it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/places.h"

namespace {

namespace fs = std::filesystem;

// Folder -> the folders it may include, besides itself. "" is sandbox/ itself: main.cpp.
const std::map<std::string, std::set<std::string>> kArrows = {
    {"base", {}},
    {"sys", {"base"}},
    {"profile", {"base"}},
    {"host", {"sys", "base"}},
    {"plan", {"profile", "host", "base"}},
    {"seccomp", {"plan", "profile", "base"}},
    {"landlock", {"plan", "profile", "base"}},
    {"net", {"profile", "sys", "base"}},
    {"changes", {"sys", "base"}},
    {"sessions", {"sys", "base"}},
    {"launch", {"net", "seccomp", "landlock", "plan", "profile", "host", "sys", "base"}},
    {"run", {"launch", "net", "changes", "sessions", "seccomp", "plan", "profile", "host", "sys", "base"}},
    {"cli", {"run", "net", "changes", "sessions", "launch", "seccomp", "plan", "profile", "host", "sys", "base"}},
    {"", {"cli"}},
};

// The code that runs between clone and execve, and init: their own headers, the kernel's, and nothing of C++.
const std::regex kChildSide("launch/(child[a-z_]*\\.(cpp|h)|init/.*|(spec|raw|open|protocol|message|pty)\\.h)");
const std::regex kChildMayInclude(
    "launch/(child|spec|raw|open|protocol|message|pty)\\.h|(linux|asm)/[a-z0-9_/]+\\.h|std(def|int)\\.h|cstdint");

// Slow to compile: in few .cpp files, in no header.
const std::regex kHeavy("(CLI|toml\\+\\+|nlohmann|spdlog|fmt)/.*");

struct Include {
  std::string file;  // below sandbox/
  int line = 0;
  std::string name;   // between the quotes or brackets
  bool ours = false;  // "..." rather than <...>
};

std::string where(const Include& include) {
  return include.file + ":" + std::to_string(include.line) + " includes " + include.name;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.find('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::vector<Include> includes_in(std::istream& text, const std::string& file) {
  static const std::regex pattern(R"re(^\s*#\s*include\s*([<"])([^">]+)[">])re");
  std::vector<Include> found;
  std::string line;
  for (int number = 1; std::getline(text, line); ++number) {
    std::smatch match;
    if (std::regex_search(line, match, pattern)) found.push_back({file, number, match[2], match[1] == "\""});
  }
  return found;
}

std::vector<Include> all_includes() {
  const fs::path root = fs::path(snug::test::source_dir()) / "sandbox";
  std::vector<Include> found;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const auto extension = entry.path().extension();
    if (extension != ".h" && extension != ".cpp" && extension != ".c") continue;
    std::ifstream text(entry.path());
    const auto more = includes_in(text, fs::relative(entry.path(), root).string());
    found.insert(found.end(), more.begin(), more.end());
  }
  return found;
}

bool arrow_allowed(const Include& include) {
  if (!include.ours) return true;
  const std::string from = folder_of(include.file), to = folder_of(include.name);
  const auto row = kArrows.find(from);
  return row != kArrows.end() && (from == to || row->second.count(to) == 1);
}

bool child_include_allowed(const Include& include) {
  return !std::regex_match(include.file, kChildSide) || std::regex_match(include.name, kChildMayInclude);
}

bool heavy_include_allowed(const Include& include) {
  return fs::path(include.file).extension() != ".h" || !std::regex_match(include.name, kHeavy);
}

template <class Allowed>
std::vector<std::string> offenders(const std::vector<Include>& includes, Allowed allowed) {
  std::vector<std::string> names;
  for (const auto& include : includes)
    if (!allowed(include)) names.push_back(where(include));
  return names;
}

std::vector<Include> one(const std::string& file, const std::string& line) {
  std::istringstream text(line);
  return includes_in(text, file);
}

}  // namespace

TEST_CASE("folders include only what the layering allows") {
  const auto includes = all_includes();
  REQUIRE(includes.size() > 50);
  CHECK(offenders(includes, arrow_allowed) == std::vector<std::string>{});
}

TEST_CASE("the child side includes only the kernel's headers and its own") {
  CHECK(offenders(all_includes(), child_include_allowed) == std::vector<std::string>{});
}

TEST_CASE("headers that are slow to compile stay out of headers") {
  CHECK(offenders(all_includes(), heavy_include_allowed) == std::vector<std::string>{});
}

TEST_CASE("the layering test sees an arrow that points up") {
  CHECK(offenders(one("base/error.cpp", "#include \"plan/plan.h\""), arrow_allowed) ==
        std::vector<std::string>{"base/error.cpp:1 includes plan/plan.h"});
  CHECK(offenders(one("newfolder/x.cpp", "#include \"base/fd.h\""), arrow_allowed).size() == 1);
  CHECK(offenders(one("launch/child.cpp", "# include <vector>"), child_include_allowed).size() == 1);
  CHECK(offenders(one("launch/child.cpp", "#include <linux/mount.h>"), child_include_allowed).empty());
  CHECK(offenders(one("plan/print.h", "#include <nlohmann/json.hpp>"), heavy_include_allowed).size() == 1);
}
