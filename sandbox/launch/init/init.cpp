// PID 1 of a sandbox: a static image of a few kilobytes, without libc, that confines itself, forks the command,
// forwards signals and reaps. All commands of a sandbox are its children and share its Landlock domain and
// filter. It trusts what snug wrote into its memory and nothing else; nothing inside can read, trace or execute it.
//
// A command that enters later gets a leader, forked from init, which is to it what init is to the first: a session with
// a terminal of its own, a socket pair to whoever asked. It is confined already and as unreadable as init.

#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/seccomp.h>
#include <linux/wait.h>

#include "launch/message.h"
#include "launch/protocol.h"
#include "launch/pty.h"
#include "launch/raw.h"
#include "launch/spec.h"

namespace {

using snug::Arrival;
using snug::protocol::Command;
using snug::protocol::Report;
using snug::raw::address;
using snug::raw::call;
namespace raw = snug::raw;
namespace spec = snug::spec;
using Step = spec::InitStep;

constexpr int kEperm = 1, kEnoent = 2, kEsrch = 3, kEintr = 4, kEnoexec = 8, kEagain = 11, kEacces = 13, kEbusy = 16,
              kEnodev = 19;
constexpr int kEnotdir = 20, kEnosys = 38, kEtimedout = 110, kEstale = 116;
constexpr int kSigint = 2, kSigquit = 3, kSigkill = 9, kSigchld = 17, kSigcont = 18, kSigstop = 19, kSigtstp = 20,
              kSigttou = 22, kSigwinch = 28;
constexpr uint64_t kChildMask = uint64_t{1} << (kSigchld - 1);
constexpr size_t kSignalSetSize = 8;
constexpr int kSetMask = 2;
constexpr int kWaitAll = 0x40000000;  // __WALL

template <class T>
T* at(uint64_t where) {
  return reinterpret_cast<T*>(where);
}
template <class T>
const T* at_offset(spec::Offset offset) {
  return at<const T>(spec::init_base + offset);
}

[[noreturn]] void fail(Step step, long error) {
  const Report report{Report::init_failed, static_cast<int32_t>(step), static_cast<int32_t>(-error)};
  snug::send_report(spec::control_fd, report, -1);
  raw::exit(125);
}

long check(Step step, long result) {
  if (result < 0) fail(step, result);
  return result;
}

// No more than is in use: a private writable mapping counts for RLIMIT_DATA and strict overcommit.
const spec::Init& map_memory() {
  spec::Memory header;
  check(Step::map, call(__NR_pread64, spec::memory_fd, address(&header), sizeof header, 0));
  check(Step::map, call(__NR_mmap, static_cast<long>(spec::init_base), header.used, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_FIXED_NOREPLACE, spec::memory_fd, 0));
  raw::close(spec::memory_fd);
  return at_offset<spec::Memory>(0)->init;
}

int terminal_of(const spec::Init& init) {
  for (int fd = 0; fd < 3; ++fd) {
    if ((init.has_pty & (1U << fd)) != 0) return fd;
  }
  return -1;
}

void take_terminal(const spec::Init& init) {
  if (init.has_pty == 0) return;
  check(Step::terminal, raw::ioctl(terminal_of(init), TIOCSCTTY, 0));
  // Kept for job control: /dev/tty is part of the view, which a profile may change.
  check(Step::terminal, raw::dup3(terminal_of(init), spec::terminal_fd, O_CLOEXEC));
}

// A session of init's own keeps the command's process group from being an orphan, which could not be stopped.
void start_session(const spec::Init& init) {
  check(Step::session, raw::prctl(PR_SET_DUMPABLE, 0));
  check(Step::session, raw::prctl(PR_SET_PDEATHSIG, kSigkill));
  check(Step::session, call(__NR_setsid));
  take_terminal(init);
}

// A signalfd for SIGCHLD.
int watch_children() {
  uint64_t children = kChildMask;
  return static_cast<int>(
      check(Step::session, call(__NR_signalfd4, -1, address(&children), kSignalSetSize, O_CLOEXEC)));
}

// Snug ends a run whose time is up, unless it is stopped: it stops with its command, which others inside outlive.
int watch_time(const spec::Init& init) {
  if (init.last_moment == 0) return -1;
  constexpr int monotonic = 1;
  const uint64_t once[4] = {0, 0, init.last_moment / 1000, init.last_moment % 1000 * 1'000'000};
  const long timer = check(Step::limits, call(__NR_timerfd_create, monotonic, O_CLOEXEC));
  check(Step::limits, call(__NR_timerfd_settime, timer, 0, address(&once), 0));
  return static_cast<int>(timer);
}

// SIGTTOU too: init hands the terminal to the command from the background.
void block_signals() {
  uint64_t blocked = kChildMask | (uint64_t{1} << (kSigttou - 1));
  call(__NR_rt_sigprocmask, kSetMask, address(&blocked), 0, kSignalSetSize);
}

void set_processors(const spec::Init& init) {
  if (init.processors == 0) return;
  const char* mask = at_offset<char>(init.processors);
  check(Step::limits, call(__NR_sched_setaffinity, 0, init.processors_size, address(mask)));
}

void set_limits(const spec::Init& init) {
  set_processors(init);
  const auto* limits = at_offset<spec::Rlimit>(init.rlimits);
  for (uint32_t i = 0; i < init.rlimit_count; ++i) {
    struct {
      uint64_t soft, hard;
    } limit{limits[i].soft, limits[i].hard}, now{};
    if (limits[i].at_most != 0) {
      check(Step::limits, call(__NR_prlimit64, 0, limits[i].resource, 0, address(&now)));
      if (now.hard < limit.hard) limit.hard = now.hard;
      if (limit.hard < limit.soft) limit.soft = limit.hard;
    }
    check(Step::limits, call(__NR_prlimit64, 0, limits[i].resource, address(&limit), 0));
  }
}

void allow_path(long ruleset, const spec::LandlockPath& path) {
  const long fd = raw::openat(AT_FDCWD, at_offset<char>(path.path), O_PATH | O_CLOEXEC | O_NOFOLLOW);
  if (path.optional != 0 && (fd == -kEnoent || fd == -kEnotdir)) return;
  check(Step::landlock, fd);
  landlock_path_beneath_attr rule{};
  rule.allowed_access = path.allowed;
  rule.parent_fd = static_cast<int>(fd);
  check(Step::landlock, call(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, address(&rule), 0));
  raw::close(static_cast<int>(fd));
}

void apply_landlock(const spec::Init& init) {
  if (init.landlock_attributes == 0) return;
  const long ruleset =
      check(Step::landlock, call(__NR_landlock_create_ruleset, address(at_offset<char>(init.landlock_attributes)),
                                 init.landlock_attributes_size, 0));
  const auto* paths = at_offset<spec::LandlockPath>(init.landlock_paths);
  for (uint32_t i = 0; i < init.landlock_path_count; ++i) allow_path(ruleset, paths[i]);
  check(Step::landlock, call(__NR_landlock_restrict_self, ruleset, 0));
  raw::close(static_cast<int>(ruleset));
}

void send_listener(int listener) {
  check(Step::filter, snug::send_report(spec::control_fd, {Report::listener, 0, 0}, listener));
  raw::close(listener);
}

void apply_filter(const spec::Init& init) {
  if (init.filter_length == 0) return;
  sock_fprog program{};
  program.len = static_cast<unsigned short>(init.filter_length);
  program.filter = const_cast<sock_filter*>(at_offset<sock_filter>(init.filter));
  if (init.filter_reports != 0) {
    const long listener =
        call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, address(&program));
    if (listener >= 0) return send_listener(static_cast<int>(listener));
    // A sandbox around this one listens already. Without a listener the kernel refuses the same calls by itself.
    if (listener != -kEbusy) check(Step::filter, listener);
  }
  check(Step::filter, call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, address(&program)));
}

