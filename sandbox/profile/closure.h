// What a profile is built on: the documents that `extends` leads to, in the order they are laid over each other. Reads
// through a function, so that profile/ makes no system call.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "profile/document.h"
#include "profile/load.h"

namespace snug {

/// One element of an `extends` that led to a profile.
struct Extended {
  Position at;
  bool shipped = false;
};

/// One profile text, parsed.
struct Document {
  ProfileText text;
  bool valid = false;              ///< TOML
  Value value;                     ///< if valid: a table
  std::vector<std::string> chain;  ///< as messages name them: the profile asked for, what it extends, ..., this one
  std::vector<Extended> extended;  ///< what it is built on
  std::vector<Diagnostic> diagnostics;  ///< of the TOML, and of what it extends and cannot be found
};

/// `texts` with all they extend: what is extended comes before what extends it, each file once. The compiled-in default
/// is the base of everything and not among them. Bounded in depth, number and size.
std::vector<Document> read_closure(const std::vector<ProfileText>& texts, const FindProfile& find,
                                   const std::string& home);

/// How messages name `text`: its file, or "shipped profile NAME".
std::string name_of(const ProfileText& text);

/// Is it the compiled-in default?
bool is_default(const ProfileText& text);

}  // namespace snug
