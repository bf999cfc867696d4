// The first process of floor_full's sandbox: repeats what snug's init does, without any library. argv is the command.
#include <asm/unistd.h>

#include "floor_replay.h"
#include "recorded_init.inc"

static void report(void) { CALL3(__NR_write, 3, "floor report", 12); }

static long start(char** argv, char** environment) {
  int ends[2];
  CALL2(__NR_pipe2, ends, 02000000);
  const long pid = CALL5(__NR_clone, 17, 0, 0, 0, 0);
  if (pid == 0) {
    CALL2(__NR_setpgid, 0, 0);
    CALL3(__NR_chdir, WORKING_DIRECTORY, 0, 0);
    CALL3(__NR_execve, argv[0], argv, environment);
    CALL1(__NR_exit_group, 127);
  }
  CALL1(__NR_close, ends[1]);
  for (int fd = 0; fd < 3; ++fd) CALL1(__NR_close, fd);
  char byte;
  CALL3(__NR_read, ends[0], &byte, 1);
  CALL1(__NR_close, ends[0]);
  report();
  return pid;
}

static int wait_for(long command) {
  int status = 0;
  while (CALL5(__NR_wait4, -1, &status, 0x40000000, 0, 0) != command) {
  }
  CALL2(__NR_kill, -1, 9);
  while (CALL5(__NR_wait4, -1, 0, 0x40000000, 0, 0) > 0) {
  }
  report();
  return (status >> 8) & 0xff;
}

__attribute__((used)) void floor_init(long* stack) {
  char** argv = (char**)(stack + 1);
  char** environment = argv + stack[0] + 1;
  repeat("init ", init_calls, sizeof init_calls / sizeof init_calls[0]);
  CALL1(__NR_exit_group, wait_for(start(argv, environment)));
}

__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall floor_init\n\thlt\n");
