// `snug check --fix`: writes what the advice on a profile says, where that can only take something away from the
// sandbox and the file says it plainly.
#pragma once

#include <string>
#include <vector>

#include "cli/examine.h"

namespace snug {

/// A file of the profile with what the repairs make of it.
struct MendedFile {
  std::string path;
  std::string before, after;
};

struct Mending {
  Report report;                        ///< of the profile as it is then
  bool was_trusted = false;             ///< every byte of the project's was approved before
  std::vector<MendedFile> files;        ///< those that change
  std::vector<std::string> mended;      ///< what was, for people
  std::vector<std::string> not_mended;  ///< what could have been, and why it was not
};

/// Tries each repair on the texts alone: one that leaves a mistake, more advice or the same advice is left out.
Mending mend(const ChosenProfile& chosen, const Caller& caller);

/// Writes the files as a whole, each with the mode it has. Errors: a file is not this user's own, or somebody has
/// changed it since it was read; then none is written.
Result<void> write_mended(const std::vector<MendedFile>& files, const Caller& caller);

}  // namespace snug
