#include "cli/status_lines.h"

#include <fcntl.h>

#include "base/numbers.h"
#include "base/quote.h"
#include "sys/write.h"

namespace snug {
namespace {

bool is_writable(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  const int access = flags & O_ACCMODE;
  return flags >= 0 && (flags & O_PATH) == 0 && (access == O_WRONLY || access == O_RDWR);
}

Error refuse(const std::string& word) {
  return {.what = "--status-fd: " + quote_for_display(word) + " is no descriptor that can be written to",
          .fix = "snug run --status-fd 3 CMD 3>status.jsonl"};
}

}  // namespace

Result<StatusLines> StatusLines::open(const std::optional<std::string>& word) {
  StatusLines lines;
  if (!word) return lines;
  const int fd = whole_number<int>(*word).value_or(-1);
  if (fd < 0 || !is_writable(fd)) return refuse(*word);
  lines.fd_ = fd;
  return lines;
}

// Whoever wanted to know may be gone: the run goes on, and ends with its own status.
void StatusLines::tell(const std::string& line) const {
  if (fd_ >= 0) static_cast<void>(write_all_to_whoever_reads(fd_, line));
}

void StatusLines::started(const SessionRecord& record) const { tell(started_to_json(record)); }

void StatusLines::ended(const RunOutcome& outcome) const { tell(ended_to_json(outcome)); }

void StatusLines::failed(int status) const {
  RunOutcome outcome;
  outcome.status = status;
  ended(outcome);
}

}  // namespace snug
