#include "profile/shipped.h"

#include <algorithm>

#include "profile/load.h"

namespace snug {

const ShippedProfile* find_shipped_profile(std::string_view name) {
  const auto all = shipped_profiles();
  const auto found = std::ranges::find(all, name, &ShippedProfile::name);
  return found == all.end() ? nullptr : &*found;
}

std::string_view default_profile_text() { return find_shipped_profile("default")->text; }

}  // namespace snug
