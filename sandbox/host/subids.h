// Finds out which user numbers besides their own the caller may use, and the programs that map them, by looking only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id_map.h"

namespace snug {

/// What newuidmap(1) and newgidmap(1) would let the caller map, or why nothing.
struct Subids {
  std::vector<SubidRange> uids, gids;  ///< without overlaps, the host's root and the caller
  std::string newuidmap, newgidmap;    ///< absolute paths
  std::string why, fix;                ///< `why` is empty where it works
  bool usable() const { return why.empty(); }
};

/// Who asks, as newuidmap sees it: an account of the password database.
struct SubidOwner {
  std::string name;
  std::uint32_t id = 0;   ///< of the user
  std::uint32_t own = 0;  ///< the number that is the caller's without a range: of the user, or of its group
};

/// The ranges of subuid(5) or subgid(5) `text` that are `owner`'s, by name or number. Lines that are none, ranges with
/// the host's root or the owner in them and those that overlap an earlier one do not count.
std::vector<SubidRange> ranges_of(std::string_view text, const SubidOwner& owner);

/// Who answers for ranges, as nsswitch.conf(5) text says, if that is not /etc/subuid: "sss".
std::optional<std::string> other_subid_source(std::string_view nsswitch);

/// Of this process.
Subids find_subids();

}  // namespace snug
