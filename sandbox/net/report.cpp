#include "net/report.h"

namespace snug {

std::string host_and_port(const std::string& host, std::uint16_t port) {
  if (port == 0) return host;
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string missing_rule(const Blocked& blocked) {
  if (blocked.reason == NetworkVerdict::Reason::denied || !blocked.by_proxy.empty()) return {};
  const std::string& who = blocked.resolved.empty() ? blocked.who : blocked.resolved;
  const bool udp = blocked.protocol == NetworkRule::Protocol::udp;
  const bool usual = !udp && (blocked.port == 80 || blocked.port == 443);
  return usual ? who : (udp ? "udp://" : "") + host_and_port(who, blocked.port);
}

}  // namespace snug
