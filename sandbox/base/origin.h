// Where a decision comes from: every line of a plan can say which file, option or built-in asked for it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace snug {

/// Text that does not change and that many values carry, such as the name of the file each of its lines comes from: a
/// copy shares it.
class SharedText {
 public:
  SharedText() = default;
  SharedText(std::string text) : text_(text.empty() ? nullptr : std::make_shared<const std::string>(std::move(text))) {}
  SharedText(const char* text) : SharedText(std::string(text)) {}

  const std::string& str() const { return text_ ? *text_ : nothing_; }
  operator const std::string&() const { return str(); }
  bool empty() const { return !text_; }
  bool operator==(std::string_view text) const { return str() == text; }

 private:
  static inline const std::string nothing_;
  std::shared_ptr<const std::string> text_;
};

enum class OriginKind {
  builtin,      ///< snug's own: its code, whatever the profile says, or the shipped profile named in `source`
  file,         ///< a profile file: `source` is its path as the user knows it
  option,       ///< a command-line option: `source` is its name, "--read"
  environment,  ///< the caller's environment: `source` is the variable
};

struct Origin {
  OriginKind kind = OriginKind::builtin;
  SharedText source;
  int line = 0;    ///< 1-based; 0: unknown
  int column = 0;  ///< 1-based, in characters as toml++ counts them; 0: unknown
  SharedText key;  ///< dotted key, "filesystem.read"; empty for builtin
};

/// "snug.toml:12:3 (filesystem.read)", "option --read", "built in", "shipped profile node:12 (network.allow)".
std::string to_text(const Origin& origin);

/// A value and where it was said.
template <class T>
struct Sourced {
  T value{};
  Origin origin{};
};

}  // namespace snug
