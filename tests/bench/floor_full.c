// The floor: a static C program that makes the kernel calls of one recorded `snug run`, in the same order and the same
// processes, and nothing else: no profile is read, no plan is made, no terminal or pipe is looked after. What a
// launcher with these walls cannot go below. record.py writes the .inc files it repeats.
//
//   floor_full COMMAND...
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "floor_replay.h"

extern const char init_image[], init_image_end[];
__asm__(".section .rodata\n.globl init_image\ninit_image:\n.incbin \"floor_init\"\n.globl init_image_end\ninit_image_end:\n"
        ".previous\n");

#include "recorded_child.inc"

// The recorded calls name descriptors by number: those that were open before the first call are open here too.
static void take_numbers(int memory, const int* sockets) {
  enum { aside = 100 };
  const int control = fcntl(sockets[1], F_DUPFD_CLOEXEC, aside), parents = fcntl(sockets[0], F_DUPFD_CLOEXEC, aside);
  const int memory_copy = fcntl(memory, F_DUPFD_CLOEXEC, aside), null = open("/dev/null", O_RDWR | O_CLOEXEC);
  const int null_copy = fcntl(null, F_DUPFD_CLOEXEC, aside);
  close_range(3, aside - 1, 0);
  for (unsigned i = 3; i < sizeof taken_fds / sizeof taken_fds[0]; ++i) dup3(null_copy, taken_fds[i], O_CLOEXEC);
  dup3(control, CONTROL_FD, O_CLOEXEC);
  dup3(parents, PARENTS_CONTROL_FD, O_CLOEXEC);
  dup3(memory_copy, MEMORY_FD, O_CLOEXEC);
  close_range(aside, ~0U, 0);
}

static void run_child(char** command, char** environment) {
  repeat("child", child_calls, sizeof child_calls / sizeof child_calls[0]);
  raw(SYS_execveat, IMAGE_FD, (long)"", (long)command, (long)environment, AT_EMPTY_PATH, 0);
  _exit(99);
}

int main(int argc, char** argv, char** environment) {
  if (argc < 2) return fprintf(stderr, "usage: floor_full COMMAND...\n"), 2;
  const int memory = memfd_create("floor", MFD_CLOEXEC);
  if (memory < 0 || ftruncate(memory, MEMORY_SIZE) < 0) return 98;
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) return 98;
  take_numbers(memory, sockets);

  struct clone_args arguments = {.flags = CLONE_FLAGS & ~(long)(CLONE_VM | CLONE_PIDFD | CLONE_PARENT), .exit_signal = SIGCHLD};
  const long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) run_child(argv + 1, environment);
  if (pid < 0) return perror("floor_full: clone3"), 98;
  close(CONTROL_FD);
  char message[64] = "begin";
  for (int order = 0; order < ORDERS; ++order) {
    if (write(PARENTS_CONTROL_FD, message, BEGIN_SIZE) < 0) return 98;
  }
  while (read(PARENTS_CONTROL_FD, message, sizeof message) > 0) {
  }
  int status;
  waitpid((pid_t)pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 97;
}
