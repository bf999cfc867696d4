// What could stand as the last word of a command line, for the completions of shells (share/completions). Made from the
// tables that read the command line and the profile, so that what is offered is what is taken.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace snug {

struct Candidate {
  std::string word;  ///< the whole word; what ends in '=' or '.' goes on without a space
  std::string help;  ///< a few words, or empty
};

/// What the answer takes from the machine.
struct CompletionSources {
  std::vector<std::string> profiles;   ///< names that -p takes
  std::vector<std::string> variables;  ///< names in the caller's environment
  std::vector<Candidate> sandboxes;    ///< that run: a name or id, with the command
  std::vector<Candidate> detached;     ///< the same of detached ones, of those too that have ended
  std::vector<Candidate> attachable;   ///< of detached ones that run
};

struct Completion {
  /// What else fits, which the shell knows best. Behind the '=' of "--read=".
  enum class Also { nothing, files, directories, command } also = Also::nothing;
  std::vector<Candidate> candidates;
  std::size_t command_at = 0;  ///< with Also::command: the word that begins the command
};

/// `words`: those behind "snug", the last one (which may be empty) up to the cursor.
Completion complete(const std::vector<std::string>& words, const CompletionSources& sources);

/// "WORD\tHELP" lines, then ":files", ":directories" or ":command N" if more fits.
std::string completion_to_text(const Completion& completion);

}  // namespace snug
