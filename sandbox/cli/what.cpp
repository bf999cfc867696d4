#include "cli/what.h"

#include <algorithm>
#include <charconv>

#include "base/paths.h"
#include "base/quote.h"
#include "cli/parse.h"
#include "profile/network_rule.h"

namespace snug {
namespace {

bool looks_like_path(std::string_view word) {
  return word.find('/') != word.npos || word == "." || word == ".." || word.starts_with('~');
}

bool looks_like_url(std::string_view word) { return word.find("://") != word.npos; }

bool looks_like_host(std::string_view word) { return word == "localhost" || word.find_first_of(".:") != word.npos; }

bool is_capital(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

bool looks_like_variable(std::string_view word) {
  const bool digit = !word.empty() && word.front() >= '0' && word.front() <= '9';
  return !word.empty() && !digit && std::all_of(word.begin(), word.end(), is_capital);
}

bool is_variable_name(std::string_view word) {
  return !word.empty() && word.find_first_of(std::string_view("=\0", 2)) == word.npos;
}

/// All that fit the word, the first one first.
std::vector<WhatKind> candidates(std::string_view word, const KnownNames& known) {
  if (looks_like_url(word)) return {WhatKind::host};
  if (looks_like_path(word)) return {WhatKind::path};
  std::vector<WhatKind> kinds;
  if (known.variable || looks_like_variable(word)) kinds.push_back(WhatKind::variable);
  if (known.call) kinds.push_back(WhatKind::call);
  if (known.file) kinds.push_back(WhatKind::path);
  if (looks_like_host(word)) kinds.push_back(WhatKind::host);
  if (kinds.empty()) kinds.push_back(WhatKind::path);
  return kinds;
}

// --- hosts ------------------------------------------------------------------------------------------

Error no_host(const std::string& word, std::string why) {
  return Error{.what = quote_for_display(word) + " is not a host", .why = std::move(why), .fix = "HOST or HOST:PORT"};
}

/// Of "https://user@host:443/path?query" the "host:443".
std::string_view authority(std::string_view word) {
  if (const auto scheme = word.find("://"); scheme != word.npos) word.remove_prefix(scheme + 3);
  word = word.substr(0, word.find_first_of("/?#"));
  if (const auto user = word.rfind('@'); user != word.npos) word.remove_prefix(user + 1);
  return word;
}

/// Where the port's colon is; an address of IPv6 without brackets has none.
std::size_t port_colon(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == host.npos || host.ends_with(']')) return host.npos;
  const bool several = host.find(':') != colon;
  return several && !host.starts_with('[') ? host.npos : colon;
}

Result<What> host_of(const std::string& word) {
  std::string_view host = authority(word);
  What what{.kind = WhatKind::host, .word = word};
  if (const auto colon = port_colon(host); colon != host.npos) {
    const std::string_view digits = host.substr(colon + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), what.port);
    const bool whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
    if (!whole || what.port == 0) return no_host(word, "a port is a number from 1 to 65535");
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  what.text = host;
  const auto rule = parse_network_rule(host);
  if (!rule) return no_host(word, rule.error().what);
  const bool one = rule->who == NetworkRule::Who::name || rule->who == NetworkRule::Who::range;
  if (!one || host.find('/') != host.npos) return no_host(word, "it names more than one");
  return what;
}

Result<What> path_of(const std::string& word, const std::string& cwd, const std::string& home) {
  std::string path = absolute_from(cwd, word);
  if (path.starts_with("**")) path = join(cwd, path);
  if (path == "~" || path.starts_with("~/")) path = join(home, path.substr(1));
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (path.find('\0') != path.npos) return Error{.what = quote_for_display(word) + " is not a path"};
  return What{.kind = WhatKind::path, .word = word, .text = path};
}

Result<What> as(WhatKind kind, const std::string& word, const std::string& cwd, const std::string& home) {
  switch (kind) {
    case WhatKind::host:
      return host_of(word);
    case WhatKind::path:
      return path_of(word, cwd, home);
    case WhatKind::variable:
      if (!is_variable_name(word)) return Error{.what = quote_for_display(word) + " is not the name of a variable"};
      break;
    case WhatKind::call:
      break;
  }
  return What{.kind = kind, .word = word, .text = word};
}

}  // namespace

Result<What> understand(const std::string& word, std::optional<WhatKind> forced, const KnownNames& known,
                        const std::string& cwd, const std::string& home) {
  if (word.empty()) return Error{.what = "the word is empty", .fix = "a path, HOST[:PORT], VARIABLE or system call"};
  if (forced) return as(*forced, word, cwd, home);
  const auto kinds = candidates(word, known);
  auto what = as(kinds.front(), word, cwd, home);
  if (what) what->also.assign(kinds.begin() + 1, kinds.end());
  return what;
}

const char* kind_name(WhatKind kind) {
  constexpr const char* names[] = {"path", "variable", "syscall", "host"};
  return names[static_cast<int>(kind)];
}

}  // namespace snug
