// The name that a TLS client says it wants, in the first bytes it sends (RFC 8446, RFC 6066). Only to be told: what is
// let through is decided by the rules, and a client may say here what it likes. Pure; the bytes come from the sandboxed
// side.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace snug {

struct Hello {
  enum class State {
    more,  ///< not all of it is there yet
    none,  ///< no TLS, or it says no name
    named
  } state = State::none;
  std::string name;  ///< a host name, normalised
};

/// More bytes than this are never needed.
inline constexpr std::size_t kMostHello = 17 << 10;

/// All bytes that have come so far.
Hello read_hello(std::span<const std::uint8_t> bytes);

}  // namespace snug
