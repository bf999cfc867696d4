// "${...}": what it stands for, in the values of a profile. Knows the names and the [vars] of all documents; which
// value may hold a variable is its reader's to say.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/origin.h"
#include "base/result.h"
#include "profile/load.h"

namespace snug {

/// A value with its variables replaced.
struct Expanded {
  std::string bytes;
  std::string inserted;  ///< all that came out of variables: plain text, never a sign of the format
};

class Variables {
 public:
  /// `known` must outlive it.
  explicit Variables(const KnownValues& known) : known_(known) {}

  /// From [vars]. A later definition of a name wins, also where an earlier document uses it.
  void define(const std::string& name, const std::string& text, const Origin& origin);
  /// Is the definition at `origin` the one that counts?
  bool counts(const std::string& name, const Origin& origin) const;

  /// `text` is UTF-8 as TOML has it (see bytes.h). Errors: an unknown name, a variable of the environment that is not
  /// set, [vars] that lead round in a circle, a result larger than 64 KiB.
  Result<Expanded> expand(std::string_view text) const;

  const KnownValues& known() const { return known_; }

 private:
  friend class Expansion;
  struct Definition {
    std::string text;
    Origin origin;
  };

  const KnownValues& known_;
  std::map<std::string, Definition, std::less<>> definitions_;
};

/// Is it a name that [vars] may define? Letters, digits, '-' and '_'.
bool is_variable_name(std::string_view name);

/// Is it one of snug's own ("home"), which [vars] cannot define?
bool is_known_variable(std::string_view name);

}  // namespace snug
