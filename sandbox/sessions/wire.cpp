#include "sessions/wire.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "sessions/control.h"
#include "sys/retry.h"

namespace snug {
namespace {

constexpr std::size_t kMostSent = kMostDescriptors + 1;  // the proof of who asks

struct alignas(cmsghdr) Space {
  char bytes[CMSG_SPACE(kMostSent * sizeof(int))];
};

std::vector<Fd> take_descriptors(msghdr& message) {
  std::vector<Fd> fds;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; CMSG_LEN(at + sizeof(int)) <= part->cmsg_len; at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + at, sizeof fd);
      fds.emplace_back(fd);
    }
  }
  return fds;
}

std::string link_target(const std::string& link) {
  std::array<char, 64> buffer;
  const ssize_t size = readlink(link.c_str(), buffer.data(), buffer.size());
  return size < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
}

}  // namespace

bool leads_to_own_user_namespace(const std::string& link) {
  const std::string own = link_target("/proc/self/ns/user");
  return !own.empty() && link_target(link) == own;
}

bool is_peer_outside(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid() &&
         leads_to_own_user_namespace("/proc/" + std::to_string(peer.pid) + "/ns/user");
}

std::optional<UnixAddress> unix_address(const std::string& path) {
  UnixAddress address;
  address.path.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.path.sun_path) return std::nullopt;
  path.copy(address.path.sun_path, path.size());
  return address;
}

UnixAddress unix_address(int directory, const std::string& name) {
  return unix_address("/proc/self/fd/" + std::to_string(directory) + "/" + name).value_or(UnixAddress{});
}

bool send(int socket, const void* bytes, std::size_t size, std::span<const int> fds) {
  if (fds.size() > kMostSent) return errno = EINVAL, false;
  iovec part{const_cast<void*>(bytes), size};
  Space space{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = &space;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(rights), fds.data(), fds.size_bytes());
  }
  const ssize_t sent = retry([&] { return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
  return sent == static_cast<ssize_t>(size);
}

Message receive(int socket, void* bytes, std::size_t size) {
  iovec part{bytes, size};
  Space space;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = &space;
  message.msg_controllen = sizeof space;
  Message received;
  received.size = retry([&] { return recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC); });
  if (received.size < 0) return received;
  received.fds = take_descriptors(message);
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    errno = EMSGSIZE;
    received.size = -1;
  }
  return received;
}

}  // namespace snug
