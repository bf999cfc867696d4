// Names to addresses in the host's network: /etc/hosts, then the servers of /etc/resolv.conf, by c-ares. Never blocks
// but for reading those two files.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ip.h"
#include "net/event_queue.h"

struct ares_channeldata;
struct ares_addrinfo;

namespace snug {

class Resolver final : public EventHandler {
 public:
  /// No addresses: `problem` says why.
  struct Outcome {
    std::vector<IpAddress> addresses;  ///< in the order to try them
    std::string problem;
  };
  using Done = std::function<void(const Outcome&)>;

  explicit Resolver(EventQueue& queue);
  ~Resolver();

  /// Calls `done` exactly once, perhaps from within, unless the resolver is destroyed first. Answers are kept for as
  /// long as their servers say, at most five minutes.
  void resolve(const std::string& name, Done done);

 private:
  struct Kept {
    Outcome outcome;
    EventQueue::Clock::time_point until;
  };
  struct Channel;
  struct Asked;

  void ready(int fd, std::uint32_t events) override;
  void rang(int tag) override;
  const Outcome* kept(const std::string& name);
  void keep(const std::string& name, const Outcome& outcome, int seconds);
  bool open_channel();
  void process(int readable, int writable);
  void set_alarm();
  static void on_state(void* self, int fd, int readable, int writable);
  static void on_answer(void* asked, int status, int timeouts, ares_addrinfo* result);

  EventQueue& queue_;
  Alarm alarm_;
  std::map<int, std::unique_ptr<Interest>> sockets_;
  std::unique_ptr<Channel> channel_;
  std::unordered_map<std::string, Kept> kept_;
  bool processing_ = false;  // c-ares is at work: its channel must stay
  bool closing_ = false;
};

}  // namespace snug
