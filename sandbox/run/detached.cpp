#include "run/detached.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/paths.h"
#include "sys/errno.h"
#include "sys/tree.h"

namespace snug {
namespace {

// How much of one source a turn takes before the others are looked at, in reads.
constexpr int kRounds = 16;
constexpr std::uint32_t kFirstAttached = 16;  // epoll's number for the first; sources have theirs below

bool is_temporary(int code) { return code == EAGAIN || code == EINTR; }

}  // namespace

StdioPlan Detached::stdio() const {
  if (has_terminal()) return {StdioMode::pty, StdioMode::pty, StdioMode::pty};
  return {StdioMode::pass, StdioMode::relay, StdioMode::relay};
}

Detached::~Detached() {
  if (kept_.directory && !messages_) remove_tree(join(place_, id_));
}

Result<void> Detached::begin(const SessionRecord& record) {
  drop_old_runs(place_, std::time(nullptr));
  auto kept = keep_run(place_, record);
  if (!kept) return std::move(kept).error();
  kept_ = std::move(kept).value();
  id_ = record.id;
  auto log = LogWriter::make(kept_.directory.get());
  if (!log) return std::move(log).error();
  log_ = std::move(log).value();
  epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) return sys_error("make an epoll descriptor");
  return {};
}

// The end that is written to does not block: what nobody takes in time is dropped, as a loop must not wait for itself.
Result<void> Detached::take_messages() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return sys_error("make a pipe");
  messages_ = Fd(ends[0]);
  const Fd theirs(ends[1]);
  if (dup2(theirs.get(), STDERR_FILENO) < 0) return sys_error("take standard error");
  return add_source(messages_.get(), LogStream::snug);
}

Result<void> Detached::serve(const Sandbox& sandbox) {
  master_ = sandbox.pty_master.get();
  if (master_ >= 0) return add_source(master_, LogStream::output);
  if (auto added = add_source(sandbox.relays[1].get(), LogStream::output); !added) return added;
  return add_source(sandbox.relays[2].get(), LogStream::errors);
}

bool Detached::watch(int fd, std::uint32_t id, std::uint32_t events, int operation) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u32 = id;
  return epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
}

Result<void> Detached::add_source(int fd, LogStream stream) {
  if (!watch(fd, static_cast<std::uint32_t>(source_count_), EPOLLIN, EPOLL_CTL_ADD)) {
    return sys_error("watch what a detached command prints");
  }
  sources_[source_count_++] = {fd, stream};
  return {};
}

void Detached::turn() {
  std::array<epoll_event, kMostAttached + 4> events;
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const std::uint32_t id = events[i].data.u32;
    if (id >= kFirstAttached) {
      take_from(id - kFirstAttached);
      continue;
    }
    if ((events[i].events & EPOLLOUT) != 0) type_waiting();
    for (int round = 0; round < kRounds && copy_some(id); ++round) {
    }
  }
}

// --- what is printed ---

bool Detached::copy_some(std::size_t source) {
  Source& from = sources_[source];
  if (from.fd < 0) return false;
  if (!buffer_) buffer_.reset(new char[kLargestPiece]);
  const ssize_t got = read(from.fd, buffer_.get(), kLargestPiece);
  if (got > 0) return log_.add(from.stream, {buffer_.get(), static_cast<std::size_t>(got)}), true;
  if (got < 0 && is_temporary(errno)) return false;
  watch(from.fd, 0, 0, EPOLL_CTL_DEL);
  from.fd = -1;
  return false;
}

void Detached::take_rest() {
  for (std::size_t source = 0; source < source_count_; ++source) {
    while (copy_some(source)) {
    }
  }
}

// --- what is typed ---

Result<void> Detached::attach(Fd socket) {
  if (!has_terminal()) return Error{.what = "this sandbox's command has no terminal"};
  const auto free = std::ranges::find_if(attached_, [](const Fd& fd) { return !fd; });
  if (free == attached_.end()) {
    return Error{.what = std::to_string(kMostAttached) + " are attached to this sandbox already"};
  }
  const auto id = static_cast<std::uint32_t>(free - attached_.begin()) + kFirstAttached;
  if (!watch(socket.get(), id, waiting_.empty() ? EPOLLIN : 0U, EPOLL_CTL_ADD)) return sys_error("watch a socket");
  *free = std::move(socket);
  return {};
}

void Detached::take_from(std::size_t attached) {
  std::array<char, kLargestKeys + 1> message;
  const ssize_t got = recv(attached_[attached].get(), message.data(), message.size(), MSG_DONTWAIT);
  if (got < 0 && is_temporary(errno)) return;
  if (got <= 0) return attached_[attached].reset();
  const std::string_view content(message.data() + 1, static_cast<std::size_t>(got) - 1);
  if (message[0] == 'k') return type(content);
  if (message[0] != 's' || content.size() != sizeof(AttachedSize)) return;
  AttachedSize size;
  std::memcpy(&size, content.data(), sizeof size);
  const winsize terminal{size.rows, size.columns, size.x_pixels, size.y_pixels};
  ioctl(master_, TIOCSWINSZ, &terminal);
}

void Detached::type(std::string_view keys) {
  waiting_.append(keys);
  type_waiting();
}

void Detached::type_waiting() {
  while (!waiting_.empty()) {
    const ssize_t put = write(master_, waiting_.data(), waiting_.size());
    if (put < 0 && is_temporary(errno)) return let_type(false);
    if (put <= 0) break;
    waiting_.erase(0, static_cast<std::size_t>(put));
  }
  waiting_.clear();
  let_type(true);
}

// The terminal is the first source (serve() comes after take_messages(), or before).
void Detached::let_type(bool may) {
  const auto terminal = std::ranges::find(sources_, master_, &Source::fd);
  if (terminal == sources_.end()) return;
  watch(master_, static_cast<std::uint32_t>(terminal - sources_.begin()), may ? EPOLLIN : EPOLLIN | EPOLLOUT,
        EPOLL_CTL_MOD);
  for (std::size_t i = 0; i < attached_.size(); ++i) {
    if (attached_[i])
      watch(attached_[i].get(), kFirstAttached + static_cast<std::uint32_t>(i), may ? EPOLLIN : 0U, EPOLL_CTL_MOD);
  }
}

// --- the end ---

void Detached::end(const RunOutcome& outcome) {
  for (Source& source : sources_) source.fd = source.fd == messages_.get() ? source.fd : -1;  // gone with the sandbox
  take_rest();
  const RunEnd end{
      .status = outcome.status, .signal = outcome.signal, .timed_out = outcome.timed_out, .when = std::time(nullptr)};
  if (kept_.directory) static_cast<void>(keep_end(kept_, end));
}

}  // namespace snug
