#include "profile/statements.h"

#include <algorithm>
#include <variant>

#include "profile/document.h"

namespace snug {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// Reads on through the text. At its end every question has a harmless answer.
class Reader {
 public:
  Reader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  std::size_t at() const { return at_; }
  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  bool sees(std::string_view word) const { return text_.substr(std::min(at_, text_.size())).starts_with(word); }
  void skip(std::size_t count = 1) { at_ = std::min(at_ + count, text_.size()); }
  void skip_blanks() {
    while (!done() && is_blank(peek())) skip();
  }
  void skip_line() {
    at_ = std::min(text_.find('\n', at_), text_.size());
    skip();
  }
  /// Blanks, line ends and comments: what may stand between the elements of a list.
  void skip_between() {
    for (;;) {
      skip_blanks();
      if (peek() == '#') {
        skip_line();
      } else if (peek() == '\n') {
        skip();
      } else {
        return;
      }
    }
  }
  void skip_string();
  void skip_value();
  /// Up to `end` outside of strings.
  void skip_until(char end) {
    while (!done() && peek() != end) peek() == '"' || peek() == '\'' ? skip_string() : skip();
  }

 private:
  void skip_brackets();
  void skip_bare_value();

  std::string_view text_;
  std::size_t at_;
};

void Reader::skip_string() {
  const char quote = peek();
  const std::string three(3, quote);
  const bool several_lines = sees(three);
  skip(several_lines ? 3 : 1);
  while (!done()) {
    if (quote == '"' && peek() == '\\') {
      skip(2);
    } else if (several_lines ? sees(three) : peek() == quote) {
      skip(several_lines ? 3 : 1);
      while (several_lines && peek() == quote) skip();  // one or two more may stand before the three
      return;
    } else {
      skip();
    }
  }
}

void Reader::skip_brackets() {
  int depth = 0;
  do {
    const char c = peek();
    if (c == '"' || c == '\'') {
      skip_string();
      continue;
    }
    if (c == '#') {
      skip_line();
      continue;
    }
    depth += (c == '[' || c == '{') - (c == ']' || c == '}');
    skip();
  } while (depth > 0 && !done());
}

void Reader::skip_bare_value() {
  const std::size_t end = std::min(text_.find_first_of(",]}#\n", at_), text_.size());
  while (at_ < end) skip();
  while (at_ > 0 && is_blank(text_[at_ - 1])) --at_;
}

void Reader::skip_value() {
  const char c = peek();
  if (c == '"' || c == '\'') return skip_string();
  if (c == '[' || c == '{') return skip_brackets();
  skip_bare_value();
}

std::vector<std::string> key_in(std::string_view text) {
  auto key = parse_key(text);
  auto* const parts = std::get_if<std::vector<std::string>>(&key);
  return parts ? std::move(*parts) : std::vector<std::string>{};
}

class StatementReader {
 public:
  explicit StatementReader(std::string_view text)
      : text_(text), reader_(text, text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0) {}

  std::vector<Statement> read() {
    while (!reader_.done()) read_line();
    return std::move(statements_);
  }

 private:
  void read_line() {
    const std::size_t begin = reader_.at();
    reader_.skip_blanks();
    if (reader_.peek() == '\n' || reader_.peek() == '#' || reader_.done()) return reader_.skip_line();
    Statement statement = reader_.peek() == '[' ? header() : key();
    reader_.skip_line();
    statement.section = sections_;
    statement.lines = {begin, reader_.at()};
    statements_.push_back(std::move(statement));
  }

  Statement header() {
    const bool several = reader_.sees("[[");
    reader_.skip(several ? 2 : 1);
    const std::size_t begin = reader_.at();
    reader_.skip_until(']');
    ++sections_;
    section_ = key_in(text_.substr(begin, reader_.at() - begin));
    return {.kind = several ? Statement::Kind::array_of_tables : Statement::Kind::table, .path = section_};
  }

  Statement key() {
    const std::size_t begin = reader_.at();
    reader_.skip_until('=');
    Statement statement{.path = section_};
    for (std::string& part : key_in(text_.substr(begin, reader_.at() - begin))) {
      statement.path.push_back(std::move(part));
    }
    reader_.skip();
    reader_.skip_blanks();
    statement.value.begin = reader_.at();
    reader_.skip_value();
    statement.value.end = reader_.at();
    return statement;
  }

  std::string_view text_;
  Reader reader_;
  std::vector<std::string> section_;
  std::size_t sections_ = 0;
  std::vector<Statement> statements_;
};

}  // namespace

std::vector<Statement> statements_of(std::string_view text) { return StatementReader(text).read(); }

ListSpan list_at(std::string_view text, std::size_t open) {
  ListSpan list;
  Reader reader(text, open);
  reader.skip();
  for (reader.skip_between(); !reader.done() && reader.peek() != ']'; reader.skip_between()) {
    const std::size_t begin = reader.at();
    reader.skip_value();
    if (reader.at() == begin) break;  // no list after all
    list.elements.push_back({begin, reader.at()});
    reader.skip_between();
    list.trailing_comma = reader.peek() == ',';
    if (list.trailing_comma) reader.skip();
  }
  list.close = reader.at();
  return list;
}

}  // namespace snug
