#include "base/quote.h"

#include "support/catch.h"

using namespace snug;

TEST_CASE("plain text is shown as it is") {
  CHECK(quote_for_display("/home/ana/été") == "\"/home/ana/été\"");
  CHECK(escape_for_display("日本 🐌") == "日本 🐌");
}

TEST_CASE("what a terminal would obey or hide is escaped") {
  CHECK(escape_for_display("a\nb\tc") == "a\\nb\\tc");
  CHECK(escape_for_display("\x1b[31m") == "\\u001B[31m");
  CHECK(escape_for_display(std::string_view("\0", 1)) == "\\u0000");
  CHECK(escape_for_display("\x7f") == "\\u007F");
  CHECK(escape_for_display("\u202Etxt.exe") == "\\u202Etxt.exe");
  CHECK(escape_for_display("\u009b") == "\\u009B");
  CHECK(escape_for_display("\U000E0041") == "\\U000E0041");
  CHECK(quote_for_display("say \"hi\\\"") == R"("say \"hi\\\"")");
}

TEST_CASE("bytes that are no UTF-8 are escaped one by one") {
  CHECK(escape_for_display("a\xff\xfe") == "a\\xFF\\xFE");
  CHECK(escape_for_display("\xc3") == "\\xC3");                             // cut short
  CHECK(escape_for_display("\xc0\xaf") == "\\xC0\\xAF");                    // overlong '/'
  CHECK(escape_for_display("\xed\xa0\x80") == "\\xED\\xA0\\x80");           // a surrogate
  CHECK(escape_for_display("\xf4\x90\x80\x80") == "\\xF4\\x90\\x80\\x80");  // beyond U+10FFFF
  CHECK(escape_for_display("\xe2\x82x") == "\\xE2\\x82x");
}

TEST_CASE("nothing in JSON moves a terminal's cursor or hides") {
  CHECK(json_for_display("{\"a\": [1,\n 2]}\n") == "{\"a\": [1,\n 2]}\n");
  CHECK(json_for_display("\"na\xc3\xafve \xe2\x82\xac\"") == "\"na\xc3\xafve \xe2\x82\xac\"");
  CHECK(json_for_display("\"\xc2\x9b\x7f\"") == "\"\\u009b\\u007f\"");
  CHECK(json_for_display("\"\xe2\x80\xae\"") == "\"\\u202e\"");
  CHECK(json_for_display("\"\xf3\xa0\x80\x81\"") == "\"\\udb40\\udc01\"");
}

TEST_CASE("every code point is written and read back") {
  for (const char32_t code :
       {U'\0', U'a', U'\x7f', U'\x80', U'\u07ff', U'\u0800', U'\uffff', U'\U00010000', U'\U0010ffff'}) {
    std::string text;
    append_utf8(text, code);
    const Character character = first_character(text);
    CHECK(character.valid);
    CHECK(character.code == code);
    CHECK(character.size == text.size());
  }
}
