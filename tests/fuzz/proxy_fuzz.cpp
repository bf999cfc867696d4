// libFuzzer's way in: any bytes as a proxy's answer, cut anywhere, and as HTTPS_PROXY and NO_PROXY.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/tunnel.h"
#include "profile/network_rule.h"
#include "profile/proxy.h"

using namespace snug;

namespace {

void read_answer(std::span<const char> bytes, std::size_t piece) {
  ProxyAnswer whole, pieces;
  const std::size_t used = whole.take(bytes);
  std::size_t at = 0;
  while (at < bytes.size() && pieces.state() == ProxyAnswer::State::more) {
    at += pieces.take(bytes.subspan(at, std::min(piece, bytes.size() - at)));
  }
  if (at != used || pieces.state() != whole.state() || pieces.status() != whole.status()) std::abort();
  if (used > ProxyAnswer::kMost + 1) std::abort();
  if (whole.opened() && !(bytes[used - 1] == '\n' && whole.status() / 100 == 2)) std::abort();
}

void read_environment(const std::string& url, const std::string& exceptions) {
  const auto proxy = read_proxy({{"HTTPS_PROXY", url}, {"NO_PROXY", exceptions}});
  if (!proxy || !*proxy) return;
  const UpstreamProxy& one = **proxy;
  if (one.port == 0 || (!parse_ip(one.host) && normalise_host_name(one.host) != one.host)) std::abort();
  if (connect_request("a.example:1", one.credentials).find("\r\n\r\n") + 4 !=
      connect_request("a.example:1", one.credentials).size()) {
    std::abort();
  }
  for (const ProxyException& exception : one.exceptions) {
    if (!exception.name.empty() && !is_exception(one, exception.name, exception.port)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  read_answer({text.data(), text.size()}, 1 + size % 7);
  const std::size_t middle = text.find('\n');
  read_environment(text.substr(0, middle), middle == std::string::npos ? "" : text.substr(middle + 1));
  return 0;
}
