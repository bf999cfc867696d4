// Files of a home that are more than data: keys and tokens to whoever reads them, commands to whoever writes them. A
// table, for warnings; the walls do not rest on it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "profile/profile.h"

namespace snug {

struct SensitivePlace {
  Access access;      ///< read: reading is enough; write: writing is what matters
  const char* path;   ///< below the home; what lies below it is meant, too
  const char* opens;  ///< what it gives to the command, in words
};

std::span<const SensitivePlace> sensitive_places();

/// The first row that `path` (absolute, normalised) opens by this access: it lies in the place, or the place in it.
/// Null if there is none.
const SensitivePlace* sensitive_place(std::string_view path, std::string_view home, Access access);

/// Does a variable's name say that its value is a secret?
bool names_a_secret(std::string_view variable);

}  // namespace snug
