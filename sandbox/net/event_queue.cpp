#include "net/event_queue.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "sys/errno.h"

namespace snug {
namespace {

constexpr int kRounds = 16;  // of one turn: signals and the terminal are looked at between turns
constexpr int kAtOnce = 64;
constexpr std::uint64_t kTimer = 0, kOther = 1;  // an Interest is 2 or more

timespec to_timespec(EventQueue::Clock::time_point time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  return {.tv_sec = seconds.count(), .tv_nsec = (since - seconds).count()};
}

}  // namespace

Result<EventQueue> EventQueue::make() {
  EventQueue queue;
  queue.epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  if (!queue.epoll_) return sys_error("make an epoll descriptor");
  queue.timer_ = Fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));  // steady_clock's clock
  if (!queue.timer_) return sys_error("make a timer");
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kTimer}};
  if (epoll_ctl(queue.epoll_.get(), EPOLL_CTL_ADD, queue.timer_.get(), &event) < 0) return sys_error("watch a timer");
  return queue;
}

void EventQueue::turn() {
  for (int round = 0; round < kRounds && handle_events(0) > 0; ++round) {
  }
}

bool EventQueue::wait(int other, int milliseconds) {
  // What cannot be watched (for want of memory, say) is looked at by the caller, until it can be.
  other_readable_ = !watch(other);
  handle_events(other_readable_ ? 0 : milliseconds);
  return other_readable_;
}

bool EventQueue::watch(int other) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kOther}};
  if (other_ < 0 && epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, other, &event) == 0) other_ = other;
  return other_ >= 0;
}

int EventQueue::handle_events(int milliseconds) {
  epoll_event events[kAtOnce];
  const int count = epoll_wait(epoll_.get(), events, kAtOnce, milliseconds);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.u64 == kTimer) {
      ring_alarms();
      continue;
    }
    if (events[i].data.u64 == kOther) {
      other_readable_ = true;
      continue;
    }
    const auto found = interests_.find(events[i].data.u64);
    if (found != interests_.end()) found->second->handler_.ready(found->second->tag_, events[i].events);
  }
  return count;
}

void EventQueue::ring_alarms() {
  const auto now = Clock::now();
  while (!alarms_.empty() && alarms_.begin()->first <= now) {
    Alarm& alarm = *alarms_.begin()->second;
    alarm.clear();
    alarm.handler_.rang(alarm.tag_);
  }
  armed_ = Clock::time_point::max();
  std::uint64_t expirations = 0;
  (void)!read(timer_.get(), &expirations, sizeof expirations);
  arm();
}

// An alarm taken back leaves the timer as it is: it then rings once for nobody.
void EventQueue::arm() {
  if (alarms_.empty() || alarms_.begin()->first >= armed_) return;
  armed_ = alarms_.begin()->first;
  itimerspec time{.it_interval = {}, .it_value = to_timespec(armed_)};
  if (time.it_value.tv_sec == 0 && time.it_value.tv_nsec == 0) time.it_value.tv_nsec = 1;
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &time, nullptr);
}

Interest::Interest(EventQueue& queue, int fd, EventHandler& handler, int tag)
    : queue_(queue), handler_(handler), number_(queue.next_++), fd_(fd), tag_(tag) {
  queue_.interests_[number_] = this;
}

Interest::~Interest() {
  want(0);
  queue_.interests_.erase(number_);
}

void Interest::want(std::uint32_t events) noexcept {
  if (events == wanted_) return;
  epoll_event event{.events = events, .data = {.u64 = number_}};
  const int operation = events == 0 ? EPOLL_CTL_DEL : wanted_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_ctl(queue_.epoll_.get(), operation, fd_, &event);
  wanted_ = events;
}

void Alarm::set(EventQueue::Clock::time_point time) {
  clear();
  time_ = time;
  queue_.alarms_.insert({time_, this});
  queue_.arm();
}

void Alarm::clear() noexcept {
  if (time_ == EventQueue::Clock::time_point::max()) return;
  queue_.alarms_.erase({time_, this});
  time_ = EventQueue::Clock::time_point::max();
}

}  // namespace snug
