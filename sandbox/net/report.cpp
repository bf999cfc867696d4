#include "net/report.h"

namespace snug {

std::string missing_rule(const Blocked& blocked) {
  if (blocked.reason == NetworkVerdict::Reason::denied) return {};
  const std::string& who = blocked.resolved.empty() ? blocked.who : blocked.resolved;
  const bool udp = blocked.protocol == NetworkRule::Protocol::udp;
  const bool usual = blocked.port == 0 || (!udp && (blocked.port == 80 || blocked.port == 443));
  if (usual) return who;
  const bool brackets = who.find(':') != std::string::npos;
  return (udp ? "udp://" : "") + (brackets ? "[" + who + "]" : who) + ":" + std::to_string(blocked.port);
}

}  // namespace snug
