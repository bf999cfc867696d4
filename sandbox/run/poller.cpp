#include "run/poller.h"

#include <sys/epoll.h>

#include "sys/errno.h"

namespace snug {

Result<Poller> Poller::make() {
  Poller poller;
  poller.epoll_ = Fd(epoll_create1(EPOLL_CLOEXEC));
  if (!poller.epoll_) return sys_error("make an epoll descriptor");
  return poller;
}

void Poller::want(int slot, int fd, std::uint32_t events) noexcept {
  Slot& now = slots_[slot];
  if (fd < 0) events = 0;
  if (events == now.wanted && (events == 0 || fd == now.fd)) return;
  epoll_event event{};
  event.events = events;
  event.data.u32 = static_cast<std::uint32_t>(slot);
  const int borrowed = events == 0 ? now.fd : fd;
  const int operation = events == 0 ? EPOLL_CTL_DEL : now.wanted == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_ctl(epoll_.get(), operation, borrowed, &event);
  now = {events == 0 ? -1 : fd, events, 0};
}

void Poller::clear() noexcept {
  for (Slot& slot : slots_) slot.ready = 0;
}

void Poller::wait(int milliseconds) noexcept {
  clear();
  std::array<epoll_event, kSlots> events;
  const int count = epoll_wait(epoll_.get(), events.data(), kSlots, milliseconds);
  for (int i = 0; i < count; ++i) slots_[events[i].data.u32].ready = events[i].events;
}

bool Poller::readable(int slot) const noexcept {
  const Slot& at = slots_[slot];
  return (at.wanted & EPOLLIN) != 0 && (at.ready & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
}

bool Poller::writable(int slot) const noexcept {
  const Slot& at = slots_[slot];
  return (at.wanted & EPOLLOUT) != 0 && (at.ready & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
}

bool Poller::hung_up(int slot) const noexcept {
  const Slot& at = slots_[slot];
  return (at.ready & EPOLLIN) == 0 && (at.ready & (EPOLLHUP | EPOLLERR)) != 0;
}

}  // namespace snug
