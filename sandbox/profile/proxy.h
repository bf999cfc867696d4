// The proxy behind which the calling user's machine stands, as the variables say that curl and its like obey:
// HTTPS_PROXY or ALL_PROXY, and NO_PROXY for what is reached without it. Pure: knows no sockets.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/origin.h"
#include "base/result.h"

namespace snug {

/// One word of NO_PROXY.
struct ProxyException {
  std::string name;  ///< that name and every one below it; empty: by `range`
  IpRange range;
  std::uint16_t port = 0;  ///< 0: any
  bool operator==(const ProxyException&) const = default;
};

struct UpstreamProxy {
  std::string host;         ///< a name, normalised, or an address without brackets
  std::uint16_t port = 0;   ///< 1080 where none is written, as with curl
  std::string credentials;  ///< "NAME:PASSWORD", decoded; empty: none. To be shown nowhere
  Origin origin;            ///< the variable
  std::vector<ProxyException> exceptions;
  Origin exceptions_origin;
};

/// What `environment` asks for; nothing: no proxy, or NO_PROXY is "*". Lower case goes before upper case, and
/// https_proxy before all_proxy. Words of NO_PROXY that mean nothing are passed over, as curl does. Errors: another
/// kind of proxy than "http://", or no URL; they repeat nothing of it but its scheme.
Result<std::optional<UpstreamProxy>> read_proxy(const std::map<std::string, std::string>& environment);

/// Is it reached without the proxy? Loopback addresses always are. Precondition: normalised.
bool is_exception(const UpstreamProxy& proxy, std::string_view name, std::uint16_t port);
bool is_exception(const UpstreamProxy& proxy, const IpAddress& address, std::uint16_t port);

/// "proxy.example:3128", "[::1]:3128".
std::string to_text(const UpstreamProxy& proxy);
/// ".example.com", "10.0.0.0/8", "[::1]:80".
std::string to_text(const ProxyException& exception);

}  // namespace snug
