#include "profile/load.h"

#include <algorithm>

#include "base/paths.h"
#include "base/quote.h"

#include "profile/closure.h"
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

void read_keys(const Value& document, const Source& source, Profile& profile, Mistakes& mistakes) {
  read_table(Field(document, "", source, mistakes), profile_keys, profile);
}

// --- files ------------------------------------------------------------------------------------------------

Source source_of(const ProfileText& text) {
  if (!text.file.empty()) return {.origin = {.kind = OriginKind::file, .source = text.file}};
  return {.origin = {.kind = OriginKind::builtin, .source = text.name.empty() ? "default" : text.name}};
}

void read_versioned(const Value& document, const Source& source, Profile& profile, Mistakes& mistakes) {
  if (is_newer_format(document)) return read_keys(only_version(document), source, profile, mistakes);
  const Field top(document, "", source, mistakes);
  if (!has_member(top, "version")) top.fail_at({1, 1}, "\"version\" is missing; write version = 1 as the first line");
  read_keys(document, source, profile, mistakes);
}

void lay_document(const Document& document, Profile& profile, Mistakes& mistakes) {
  const std::size_t before = mistakes.count();
  for (const Diagnostic& diagnostic : document.diagnostics) mistakes.add(diagnostic);
  if (document.valid) read_versioned(document.value, source_of(document.text), profile, mistakes);
  mistakes.sort_from(before);
}

// Part of snug: that it has no mistakes is tested.
void lay_default(Profile& profile, Mistakes& mistakes) {
  const ProfileText text{.text = std::string(default_profile_text())};
  auto outcome = parse_document(text.text);
  lay_document({.text = text, .valid = true, .value = std::move(std::get<Value>(outcome))}, profile, mistakes);
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
  read_keys(wrap(std::move(parts), std::move(std::get<Value>(value))), source, profile, mistakes);
}

// --- the whole --------------------------------------------------------------------------------------------

std::string stem_of(std::string_view file) {
  std::string_view name = base_name(file);
  if (name.ends_with(".toml")) name.remove_suffix(5);
  return std::string(name);
}

// What was asked for, not what it is built on: the last document without one that extends it.
void name_profile(const std::vector<Document>& documents, Profile& profile) {
  profile.name = "default";
  for (const Document& document : documents) {
    if (document.chain.size() > 1) continue;
    const ProfileText& text = document.text;
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

LoadOutcome load_documents(const std::vector<Document>& documents, const std::vector<Override>& overrides,
                           const LoadContext&) {
  LoadOutcome outcome;
  Mistakes mistakes;
  lay_default(outcome.profile, mistakes);
  for (const Document& document : documents) lay_document(document, outcome.profile, mistakes);
  for (const Override& option : overrides) lay_option(option, outcome.profile, mistakes);
  name_profile(documents, outcome.profile);
  outcome.diagnostics = mistakes.take();
  return outcome;
}

LoadOutcome load_profile(const std::vector<ProfileText>& texts, const std::vector<Override>& overrides,
                         const LoadContext& context) {
  return load_documents(read_closure(texts, context.find, context.home), overrides, context);
}

}  // namespace snug
