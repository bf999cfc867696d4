// libFuzzer's way in: any bytes as a packet of the sandbox's link.
#include "net/packet.h"

#include <cstdint>
#include <cstdlib>

using namespace snug;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto arrival = read_arrival({data, size});
  if (!arrival) return 0;
  require(arrival->header.size() <= 60);
  for (const auto what : {Unreachable::host, Unreachable::port}) {
    require(!read_arrival(unreachable(*arrival, what)));  // an answer is never taken for an arrival
  }
  if (arrival->kind == Arrival::Kind::datagram) return 0;
  require(!read_arrival(reset(*arrival)));
  const auto again = read_arrival(same_again(*arrival));
  require(again && again->from == arrival->from && again->to == arrival->to && again->sequence == arrival->sequence);
  return 0;
}
