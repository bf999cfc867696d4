#include "sys/programs.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "sys/errno.h"
#include "sys/read.h"
#include "sys/retry.h"
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
  void give_nothing(int as, int flags) { posix_spawn_file_actions_addopen(&actions_, as, "/dev/null", flags, 0); }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> spawn(const std::vector<std::string>& argv, const Descriptors& descriptors,
                    const std::optional<std::vector<std::string>>& environment = {}) {
  const std::vector<char*> words = pointers_to(argv);
  const std::vector<char*> own = environment ? pointers_to(*environment) : std::vector<char*>();
  pid_t pid = -1;
  const int problem =
      posix_spawnp(&pid, words[0], descriptors.get(), nullptr, words.data(), environment ? own.data() : environ);
  if (problem != 0) return sys_error("start " + argv[0], problem);
  return pid;
}

/// -1 if a signal ended it.
int exit_status(pid_t pid) {
  const int status = reap(pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// `text` as a file to read from: as long as it may be, nobody waits for a pipe to empty.
Fd file_of(std::string_view text) {
  Fd file(memfd_create("input", MFD_CLOEXEC));
  const bool good = file && write_all(file.get(), text) && lseek(file.get(), 0, SEEK_SET) == 0;
  return good ? std::move(file) : Fd();
}

}  // namespace

Result<ProgramEnd> run_program(const Program& program) {
  auto pipe = make_pipe();
  if (!pipe) return std::move(pipe).error();
  const Fd input = program.input.empty() ? Fd() : file_of(program.input);
  if (!program.input.empty() && !input) return sys_error("hand " + program.argv[0] + " its input");
  Descriptors descriptors;
  if (!program.own_terminal) {
    if (input) descriptors.give(input.get(), STDIN_FILENO);
    if (!input) descriptors.give_nothing(STDIN_FILENO, O_RDONLY);
    descriptors.give(pipe->write.get(), STDOUT_FILENO);
    if (program.complaints == Program::Complaints::taken) descriptors.give(pipe->write.get(), STDERR_FILENO);
    if (program.complaints == Program::Complaints::dropped) descriptors.give_nothing(STDERR_FILENO, O_WRONLY);
  }
  for (const int fd : program.kept) descriptors.give(fd, fd);
  const auto pid = spawn(program.argv, descriptors, program.environment);
  if (!pid) return pid.error();
  pipe->write.reset();
  ProgramEnd end{.output = read_all(pipe->read.get(), program.limit).value_or("")};
  pipe->read.reset();  // one that has more to say ends by SIGPIPE
  end.status = exit_status(*pid);
  return end;
}

Result<std::string> output_of(const std::vector<std::string>& argv, std::size_t limit, const std::vector<int>& kept) {
  auto end = run_program({.argv = argv, .limit = limit, .kept = kept});
  if (!end) return std::move(end).error();
  return std::move(end->output);
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
