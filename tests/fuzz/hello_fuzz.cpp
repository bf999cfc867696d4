// libFuzzer's way in: any bytes as the first ones a client sends, whole and as they came.
#include "net/hello.h"

#include <cstdint>
#include <cstdlib>

#include "profile/network_rule.h"

using namespace snug;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Hello whole = read_hello({data, size});
  if ((whole.state == Hello::State::named) != !whole.name.empty()) std::abort();
  if (normalise_host_name(whole.name) != whole.name) std::abort();
  if (size > kMostHello && whole.state == Hello::State::more) std::abort();
  const Hello half = read_hello({data, size / 2});
  // What is known of the beginning stays so, unless more was wanted.
  if (half.state == Hello::State::named && half.name != whole.name) std::abort();
  return 0;
}
