#include "net/relays.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include "net/socket_pair.h"

namespace snug {
namespace {

Fd make_bell() { return Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

void ring(const Fd& bell) {
  const std::uint64_t one = 1;
  (void)!write(bell.get(), &one, sizeof one);
}

void silence(const Fd& bell) {
  std::uint64_t rings = 0;
  (void)!read(bell.get(), &rings, sizeof rings);
}

// A thread begins with its maker's mask: signals are for the one that waits for them.
std::thread without_signals(std::function<void()> work) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  struct Restore {
    const sigset_t& before;
    ~Restore() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
  } restore{before};
  return std::thread(std::move(work));
}

}  // namespace

/// One thread and its queue. What is public is for main's thread.
class Relays::Thread {
 public:
  Thread(EventQueue queue, Fd bell) : queue_(std::move(queue)), bell_(std::move(bell)) {}

  /// Throws std::system_error where there may be no more threads.
  void start() {
    thread_ = without_signals([this] { work(); });
  }
  void take(SocketPair& pair) {
    ++load_;
    const std::lock_guard lock(mutex_);
    arriving_.push_back(&pair);
    ring(bell_);
  }
  void let_go() { --load_; }
  std::size_t load() const noexcept { return load_; }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      ring(bell_);
    }
    thread_.join();
  }

 private:
  void work() {
    while (!stopping()) {
      if (queue_.wait(bell_.get(), -1)) welcome();
    }
    queue_.turn();
  }
  bool stopping() {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }
  void welcome() {
    silence(bell_);
    std::vector<SocketPair*> arriving;
    {
      const std::lock_guard lock(mutex_);
      arriving.swap(arriving_);
    }
    for (SocketPair* pair : arriving) pair->enter(queue_);
  }

  EventQueue queue_;
  const Fd bell_;
  std::thread thread_;
  std::mutex mutex_;  // of arriving_ and stopping_
  std::vector<SocketPair*> arriving_;
  bool stopping_ = false;
  std::size_t load_ = 0;  // main's
};

Relays::Relays(EventQueue& main) : main_(main) {}

Relays::~Relays() { stop(); }

void Relays::share_out(SocketPair& pair) {
  Thread* const thread = stopped_ ? nullptr : least_loaded();
  if (thread == nullptr) {
    here_.insert(&pair);
    return;
  }
  pair.leave();
  pair.when_ended([this, thread](std::function<void()> ended) { tell(*thread, std::move(ended)); });
  thread->take(pair);
}

// Null: the thread of everything else.
Relays::Thread* Relays::least_loaded() {
  if (here_.empty()) return nullptr;
  const auto load = [](const auto& thread) { return thread->load(); };
  const auto least = std::ranges::min_element(threads_, {}, load);
  if (least != threads_.end() && (*least)->load() == 0) return least->get();
  if (Thread* fresh = start_one()) return fresh;
  return least == threads_.end() || (*least)->load() >= here_.size() ? nullptr : least->get();
}

// Null: there are as many as there may be.
Relays::Thread* Relays::start_one() {
  const std::size_t processors = std::max(std::thread::hardware_concurrency(), 1U);
  if (threads_.size() >= std::min(kMostThreads, processors - 1)) return nullptr;
  if (!told_) {
    told_ = make_bell();
    if (!told_) return nullptr;
    on_told_ = std::make_unique<Interest>(main_, told_.get(), *this);
    on_told_->want(EPOLLIN);
  }
  auto queue = EventQueue::make();
  Fd bell = make_bell();
  if (!queue || !bell) return nullptr;
  auto thread = std::make_unique<Thread>(std::move(queue).value(), std::move(bell));
  try {
    thread->start();
  } catch (const std::system_error&) {  // no more processes
    return nullptr;
  }
  return threads_.emplace_back(std::move(thread)).get();
}

// In the other thread. Once this is told, main's may destroy the pair.
void Relays::tell(Thread& thread, std::function<void()> ended) {
  const std::lock_guard lock(mutex_);
  ends_.push_back({thread, std::move(ended)});
  ring(told_);
}

void Relays::ready(int, std::uint32_t) {
  silence(told_);
  std::vector<End> ends;
  {
    const std::lock_guard lock(mutex_);
    ends.swap(ends_);
  }
  for (End& end : ends) {
    end.thread.let_go();
    end.ended();
  }
}

void Relays::stop() {
  if (std::exchange(stopped_, true)) return;
  for (const auto& thread : threads_) thread->stop();
  if (told_) ready(0, 0);
}

}  // namespace snug
