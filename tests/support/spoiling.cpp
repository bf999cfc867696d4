// spoiling LOG [PROCESS CALL kill|ERRNO] COMMAND...: runs COMMAND and every process it starts under its eyes, numbered
// from 0 in the order in which they come. Kills that one process, and no other, when it makes its CALLth system call,
// or lets that call fail with ERRNO instead of being made. Ends when all of them have ended, with COMMAND's status;
// where some live ten seconds longer than COMMAND they are killed, and the status is 99. LOG: "PROCESS CALL NUMBER"
// lines, a system call each.
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

namespace {

constexpr int kSomeAreLeft = 99;
constexpr unsigned kPatience = 10;
constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                          PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

struct Spoiled {
  int process = -1, call = 0;
  int error = 0;  // 0: killed
};

struct Tracee {
  int number = 0, calls = 0;
  bool known = false;    // its parent has told of it
  bool inside = false;   // of a system call
  bool refused = false;  // which is not made
};

volatile sig_atomic_t late = 0;

void too_late(int) { late = 1; }

/// One system call that is not made, and what it returns instead.
#if defined(__x86_64__)
void change_registers(pid_t pid, void (*change)(user_regs_struct&, long), long value) {
  user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, nullptr, &registers) != 0) return;
  change(registers, value);
  ptrace(PTRACE_SETREGS, pid, nullptr, &registers);
}
void skip_call(pid_t pid) {
  change_registers(
      pid, [](user_regs_struct& r, long) { r.orig_rax = static_cast<unsigned long long>(-1); }, 0);
}
void set_result(pid_t pid, long value) {
  change_registers(
      pid, [](user_regs_struct& r, long v) { r.rax = static_cast<unsigned long long>(v); }, value);
}
#else
void skip_call(pid_t pid) {
  int none = -1;
  iovec part{&none, sizeof none};
  ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &part);
}
void set_result(pid_t pid, long value) {
  user_regs_struct registers;
  iovec part{&registers, sizeof registers};
  if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part) != 0) return;
  registers.regs[0] = static_cast<unsigned long long>(value);
  ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &part);
}
#endif

class Tracer {
 public:
  Tracer(std::FILE* log, Spoiled spoiled, pid_t first) : log_(log), spoiled_(spoiled), first_(first) {
    number(tracees_[first]);
  }

  int run() {
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR;) {
      if (late != 0) return kSomeAreLeft;  // the kernel kills them with this process
      if (pid > 0) take(pid, status);
    }
    return status_;
  }

 private:
  void number(Tracee& tracee) {
    if (tracee.known) return;
    tracee.known = true;
    tracee.number = count_++;
  }

  void take(pid_t pid, int status) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) return ended(pid, status);
    Tracee& tracee = tracees_[pid];
    const int signal = WSTOPSIG(status), event = status >> 16;
    int passed_on = 0;
    if (signal == (SIGTRAP | 0x80)) {
      call(pid, tracee);
    } else if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK) {
      unsigned long child = 0;
      ptrace(PTRACE_GETEVENTMSG, pid, nullptr, &child);
      number(tracees_[static_cast<pid_t>(child)]);
    } else if (event == 0 && signal != SIGSTOP && signal != SIGTRAP) {
      siginfo_t info;  // a stop of the whole group has none
      passed_on = ptrace(PTRACE_GETSIGINFO, pid, nullptr, &info) == 0 ? signal : 0;
    }
    ptrace(PTRACE_SYSCALL, pid, nullptr, passed_on);
  }

  void call(pid_t pid, Tracee& tracee) {
    __ptrace_syscall_info info{};
    ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) return entry(pid, tracee, info.entry.nr);
    if (tracee.refused) set_result(pid, -spoiled_.error);
    tracee.refused = false;
  }

  void entry(pid_t pid, Tracee& tracee, unsigned long long call) {
    ++tracee.calls;
    std::fprintf(log_, "%d %d %llu\n", tracee.number, tracee.calls, call);
    if (tracee.number != spoiled_.process || tracee.calls != spoiled_.call) return;
    if (spoiled_.error == 0) {
      kill(pid, SIGKILL);
    } else {
      skip_call(pid);
      tracee.refused = true;
    }
  }

  void ended(pid_t pid, int status) {
    tracees_.erase(pid);
    if (pid != first_) return;
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    alarm(kPatience);
  }

  std::FILE* log_;
  const Spoiled spoiled_;
  const pid_t first_;
  std::map<pid_t, Tracee> tracees_;
  int count_ = 0, status_ = 0;
};

[[noreturn]] void become(char** command) {
  ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  raise(SIGSTOP);
  execvp(command[0], command);
  std::perror(command[0]);
  _exit(127);
}

}  // namespace

int main(int argc, char** argv) {
  Spoiled spoiled;
  int words = 2;
  if (argc > 5 && std::strspn(argv[2], "0123456789") == std::strlen(argv[2])) {
    spoiled = {std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4])};
    words = 5;
  }
  std::FILE* const log = argc > words ? std::fopen(argv[1], "we") : nullptr;
  if (log == nullptr) return std::perror("spoiling"), 125;
  const pid_t first = fork();
  if (first == 0) become(argv + words);
  struct sigaction action {};
  action.sa_handler = too_late;
  sigaction(SIGALRM, &action, nullptr);
  int status = 0;
  waitpid(first, &status, __WALL);
  ptrace(PTRACE_SETOPTIONS, first, nullptr, kOptions);
  ptrace(PTRACE_SYSCALL, first, nullptr, 0);
  const int result = Tracer(log, spoiled, first).run();
  std::fclose(log);
  return result;
}
