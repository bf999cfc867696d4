// The keys of a profile: one array of rows per table of the TOML, each defined in the file of its section.
#pragma once

#include "profile/keys.h"
#include "profile/profile.h"

namespace snug {

extern const Keys<Profile> profile_keys;  ///< the top of the document
extern const Keys<FilesystemSection> filesystem_keys;
extern const Keys<NetworkSection> network_keys;
extern const Keys<EnvironmentSection> environment_keys;
extern const Keys<SeccompSection> seccomp_keys;
extern const Keys<LimitsSection> limits_keys;
extern const Keys<NamespacesSection> namespaces_keys;
extern const Keys<ChangesSection> changes_keys;

/// The version of the format that this snug reads.
inline constexpr int profile_version = 1;

/// Every key of the format, dotted: "network.mode". In the order of the tables.
KeyNames all_keys();

}  // namespace snug