// --- the command ------------------------------------------------------------------------------------

bool try_next(long error) {
  return error == -kEnoent || error == -kEnotdir || error == -kEacces || error == -kEstale || error == -kEnodev ||
         error == -kEtimedout;
}

// execvp(3)'s rules: a candidate that may not be executed is remembered, one that is no program is a script.
long execute(const spec::Init& init) {
  char** argv = at<char*>(init.argv);
  char** envp = at<char*>(init.envp);
  long error = -kEnoent;
  bool denied = false;
  for (char** candidate = at<char*>(init.candidates); *candidate != nullptr; ++candidate) {
    error = call(__NR_execve, address(*candidate), address(argv), address(envp));
    if (error == -kEnoexec) {
      char** shell = at<char*>(init.shell_argv);
      shell[1] = *candidate;
      return call(__NR_execve, address(shell[0]), address(shell), address(envp));
    }
    denied = denied || error == -kEacces;
    if (!try_next(error)) return error;
  }
  return denied ? -kEacces : error;
}

struct ExecFailure {
  int32_t stage, error;
};

void make_foreground(int terminal, int group) { raw::ioctl(terminal, TIOCSPGRP, address(&group)); }

void close_unwanted(const spec::Init& init) {
  for (int fd = 0; fd < 3; ++fd) {
    if ((init.closed_fds & (1U << fd)) != 0) raw::close(fd);
  }
}

