#include "profile/document.h"

#include "profile/key_depth.h"
#include "support/catch.h"

using namespace snug;

namespace {

std::string repeated(std::string_view piece, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += piece;
  return all;
}

bool parses(const std::string& text) { return std::holds_alternative<Value>(parse_document(text)); }

}  // namespace

TEST_CASE("a document keeps the places and the order of what is written") {
  const auto outcome = parse_document("z = 1\na = [true,\n  0o17]\n[t]\nx = \"é\" # y\n");
  const Value& document = std::get<Value>(outcome);
  REQUIRE(document.members.size() == 3);
  CHECK(document.members[0].key == "z");
  CHECK(document.members[1].key == "a");
  const Value& list = document.members[1].value;
  CHECK(list.items[0].boolean);
  CHECK(list.items[1].at.line == 3);
  CHECK(list.items[1].at.column == 3);
  CHECK(list.items[1].octal);
  CHECK(list.items[1].integer == 15);
  CHECK(document.members[2].value.members[0].at.column == 1);
  CHECK(document.members[2].value.members[0].value.at.column == 5);
}

TEST_CASE("a syntax error has a place and no control characters") {
  const auto outcome = parse_document("a = 1\nb = \x1b[31m\n");
  const SyntaxError& error = std::get<SyntaxError>(outcome);
  CHECK(error.at.line == 2);
  CHECK(error.message.starts_with("not valid TOML: "));
  CHECK(error.message.find('\x1b') == std::string::npos);
}

TEST_CASE("a table's name that is none is an error with a place") {
  for (const char* text : {"[!x]", "[[=]]", "[ #", "[.a]", "[a.]", "[[a]", "[\x80]"}) {
    INFO(text);
    const auto outcome = parse_document(text);
    REQUIRE(std::holds_alternative<SyntaxError>(outcome));
    CHECK(std::get<SyntaxError>(outcome).at.line == 1);
  }
}

TEST_CASE("a character that TOML has no place for is an error with a place") {
  for (const char* text : {"\u01AEl", "é = 1", "x = é", "[é]", "x = 1 \u0131", "\u00A0x = 1 \u00B7"}) {
    INFO(text);
    const auto outcome = parse_document(text);
    REQUIRE(std::holds_alternative<SyntaxError>(outcome));
    CHECK(std::get<SyntaxError>(outcome).at.line == 1);
  }
}

TEST_CASE("values and keys stand alone") {
  using Parts = std::vector<std::string>;
  CHECK(std::get<Value>(parse_value("[1, 2]")).items.size() == 2);
  CHECK(std::get<Value>(parse_value("4G")).text == "4G");
  CHECK(std::get<Value>(parse_value("\"4 G\"")).text == "4 G");
  CHECK(std::holds_alternative<SyntaxError>(parse_value("4 G")));
  CHECK(std::holds_alternative<SyntaxError>(parse_value("1\nx = 2")));
  CHECK(std::get<Parts>(parse_key("a.\"b.c\".'d'")) == Parts{"a", "b.c", "d"});
  CHECK(std::get<Parts>(parse_key("\"a\\\"=#\\nb\"")) == Parts{"a\"=#\nb"});
  CHECK(std::holds_alternative<SyntaxError>(parse_key("a b")));
}

TEST_CASE("deep nesting is refused, not followed") {
  CHECK_FALSE(parses("x = " + repeated("[", 100000)));
  CHECK_FALSE(parses("x = " + repeated("{ a = ", 100000)));
  CHECK_FALSE(parses("a" + repeated(".a", 50000) + " = 1"));
  CHECK_FALSE(parses("[a" + repeated(".a", 50000) + "]"));
  CHECK_FALSE(parses("a" + repeated(" . 'a'", 17) + " = 1"));
  CHECK(parses("a" + repeated(" . 'a'", 16) + " = 1"));
}

TEST_CASE("the deepest document there can be is walked and freed") {
  const std::string key = "a" + repeated(".a", 16) + " = ";
  const auto nested = [&](int levels) { return key + repeated("[{ " + key, levels) + "1" + repeated(" }]", levels); };
  int levels = 1;
  while (levels < 1000 && parses(nested(levels))) ++levels;
  CHECK(levels > 10);
  CHECK(levels < 1000);
}

TEST_CASE("dots in text and comments are no key") {
  const std::string dots = repeated("a.", 50);
  CHECK_FALSE(has_endless_key("# " + dots + "\nx = 1"));
  CHECK_FALSE(has_endless_key("x = \"" + dots + "\""));
  CHECK_FALSE(has_endless_key("x = '" + dots + "'"));
  CHECK_FALSE(has_endless_key("x = \"\\\"" + dots + "\""));
  CHECK_FALSE(has_endless_key("x = \"\"\"\n" + dots + "\n\"\"\""));
  CHECK_FALSE(has_endless_key("x = '''\n" + dots + "\n'''"));
  CHECK_FALSE(has_endless_key("x = [\n1.5,\n" + repeated("2.5,", 50) + "]"));
}

TEST_CASE("no quoting hides an endless key") {
  const std::string endless = "a" + repeated(".a", 50) + " = 1";
  for (const char* before : {"x = \"\"\"y\"\"\"\"\n", "x = \"\"\"y\"\"\"\"\"\n", "t = { x = \"\"\"y\"\"\"\", ",
                             "x = ''\n", "x = '''y'''''\n", "t = { x = '''y'''', ", "x = \"\\\\\"\n", "x = '\\'\n",
                             "x = \"#\" \n", "# \"\n", "\"\" = 1\n", "x = \"\"\"\\\"\"\"\"\n"}) {
    INFO(before);
    CHECK(has_endless_key(before + endless));
    CHECK_FALSE(has_endless_key(before));
  }
}
