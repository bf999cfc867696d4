// What one profile opens that another does not, key by key, in words. Judges lines, not what they come to on a machine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profile/profile.h"

namespace snug {

struct Difference {
  enum class Direction { wider, narrower, other } direction = Direction::other;
  std::string what;  ///< `filesystem.write has "/srv" besides`
};

/// What `second` has otherwise than `first`: values, then lists, each by key. Relative paths as profile_to_toml() has
/// them.
std::vector<Difference> compare_profiles(const Profile& first, const Profile& second, std::string_view cwd);

}  // namespace snug
