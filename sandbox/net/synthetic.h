// The addresses that names have inside: each name asked for gets one of 198.18.0.0/15 of its own, so that a connection
// says by its destination which name was meant. Bounded: the name not asked for longest makes room for a new one.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ip.h"

namespace snug {

class SyntheticAddresses {
 public:
  static constexpr std::size_t kMost = 16384;
  /// The first addresses of the range are those of the sandbox's link.
  static constexpr std::uint32_t kFirst = (198U << 24) | (18U << 16) | (1U << 8);

  explicit SyntheticAddresses(std::size_t most = kMost) : most_(most) {}

  /// The address of `name`, a new one if it has none.
  IpAddress address_of(std::string_view name);
  /// The name whose address this is; nothing if it is nobody's. Valid until the next address_of.
  const std::string* name_of(const IpAddress& address) const;

 private:
  struct Entry {
    std::string name;
    std::uint32_t address = 0;
  };
  using Entries = std::list<Entry>;

  const std::size_t most_;
  Entries entries_;                                                  // what was asked for last comes first
  std::unordered_map<std::string_view, Entries::iterator> by_name_;  // views into the entries
  std::unordered_map<std::uint32_t, Entries::iterator> by_address_;
};

}  // namespace snug
