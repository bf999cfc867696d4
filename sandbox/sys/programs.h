// Other programs as parts of ours: their output as text, our output through them.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace snug {

/// One program to be run to its end.
struct Program {
  std::vector<std::string> argv;  ///< looked up in PATH
  /// "NAME=VALUE" each; nothing: this process's own.
  std::optional<std::vector<std::string>> environment = {};
  std::string input = {};        ///< its standard input
  std::size_t limit = 64 << 20;  ///< bytes of its output that are taken; with more to say it is ended
  std::vector<int> kept = {};    ///< descriptors it may use as /dev/fd/N
  enum class Complaints { shown, taken, dropped } complaints = Complaints::shown;  ///< standard error: also as output
  bool own_terminal = false;  ///< it gets this process's standard input and output instead: an editor
};

struct ProgramEnd {
  int status = -1;  ///< exit status; -1: ended by a signal
  std::string output;
};

/// Errors: it cannot be started.
Result<ProgramEnd> run_program(const Program& program);

/// What `argv` (looked up in PATH) writes to its standard output, `limit` bytes of it at most. It reads nothing, and
/// may use the descriptors `kept` as /dev/fd/N. Its exit status does not count. Errors: it cannot be started.
Result<std::string> output_of(const std::vector<std::string>& argv, std::size_t limit,
                              const std::vector<int>& kept = {});

/// A program that is given text to show.
class Pager {
 public:
  /// `command` is for sh, as git takes PAGER. Errors: it cannot be started.
  static Result<Pager> start(const std::string& command);
  Pager(Pager&& other) noexcept : input_(std::move(other.input_)), pid_(std::exchange(other.pid_, -1)) {}
  Pager& operator=(Pager&&) = delete;
  /// Ends its input and waits for whoever reads there.
  ~Pager();

  /// False once nobody reads any more.
  bool write(std::string_view text);

 private:
  Pager(Fd input, pid_t pid) : input_(std::move(input)), pid_(pid) {}
  Fd input_;
  pid_t pid_;
};

}  // namespace snug
