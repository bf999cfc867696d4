#include "profile/variables.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/quote.h"
#include "base/suggest.h"
#include "profile/bytes.h"

namespace snug {
namespace {

constexpr std::size_t longest_result = 65536;
constexpr std::size_t deepest = 32;

struct KnownName {
  std::string_view name;
  std::string KnownValues::*value;
};

constexpr KnownName known_names[] = {
    {"project", &KnownValues::project}, {"home", &KnownValues::home},   {"user", &KnownValues::user},
    {"uid", &KnownValues::uid},         {"state", &KnownValues::state}, {"runtime", &KnownValues::runtime},
};

const KnownName* find_known(std::string_view name) {
  const auto* const found = std::ranges::find(known_names, name, &KnownName::name);
  return found == std::end(known_names) ? nullptr : found;
}

std::string written(std::string_view name) { return "\"${" + escape_for_display(utf8_to_bytes(name)) + "}\""; }

Error unclosed() {
  return {.what = "\"${\" has no \"}\"; write \"$${\" where the two characters themselves are meant"};
}

// Where the "}" is that belongs to a "${" whose inner text starts at `from`.
std::size_t closing_brace(std::string_view text, std::size_t from) {
  std::size_t open = 1;
  for (std::size_t at = from; at < text.size(); ++at) {
    if (text[at] == '$' && text.substr(at + 1).starts_with('{')) {
      ++open, ++at;
    } else if (text[at] == '}' && --open == 0) {
      return at;
    }
  }
  return std::string_view::npos;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

bool is_variable_name(std::string_view name) { return !name.empty() && std::ranges::all_of(name, is_name_character); }

bool is_known_variable(std::string_view name) { return find_known(name) != nullptr; }

// One call of expand(): what is being expanded around it, to see circles.
class Expansion {
 public:
  explicit Expansion(const Variables& variables) : variables_(variables) {}

  /// Appends what `text` stands for; false: error() says why not. `inserted`: it stands within a variable's value.
  bool append(std::string_view text, bool inserted) {
    while (!text.empty()) {
      const std::size_t dollar = std::min(text.find('$'), text.size());
      if (!put(utf8_to_bytes(text.substr(0, dollar)), inserted)) return false;
      text.remove_prefix(dollar);
      if (!text.empty() && !append_dollar(text, inserted)) return false;
    }
    return true;
  }

  Expanded take() { return std::move(expanded_); }
  const Error& error() const { return error_; }

 private:
  // `text` starts with '$'; takes off what it has dealt with.
  bool append_dollar(std::string_view& text, bool inserted) {
    if (text.starts_with("$${")) {
      text.remove_prefix(3);
      return put("${", inserted);
    }
    if (!text.starts_with("${")) {
      text.remove_prefix(1);
      return put("$", inserted);
    }
    const std::size_t end = closing_brace(text, 2);
    if (end == std::string_view::npos) return fail(unclosed());
    const std::string_view name = text.substr(2, end - 2);
    text.remove_prefix(end + 1);
    return append_variable(name);
  }

  bool append_variable(std::string_view name) {
    if (name.starts_with("env:")) return append_environment(name.substr(4));
    if (name.starts_with("vars.")) return append_defined(name, name.substr(5));
    if (const KnownName* known = find_known(name)) return append_known(*known);
    return append_defined(name, name);
  }

  bool append_known(const KnownName& known) {
    const std::string& value = variables_.known_.*known.value;
    if (value.empty()) return fail({.what = written(known.name) + " has no value here"});
    return put(value, true);
  }

  bool append_environment(std::string_view rest) {
    const std::size_t dash = rest.find(":-");
    const std::string name = utf8_to_bytes(rest.substr(0, dash));
    if (name.empty() || name.find_first_of("=${}") != std::string::npos) {
      return fail(
          {.what = written("env:" + std::string(rest)) + " names no variable; write such as \"${env:EDITOR}\""});
    }
    const auto& environment = variables_.known_.environment;
    const std::optional<std::string> value = environment ? environment(name) : std::nullopt;
    if (value && !value->empty()) return put(*value, true);
    if (dash != std::string_view::npos) return within("env:" + name, rest.substr(dash + 2));
    if (value) return true;
    return fail({.what = written("env:" + name) + ": the variable is not set; write \"${env:" +
                         escape_for_display(name) + ":-...}\" with what to use then"});
  }

  bool append_defined(std::string_view whole, std::string_view name) {
    const auto found = variables_.definitions_.find(name);
    if (found == variables_.definitions_.end()) return fail(unknown(whole));
    return within("vars." + std::string(name), found->second.text);
  }

  // The text of a variable, which may name others.
  bool within(const std::string& name, std::string_view text) {
    const bool again = std::ranges::find(open_, name) != open_.end() && name.starts_with("vars.");
    open_.push_back(name);
    if (again) return fail({.what = "variables go round in a circle: " + chain()});
    if (open_.size() > deepest) return fail({.what = "variables are more than 32 deep: " + chain()});
    if (!append(text, true)) return false;
    open_.pop_back();
    return true;
  }

  bool put(std::string_view bytes, bool inserted) {
    if (expanded_.bytes.size() + bytes.size() > longest_result) {
      return fail({.what = "what its variables stand for is larger than 64 KiB"});
    }
    // Many variables that stand for nothing take time without growing.
    if (++steps_ > longest_result) return fail({.what = "it has too many variables"});
    expanded_.bytes += bytes;
    if (inserted) expanded_.inserted += bytes;
    return true;
  }

  Error unknown(std::string_view name) const {
    std::vector<std::string> words;
    for (const KnownName& known : known_names) words.emplace_back(known.name);
    for (const auto& [defined, definition] : variables_.definitions_) {
      words.push_back("vars." + defined);
      words.push_back(defined);
    }
    const std::vector<std::string_view> known(words.begin(), words.end());
    const std::string_view near = nearest_word(name, known);
    Error error{.what = "unknown variable " + written(name)};
    const bool of_environment = variables_.known_.environment && variables_.known_.environment(std::string(name));
    if (of_environment) {
      error.what += "; did you mean " + written("env:" + std::string(name)) + "?";
    } else if (!near.empty()) {
      error.what += "; did you mean " + written(near) + "?";
    }
    return error;
  }

  std::string chain() const {
    std::string text;
    for (const std::string& name : open_) text += (text.empty() ? "" : " -> ") + written(name);
    return text;
  }

  bool fail(Error error) {
    error_ = std::move(error);
    return false;
  }

  const Variables& variables_;
  Expanded expanded_;
  std::vector<std::string> open_;
  std::size_t steps_ = 0;
  Error error_;
};

void Variables::define(const std::string& name, const std::string& text, const Origin& origin) {
  definitions_[name] = {text, origin};
}

bool Variables::counts(const std::string& name, const Origin& origin) const {
  const auto found = definitions_.find(name);
  if (found == definitions_.end()) return false;
  const Origin& last = found->second.origin;
  return last.kind == origin.kind && last.source == origin.source.str() && last.line == origin.line;
}

Result<Expanded> Variables::expand(std::string_view text) const {
  if (text.find('$') == std::string_view::npos) return Expanded{.bytes = utf8_to_bytes(text)};
  Expansion expansion(*this);
  if (!expansion.append(text, false)) return expansion.error();
  return expansion.take();
}

}  // namespace snug
