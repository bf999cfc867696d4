#include "profile/edit.h"

#include <algorithm>
#include <optional>
#include <variant>
#include <vector>

#include "base/quote.h"
#include "profile/bytes.h"
#include "profile/document.h"
#include "profile/statements.h"

namespace snug {
namespace {

using Path = std::vector<std::string>;

Error by_hand(std::string_view key, const std::string& value, std::string why) {
  return Error{.what = "cannot change " + std::string(key) + " in it",
               .why = std::move(why),
               .fix = "by hand: " + std::string(key) + " = " + value};
}

std::string list_of(std::string_view element) { return "[" + toml_quote(element) + "]"; }

// --- what a text says -----------------------------------------------------------------------------------

const Value* member(const Value& table, std::string_view key) {
  const auto found = std::ranges::find(table.members, key, &Member::key);
  return found == table.members.end() ? nullptr : &found->value;
}

const Value* value_at(const Value& document, const Path& path) {
  const Value* value = &document;
  for (const std::string& part : path) {
    if (value) value = member(*value, part);
  }
  return value;
}

bool is_text(const Value& value, std::string_view element) {
  return value.type == Value::Type::text && utf8_to_bytes(value.text) == element;
}

bool holds(const Value& list, std::string_view element) {
  return std::ranges::any_of(list.items, [&](const Value& item) { return is_text(item, element); });
}

bool same(const Value& a, const Value& b);

/// In any order: where a new table stands does not matter.
bool same_members(const Value& a, const Value& b) {
  return a.members.size() == b.members.size() && std::ranges::all_of(a.members, [&](const Member& one) {
           const Value* const other = member(b, one.key);
           return other && same(one.value, *other);
         });
}

/// But for their places.
bool same(const Value& a, const Value& b) {
  return a.type == b.type && a.text == b.text && a.integer == b.integer && a.octal == b.octal && a.real == b.real &&
         a.boolean == b.boolean && std::ranges::equal(a.items, b.items, same) && same_members(a, b);
}

Value& member_or_new(Value& table, const std::string& key, Value::Type type) {
  const auto found = std::ranges::find(table.members, key, &Member::key);
  if (found != table.members.end()) return found->value;
  Value fresh;
  fresh.type = type;
  return table.members.emplace_back(Member{key, {}, std::move(fresh)}).value;
}

void drop_if_empty(Value& table, const std::string& key) {
  std::erase_if(table.members, [&](const Member& one) {
    return one.key == key && one.value.items.empty() && one.value.members.empty();
  });
}

/// `document` with an empty list or table on `path` dropped, which say nothing.
Value without_empty(Value document, const Path& path) {
  drop_if_empty(member_or_new(document, path[0], Value::Type::table), path[1]);
  drop_if_empty(document, path[0]);
  return document;
}

Value with_element(Value document, const Path& path, std::string_view element) {
  Value& list = member_or_new(member_or_new(document, path[0], Value::Type::table), path[1], Value::Type::list);
  Value item;
  item.type = Value::Type::text;
  item.text = bytes_to_utf8(element);
  list.items.push_back(std::move(item));
  return document;
}

Value without_element(Value document, const Path& path, std::string_view element) {
  std::vector<Value>& items =
      member_or_new(member_or_new(document, path[0], Value::Type::table), path[1], Value::Type::list).items;
  const auto last =
      std::find_if(items.rbegin(), items.rend(), [&](const Value& item) { return is_text(item, element); });
  if (last != items.rend()) items.erase(std::next(last).base());
  return document;
}

Value with_text(Value document, const Path& path, std::string_view text) {
  Value& value = member_or_new(member_or_new(document, path[0], Value::Type::table), path[1], Value::Type::text);
  value = Value{};
  value.type = Value::Type::text;
  value.text = bytes_to_utf8(text);
  return document;
}

Value without_key(Value document, const Path& path) {
  std::erase_if(member_or_new(document, path[0], Value::Type::table).members,
                [&](const Member& member) { return member.key == path[1]; });
  return document;
}

// --- how it is written ----------------------------------------------------------------------------------

class Writing {
 public:
  Writing(std::string_view text, Path path)
      : text_(text),
        path_(std::move(path)),
        statements_(statements_of(text)),
        line_end_(text.find("\r\n") == text.npos ? "\n" : "\r\n") {}

