#include "profile/proxy.h"

#include <algorithm>

#include "base/numbers.h"
#include "base/quote.h"
#include "profile/network_rule.h"

namespace snug {
namespace {

using Environment = std::map<std::string, std::string>;

constexpr std::uint16_t kCurlsPort = 1080;
constexpr std::size_t kMostExceptions = 256;
constexpr std::size_t kLongestCredentials = 1024;

/// The first of `names` that is set to something.
const Environment::value_type* first_set(const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    const auto found = environment.find(name);
    if (found != environment.end() && !found->second.empty()) return &*found;
  }
  return nullptr;
}

Origin origin_of(const std::string& variable) { return {.kind = OriginKind::environment, .source = variable}; }

std::optional<std::uint16_t> port_number(std::string_view text) {
  const auto port = whole_number<std::uint16_t>(text);
  return port && *port != 0 ? port : std::nullopt;
}

/// "HOST", "HOST:PORT", "[V6]:PORT"; an IPv6 address without brackets has no port.
struct HostPort {
  std::string_view host;
  std::optional<std::string_view> port;
};

HostPort split_port(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    const std::string_view rest = bracket == std::string_view::npos ? text : text.substr(bracket + 1);
    if (!rest.empty() && rest[0] != ':') return {text, {}};  // which is no host
    return {text.substr(1, bracket - 1), rest.empty() ? std::nullopt : std::optional(rest.substr(1))};
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

// --- the proxy ---

// "%41" and the like. A sign of percent with nothing behind it is one.
std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto code =
        text[i] == '%' && i + 2 < text.size() ? whole_number<unsigned char>(text.substr(i + 1, 2), 16) : std::nullopt;
    plain += code ? static_cast<char>(*code) : text[i];
    if (code) i += 2;
  }
  return plain;
}

Error bad_proxy(const std::string& variable, std::string why) {
  return {.what = "cannot use the proxy that " + variable + " names",
          .why = std::move(why),
          .needed_by = "network.mode = \"filtered\"",
          .fix = variable + "=http://HOST:PORT, or none for this command: env -u " + variable + " snug ..."};
}

// The scheme, which is "http" where none is written, is cut off. Another one is returned.
std::string cut_scheme(std::string_view& url) {
  const std::size_t end = url.find("://");
  if (end == std::string_view::npos) return {};
  std::string scheme(url.substr(0, end));
  std::ranges::transform(scheme, scheme.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  url.remove_prefix(end + 3);
  return scheme == "http" ? "" : scheme;
}

// To the last '@': a password may hold others.
std::string cut_credentials(std::string_view& authority) {
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return {};
  const std::string_view written = authority.substr(0, at);
  authority.remove_prefix(at + 1);
  const std::size_t colon = std::min(written.find(':'), written.size());
  const std::string_view password = written.substr(std::min(colon + 1, written.size()));
  return decoded(written.substr(0, colon)) + ":" + decoded(password);
}

Result<UpstreamProxy> read_url(const std::string& variable, std::string_view url) {
  const std::string scheme = cut_scheme(url);
  const bool known = scheme == "https" || scheme.starts_with("socks");  // else it may be a part of a password
  if (!scheme.empty()) return bad_proxy(variable, known ? "it is of " + scheme + "://" : "it is not of http://");
  std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  UpstreamProxy proxy{.port = kCurlsPort, .credentials = cut_credentials(authority), .origin = origin_of(variable)};
  const HostPort parts = split_port(authority);
  proxy.host = parse_ip(parts.host) ? std::string(parts.host) : normalise_host_name(parts.host);
  if (proxy.host.empty()) return bad_proxy(variable, "its host is no name and no address");
  if (proxy.credentials.size() > kLongestCredentials) return bad_proxy(variable, "its name and password are too long");
  if (!parts.port || parts.port->empty()) return proxy;
  const auto port = port_number(*parts.port);
  if (!port) return bad_proxy(variable, "its port is no number from 1 to 65535");
  proxy.port = *port;
  return proxy;
}

// --- the exceptions ---

std::optional<ProxyException> read_exception(std::string_view word) {
  ProxyException exception;
  if (const auto range = parse_ip_range(word)) return ProxyException{.name = {}, .range = *range};
  const HostPort parts = split_port(word);
  if (parts.port) {
    const auto port = port_number(*parts.port);
    if (!port) return std::nullopt;
    exception.port = *port;
  }
  if (const auto range = parse_ip_range(parts.host)) return exception.range = *range, exception;
  std::string_view host = parts.host;
  if (host.starts_with("*.")) host.remove_prefix(1);
  if (host.starts_with('.')) host.remove_prefix(1);
  exception.name = normalise_host_name(host);
  return exception.name.empty() ? std::nullopt : std::optional(exception);
}

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kBetween = ", \t";
  std::vector<std::string_view> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(kBetween), text.size()));
    if (text.empty()) return words;
    words.push_back(text.substr(0, text.find_first_of(kBetween)));
    text.remove_prefix(words.back().size());
  }
}

std::vector<ProxyException> read_exceptions(std::string_view text) {
  std::vector<ProxyException> exceptions;
  for (const std::string_view word : words_of(text)) {
    auto exception = read_exception(word);
    if (exception && exceptions.size() < kMostExceptions) exceptions.push_back(*std::move(exception));
  }
  return exceptions;
}

bool is_loopback(const IpAddress& address) {
  static const IpRange v4 = *parse_ip_range("127.0.0.0/8"), v6 = *parse_ip_range("::1");
  return v4.contains(address) || v6.contains(address);
}

bool is_or_lies_below(std::string_view name, std::string_view above) {
  return name == above ||
         (name.size() > above.size() && name.ends_with(above) && name[name.size() - above.size() - 1] == '.');
}

std::string with_port(const std::string& host, std::uint16_t port) {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

Result<std::optional<UpstreamProxy>> read_proxy(const Environment& environment) {
  const auto* const named = first_set(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  if (named == nullptr) return std::optional<UpstreamProxy>();
  const auto* const without = first_set(environment, {"no_proxy", "NO_PROXY"});
  if (without != nullptr && words_of(without->second) == std::vector<std::string_view>{"*"}) {
    return std::optional<UpstreamProxy>();
  }
  auto proxy = read_url(named->first, named->second);
  if (!proxy) return std::move(proxy).error();
  if (without != nullptr) {
    proxy->exceptions = read_exceptions(without->second);
    proxy->exceptions_origin = origin_of(without->first);
  }
  return std::optional(*std::move(proxy));
}

bool is_exception(const UpstreamProxy& proxy, std::string_view name, std::uint16_t port) {
  return std::ranges::any_of(proxy.exceptions, [&](const ProxyException& one) {
    return !one.name.empty() && is_or_lies_below(name, one.name) && (one.port == 0 || one.port == port);
  });
}

bool is_exception(const UpstreamProxy& proxy, const IpAddress& address, std::uint16_t port) {
  return is_loopback(address) || std::ranges::any_of(proxy.exceptions, [&](const ProxyException& one) {
           return one.name.empty() && one.range.contains(address) && (one.port == 0 || one.port == port);
         });
}

std::string to_text(const UpstreamProxy& proxy) { return with_port(proxy.host, proxy.port); }

std::string to_text(const ProxyException& exception) {
  const std::string host = exception.name.empty() ? to_text(exception.range) : exception.name;
  return exception.port == 0 ? host : with_port(host, exception.port);
}

}  // namespace snug
