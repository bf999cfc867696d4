// Nanoseconds a call of getppid, stat and open+close, one line each: what walls cost a program that runs behind them.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static void one_getppid(void) { syscall(SYS_getppid); }

static void one_stat(void) {
  struct stat status;
  stat("/usr/bin/env", &status);
}

static void one_open(void) { close(open("/usr/bin/env", O_RDONLY | O_CLOEXEC)); }

static void measure(const char* name, void (*call)(void), int count) {
  double best = 1e18;
  for (int part = 0; part < 10; ++part) {
    const double begin = now();
    for (int i = 0; i < count; ++i) call();
    const double took = (now() - begin) / count;
    if (took < best) best = took;
  }
  printf("%s %.1f\n", name, best);
}

int main(void) {
  measure("getppid", one_getppid, 50000);
  measure("stat", one_stat, 10000);
  measure("open", one_open, 10000);
  return 0;
}
