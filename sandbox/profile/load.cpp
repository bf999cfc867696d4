#include "profile/load.h"

#include <algorithm>

#include "base/paths.h"
#include "base/quote.h"
#include "profile/closure.h"
#include "profile/field.h"
#include "profile/schema.h"
#include "profile/variables.h"

namespace snug {
namespace {

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

/// One text or option on its way to the profile.
struct Layer {
  Source source;
  Value value;
  bool versioned = false;               ///< a text of ours or a file, which says its format
  std::vector<Diagnostic> diagnostics;  ///< what is known to be wrong; with a `value` that is no table, all there is
  bool valid = true;
};

void read_layer(const Layer& layer, Profile& profile, Mistakes& mistakes) {
  if (!layer.versioned) return read_keys(layer.value, layer.source, profile, mistakes);
  if (is_newer_format(layer.value)) return read_keys(only_version(layer.value), layer.source, profile, mistakes);
  const Field top(layer.value, "", layer.source, mistakes);
  if (!has_member(top, "version")) top.fail_at({1, 1}, "\"version\" is missing; write version = 1 as the first line");
  read_keys(layer.value, layer.source, profile, mistakes);
}

void lay(const Layer& layer, Profile& profile, Mistakes& mistakes) {
  const std::size_t before = mistakes.count();
  for (const Diagnostic& diagnostic : layer.diagnostics) mistakes.add(diagnostic);
  if (layer.valid) read_layer(layer, profile, mistakes);
  mistakes.sort_from(before);
}

void collect_variables(const Layer& layer, Variables& variables) {
  for (const Member& member : layer.value.members) {
    if (member.key != "vars") continue;
    for (const Member& defined : member.value.members) {
      if (defined.value.type != Value::Type::text) continue;
      Origin origin = layer.source.origin;
      origin.line = defined.value.at.line;
      variables.define(defined.key, defined.value.text, origin);
    }
  }
}

// --- files ------------------------------------------------------------------------------------------------

Source source_of(const ProfileText& text, const Variables& variables) {
  Source source{.origin = {.kind = OriginKind::file, .source = text.file}, .variables = &variables};
  if (text.file.empty()) source.origin = {.source = text.name.empty() ? "default" : text.name};
  return source;
}

Layer layer_of(Document& document, const Variables& variables) {
  return {.source = source_of(document.text, variables),
          .value = std::move(document.value),
          .versioned = true,
          .diagnostics = std::move(document.diagnostics),
          .valid = document.valid};
}

// Part of snug: that it has no mistakes is tested.
Layer default_layer(const Variables& variables) {
  auto outcome = parse_document(default_profile_text());
  return {.source = source_of({}, variables), .value = std::move(std::get<Value>(outcome)), .versioned = true};
}

// --- options ----------------------------------------------------------------------------------------------

Source source_of(const Override& option, const Variables& variables) {
  Source source{.origin = {.kind = OriginKind::option, .source = option.option}, .variables = &variables};
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

// As `layer`, with nothing in it but a mistake.
Layer broken(Layer layer, std::string message) {
  layer.diagnostics.push_back({name_of(layer.source.origin), 0, 0, std::move(message)});
  layer.valid = false;
  return layer;
}

Layer layer_of(const Override& option, const Variables& variables) {
  Layer layer{.source = source_of(option, variables)};
  auto key = parse_key(option.key);
  if (std::holds_alternative<SyntaxError>(key)) {
    return broken(std::move(layer), quote_for_display(option.key) + " is no key; write such as network.mode");
  }
  auto value = parse_value(option.value);
  if (const auto* const error = std::get_if<SyntaxError>(&value)) {
    return broken(std::move(layer), escape_for_display(option.key) + ": " + error->message);
  }
  layer.value = wrap(std::move(std::get<std::vector<std::string>>(key)), std::move(std::get<Value>(value)));
  return layer;
}

// --- the whole --------------------------------------------------------------------------------------------

std::string stem_of(std::string_view file) {
  std::string_view name = base_name(file);
  if (name.ends_with(".toml")) name.remove_suffix(5);
  return std::string(name);
}

// What was asked for: the last document that is neither extended by another nor the user's own.
void name_profile(const std::vector<Document>& documents, Profile& profile) {
  profile.name = "default";
  for (const Document& document : documents) {
    const ProfileText& text = document.text;
    if (document.chain.size() > 1 || text.role == ProfileText::Role::laid_on_top) continue;
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

LoadOutcome load_documents(std::vector<Document> documents, const std::vector<Override>& overrides,
                           const LoadContext& context) {
  Variables variables(context.known);
  std::vector<Layer> layers;
  layers.reserve(1 + documents.size() + overrides.size());
  layers.push_back(default_layer(variables));
  for (Document& document : documents) layers.push_back(layer_of(document, variables));
  for (const Override& option : overrides) layers.push_back(layer_of(option, variables));
  for (const Layer& layer : layers) collect_variables(layer, variables);

  LoadOutcome outcome;
  Mistakes mistakes;
  for (const Layer& layer : layers) lay(layer, outcome.profile, mistakes);
  name_profile(documents, outcome.profile);
  outcome.notes = mistakes.take_notes();
  outcome.diagnostics = mistakes.take();
  return outcome;
}

Diagnostic diagnostic_at(const Origin& origin, std::string message) {
  return {name_of(origin), origin.line, origin.column, std::move(message)};
}

LoadOutcome load_profile(const std::vector<ProfileText>& texts, const std::vector<Override>& overrides,
                         const LoadContext& context) {
  return load_documents(read_closure(texts, context.find, context.known.home), overrides, context);
}

}  // namespace snug