[[noreturn]] void become_command(const spec::Init& init, int failure_pipe) {
  call(__NR_setpgid, 0, 0);
  if (init.foreground != 0) make_foreground(spec::terminal_fd, static_cast<int>(call(__NR_getpid)));
  call(__NR_rt_sigprocmask, kSetMask, address(&init.signal_mask), 0, kSignalSetSize);
  ExecFailure failure{1, 0};
  long result = call(__NR_chdir, address(at_offset<char>(init.workdir)));
  if (result >= 0) {
    close_unwanted(init);
    failure.stage = 0;
    result = execute(init);
  }
  failure.error = static_cast<int32_t>(-result);
  raw::write(failure_pipe, &failure, sizeof failure);
  raw::exit(127);
}

// Init's own pipe or signalfd would get the number of a closed descriptor, and be closed with it.
void keep_places_of_closed(const spec::Init& init) {
  for (int fd = 0; fd < 3; ++fd) {
    if ((init.closed_fds & (1U << fd)) != 0) raw::dup3(spec::control_fd, fd, O_CLOEXEC);
  }
}

// The descriptors of the command are its own: init keeps none that would hold a pipe or the terminal open.
void let_go_of_stdio() {
  for (int fd = 0; fd < 3; ++fd) raw::close(fd);
}

// The pipe closes by itself when the exec succeeds.
ExecFailure wait_for_exec(int pipe) {
  ExecFailure failure{0, 0};
  while (raw::read(pipe, &failure, sizeof failure) == -kEintr) {
  }
  raw::close(pipe);
  return failure;
}

int start_command(const spec::Init& init) {
  int ends[2];
  check(Step::pipe, call(__NR_pipe2, address(ends), O_CLOEXEC));
  const long pid = check(Step::fork, call(__NR_clone, kSigchld));
  if (pid == 0) become_command(init, ends[1]);
  raw::close(ends[1]);
  let_go_of_stdio();
  const ExecFailure failure = wait_for_exec(ends[0]);
  if (failure.error != 0) {
    snug::send_report(spec::control_fd, {Report::exec_failed, failure.stage, failure.error}, -1);
    raw::exit(125);
  }
  snug::send_report(spec::control_fd, {Report::started, static_cast<int32_t>(pid), 0}, -1);
  return static_cast<int>(pid);
}

// --- commands that enter later ------------------------------------------------------------------------

[[noreturn]] void live(int command, int child_signals, int time_up);

constexpr int kPlace = 16;  // above every descriptor that has one

// All that came moves out of the way first: it may lie at another's place. Nothing of init's own stays.
void take_places(const Arrival& order) {
  int above[Arrival::most];
  for (int i = 0; i < order.count; ++i) {
    above[i] = static_cast<int>(check(Step::descriptors, call(__NR_fcntl, order.fds[i], F_DUPFD_CLOEXEC, kPlace)));
  }
  check(Step::descriptors, raw::dup3(above[0], spec::control_fd, O_CLOEXEC));
  check(Step::descriptors, raw::dup3(above[1], spec::memory_fd, O_CLOEXEC));
  // The places of 0-2 are taken from the start: a terminal, a pipe or a signalfd would get them.
  for (int fd = 0; fd < 3; ++fd) check(Step::descriptors, raw::dup3(spec::control_fd, fd, O_CLOEXEC));
  int next = 2;
  for (int fd = 0; fd < 3; ++fd) {
    if ((static_cast<unsigned>(order.command.value) & (1U << fd)) != 0 && next < order.count) {
      check(Step::descriptors, raw::dup3(above[next++], fd, 0));
    }
  }
  call(__NR_close_range, spec::memory_fd + 1, ~0U, 0);
}

