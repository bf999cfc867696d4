// What both ends of a control socket share: its address, and messages with descriptors.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/fd.h"

namespace snug {

inline constexpr std::uint32_t kWireVersion = 1;

struct RequestHead {
  std::uint32_t version, kind, words;
};

/// A text travels as a file in memory beside it.
struct AnswerHead {
  std::uint32_t done;
};

struct UnixAddress {
  sockaddr_un path{};
  socklen_t size = sizeof path;
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&path); }
};

/// Nothing: the path is too long.
std::optional<UnixAddress> unix_address(const std::string& path);
/// Of `name` in the open directory, however long its path is (an address has 108 bytes).
UnixAddress unix_address(int directory, const std::string& name);

/// One message with `fds`, which stay the caller's. False with errno; never blocks, never raises SIGPIPE.
bool send(int socket, const void* bytes, std::size_t size, std::span<const int> fds);

/// Does this link of /proc lead to the user namespace of this process?
bool leads_to_own_user_namespace(const std::string& link);

/// Is the other end of `socket` this user's, and outside of every sandbox? Of the user the kernel tells for certain;
/// where the process was that connected or listened is a good guess (its number may be another's by now).
bool is_peer_outside(int socket);

struct Message {
  long size = -1;  ///< as recvmsg(2) says; -1 with errno EMSGSIZE if bytes or descriptors did not fit
  std::vector<Fd> fds = {};
};

/// One message of up to `size` bytes and nine descriptors. Never blocks.
Message receive(int socket, void* bytes, std::size_t size);

}  // namespace snug