  /// Nothing: it is written in a way this cannot change.
  std::optional<std::string> add(std::string_view element) const;
  std::optional<std::string> remove(std::string_view element) const;
  std::optional<std::string> set(std::string_view value) const;
  std::optional<std::string> remove_key() const;

 private:
  const Statement* statement() const;
  const Statement* header() const;
  const Statement* last_of_section(std::size_t section) const;
  const Statement* last_dotted() const;
  std::string add_to(const Statement& statement, const std::string& element) const;
  std::string add_to_empty(Span inside, const std::string& element) const;
  std::string append_section(const std::string& line) const;
  std::string with_line(const std::string& line) const;
  std::string remove_statement(const Statement& statement) const;
  std::optional<Span> find_element(const ListSpan& list, std::string_view element) const;
  Span cut_around(const ListSpan& list, Span element) const;

  std::string_view between(std::size_t begin, std::size_t end) const { return text_.substr(begin, end - begin); }
  std::size_t line_begin(std::size_t at) const {
    return at == 0 ? 0 : text_.substr(0, at).rfind('\n') + 1;  // npos + 1 == 0
  }
  std::size_t next_line(std::size_t at) const { return std::min(text_.find('\n', at), text_.size() - 1) + 1; }
  std::string indent_of(std::size_t at) const {
    const std::size_t begin = line_begin(at);
    return std::string(between(begin, std::min(text_.find_first_not_of(" \t", begin), at)));
  }
  bool starts_line(std::size_t at) const { return indent_of(at).size() == at - line_begin(at); }
  std::string with(std::size_t at, const std::string& fresh) const {
    return std::string(text_.substr(0, at)) + fresh + std::string(text_.substr(at));
  }
  std::string without(Span cut) const {
    return std::string(text_.substr(0, cut.begin)) + std::string(text_.substr(cut.end));
  }
  std::string on_lines_of_its_own(std::size_t at, const std::string& line) const {
    const bool open_line = at > 0 && text_[at - 1] != '\n';
    return with(at, (open_line ? line_end_ : "") + line + line_end_);
  }

