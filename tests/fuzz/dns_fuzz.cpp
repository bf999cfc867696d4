// libFuzzer's way in: any bytes as a query of the sandbox's name service.
#include <cstdint>
#include <cstdlib>

#include "net/dns.h"
#include "profile/network_rule.h"

namespace {

using namespace snug;

void require(bool holds) {
  if (!holds) std::abort();
}

void answer(const dns::Query& query, const dns::Answer& answer, dns::Transport transport) {
  auto bytes = dns::build_answer(query, answer, transport);
  require(bytes.size() >= 12 && (transport == dns::Transport::tcp || bytes.size() <= 1232));
  require(!dns::parse_query(bytes));  // an answer is never taken for a query
  bytes[2] &= 0x7f;
  bytes[7] = 0;  // without its answers it is the same question again
  const auto again = dns::parse_query(bytes);
  require(again && again->id == query.id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65535) return 0;
  const auto query = dns::parse_query({data, size});
  if (!query) return 0;
  require(query->name == normalise_host_name(query->name));
  dns::Answer many{.seconds_to_live = 30};
  for (std::uint32_t i = 0; i < 200; ++i) many.addresses.push_back(IpAddress::v4(i));
  for (const auto transport : {dns::Transport::udp, dns::Transport::tcp}) {
    answer(*query, {.status = query->problem}, transport);
    answer(*query, many, transport);
  }
  return 0;
}
