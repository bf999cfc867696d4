#include "net/name_service.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "sys/inet.h"

namespace snug {
namespace {

constexpr int kAtOnce = 32;  // datagrams of one turn
constexpr std::size_t kMostConversations = 32;
constexpr std::size_t kLargestQuestion = 1024;  // a name has 255 bytes at most
constexpr std::chrono::seconds kPatience(10);

enum Tag { datagrams, listener };

}  // namespace

/// Questions one after another over TCP, each behind its length. One answer at a time waits to be taken.
class NameService::Conversation final : public EventHandler {
 public:
  Conversation(NameService& service, Fd socket)
      : service_(service),
        socket_(std::move(socket)),
        interest_(service.queue_, socket_.get(), *this),
        alarm_(service.queue_, *this) {
    interest_.want(EPOLLIN);
    alarm_.set_in(kPatience);
  }
  bool over() const { return over_; }

 private:
  void ready(int, std::uint32_t) override {
    if (!go_on()) end();
  }
  void rang(int) override { end(); }
  void end() {
    over_ = true;
    interest_.want(0);
    alarm_.clear();
    socket_.reset();
  }

  // False: the conversation is over.
  bool go_on() {
    if (!send_waiting()) return false;
    if (!out_.empty()) return true;
    std::array<std::uint8_t, 512> some;
    const ssize_t got = recv(socket_.get(), some.data(), some.size(), MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    in_.insert(in_.end(), some.begin(), some.begin() + got);
    return answer_whole_questions() && send_waiting();
  }

  bool answer_whole_questions() {
    while (in_.size() >= 2) {
      const std::size_t size = static_cast<std::size_t>(in_[0]) << 8 | in_[1];
      if (size > kLargestQuestion) return false;
      if (in_.size() < size + 2) return true;
      const auto query = dns::parse_query(dns::Bytes(in_).subspan(2, size));
      in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(size + 2));
      if (!query) return false;
      const auto answer = service_.answer(*query, dns::Transport::tcp);
      out_.push_back(static_cast<std::uint8_t>(answer.size() >> 8));
      out_.push_back(static_cast<std::uint8_t>(answer.size()));
      out_.insert(out_.end(), answer.begin(), answer.end());
    }
    return true;
  }

  bool send_waiting() {
    if (out_.empty()) return true;
    const ssize_t put = send(socket_.get(), out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (put > 0) out_.erase(out_.begin(), out_.begin() + put);
    interest_.want(out_.empty() ? EPOLLIN : EPOLLOUT);
    if (put > 0) alarm_.set_in(kPatience);
    return true;
  }

  NameService& service_;
  Fd socket_;
  Interest interest_;
  Alarm alarm_;
  std::vector<std::uint8_t> in_, out_;  // bounded: nothing is read while an answer waits
  bool over_ = false;
};

NameService::NameService(EventQueue& queue, Fd udp, Fd tcp, Answers answers)
    : queue_(queue), datagrams_(std::move(udp)), listener_(std::move(tcp)), answers_(std::move(answers)) {
  if (datagrams_) on_datagrams_.emplace(queue, datagrams_.get(), *this, datagrams).want(EPOLLIN);
  if (listener_) on_listener_.emplace(queue, listener_.get(), *this, listener).want(EPOLLIN);
}

NameService::~NameService() = default;

void NameService::ready(int tag, std::uint32_t) { tag == datagrams ? answer_datagrams() : accept_conversations(); }

void NameService::answer_datagrams() {
  for (int i = 0; i < kAtOnce; ++i) {
    std::array<std::uint8_t, 1500> message;
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    auto* const address = reinterpret_cast<sockaddr*>(&from);
    const ssize_t got = recvfrom(datagrams_.get(), message.data(), message.size(), MSG_DONTWAIT, address, &size);
    if (got < 0) return;
    const auto query = dns::parse_query({message.data(), static_cast<std::size_t>(got)});
    if (!query) continue;
    const auto bytes = answer(*query, dns::Transport::udp);
    sendto(datagrams_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, address, size);
  }
}

void NameService::accept_conversations() {
  std::erase_if(conversations_, [](const Conversation& one) { return one.over(); });
  if (conversations_.size() >= kMostConversations) conversations_.pop_front();  // the oldest
  Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket) conversations_.emplace_back(*this, std::move(socket));
}

std::vector<std::uint8_t> NameService::answer(const dns::Query& query, dns::Transport transport) const {
  const dns::Answer answer =
      query.problem == dns::Status::no_error ? answers_(query) : dns::Answer{.status = query.problem};
  return dns::build_answer(query, answer, transport);
}

}  // namespace snug