// The first command's arguments and environment give way to this one's.
const spec::Init& map_memory_anew() {
  call(__NR_munmap, static_cast<long>(spec::init_base), static_cast<long>(snug::spec::first_step));
  return map_memory();
}

void make_terminal(const spec::Init& init) {
  if (init.has_pty == 0) return;
  const long slave = check(
      Step::terminal,
      snug::open_terminal(AT_FDCWD, "/dev/pts/ptmx", *at_offset<spec::Terminal>(init.terminal), spec::control_fd));
  for (int fd = 0; fd < 3; ++fd) {
    if ((init.has_pty & (1U << fd)) != 0) check(Step::terminal, raw::dup3(static_cast<int>(slave), fd, 0));
  }
  raw::close(static_cast<int>(slave));
}

// Unlike init it would be ended by signals: of its terminal's, and of the commands inside.
void block_all_signals() {
  uint64_t all = ~uint64_t{0};
  call(__NR_rt_sigprocmask, kSetMask, address(&all), 0, kSignalSetSize);
}

[[noreturn]] void lead(const Arrival& order) {
  block_all_signals();
  take_places(order);
  snug::send_report(spec::control_fd, {Report::entering, 0, 0}, -1);
  const spec::Init& init = map_memory_anew();
  check(Step::session, call(__NR_setsid));
  make_terminal(init);
  take_terminal(init);
  const int child_signals = watch_children();
  live(start_command(init), child_signals, -1);
}

void let_in(const Arrival& order) {
  const long pid = order.count >= 2 ? call(__NR_clone, kSigchld) : -kEagain;
  if (pid == 0) lead(order);
  if (pid < 0) {
    const Report report{Report::init_failed, static_cast<int32_t>(Step::fork), static_cast<int32_t>(-pid)};
    snug::send_report(order.fds[0], report, -1);
  }
  for (const int fd : order.fds) {
    if (fd >= 0) raw::close(fd);
  }
}

// --- living -----------------------------------------------------------------------------------------

// Init, or the leader of a command that entered?
bool is_init() { return call(__NR_getpid) == 1; }

/// Returns how many there were.
int32_t kill_everything() {
  int32_t killed = 0;
  raw::kill(-1, kSigkill);
  while (true) {
    const long pid = call(__NR_wait4, -1, 0, kWaitAll, 0);
    if (pid > 0) ++killed;
    if (pid < 0 && pid != -kEintr) return killed;
  }
}

// Until the end of file, or its death.
void wait_to_be_let_go() {
  if (at_offset<spec::Memory>(0)->init.stays == 0) return;
  Command ignored;
  long got = 0;
  do {
    got = raw::read(spec::control_fd, &ignored, sizeof ignored);
  } while (got > 0 || got == -kEintr);
}

// The kernel numbers them in order (and begins anew after 32,768 or more). Init and this last one do not count.
int32_t count_started() {
  if (at_offset<spec::Memory>(0)->init.counts == 0) return 0;
  const long last = call(__NR_clone, kSigchld);
  if (last == 0) raw::exit(0);
  return last < 0 ? 0 : static_cast<int32_t>(last) - 2;
}

// Of those alone that were forked from this small image: what snug itself had before it became init is not among it.
void tell_use(int32_t left_behind) {
  if (at_offset<spec::Memory>(0)->init.counts == 0) return;
  rusage used{};
  call(__NR_getrusage, RUSAGE_CHILDREN, address(&used));
  snug::send_report(spec::control_fd, {Report::used, static_cast<int32_t>(used.ru_maxrss), left_behind}, -1);
}

[[noreturn]] void finish(int status) {
  if (is_init()) tell_use(kill_everything());
  snug::send_report(spec::control_fd, {Report::ended, status, is_init() ? count_started() : 0}, -1);
  if (is_init()) wait_to_be_let_go();
  raw::exit(0);
}

// A command that asks to be traced (PTRACE_TRACEME) has init as its tracer and is stopped by any signal it likes: such
// a stop is no job control, and none of its parent's business.
bool is_job_control(int signal) { return signal >= kSigstop && signal <= kSigttou; }

// Reaps whoever ended or stopped; does not return once the command itself has ended.
void reap(int command) {
  while (true) {
    int status = 0;
    const long pid = call(__NR_wait4, -1, address(&status), WNOHANG | WUNTRACED | kWaitAll, 0);
    if (pid <= 0) return;
    if (pid != command) continue;
    const bool stopped = (status & 0xff) == 0x7f;
    if (!stopped) finish(status);
    const int signal = (status >> 8) & 0xff;
    if (is_job_control(signal)) snug::send_report(spec::control_fd, {Report::stopped, signal, 0}, -1);
  }
}

