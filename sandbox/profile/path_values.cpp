// Paths as profiles write them.
#include <algorithm>

#include "base/paths.h"
#include "base/quote.h"
#include "profile/values.h"

namespace snug {
namespace {

constexpr std::string_view entry_signs = "*?";
constexpr std::size_t longest_path = 4095;  // PATH_MAX without its NUL

bool has_lead(std::string_view path) {
  return path.starts_with('/') || path.starts_with("~/") || path.starts_with("./") || path == "~" || path == ".";
}

bool names_other_home(std::string_view path) { return path.starts_with('~') && !has_lead(path); }

// What every path, pattern or not, must be.
bool check_common(const Field& field, std::string_view path) {
  const auto quoted = [path] { return quote_for_display(path); };
  if (path.empty()) return field.fail("the path is empty"), false;
  if (path.size() > longest_path) return field.fail("the path is longer than 4095 bytes"), false;
  if (has_dot_dot(path)) return field.fail(quoted() + " has \"..\" in it; write the path out from /, ~/ or ./"), false;
  if (names_other_home(path)) return field.fail(quoted() + ": only \"~/\", your own home, is known"), false;
  return true;
}

bool check_no_pattern(const Field& field, std::string_view path) {
  if (path.find('*') == std::string_view::npos) return true;
  field.fail(quote_for_display(path) +
             ": patterns work only in filesystem.hide and filesystem.protect; name each path (or use "
             "[[filesystem.mount]], where \"*\" is a plain character)");
  return false;
}

// Takes the '?' off the end.
PathEntry split_optional(const Field& field, std::string text) {
  const bool optional = text.ends_with('?');
  if (optional) text.pop_back();
  return {.path = std::move(text), .optional = optional, .origin = field.origin()};
}

}  // namespace

bool check_path(const Field& field, std::string_view path) {
  if (!check_common(field, path)) return false;
  if (has_lead(path)) return true;
  field.fail(quote_for_display(path) + " is not absolute; did you mean " + quote_for_display("./" + std::string(path)) +
             "?");
  return false;
}

std::optional<std::string> path(const Field& field) {
  std::optional<std::string> text = field.text();
  return text && check_path(field, *text) ? text : std::nullopt;
}

std::optional<PathEntry> path_entry(const Field& field) {
  std::optional<std::string> text = field.text(entry_signs);
  if (!text) return {};
  PathEntry entry = split_optional(field, std::move(*text));
  const bool good = check_path(field, entry.path) && check_no_pattern(field, entry.path);
  return good ? std::optional(std::move(entry)) : std::nullopt;
}

std::optional<PathEntry> pattern_entry(const Field& field) {
  std::optional<std::string> text = field.text(entry_signs);
  if (!text) return {};
  PathEntry entry = split_optional(field, std::move(*text));
  return check_common(field, entry.path) ? std::optional(std::move(entry)) : std::nullopt;
}

std::optional<PathEntry> plain_path_entry(const Field& field) {
  std::optional<std::string> text = path(field);
  if (!text) return {};
  return PathEntry{.path = std::move(*text), .origin = field.origin()};
}

}  // namespace snug
