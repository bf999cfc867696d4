// What the set-up child needs from outside itself, read off its object file: between clone and execve nothing may
// allocate, lock or throw. (Init needs no such test: it is linked without any library.)
#include <array>
#include <cstdio>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/places.h"

namespace {

// The compiler may call these by itself, in any freestanding program.
const std::set<std::string> kAllowed = {"memcpy", "memmove", "memset", "memcmp", "_GLOBAL_OFFSET_TABLE_"};

struct Symbol {
  std::string object, name;
};

std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 4096> buffer;
  for (std::size_t got; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) text.append(buffer.data(), got);
  REQUIRE(pclose(pipe) == 0);
  return text;
}

// Lines of `nm -A ARCHIVE`: "libx.a:child.cpp.o:                 U memcpy". A weak "w" or "v" is undefined as well.
std::vector<Symbol> symbols(const std::string& text, const std::string& types) {
  const std::regex pattern("[^\\n]*:([^:\\n]+):[0-9a-f ]*\\s([A-Za-z]) (\\S+)");
  std::vector<Symbol> found;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match)
    if (types.find((*match)[2].str()[0]) != std::string::npos) found.push_back({(*match)[1], (*match)[3]});
  return found;
}

bool is_child_side(const std::string& object) { return std::regex_match(object, std::regex("child[a-z_]*\\.cpp\\.o")); }

// What the child-side objects of `nm`'s output use and do not define among themselves.
std::vector<std::string> foreign_symbols(const std::string& nm) {
  std::set<std::string> own;
  for (const auto& symbol : symbols(nm, "TtDdBbRrVWu"))
    if (is_child_side(symbol.object)) own.insert(symbol.name);
  std::vector<std::string> foreign;
  for (const auto& symbol : symbols(nm, "Uwv"))
    if (is_child_side(symbol.object) && own.count(symbol.name) + kAllowed.count(symbol.name) == 0)
      foreign.push_back(symbol.object + " needs " + symbol.name);
  return foreign;
}

}  // namespace

TEST_CASE("the set-up child needs no symbol of the C or C++ library") {
  const std::string nm = output_of("nm -A " + snug::test::launch_library());
  REQUIRE(nm.find(":child.cpp.o:") != std::string::npos);
  CHECK(foreign_symbols(nm) == std::vector<std::string>{});
}

TEST_CASE("the symbols test sees a call into the library") {
  const std::string nm =
      "libsnug_launch.a:child.cpp.o:0000000000000000 T run_steps\n"
      "libsnug_launch.a:child.cpp.o:                 U memcpy\n"
      "libsnug_launch.a:child.cpp.o:                 U malloc\n"
      "libsnug_launch.a:launch.cpp.o:                 U strlen\n";
  CHECK(foreign_symbols(nm) == std::vector<std::string>{"child.cpp.o needs malloc"});
}
