// Calling git so that it obeys nobody: no configuration of the project, the user or the system, no attributes, hooks or
// repository but those that are named.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sys/programs.h"

namespace snug {

/// `git WORDS...`; without --git-dir among them there is no repository.
Program git_program(const std::vector<std::string>& words);

/// A repository without anything in it and of nobody's configuration, so that git has one and obeys none. It goes with
/// the value.
class EmptyRepository {
 public:
  /// In a new directory below `directory`. Errors: no room.
  static Result<EmptyRepository> make(const std::string& directory);
  EmptyRepository(EmptyRepository&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  EmptyRepository& operator=(EmptyRepository&&) = delete;
  ~EmptyRepository();

  const std::string& path() const { return path_; }

  /// Removes those that somebody who was killed has left in `directory`. Precondition: nobody uses one there.
  static void remove_left(const std::string& directory);

 private:
  explicit EmptyRepository(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace snug
