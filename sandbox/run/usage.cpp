#include "run/usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/numbers.h"
#include "base/paths.h"
#include "host/read.h"
#include "run/limit_watch.h"

namespace snug {
namespace {

constexpr std::size_t kEnough = 8192;

std::chrono::microseconds to_microseconds(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

/// Kernels before 5.19 (memory) and 6.1 (processes) do not keep it.
std::optional<std::uint64_t> read_number(const std::string& path) {
  const auto text = read_file(path, kEnough);
  if (!text) return std::nullopt;
  return whole_number<std::uint64_t>(std::string_view(*text).substr(0, text->find('\n')));
}

/// The kernel adds what a process has written to its parent's count when that reaps it. Less what was taken back before
/// it reached a disk.
std::optional<std::uint64_t> written_in(const Fd& accounts) {
  char bytes[1024];
  const ssize_t got = accounts ? pread(accounts.get(), bytes, sizeof bytes, 0) : -1;
  if (got <= 0) return std::nullopt;
  const std::string_view text(bytes, static_cast<std::size_t>(got));
  const std::uint64_t written = number_of(text, "write_bytes:");
  return written - std::min(written, number_of(text, "cancelled_write_bytes:"));
}

}  // namespace

UsageMeter::UsageMeter(const Plan& plan, const Sandbox& sandbox) : sandbox_(sandbox) {
  if (plan.network.value == NetworkMode::host) return;
  usage_.sent = usage_.received = 0;  // loopback is not counted
}

void UsageMeter::add(const Connection& connection) {
  if (!usage_.sent || connection.kind == Connection::Kind::published) return;
  *usage_.sent += connection.sent;
  *usage_.received += connection.received;
}

void UsageMeter::stop(std::int32_t started) {
  usage_.wall = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin_);
  if (started > 0) usage_.started = started;
  usage_.written = written_in(sandbox_.accounts);
  const std::string& group = sandbox_.group.directory();
  if (group.empty()) return;
  usage_.memory = read_number(join(group, "memory.peak"));
  usage_.memory_together = usage_.memory.has_value();
  usage_.at_once = read_number(join(group, "pids.peak"));
  if (usage_.at_once && *usage_.at_once > 0) --*usage_.at_once;  // the sandbox's own first process
}

RunUsage UsageMeter::finish() {
  rusage used{};
  if (getrusage(RUSAGE_CHILDREN, &used) != 0) return usage_;
  usage_.cpu = to_microseconds(used.ru_utime) + to_microseconds(used.ru_stime);
  // Of an init that was killed nothing is known but what snug itself had before it started the command, and more.
  if (!usage_.memory) usage_.memory = largest_.value_or(static_cast<std::uint64_t>(used.ru_maxrss) * 1024);
  return usage_;
}

}  // namespace snug
