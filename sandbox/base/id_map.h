// Which user and group numbers of a user namespace are which of the namespace around it, as plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace snug {

/// `count` numbers from `inside` on are those from `outside` on: a line of user_namespaces(7)'s maps.
struct IdRange {
  std::uint32_t inside = 0, outside = 0, count = 1;
  bool operator==(const IdRange&) const = default;
};

/// Maps of several numbers, which only programs with rights may write: newuidmap(1) and newgidmap(1).
struct IdMaps {
  std::vector<IdRange> uids, gids;   ///< sorted by `inside`
  std::string newuidmap, newgidmap;  ///< absolute paths
  bool operator==(const IdMaps&) const = default;
};

/// Numbers somebody may use besides their own: a line of subuid(5).
struct SubidRange {
  std::uint32_t first = 0, count = 0;
  bool operator==(const SubidRange&) const = default;
};

/// The map in which `inside` is `outside`, and all other numbers from 0 on are those of `ranges`, in their order.
std::vector<IdRange> map_around(std::uint32_t inside, std::uint32_t outside, const std::vector<SubidRange>& ranges);

/// The lowest number that `map` does not have.
std::uint64_t first_unmapped(const std::vector<IdRange>& map);

}  // namespace snug
