// What --status-fd tells a program that started snug: a line of JSON when the command has been started, one when the
// run is over.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "run/run.h"
#include "sessions/record.h"

namespace snug {

class StatusLines {
 public:
  /// `word`: the descriptor's number; nothing: nobody wants to know. Errors: no number, or not open for writing.
  static Result<StatusLines> open(const std::optional<std::string>& word);

  bool wanted() const noexcept { return fd_ >= 0; }
  std::optional<int> fd() const noexcept { return wanted() ? std::optional(fd_) : std::nullopt; }
  void started(const SessionRecord& record) const;
  void ended(const RunOutcome& outcome) const;
  /// Nothing ran.
  void failed(int status) const;

 private:
  void tell(const std::string& line) const;
  int fd_ = -1;  // the caller's
};

/// {"schema": 1, "event": "started", "id", "name", "pid", "init_pid"}
std::string started_to_json(const SessionRecord& record);
/// {"schema": 1, "event": "ended", "status", "signal", "timed_out"}
std::string ended_to_json(const RunOutcome& outcome);

}  // namespace snug
