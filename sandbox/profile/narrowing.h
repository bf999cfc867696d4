// What a profile may say before its user has approved it: only what narrows. A snug.toml comes from whoever wrote the
// project, so a line of it that opens something is named, and the run does not begin.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/closure.h"
#include "profile/load.h"
#include "profile/profile.h"

namespace snug {

/// Whose words a document has.
enum class Author {
  project,  ///< the project's: only keys that narrow
  shipped,  ///< snug's own: the same, and what builds need that gives away nothing (names of variables to pass)
};

/// Every place of `document` that asks for more than the default profile gives, in order: "network.mode = \"host\":
/// uses this machine's network". Nothing for a document that is not valid.
std::vector<Diagnostic> find_widenings(const Document& document, Author author);

/// The bound on a resource of setrlimit(2) ("nofile") that holds already.
using CurrentLimit = std::function<std::uint64_t(std::string_view name)>;

/// The limits that `profile` has from one of `files` (as messages name them) and that are higher than what holds.
std::vector<Diagnostic> find_raised_limits(const Profile& profile, const std::vector<std::string>& files,
                                           const CurrentLimit& current);

/// The keys that a project may use unapproved, for the manual's test.
std::vector<std::string_view> keys_that_narrow();

}  // namespace snug
