#include "profile/load.h"

#include <algorithm>

#include "base/paths.h"
#include "base/quote.h"
#include "profile/field.h"
#include "profile/schema.h"

namespace snug {
namespace {

void report(Mistakes& mistakes, const Source& source, const SyntaxError& error) {
  mistakes.add({name_of(source.origin), error.at.line, error.at.column, error.message});
}

// A newer format may have keys this version does not know: to name those as mistakes would be wrong.
bool is_newer_format(const Value& document) {
  for (const Member& member : document.members) {
    if (member.key == "version" && member.value.type == Value::Type::integer) {
      return member.value.integer > profile_version;
    }
  }
  return false;
}

Value only_version(Value document) {
  std::erase_if(document.members, [](const Member& member) { return member.key != "version"; });
  return document;
}

void read_document(const Value& document, const Source& source, Profile& profile, Mistakes& mistakes) {
  const std::size_t before = mistakes.count();
  read_table(Field(document, "", source, mistakes), profile_keys, profile);
  mistakes.sort_from(before);
}

// --- files ------------------------------------------------------------------------------------------------

Source source_of(const ProfileText& text) {
  if (!text.file.empty()) return {.origin = {.kind = OriginKind::file, .source = text.file}};
  return {.origin = {.kind = OriginKind::builtin, .source = text.name.empty() ? "default" : text.name}};
}

// The base of every profile, which is laid already.
bool is_default(const ProfileText& text) { return text.file.empty() && text.name == "default"; }

void lay_text(const ProfileText& text, Profile& profile, Mistakes& mistakes) {
  const Source source = source_of(text);
  auto outcome = parse_document(text.text);
  if (const auto* const error = std::get_if<SyntaxError>(&outcome)) return report(mistakes, source, *error);
  Value& document = std::get<Value>(outcome);
  if (is_newer_format(document)) document = only_version(std::move(document));
  const Field top(document, "", source, mistakes);
  if (!has_member(top, "version")) top.fail_at({1, 1}, "\"version\" is missing; write version = 1 as the first line");
  read_document(document, source, profile, mistakes);
}

// --- options ----------------------------------------------------------------------------------------------

Source source_of(const Override& option) {
  Source source{.origin = {.kind = OriginKind::option, .source = option.option}};
  if (option.how == Override::How::append) {
    source.appended_key = option.key;
  } else {
    source.lists = Source::Lists::replace;
  }
  return source;
}

// `value` at the dotted key `parts`, as a file would have it.
Value wrap(std::vector<std::string> parts, Value value) {
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    Value table;
    table.members.push_back({std::move(*part), {}, std::move(value)});
    value = std::move(table);
  }
  return value;
}

void lay_option(const Override& option, Profile& profile, Mistakes& mistakes) {
  const Source source = source_of(option);
  auto key = parse_key(option.key);
  if (std::holds_alternative<SyntaxError>(key)) {
    return report(mistakes, source, {{}, quote_for_display(option.key) + " is no key; write such as network.mode"});
  }
  auto value = parse_value(option.value);
  if (const auto* const error = std::get_if<SyntaxError>(&value)) {
    return report(mistakes, source, {{}, escape_for_display(option.key) + ": " + error->message});
  }
  auto& parts = std::get<std::vector<std::string>>(key);
  read_document(wrap(std::move(parts), std::move(std::get<Value>(value))), source, profile, mistakes);
}

// --- the whole --------------------------------------------------------------------------------------------

std::string stem_of(std::string_view file) {
  std::string_view name = base_name(file);
  if (name.ends_with(".toml")) name.remove_suffix(5);
  return std::string(name);
}

// The last file is the most particular one.
void name_profile(const std::vector<ProfileText>& texts, Profile& profile) {
  profile.name = "default";
  for (const ProfileText& text : texts) {
    if (text.file.empty() && text.name.empty()) continue;
    profile.name = text.name.empty() ? stem_of(text.file) : text.name;
    profile.file = text.path.empty() ? text.file : text.path;
  }
}

}  // namespace

std::string to_text(const Diagnostic& diagnostic) {
  std::string text = escape_for_display(diagnostic.file);
  if (diagnostic.line > 0) text += ":" + std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
  return text + ": " + diagnostic.message;
}

LoadOutcome load_profile(const std::vector<ProfileText>& texts, const std::vector<Override>& overrides) {
  LoadOutcome outcome;
  Mistakes mistakes;
  lay_text({.text = std::string(default_profile_text())}, outcome.profile, mistakes);
  for (const ProfileText& text : texts) {
    if (!is_default(text)) lay_text(text, outcome.profile, mistakes);
  }
  for (const Override& option : overrides) lay_option(option, outcome.profile, mistakes);
  name_profile(texts, outcome.profile);
  outcome.diagnostics = mistakes.take();
  return outcome;
}

}  // namespace snug
