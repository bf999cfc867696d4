#include "host/bound_sockets.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstring>

#include "base/fd.h"

namespace snug {
namespace {

constexpr std::size_t most_sockets = 4096;
constexpr std::uint32_t state_unconnected = 1u << 7, state_listening = 1u << 10;  // TCP_CLOSE, TCP_LISTEN

struct Question {
  nlmsghdr header{};
  unix_diag_req request{};
};

bool ask(int socket) {
  Question question;
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  question.request.sdiag_family = AF_UNIX;
  question.request.udiag_states = state_unconnected | state_listening;
  question.request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS;
  return send(socket, &question, sizeof question, 0) == sizeof question;
}

/// Without a name, or with an abstract one, it is no file's.
BoundSocket read_socket(const nlmsghdr* message) {
  BoundSocket found;
  const auto* body = static_cast<const unix_diag_msg*>(NLMSG_DATA(message));
  auto* attribute = reinterpret_cast<const rtattr*>(body + 1);
  auto left = static_cast<int>(message->nlmsg_len - NLMSG_LENGTH(sizeof *body));
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    const auto* bytes = static_cast<const char*>(RTA_DATA(attribute));
    if (attribute->rta_type == UNIX_DIAG_NAME) found.name.assign(bytes, strnlen(bytes, RTA_PAYLOAD(attribute)));
    unix_diag_vfs file{};
    if (attribute->rta_type != UNIX_DIAG_VFS || RTA_PAYLOAD(attribute) < sizeof file) continue;
    std::memcpy(&file, bytes, sizeof file);
    found.inode = file.udiag_vfs_ino;
  }
  return found;
}

enum class Answer { more, done, refused };

Answer take(const char* bytes, std::size_t size, std::vector<BoundSocket>& found) {
  auto left = static_cast<unsigned>(size);
  for (auto* message = reinterpret_cast<const nlmsghdr*>(bytes); NLMSG_OK(message, left);
       message = NLMSG_NEXT(message, left)) {
    if (message->nlmsg_type == NLMSG_DONE) return Answer::done;
    if (message->nlmsg_type == NLMSG_ERROR || found.size() == most_sockets) return Answer::refused;
    BoundSocket socket = read_socket(message);
    if (!socket.name.empty()) found.push_back(std::move(socket));
  }
  return Answer::more;
}

}  // namespace

BoundSockets bound_sockets() {
  BoundSockets sockets{.list = {}, .complete = false};
  const Fd socket_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  const timeval patience{.tv_sec = 0, .tv_usec = 100000};
  if (!socket_ || setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) return sockets;
  if (!ask(socket_.get())) return sockets;
  alignas(nlmsghdr) std::array<char, 32768> buffer;
  Answer answer = Answer::more;
  while (answer == Answer::more) {
    const ssize_t got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return sockets;
    answer = take(buffer.data(), static_cast<std::size_t>(got), sockets.list);
  }
  sockets.complete = answer == Answer::done;
  return sockets;
}

}  // namespace snug