  std::string_view text_;
  Path path_;
  std::vector<Statement> statements_;
  std::string line_end_;
};

const Statement* Writing::statement() const {
  const auto found = std::ranges::find_if(statements_, [&](const Statement& statement) {
    return statement.kind == Statement::Kind::key && statement.path == path_;
  });
  return found == statements_.end() ? nullptr : &*found;
}

const Statement* Writing::header() const {
  const auto found = std::ranges::find_if(statements_, [&](const Statement& statement) {
    return statement.kind == Statement::Kind::table && statement.path == Path{path_[0]};
  });
  return found == statements_.end() ? nullptr : &*found;
}

const Statement* Writing::last_of_section(std::size_t section) const {
  const auto last = std::find_if(statements_.rbegin(), statements_.rend(),
                                 [&](const Statement& statement) { return statement.section == section; });
  return &*last;
}

/// filesystem.write = [...] at the top of the text.
const Statement* Writing::last_dotted() const {
  const auto last = std::find_if(statements_.rbegin(), statements_.rend(), [&](const Statement& statement) {
    return statement.section == 0 && statement.path.size() > 1 && statement.path[0] == path_[0];
  });
  return last == statements_.rend() ? nullptr : &*last;
}

std::string Writing::append_section(const std::string& line) const {
  const std::string gap = text_.empty() ? "" : line_end_;
  return on_lines_of_its_own(text_.size(), gap + "[" + path_[0] + "]" + line_end_ + line);
}

std::optional<std::string> Writing::add(std::string_view bytes) const {
  const std::string element = toml_quote(bytes);
  if (const Statement* const list = statement()) {
    if (text_[list->value.begin] != '[') return {};
    return add_to(*list, element);
  }
  return with_line(path_[1] + " = [" + element + "]");
}

std::optional<std::string> Writing::set(std::string_view bytes) const {
  const std::string value = toml_quote(bytes);
  const Statement* const written = statement();
  if (!written) return with_line(path_[1] + " = " + value);
  return std::string(text_.substr(0, written->value.begin)) + value + std::string(text_.substr(written->value.end));
}

std::optional<std::string> Writing::remove_key() const {
  const Statement* const written = statement();
  return written ? std::optional(remove_statement(*written)) : std::nullopt;
}

/// `line` in the table it belongs to, which is made where it is missing.
std::string Writing::with_line(const std::string& line) const {
  if (const Statement* const table = header()) {
    const Statement& last = *last_of_section(table->section);
    return on_lines_of_its_own(last.lines.end, indent_of(last.lines.begin) + line);
  }
  if (const Statement* const dotted = last_dotted()) {
    return on_lines_of_its_own(dotted->lines.end, path_[0] + "." + line);
  }
  return append_section(line);
}

std::string Writing::add_to(const Statement& statement, const std::string& element) const {
  const ListSpan list = list_at(text_, statement.value.begin);
  if (list.elements.empty()) return add_to_empty({statement.value.begin + 1, list.close}, element);
  const Span last = list.elements.back();
  if (!starts_line(last.begin)) return with(last.end, ", " + element);
  const std::string indent = indent_of(last.begin);
  if (between(last.end, list.close).find('\n') == std::string_view::npos) {
    return with(last.end, "," + line_end_ + indent + element);
  }
  const std::size_t after = next_line(last.end);  // behind a comma and a comment
  const std::string line = indent + element + (list.trailing_comma ? "," : "") + line_end_;
  std::string text = with(after, line);
  if (!list.trailing_comma) text.insert(last.end, ",");
  return text;
}

std::string Writing::add_to_empty(Span inside, const std::string& element) const {
  if (between(inside.begin, inside.end).find('\n') == std::string_view::npos) {
    return std::string(text_.substr(0, inside.begin)) + element + std::string(text_.substr(inside.end));
  }
  return with(line_begin(inside.end), indent_of(inside.end) + "  " + element + "," + line_end_);
}

std::optional<Span> Writing::find_element(const ListSpan& list, std::string_view element) const {
  const auto found = std::find_if(list.elements.rbegin(), list.elements.rend(), [&](const Span& span) {
    const auto value = parse_value(between(span.begin, span.end));
    return std::holds_alternative<Value>(value) && is_text(std::get<Value>(value), element);
  });
  return found == list.elements.rend() ? std::nullopt : std::optional(*found);
}

/// What goes with an element: its line where it has one of its own, else the comma before or behind it.
Span Writing::cut_around(const ListSpan& list, Span element) const {
  const std::size_t line = next_line(element.end);
  if (starts_line(element.begin) && list.close >= line && std::ranges::none_of(list.elements, [&](const Span& other) {
        return other.begin > element.begin && other.begin < line;
      })) {
    return {line_begin(element.begin), line};
  }
  const auto at = std::ranges::find(list.elements, element.begin, &Span::begin);
  if (std::next(at) != list.elements.end()) return {element.begin, std::next(at)->begin};
  return at == list.elements.begin() ? element : Span{std::prev(at)->end, element.end};
}

std::optional<std::string> Writing::remove(std::string_view bytes) const {
  const Statement* const written = statement();
  if (!written || text_[written->value.begin] != '[') return {};
  const ListSpan list = list_at(text_, written->value.begin);
  const auto element = find_element(list, bytes);
  if (!element) return {};
  const bool commented = between(written->lines.begin, element->begin).find('#') != std::string_view::npos ||
                         between(element->end, written->lines.end).find('#') != std::string_view::npos;
  if (list.elements.size() == 1 && !commented) return remove_statement(*written);
  return without(cut_around(list, *element));
}

/// With its table, if nothing else is in that: between the header and the next one there is not even a comment.
std::string Writing::remove_statement(const Statement& statement) const {
  const Statement* const table = header();
  if (!table || table->section != statement.section) return without(statement.lines);
  const auto next = std::ranges::find_if(statements_, [&](const Statement& s) { return s.section > table->section; });
  const std::size_t end = next == statements_.end() ? text_.size() : next->lines.begin;
  const std::string rest =
      std::string(between(table->lines.end, statement.lines.begin)) + std::string(between(statement.lines.end, end));
  const bool bare = rest.find_first_not_of(" \t\r\n") == std::string::npos &&
                    between(table->lines.begin, table->lines.end).find('#') == std::string_view::npos;
  if (!bare) return without(statement.lines);
  std::size_t begin = table->lines.begin;
  if (text_.substr(0, begin).ends_with(line_end_ + line_end_)) begin -= line_end_.size();
  return without({begin, statement.lines.end});
}

// --- all of it -----------------------------------------------------------------------------------------------

struct Task {
  Path path;
  Value before;
};

/// `value` as it would be written: for messages.
Result<Task> start(std::string_view text, std::string_view key, const std::string& value) {
  auto path = parse_key(key);
  if (!std::holds_alternative<Path>(path) || std::get<Path>(path).size() != 2) {
    return by_hand(key, value, "only keys within one table can be changed");
  }
  auto before = parse_document(text);
  if (const auto* const problem = std::get_if<SyntaxError>(&before)) {
    return Error{.what = "it cannot be read",
                 .why = "line " + std::to_string(problem->at.line) + ": " + problem->message};
  }
  return Task{std::move(std::get<Path>(path)), std::move(std::get<Value>(before))};
}

bool says(std::string_view text, const Value& expected, const Path& path) {
  auto after = parse_document(text);
  auto* const read = std::get_if<Value>(&after);
  return read && same(without_empty(std::move(*read), path), without_empty(expected, path));
}

}  // namespace

Result<std::string> add_to_list(std::string_view text, std::string_view key, std::string_view element) {
  auto task = start(text, key, list_of(element));
  if (!task) return task.error();
  const Value* const list = value_at(task->before, task->path);
  if (list && holds(*list, element)) return std::string(text);
  auto changed = Writing(text, task->path).add(element);
  if (!changed || !says(*changed, with_element(std::move(task->before), task->path, element), task->path)) {
    return by_hand(key, list_of(element), "it is written in a way that only people can change");
  }
  return std::move(*changed);
}

Result<std::string> remove_from_list(std::string_view text, std::string_view key, std::string_view element) {
  auto task = start(text, key, list_of(element));
  if (!task) return task.error();
  const Value* const list = value_at(task->before, task->path);
  if (!list || !holds(*list, element)) {
    return Error{.what = quote_for_display(element) + " is not in the list " + std::string(key)};
  }
  auto changed = Writing(text, task->path).remove(element);
  if (!changed || !says(*changed, without_element(std::move(task->before), task->path, element), task->path)) {
    return by_hand(key, list_of(element), "it is written in a way that only people can change");
  }
  return std::move(*changed);
}

Result<std::string> set_text(std::string_view text, std::string_view key, std::string_view value) {
  auto task = start(text, key, toml_quote(value));
  if (!task) return task.error();
  auto changed = Writing(text, task->path).set(value);
  if (!changed || !says(*changed, with_text(std::move(task->before), task->path, value), task->path)) {
    return by_hand(key, toml_quote(value), "it is written in a way that only people can change");
  }
  return std::move(*changed);
}

Result<std::string> remove_text(std::string_view text, std::string_view key) {
  auto task = start(text, key, "...");
  if (!task) return task.error();
  const Value* const value = value_at(task->before, task->path);
  if (!value || value->type != Value::Type::text) return Error{.what = std::string(key) + " is not there"};
  auto changed = Writing(text, task->path).remove_key();
  if (!changed || !says(*changed, without_key(std::move(task->before), task->path), task->path)) {
    return Error{.what = "cannot take " + std::string(key) + " out of it",
                 .why = "it is written in a way that only people can change"};
  }
  return std::move(*changed);
}

std::optional<std::string> text_of(std::string_view text, std::string_view key) {
  const auto task = start(text, key, "");
  const Value* const value = task ? value_at(task->before, task->path) : nullptr;
  if (!value || value->type != Value::Type::text) return {};
  return utf8_to_bytes(value->text);
}

}  // namespace snug
