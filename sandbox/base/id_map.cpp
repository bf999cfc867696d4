#include "base/id_map.h"

#include <algorithm>

namespace snug {

std::vector<IdRange> map_around(std::uint32_t inside, std::uint32_t outside, const std::vector<SubidRange>& ranges) {
  std::vector<IdRange> map;
  constexpr std::uint64_t end = 0xffffffff;  // (uid_t)-1 is nobody's number
  std::uint64_t next = 0;
  for (SubidRange range : ranges) {
    while (range.count > 0 && next < end) {
      if (next == inside) ++next;
      const std::uint64_t room = (next < inside ? inside : end) - next;
      const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(range.count, room));
      if (count == 0) break;
      map.push_back({static_cast<std::uint32_t>(next), range.first, count});
      next += count;
      range = {range.first + count, range.count - count};
    }
  }
  map.push_back({inside, outside, 1});
  std::ranges::sort(map, {}, &IdRange::inside);
  return map;
}

std::uint64_t first_unmapped(const std::vector<IdRange>& map) {
  std::uint64_t next = 0;
  for (const IdRange& range : map) {
    if (range.inside != next) break;
    next += range.count;
  }
  return next;
}

}  // namespace snug
