// System calls without libc, for the two pieces of code that must not touch it: the set-up child (which shares
// snug's memory, where a lock or an allocator may be in any state) and init (which has no libc at all).
// Every function returns what the kernel does: a value, or -errno.
#pragma once

#include <asm/unistd.h>
#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

namespace snug::raw {

#if defined(__x86_64__)

inline long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) noexcept {
  long result;
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

/// clone3(2) with CLONE_VM and a stack in `arguments`: the child runs `entry(given)` there, which must never return.
/// The parent gets what the kernel returns.
inline long clone_onto_stack(const void* arguments, size_t size, void (*entry)(void*), void* given) noexcept {
  long result;
  register void (*r8)(void*) asm("r8") = entry;
  register void* r9 asm("r9") = given;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r9, %%rdi\n\t"
      "call *%%r8\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"(__NR_clone3), "D"(arguments), "S"(size), "r"(r8), "r"(r9)
      : "rcx", "r11", "memory", "cc");
  return result;
}

#elif defined(__aarch64__)

inline long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) noexcept {
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  register long x5 asm("x5") = f;
  asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}

inline long clone_onto_stack(const void* arguments, size_t size, void (*entry)(void*), void* given) noexcept {
  register long x8 asm("x8") = __NR_clone3;
  register long x0 asm("x0") = static_cast<long>(reinterpret_cast<uintptr_t>(arguments));
  register long x1 asm("x1") = static_cast<long>(size);
  register void (*x9)(void*) asm("x9") = entry;
  register void* x10 asm("x10") = given;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, #0\n\t"
      "mov x0, x10\n\t"
      "blr x9\n\t"
      "brk #0\n"
      "1:"
      : "+r"(x0)
      : "r"(x8), "r"(x1), "r"(x9), "r"(x10)
      : "memory", "cc");
  return x0;
}

#else
#error "snug knows the system call convention of x86-64 and arm64 only"
#endif

template <class T>
inline long address(T* pointer) noexcept {
  return static_cast<long>(reinterpret_cast<uintptr_t>(pointer));
}

inline size_t length(const char* text) noexcept {
  size_t count = 0;
  while (text[count] != '\0') ++count;
  return count;
}

inline long close(int fd) noexcept { return call(__NR_close, fd); }
inline long read(int fd, void* to, size_t size) noexcept {
  return call(__NR_read, fd, address(to), static_cast<long>(size));
}
inline long write(int fd, const void* from, size_t size) noexcept {
  return call(__NR_write, fd, address(from), static_cast<long>(size));
}
inline long openat(int at, const char* path, int flags, unsigned mode = 0) noexcept {
  return call(__NR_openat, at, address(path), flags, static_cast<long>(mode));
}
inline long dup3(int from, int to, int flags) noexcept { return call(__NR_dup3, from, to, flags); }
inline long ioctl(int fd, unsigned long request, long argument) noexcept {
  return call(__NR_ioctl, fd, static_cast<long>(request), argument);
}
inline long prctl(int option, long a = 0, long b = 0, long c = 0, long d = 0) noexcept {
  return call(__NR_prctl, option, a, b, c, d);
}
inline long kill(int pid, int signal) noexcept { return call(__NR_kill, pid, signal); }
[[noreturn]] inline void exit(int status) noexcept {
  for (;;) call(__NR_exit_group, status);
}

}  // namespace snug::raw
