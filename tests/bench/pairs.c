// Starts commands in turn and prints how long each took, so that every figure has its neighbours as witnesses.
//
//   pairs ROUNDS -- A... -- B... [-- C...]    one line a round: nanoseconds of A, B, C
//   pairs -j JOBS ROUNDS -- A... -- B...      JOBS at a time: one line: starts per second of A, B
//
// Standard output of the commands goes to /dev/null. A command that fails ends the measurement.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static pid_t start(char** command) {
  static posix_spawn_file_actions_t actions;
  static int ready = 0;
  if (!ready++) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  }
  pid_t pid;
  const int error = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
  if (error) {
    fprintf(stderr, "pairs: %s: %s\n", command[0], strerror(error));
    exit(1);
  }
  return pid;
}

static void finish(char** command) {
  int status;
  if (wait(&status) < 0 || status != 0) {
    fprintf(stderr, "pairs: %s ended with %#x\n", command[0], status);
    exit(1);
  }
}

static double starts_per_second(char** command, int rounds, int jobs) {
  const long long begin = now();
  for (int i = 0; i < rounds; ++i) {
    if (i >= jobs) finish(command);
    start(command);
  }
  for (int i = 0; i < (rounds < jobs ? rounds : jobs); ++i) finish(command);
  return rounds * 1e9 / (double)(now() - begin);
}

int main(int argc, char** argv) {
  int at = 1, jobs = 0;
  if (argc > 2 && strcmp(argv[1], "-j") == 0) jobs = atoi(argv[2]), at = 3;
  const int rounds = at < argc ? atoi(argv[at++]) : 0;
  char** commands[16];
  int count = 0;
  for (; at < argc; ++at) {
    if (strcmp(argv[at], "--") != 0) continue;
    argv[at] = NULL;
    if (count < 16 && at + 1 < argc) commands[count++] = argv + at + 1;
  }
  if (rounds < 1 || count < 1) return fprintf(stderr, "usage: pairs [-j JOBS] ROUNDS -- COMMAND... [-- COMMAND...]\n"), 2;
  for (int c = 0; jobs && c < count; ++c) printf("%.1f%c", starts_per_second(commands[c], rounds, jobs), c + 1 < count ? ' ' : '\n');
  for (int round = 0; !jobs && round < rounds; ++round) {
    for (int c = 0; c < count; ++c) {
      const long long begin = now();
      start(commands[c]);
      finish(commands[c]);
      printf("%lld%c", now() - begin, c + 1 < count ? ' ' : '\n');
    }
  }
  return 0;
}
