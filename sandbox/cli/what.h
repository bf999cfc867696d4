// The WHAT of `snug why` and `snug allow`: is the word a path, a variable, a system call or a host?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profile/network_rule.h"

namespace snug {

enum class WhatKind { path, variable, call, host };

struct What {
  WhatKind kind = WhatKind::path;
  std::string word;            ///< as typed
  std::string text;            ///< what it names: an absolute path, a name, a host without brackets, a rule for several
  std::uint16_t port = 0;      ///< of one host; 0: none given
  NetworkRule rule;            ///< of hosts: the rule that names them, "*.example.com:22,443"
  std::vector<WhatKind> also;  ///< what else the word could be, in order
};

/// What is known of a word besides its form.
struct KnownNames {
  bool file = false;      ///< there is such a file in the current directory
  bool variable = false;  ///< the caller's or the sandbox's environment has it
  bool call = false;      ///< a system call is named so
};

/// The first of these that fits: a path (it has a slash, or is ".", ".." or starts with "~"); a URL's host; a variable
/// (one that is set, or capitals, digits and '_'); a system call; a file of the current directory; a host (it has a
/// dot or colon, begins with "*" or "@", or is "localhost"); else a path. A range of addresses ("10.0.0.0/8") is no
/// path. `forced` decides instead, if the word can be that.
Result<What> understand(const std::string& word, std::optional<WhatKind> forced, const KnownNames& known,
                        const std::string& cwd, const std::string& home);

/// Is it about one host, at one port or none in particular?
bool is_one_host(const What& what);

/// "path", "variable", "syscall", "host": as in the option that forces it.
const char* kind_name(WhatKind kind);

}  // namespace snug
