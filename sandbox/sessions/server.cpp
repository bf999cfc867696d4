#include "sessions/server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/paths.h"
#include "sessions/wire.h"
#include "sys/errno.h"
#include "sys/write.h"

namespace snug {
namespace {

// More connections than these take the place of the oldest: whoever only connects keeps nobody away.
constexpr std::size_t kMostWaiting = 8;
constexpr int kBacklog = 16;

Fd file_of(std::string_view text) {
  Fd file(memfd_create("snug-answer", MFD_CLOEXEC));
  if (!file || !write_all(file.get(), text)) return Fd();
  return file;
}

void answer_with(int connection, const ControlAnswer& answer) {
  const Fd text = answer.text.empty() ? Fd() : file_of(answer.text);
  const int fds[] = {text.get()};
  const AnswerHead head{answer.done ? 1U : 0U};
  send(connection, &head, sizeof head, {fds, text ? 1U : 0U});
}

// Nothing: it was no request of somebody who may ask.
std::optional<ControlAnswer> take_request(int connection, const ControlServer::Answering& answering) {
  std::string bytes(kLargestRequest, '\0');
  Message message = receive(connection, bytes.data(), bytes.size());
  if (message.size <= 0 || message.fds.empty() || !is_own_user_namespace(message.fds[0].get())) return std::nullopt;
  auto request = request_from_bytes(std::string_view(bytes).substr(0, static_cast<std::size_t>(message.size)));
  if (!request) return ControlAnswer{.done = false, .text = request.error().what};
  for (std::size_t i = 1; i < message.fds.size(); ++i) request->fds.push_back(std::move(message.fds[i]));
  return answering(*request);
}

}  // namespace

// By the kernel's name for it, "user:[4026531837]", which no file has: theirs begin with '/'. Asking the file itself
// (fstat) could wait for whoever serves it, if it lies on FUSE.
bool is_own_user_namespace(int proof) { return leads_to_own_user_namespace("/proc/self/fd/" + std::to_string(proof)); }

// By its own path where that fits: the kernel lists sockets by the name they were bound to, and a plan looks there for
// those that must not be shown inside (plan/control_sockets.h).
Result<ControlServer> ControlServer::listen(int directory, const std::string& path, const std::string& name) {
  ControlServer server;
  server.listener_ = Fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  server.epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  if (!server.listener_ || !server.epoll_) return sys_error("make a control socket");
  const UnixAddress address = unix_address(join(path, name)).value_or(unix_address(directory, name));
  unlinkat(directory, name.c_str(), 0);
  const bool listens = bind(server.listener_.get(), address.get(), address.size) == 0 &&
                       ::listen(server.listener_.get(), kBacklog) == 0 && server.watch(server.listener_.get());
  if (!listens) return sys_error("listen at a control socket");
  return server;
}

bool ControlServer::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void ControlServer::take_connections() {
  for (std::size_t i = 0; i < kMostWaiting; ++i) {
    Fd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection) return;
    // Keeps those inside from taking the places of those who wait; the proof decides.
    if (!is_peer_outside(connection.get()) || !watch(connection.get())) continue;
    waiting_.push_back(std::move(connection));
    if (waiting_.size() > kMostWaiting) waiting_.pop_front();
  }
}

void ControlServer::turn(const Answering& answering) {
  take_connections();
  std::array<epoll_event, kMostWaiting + 1> events;
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const int fd = events[i].data.fd;
    if (fd == listener_.get()) continue;
    if (const auto answer = take_request(fd, answering)) answer_with(fd, *answer);
    waiting_.remove_if([fd](const Fd& connection) { return connection.get() == fd; });
  }
}

}  // namespace snug
