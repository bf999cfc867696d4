#include "sys/programs.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "sys/errno.h"
#include "sys/write.h"

namespace snug {
namespace {

struct Pipe {
  Fd read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return sys_error("make a pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

/// Which of our descriptors a program gets as which of its own; what is not named is closed for it.
class Descriptors {
 public:
  Descriptors() { posix_spawn_file_actions_init(&actions_); }
  ~Descriptors() { posix_spawn_file_actions_destroy(&actions_); }
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;

  // A dup2 onto itself takes close-on-exec away.
  void give(int fd, int as) { posix_spawn_file_actions_adddup2(&actions_, fd, as); }
  void give_empty_input() { posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

Result<pid_t> spawn(const std::vector<std::string>& argv, const Descriptors& descriptors) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t pid = -1;
  const int problem = posix_spawnp(&pid, words[0], descriptors.get(), nullptr, words.data(), environ);
  if (problem != 0) return sys_error("start " + argv[0], problem);
  return pid;
}

void reap(pid_t pid) {
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

Result<std::string> output_of(const std::vector<std::string>& argv, std::size_t limit, const std::vector<int>& kept) {
  auto pipe = make_pipe();
  if (!pipe) return std::move(pipe).error();
  Descriptors descriptors;
  descriptors.give_empty_input();
  descriptors.give(pipe->write.get(), STDOUT_FILENO);
  for (const int fd : kept) descriptors.give(fd, fd);
  const auto pid = spawn(argv, descriptors);
  if (!pid) return pid.error();
  pipe->write.reset();
  std::string text;
  std::array<char, 65536> buffer;
  while (text.size() < limit) {
    const ssize_t got = read(pipe->read.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  pipe->read.reset();  // one that has more to say ends by SIGPIPE
  reap(*pid);
  if (text.size() > limit) text.resize(limit);
  return text;
}

Result<Pager> Pager::start(const std::string& command) {
  auto pipe = make_pipe();
  if (!pipe) return std::move(pipe).error();
  Descriptors descriptors;
  descriptors.give(pipe->read.get(), STDIN_FILENO);
  const auto pid = spawn({"/bin/sh", "-c", command}, descriptors);
  if (!pid) return pid.error();
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads may leave when they have seen enough
  return Pager(std::move(pipe->write), *pid);
}

Pager::~Pager() {
  input_.reset();
  if (pid_ > 0) reap(pid_);
}

bool Pager::write(std::string_view text) { return write_all(input_.get(), text); }

}  // namespace snug
