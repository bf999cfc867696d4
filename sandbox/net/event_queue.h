// epoll over any number of descriptors, and alarms. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/fd.h"
#include "base/result.h"

namespace snug {

/// What is told of events. `tag` is the number the Interest or Alarm was made with. May destroy Interests and Alarms of
/// anybody, not the queue.
class EventHandler {
 public:
  virtual void ready(int tag, std::uint32_t events) = 0;
  virtual void rang(int /*tag*/) {}

 protected:
  ~EventHandler() = default;
};

class EventQueue {
 public:
  using Clock = std::chrono::steady_clock;

  static Result<EventQueue> make();
  EventQueue(EventQueue&&) = default;

  /// Readable when turn() has something to do.
  int fd() const noexcept { return epoll_.get(); }
  /// Handles what has happened; never waits. Bounded: what is left makes fd() readable still.
  void turn();
  /// Waits until there is something to handle, `other` is readable or `milliseconds` have passed (-1: for ever), and
  /// handles it. True: `other` is readable, or cannot be watched now. It is borrowed, the same from the first call on.
  bool wait(int other, int milliseconds);

 private:
  friend class Interest;
  friend class Alarm;
  EventQueue() = default;
  int handle_events(int milliseconds);
  bool watch(int other);
  void ring_alarms();
  void arm();

  Fd epoll_, timer_;
  std::uint64_t next_ = 2;
  std::unordered_map<std::uint64_t, class Interest*> interests_;  // by number: an event may be of one that has gone
  std::set<std::pair<Clock::time_point, class Alarm*>> alarms_;
  Clock::time_point armed_ = Clock::time_point::max();
  int other_ = -1;
  bool other_readable_ = false;
};

/// One descriptor in a queue, until destroyed. The descriptor must live longer, and the queue too.
class Interest {
 public:
  Interest(EventQueue& queue, int fd, EventHandler& handler, int tag = 0);
  ~Interest();
  Interest(const Interest&) = delete;
  Interest& operator=(const Interest&) = delete;

  /// EPOLLIN, EPOLLOUT; with 0 it is not watched at all: the kernel would otherwise report a hang-up over and over.
  /// Only changes cost a call.
  void want(std::uint32_t events) noexcept;

 private:
  friend class EventQueue;
  EventQueue& queue_;
  EventHandler& handler_;
  const std::uint64_t number_;
  const int fd_, tag_;
  std::uint32_t wanted_ = 0;
};

/// Rings once at a time, if set.
class Alarm {
 public:
  Alarm(EventQueue& queue, EventHandler& handler, int tag = 0) : queue_(queue), handler_(handler), tag_(tag) {}
  ~Alarm() { clear(); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void set(EventQueue::Clock::time_point time);
  void set_in(std::chrono::milliseconds time) { set(EventQueue::Clock::now() + time); }
  void clear() noexcept;

 private:
  friend class EventQueue;
  EventQueue& queue_;
  EventHandler& handler_;
  const int tag_;
  EventQueue::Clock::time_point time_ = EventQueue::Clock::time_point::max();
};

}  // namespace snug
