// Threads that copy the bytes of connections which carry much, so that several at once use several processors. The
// first of them stays where everything else is handled: one alone gains nothing by a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "base/fd.h"
#include "net/event_queue.h"

namespace snug {

class SocketPair;

class Relays final : public EventHandler {
 public:
  static constexpr std::size_t kMostThreads = 3;  ///< beside the one of `main`; never more than processors

  /// No thread is there before it is needed.
  explicit Relays(EventQueue& main);
  ~Relays();

  /// To be called from within the pair's handling of an event, as the last of it, in main's thread: the pair may go on
  /// in another thread. Its `ended` is called in main's.
  void share_out(SocketPair& pair);
  /// A pair is no more; it need not have been shared out.
  void gone(const SocketPair& pair) { here_.erase(&pair); }
  /// The threads end, after what they have left has been handled. Pairs may be destroyed then, this after them.
  void stop();

 private:
  class Thread;
  Thread* least_loaded();
  Thread* start_one();
  void tell(Thread& thread, std::function<void()> ended);
  void ready(int tag, std::uint32_t events) override;

  /// Of a pair in another thread.
  struct End {
    Thread& thread;
    std::function<void()> ended;
  };

  EventQueue& main_;
  Fd told_;  // an eventfd: ends_ is not empty
  std::unique_ptr<Interest> on_told_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::set<const SocketPair*> here_;  // of those that carry much
  std::mutex mutex_;                  // of ends_
  std::vector<End> ends_;
  bool stopped_ = false;
};

}  // namespace snug
