// Sending one Report, with a descriptor or without, by raw system calls. For the set-up child and init.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "launch/protocol.h"
#include "launch/raw.h"

namespace snug {

/// Sends `report` on `socket`; `fd` travels with it unless -1. Returns what sendmsg(2) does. Never raises SIGPIPE.
inline long send_report(int socket, protocol::Report report, int fd) noexcept {
  // The kernel's layouts of struct iovec, cmsghdr and msghdr: 64-bit only, as snug is.
  struct {
    void* base;
    size_t size;
  } part{&report, sizeof report};
  struct alignas(8) {
    size_t size;
    int level, type;
    int fd, padding;
  } rights{20, 1 /* SOL_SOCKET */, 1 /* SCM_RIGHTS */, fd, 0};
  struct {
    void* name;
    int name_size;
    int padding;
    void* parts;
    size_t part_count;
    void* control;
    size_t control_size;
    unsigned flags;
  } message{nullptr, 0, 0, &part, 1, fd < 0 ? nullptr : static_cast<void*>(&rights), fd < 0 ? 0 : sizeof rights, 0};
  constexpr int no_signal = 0x4000;
  return raw::call(__NR_sendmsg, socket, raw::address(&message), no_signal);
}

/// One Command with the descriptors that came with it.
struct Arrival {
  static constexpr int most = 5;
  protocol::Command command{};
  long size = 0;  ///< as recvmsg(2) says
  int fds[most] = {-1, -1, -1, -1, -1};
  int count = 0;
};

/// Waits for a command on `socket`. Descriptors come close-on-exec.
inline Arrival receive_command(int socket) noexcept {
  Arrival arrival;
  struct {
    void* base;
    size_t size;
  } part{&arrival.command, sizeof arrival.command};
  struct alignas(8) {
    size_t size;
    int level, type;
    int fds[Arrival::most], padding;
  } rights{};
  struct {
    void* name;
    int name_size;
    int padding;
    void* parts;
    size_t part_count;
    void* control;
    size_t control_size;
    unsigned flags;
  } message{nullptr, 0, 0, &part, 1, &rights, sizeof rights, 0};
  constexpr long close_on_exec = 0x40000000;
  constexpr size_t head = 16;
  arrival.size = raw::call(__NR_recvmsg, socket, raw::address(&message), close_on_exec);
  if (arrival.size < 0 || message.control_size < head || rights.type != 1 /* SCM_RIGHTS */) return arrival;
  arrival.count = static_cast<int>((rights.size - head) / sizeof(int));
  for (int i = 0; i < arrival.count && i < Arrival::most; ++i) arrival.fds[i] = rights.fds[i];
  return arrival;
}

}  // namespace snug
