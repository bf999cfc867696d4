// One recorded system call, and repeating a list of them: no library, no allocation.
#pragma once

typedef struct {
  long number;
  long arguments[6];
  char fails;  // it failed when it was recorded (a probe for something absent) and must fail again
} Recorded;

static inline long raw(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

#define CALL0(n) raw(n, 0, 0, 0, 0, 0, 0)
#define CALL1(n, a) raw(n, (long)(a), 0, 0, 0, 0, 0)
#define CALL2(n, a, b) raw(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL3(n, a, b, c) raw(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CALL5(n, a, b, c, d, e) raw(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

// "floor: call 123 of PHASE": the table's rows are in that order.
static inline void complain(const char* phase, int index) {
  char text[] = "floor: call     of ";
  for (int at = 14; index > 0; index /= 10) text[at--] = (char)('0' + index % 10);
  CALL3(1, 2, text, sizeof text - 1);
  CALL3(1, 2, phase, 5);
  CALL3(1, 2, "\n", 1);
}

// Ends the process at the first call that went otherwise than recorded.
static inline void repeat(const char* phase, const Recorded* calls, int count) {
  for (int i = 0; i < count; ++i) {
    const long* a = calls[i].arguments;
    const long result = raw(calls[i].number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if ((result < 0) == calls[i].fails) continue;
    complain(phase, i);
    CALL1(231 /* exit_group */, 99);
  }
}
