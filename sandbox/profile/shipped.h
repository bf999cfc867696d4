// The profiles that come with snug, compiled in: one binary is enough, and nothing on a machine can change them.
#pragma once

#include <span>
#include <string_view>

namespace snug {

struct ShippedProfile {
  std::string_view name, text;
};

/// All of profiles/*.toml at build time, by name; "default" is one of them.
std::span<const ShippedProfile> shipped_profiles();

/// The one of that name, or null.
const ShippedProfile* find_shipped_profile(std::string_view name);

}  // namespace snug
