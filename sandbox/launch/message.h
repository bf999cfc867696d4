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

}  // namespace snug
