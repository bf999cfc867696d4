#include "sessions/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sessions/wire.h"
#include "sys/errno.h"
#include "sys/retry.h"

namespace snug {
namespace {

constexpr int kPatience = 5000;  // milliseconds
constexpr int kBetweenTries = 10;

Error no_answer(const std::string& who) {
  return {.what = "the snug around " + who + " does not answer",
          .why = "it may be stopped (Ctrl-Z, kill -STOP)",
          .fix = "continue it with fg or kill -CONT; `snug kill -s KILL` ends it without its help"};
}

Error gone(const std::string& who) { return {.what = who + " has ended"}; }

// A connection was closed with its request unread: it had to make room for others, or snug has ended. The request can
// be made once more; after any other end it may have been carried out.
bool was_not_taken(int code) { return code == EPIPE || code == ECONNRESET; }

Error not_taken(const std::string& who) {
  Error error = no_answer(who);
  error.code = ECONNRESET;
  return error;
}

// What is sent proves who this is to whoever has it, and a command's standard input and output go with it: none of that
// is for a process inside that listens where a snug should.
Result<Fd> checked(Fd socket, const std::string& who) {
  if (is_peer_outside(socket.get())) return socket;
  return Error{.what = "cannot ask the snug around " + who, .why = "somebody else listens at its socket"};
}

Result<Fd> connect_to(int directory, const std::string& name, const std::string& who) {
  Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return sys_error("make a socket");
  const UnixAddress address = unix_address(directory, name);
  for (int waited = 0; waited < kPatience; waited += kBetweenTries) {  // it may have as many connections as it takes
    if (connect(socket.get(), address.get(), address.size) == 0) return checked(std::move(socket), who);
    if (errno != EAGAIN) break;
    poll(nullptr, 0, kBetweenTries);
  }
  if (errno == EAGAIN) return no_answer(who);
  if (errno == ENOENT || errno == ECONNREFUSED) return gone(who);
  return sys_error("connect to the snug around " + who);
}

bool wait_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return retry([&] { return poll(&entry, 1, kPatience); }) > 0;
}

std::string all_of(int file) {
  struct stat status {};
  if (file < 0 || fstat(file, &status) != 0) return {};
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  const ssize_t got = pread(file, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

Result<std::string> take_answer(int socket, const std::string& who) {
  if (!wait_readable(socket)) return no_answer(who);
  AnswerHead head{};
  Message message = receive(socket, &head, sizeof head);
  if (message.size < 0 && was_not_taken(errno)) return not_taken(who);
  if (message.size != sizeof head) return gone(who);
  std::string text = all_of(message.fds.empty() ? -1 : message.fds[0].get());
  if (head.done != 0) return text;
  return Error{.what = text};
}

template <class Ask>
Result<std::string> ask_until_taken(const Ask& ask_once) {
  auto answer = ask_once();
  for (int waited = 0; !answer && answer.error().code == ECONNRESET && waited < kPatience; waited += kBetweenTries) {
    poll(nullptr, 0, kBetweenTries);
    answer = ask_once();
  }
  return answer;
}

}  // namespace

std::string to_bytes(const ControlRequest& request) {
  const RequestHead head{kWireVersion, static_cast<std::uint32_t>(request.kind),
                         static_cast<std::uint32_t>(request.words.size())};
  std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
  for (const std::string& word : request.words) bytes.append(word).push_back('\0');
  return bytes;
}

Result<ControlRequest> request_from_bytes(std::string_view bytes) {
  RequestHead head{};
  if (bytes.size() < sizeof head) return Error{.what = "no request"};
  std::memcpy(&head, bytes.data(), sizeof head);
  if (head.version != kWireVersion) return Error{.what = "this sandbox was started by another version of snug"};
  bytes.remove_prefix(sizeof head);
  ControlRequest request{.kind = static_cast<ControlRequest::Kind>(head.kind)};
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\0');
    if (end == bytes.npos) return Error{.what = "no request"};
    request.words.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
  }
  if (request.words.size() != head.words) return Error{.what = "no request"};
  return request;
}

Result<std::string> ask(int directory, const std::string& socket, const std::string& who,
                        const ControlRequest& request) {
  const std::string bytes = to_bytes(request);
  if (bytes.size() > kLargestRequest) {
    return Error{.what = "the command line is longer than " + std::to_string(kLargestRequest >> 10) + " KiB",
                 .why = "that is what one message to a sandbox holds",
                 .fix = "put its words in a file of the project and read them inside: xargs -0 -a FILE"};
  }
  const Fd proof(open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC));
  if (!proof) return sys_error("open /proc/self/ns/user");
  std::vector<int> fds{proof.get()};
  for (const Fd& fd : request.fds) fds.push_back(fd.get());
  const auto ask_once = [&]() -> Result<std::string> {
    auto connection = connect_to(directory, socket, who);
    if (!connection) return std::move(connection).error();
    if (send(connection->get(), bytes.data(), bytes.size(), fds)) return take_answer(connection->get(), who);
    return was_not_taken(errno) ? not_taken(who) : sys_error("ask the snug around " + who);
  };
  return ask_until_taken(ask_once);
}

}  // namespace snug
