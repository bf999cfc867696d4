#include "net/tunnel.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/numbers.h"
#include "base/quote.h"

namespace snug {
namespace {

// "HTTP/1.1 200 Connection established". 0: it is none.
int status_of(std::string_view line) {
  constexpr std::string_view kBefore = "HTTP/1.";
  if (!line.starts_with(kBefore) || line.size() < kBefore.size() + 5) return 0;
  line.remove_prefix(kBefore.size());
  const bool version = line[0] >= '0' && line[0] <= '9' && line[1] == ' ';
  const bool ends = line.size() == 5 || line[5] == ' ';
  const auto status = whole_number<unsigned short>(line.substr(2, 3));
  return version && ends && status && *status >= 100 ? *status : 0;
}

std::string failure(int code) { return "fails: " + std::string(std::strerror(code)); }

bool comes_before_the_answer(int status) { return status >= 100 && status < 200 && status != 101; }

}  // namespace

std::string connect_request(std::string_view to, std::string_view credentials) {
  std::string request = "CONNECT " + std::string(to) + " HTTP/1.1\r\nHost: " + std::string(to) + "\r\n";
  if (!credentials.empty()) request += "Proxy-Authorization: Basic " + base64(credentials) + "\r\n";
  return request + "\r\n";
}

std::size_t ProxyAnswer::take(std::span<const char> bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && state_ == State::more) {
    const char c = bytes[used++];
    if (++taken_ > kMost) {
      state_ = State::broken;
    } else if (c == '\n') {
      end_line();
    } else {
      line_ += c;
    }
  }
  return used;
}

// Of the lines behind the first only the empty one counts.
void ProxyAnswer::end_line() {
  std::string line = std::exchange(line_, {});
  if (line.ends_with('\r')) line.pop_back();
  if (status_ == 0) {
    status_ = status_of(line);
    if (status_ == 0) state_ = State::broken;
  } else if (line.empty() && comes_before_the_answer(status_)) {
    status_ = 0;
  } else if (line.empty()) {
    state_ = State::whole;
  }
}

std::string proxy_refusal(int status) {
  const std::string number = " (" + std::to_string(status) + ")";
  switch (status) {
    case 401:
    case 407:
      return "asks for a name and a password, or takes others" + number;
    case 400:
    case 403:
    case 405:
      return "does not lead there" + number;
    case 404:
    case 500:
    case 502:
    case 503:
      return "cannot reach it" + number;
    case 504:
      return "has waited for it in vain" + number;
    default:
      return "gives an answer that opens no way" + number;
  }
}

Tunnel::Tunnel(EventQueue& queue, Fd socket, std::string request, Done done)
    : socket_(std::move(socket)), request_(std::move(request)), done_(std::move(done)) {
  interest_.emplace(queue, socket_.get(), *this);
}

void Tunnel::start() {
  if (ask()) interest_->want(request_.empty() ? EPOLLIN : EPOLLOUT);
}

void Tunnel::ready(int, std::uint32_t) {
  if (!request_.empty()) return start();
  read_answer();
}

// False: it is over.
bool Tunnel::ask() {
  const ssize_t put = send(socket_.get(), request_.data(), request_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (put < 0 && errno != EAGAIN && errno != EINTR) return finish(failure(errno)), false;
  if (put > 0) request_.erase(0, static_cast<std::size_t>(put));
  return true;
}

// What the destination says first may have come with the answer. It stays where the relay will read it: the answer is
// looked at before it is taken out.
void Tunnel::read_answer() {
  std::array<char, 4096> bytes;
  while (answer_.state() == ProxyAnswer::State::more) {
    const ssize_t seen = recv(socket_.get(), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    if (seen < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (seen < 0) return finish(failure(errno));
    if (seen == 0) return finish("ends the connection instead of answering");
    const std::size_t used = answer_.take({bytes.data(), static_cast<std::size_t>(seen)});
    if (recv(socket_.get(), bytes.data(), used, MSG_DONTWAIT) != static_cast<ssize_t>(used)) {
      return finish("answers in a way that cannot be read");
    }
  }
  if (answer_.opened()) return finish({});
  if (answer_.state() == ProxyAnswer::State::broken) return finish("does not speak HTTP");
  const int status = answer_.status();
  finish(proxy_refusal(status), status < 500 && status != 404);
}

void Tunnel::finish(std::string problem, bool refused) {
  interest_.reset();
  if (!problem.empty()) socket_.reset();
  done_({.socket = std::move(socket_), .problem = std::move(problem), .refused = refused});
}

}  // namespace snug
