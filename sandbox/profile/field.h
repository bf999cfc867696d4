// One value of a document with its key and source: what every reader of a key is given. Owns the wording of wrong types
// and the list of mistakes; knows no key.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/origin.h"
#include "profile/document.h"
#include "profile/load.h"

namespace snug {

class Variables;

/// Every mistake found so far, up to a number nobody reads past.
class Mistakes {
 public:
  void add(Diagnostic diagnostic);
  bool full() const { return found_.size() >= most; }
  std::vector<Diagnostic> take() { return std::move(found_); }
  /// What is no mistake but may not be meant.
  void note(Diagnostic diagnostic);
  std::vector<Diagnostic> take_notes() { return std::move(notes_); }
  /// Orders by place what was added since there were `first` of them.
  void sort_from(std::size_t first);
  std::size_t count() const { return found_.size(); }

 private:
  static constexpr std::size_t most = 200;
  std::vector<Diagnostic> found_, notes_;
};

/// Who says it: a file, the built-in default or one option, and how it meets what was said before.
struct Source {
  Origin origin;  ///< kind and name; the place is added per value
  enum class Lists { append, replace } lists = Lists::append;
  std::string appended_key;              ///< an option's key to which its value adds one element
  const Variables* variables = nullptr;  ///< never null where a document is read
};

/// What messages call it: the file as given, "option --read", "built-in default", "shipped profile node".
std::string name_of(const Origin& origin);

class Field {
 public:
  Field(const Value& value, SharedText key, const Source& source, Mistakes& mistakes)
      : value_(value), key_(std::move(key)), source_(source), mistakes_(mistakes) {}

  const Value& value() const { return value_; }
  const std::string& key() const { return key_.str(); }
  const Source& source() const { return source_; }
  Mistakes& mistakes() const { return mistakes_; }
  Origin origin() const;
  bool is(Value::Type type) const { return value_.type == type; }
  /// Does an option add one element to this key?
  bool appending() const { return !key_.empty() && key_ == source_.appended_key; }

  Field item(const Value& value) const { return {value, key_, source_, mistakes_}; }
  Field member(const Member& member) const;

  /// "KEY: message" at the value.
  void fail(std::string_view message) const;
  /// The same for what is no mistake.
  void note(std::string_view message) const;
  /// `message` as it is, at `place`.
  void fail_at(Position place, std::string message) const;
  /// "KEY: expected WHAT, found ..." with the way to write it, where that is plain.
  void fail_type(std::string_view expected) const;

  // Each returns nothing after it has failed.

  /// Text as the bytes meant, its variables replaced; refuses NUL. `signs` are characters that the reader gives a
  /// meaning: a variable's value that holds one of them is refused.
  std::optional<std::string> text(std::string_view signs = {}) const;
  std::optional<std::int64_t> integer(std::int64_t least, std::int64_t most) const;
  std::optional<double> number() const;
  std::optional<bool> boolean() const;
  bool expect_table() const;

 private:
  const Value& value_;
  SharedText key_;
  const Source& source_;
  Mistakes& mistakes_;
};

}  // namespace snug
