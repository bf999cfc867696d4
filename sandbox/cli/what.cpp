#include "cli/what.h"

#include <algorithm>

#include "base/paths.h"
#include "base/quote.h"
#include "cli/parse.h"

namespace snug {
namespace {

bool looks_like_path(std::string_view word) {
  return word.find('/') != word.npos || word == "." || word == ".." || word.starts_with('~');
}

bool looks_like_url(std::string_view word) { return word.find("://") != word.npos; }

bool looks_like_host(std::string_view word) {
  return word == "localhost" || word.starts_with('@') || word.starts_with('*') || word.find_first_of(".:") != word.npos;
}

bool is_range(std::string_view word) {
  const auto rule = parse_network_rule(word);
  return rule && rule->who == NetworkRule::Who::range;
}

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
  if (looks_like_url(word) || is_range(word)) return {WhatKind::host};
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
  return Error{.what = quote_for_display(word) + " is not a host",
               .why = std::move(why),
               .fix = "HOST, HOST:PORT, *.NAME, an address, a range or @GROUP"};
}

/// The port that a URL without one means.
struct Scheme {
  std::string_view name, port;
};
constexpr Scheme schemes[] = {{"http", "80"}, {"https", "443"}, {"ws", "80"},  {"wss", "443"},
                              {"ssh", "22"},  {"git", "9418"},  {"ftp", "21"}, {"git+ssh", "22"}};

std::string_view port_of_scheme(std::string_view scheme) {
  const auto* const found = std::ranges::find(schemes, scheme, &Scheme::name);
  return found == std::end(schemes) ? "" : found->port;
}

/// Does "host:22" name a port, "[::1]" or "::1" not?
bool has_port(std::string_view host) {
  const auto bracket = host.rfind(']');
  if (bracket != host.npos) return host.find(':', bracket) != host.npos;
  return std::ranges::count(host, ':') == 1;
}

/// Of "https://user@host/path?query" the rule "host:443".
std::string rule_of_url(std::string_view url) {
  const std::string_view port = port_of_scheme(url.substr(0, url.find("://")));
  url.remove_prefix(url.find("://") + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto user = url.rfind('@'); user != url.npos) url.remove_prefix(user + 1);
  return std::string(url) + (has_port(url) || port.empty() ? "" : ":" + std::string(port));
}

bool is_one(const NetworkRule& rule) {
  const bool host =
      rule.who == NetworkRule::Who::name || (rule.who == NetworkRule::Who::range && rule.range.bits == 128);
  const bool port = rule.ports.size() < 2 && (rule.ports.empty() || rule.ports[0].first == rule.ports[0].last);
  return host && port;
}

Result<What> host_of(const std::string& word) {
  const bool url = looks_like_url(word) && !word.starts_with("udp://");
  auto rule = parse_network_rule(url ? rule_of_url(word) : word);
  if (!rule) return no_host(word, rule.error().what);
  What what{.kind = WhatKind::host, .word = word, .text = to_text(*rule)};
  if (is_one(*rule)) {
    if (!rule->ports.empty()) what.port = rule->ports[0].first;
    what.text = rule->who == NetworkRule::Who::name ? rule->name : to_text(rule->range);
  }
  what.rule = std::move(*rule);
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

bool is_one_host(const What& what) { return what.kind == WhatKind::host && is_one(what.rule); }

const char* kind_name(WhatKind kind) {
  constexpr const char* names[] = {"path", "variable", "syscall", "host"};
  return names[static_cast<int>(kind)];
}

}  // namespace snug