// Init's own group (a leader's likewise) is in front when no command is meant to be.
int foreground_group() {
  int group = 0;
  raw::ioctl(spec::terminal_fd, TIOCGPGRP, address(&group));
  return group;
}

bool meant_for_foreground(int signal) {
  return signal == kSigint || signal == kSigquit || signal == kSigtstp || signal == kSigwinch;
}

// Both lead a session, and so a group of their own number.
int own_group() { return static_cast<int>(call(__NR_getpid)); }

void send_signal(int command, int signal) {
  int group = meant_for_foreground(signal) ? foreground_group() : 0;
  if (group <= 0 || group == own_group()) group = command;
  if (raw::kill(-group, signal) == -kEsrch) raw::kill(command, signal);
}

void resume(int command, bool foreground) {
  make_foreground(spec::terminal_fd, foreground ? command : own_group());
  send_signal(command, kSigcont);
}

// Init's commands are all there are. A leader's may have left some behind, which init has by now.
void kill_all(int command) {
  if (is_init()) {
    raw::kill(-1, kSigkill);
  } else {
    send_signal(command, kSigkill);
  }
}

// Without recvmsg (a profile's filter) nothing enters, and all else works as ever.
Arrival wait_for_order() {
  Arrival arrival = snug::receive_command(spec::control_fd);
  if (arrival.size == -kEperm || arrival.size == -kEnosys) {
    arrival.size = raw::read(spec::control_fd, &arrival.command, sizeof arrival.command);
  }
  return arrival;
}

// End of file: snug is gone, and everything inside goes with it.
void obey(int command) {
  const Arrival order = wait_for_order();
  if (order.size == -kEintr || order.size == -kEagain) return;
  if (order.size != sizeof order.command) {
    kill_all(command);
    raw::exit(0);
  }
  switch (order.command.kind) {
    case Command::signal:
      return send_signal(command, order.command.value);
    case Command::cont:
      return resume(command, order.command.value != 0);
    case Command::end:
      return kill_all(command);
    case Command::enter:
      return let_in(order);
    default:
      return;
  }
}

[[noreturn]] void live(int command, int child_signals, int time_up) {
  pollfd wanted[3] = {{spec::control_fd, POLLIN, 0}, {child_signals, POLLIN, 0}, {time_up, POLLIN, 0}};
  while (true) {
    call(__NR_ppoll, address(wanted), 3, 0, 0, kSignalSetSize);
    if (wanted[2].revents != 0) {
      wanted[2].fd = -1;
      kill_all(command);
    }
    if ((wanted[1].revents & POLLIN) != 0) {
      char discarded[4 * 128];
      raw::read(child_signals, discarded, sizeof discarded);
    }
    reap(command);
    if (wanted[0].revents != 0) obey(command);
  }
}

}  // namespace

extern "C" [[noreturn, gnu::used]] void snug_init() {
  const spec::Init& init = map_memory();
  start_session(init);
  keep_places_of_closed(init);
  block_signals();
  const int child_signals = watch_children();
  const int time_up = watch_time(init);
  set_limits(init);
  check(Step::no_new_privs, raw::prctl(PR_SET_NO_NEW_PRIVS, 1));
  apply_landlock(init);
  // Everything else above 2 was marked close-on-exec before the exec of this image.
  call(__NR_fcntl, spec::control_fd, F_SETFD, FD_CLOEXEC);
  apply_filter(init);
  live(start_command(init), child_signals, time_up);
}

// No libc: the entry point aligns the stack, and the two functions compilers call unasked are here.
#if defined(__x86_64__)
asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall snug_init\n\thlt\n");
#elif defined(__aarch64__)
asm(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tb snug_init\n");
#endif

extern "C" {
void* memset(void* to, int value, size_t size) {
  auto* bytes = static_cast<volatile char*>(to);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(value);
  return to;
}
void* memcpy(void* to, const void* from, size_t size) {
  auto* out = static_cast<volatile char*>(to);
  const auto* in = static_cast<const char*>(from);
  for (size_t i = 0; i < size; ++i) out[i] = in[i];
  return to;
}
}
