#include "net/link.h"

#include <cstring>
#include <utility>

#include "support/catch.h"

namespace {

using namespace snug;

// Every message is whole, and the last asks for an answer.
void check_batch(const std::vector<std::uint8_t>& batch) {
  std::size_t at = 0;
  unsigned flags = 0;
  while (at < batch.size()) {
    std::uint32_t size = 0;
    std::memcpy(&size, batch.data() + at, 4);
    REQUIRE(size >= 16);
    flags = batch[at + 6] | batch[at + 7] << 8;
    at += (size + 3) & ~3U;
  }
  CHECK(at == batch.size());
  CHECK((flags & 4) != 0);  // NLM_F_ACK
}

}  // namespace

TEST_CASE("the messages are whole and the last asks for an answer") {
  for (const auto& [v6, joined] : {std::pair(false, true), {true, true}, {true, false}}) {
    const LinkMessages messages = link_messages(v6, joined);
    CHECK(messages.place_of_sandbox % 4 == 0);
    CHECK(messages.place_of_sandbox < messages.gateway.size());
    check_batch(messages.gateway);
    check_batch(messages.sandbox);
    check_batch(port_messages(443, v6));
  }
}

TEST_CASE("the sandbox's end of the link is known by its addresses") {
  CHECK(is_sandbox_end(*parse_ip("198.18.0.1")));
  CHECK(is_sandbox_end(*parse_ip("fd73:6e75:6700::1")));
  CHECK_FALSE(is_sandbox_end(*parse_ip("198.18.0.2")));
}
