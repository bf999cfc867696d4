#include "sys/id_maps.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>

#include "base/fd.h"
#include "base/quote.h"
#include "sys/errno.h"
#include "sys/retry.h"

namespace snug {
namespace {

constexpr std::chrono::seconds kPatience{20};  // accounts may come over the network
constexpr int kMomentMs = 100;

/// newuidmap's command line.
std::vector<std::string> command_line(const std::string& tool, pid_t pid, const std::vector<IdRange>& map) {
  std::vector<std::string> words{tool, std::to_string(pid)};
  for (const IdRange& range : map) {
    for (const std::uint32_t number : {range.inside, range.outside, range.count}) {
      words.push_back(std::to_string(number));
    }
  }
  return words;
}

/// One of the two programs while it runs; killed and reaped with this.
class Tool {
 public:
  Result<void> start(const std::vector<std::string>& words);
  Result<void> wait(const std::function<bool()>& stop);
  ~Tool() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);  // allowed: its real user is still this one
    reap();
  }

 private:
  int reap() { return snug::reap(std::exchange(pid_, -1)); }
  bool take_complaint();

  std::string name_, complaint_;
  Fd pipe_;
  pid_t pid_ = -1;
};

Result<void> Tool::start(const std::vector<std::string>& words) {
  name_ = words.front();
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return sys_error("make a pipe");
  pipe_.reset(ends[0]);
  const Fd theirs(ends[1]);
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  char* environment[] = {nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDERR_FILENO);
  const int problem = posix_spawn(&pid_, pointers[0], &actions, nullptr, pointers.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  if (problem == 0) return {};
  pid_ = -1;
  return sys_error("start " + name_, problem);
}

/// False once it has no more to say.
bool Tool::take_complaint() {
  std::array<char, 512> text{};
  const ssize_t got = read(pipe_.get(), text.data(), text.size());
  if (got < 0) return errno == EINTR;
  if (complaint_.size() < 4096) complaint_.append(text.data(), static_cast<std::size_t>(got));
  return got > 0;
}

Result<void> Tool::wait(const std::function<bool()>& stop) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (bool more = true; more;) {
    pollfd waited{.fd = pipe_.get(), .events = POLLIN, .revents = 0};
    if (poll(&waited, 1, kMomentMs) > 0) more = take_complaint();
    if (stop()) return Error{.what = "interrupted while " + name_ + " ran"};
    if (std::chrono::steady_clock::now() > deadline) return Error{.what = name_ + " does not end"};
  }
  const int status = reap();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string line = complaint_.substr(0, complaint_.find('\n'));
  return Error{.what = name_ + " refused", .why = line.empty() ? "" : "it says: " + escape_for_display(line)};
}

// --- this process ----------------------------------------------------------------------------------------------

constexpr int kRead = CAP_DAC_READ_SEARCH;  // programs that show what is different open the files anew
constexpr int kKept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, kRead};

bool keep_rights_over_files() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data{};
  for (const int capability : kKept) data[0].permitted |= 1U << capability;
  data[0].effective = data[0].permitted;
  data[0].inheritable = 1U << kRead;
  return syscall(SYS_capset, &header, data.data()) == 0 &&
         prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kRead, 0, 0) == 0;
}

// From outside of the new namespace: inside of it newuidmap would have no rights.
[[noreturn]] void map_parent(pid_t parent, const IdMaps& maps, int wire) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  char moved = 0;
  if (read(wire, &moved, 1) != 1) _exit(1);
  const auto done = write_id_maps(parent, maps, [] { return false; });
  const std::string text = done ? "" : to_text(done.error());
  static_cast<void>(!write(wire, text.data(), text.size()));
  _exit(done ? 0 : 1);
}

Result<void> move_and_wait(int wire) {
  if (unshare(CLONE_NEWUSER) != 0) return sys_error("make a user namespace");
  if (write(wire, "m", 1) != 1) return sys_error("tell a process");
  std::array<char, 4096> text{};
  const ssize_t got = read(wire, text.data(), text.size());
  if (got > 0) return Error{.what = std::string(text.data(), static_cast<std::size_t>(got))};
  return {};
}

}  // namespace

Result<void> write_id_maps(pid_t pid, const IdMaps& maps, const std::function<bool()>& stop) {
  Tool users, groups;  // side by side
  if (auto started = users.start(command_line(maps.newuidmap, pid, maps.uids)); !started) return started;
  if (auto started = groups.start(command_line(maps.newgidmap, pid, maps.gids)); !started) return started;
  if (auto done = users.wait(stop); !done) return done;
  return groups.wait(stop);
}

Result<void> enter_id_maps(const IdMaps& maps) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return sys_error("make a socket");
  Fd ours(ends[0]), theirs(ends[1]);
  const pid_t self = getpid(), helper = fork();
  if (helper < 0) return sys_error("start a process");
  if (helper == 0) {
    ours.reset();
    map_parent(self, maps, theirs.get());
  }
  theirs.reset();
  auto moved = move_and_wait(ours.get());
  ours.reset();
  const int status = reap(helper);
  if (!moved) return moved;
  if (status != 0) return Error{.what = "the user and group numbers could not be mapped"};
  if (!keep_rights_over_files()) return sys_error("give up rights");
  return {};
}

}  // namespace snug
