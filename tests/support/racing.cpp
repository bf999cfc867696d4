// racing TRIES: opens what a launch would bind, by the launch's own code, while another process keeps exchanging it for
// something else. Run in an empty directory. Ends 0 if nothing but the planned file was ever opened, the exchange was
// met often enough to matter, and the same done carelessly does get the other file.
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "launch/open.h"
#include "launch/sources.h"
#include "sys/open.h"

namespace {

using snug::Fd;

/// How often each answer came.
struct Tally {
  long planned = 0, refused = 0, other = 0;

  /// On a busy machine the two processes may take turns: then more tries are needed until they have met.
  bool wants_more(long tries) const {
    constexpr long kLeast = 20, kMost = 100;
    const long done = planned + refused + other;
    return done < tries || (done < kMost * tries && (planned < kLeast || refused + other < kLeast));
  }
};

bool write_file(const std::string& path, const std::string& text) {
  const Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  return fd && write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// ours/{inner/,file} is what was planned, theirs/ the same with other contents, link leads there.
bool make_files() {
  for (const char* name : {"ours", "theirs"}) {
    const std::string top = name;
    if (mkdir(name, 0755) != 0 || mkdir((top + "/inner").c_str(), 0755) != 0 || !write_file(top + "/file", top))
      return false;
  }
  return symlink("theirs", "link") == 0 && symlink("../theirs/file", "ours/link") == 0 &&
         symlink("../theirs/inner", "ours/inner-link") == 0 && mkfifo("ours/pipe", 0644) == 0;
}

/// Exchanges two names until it is destroyed.
class Swapper {
 public:
  Swapper(std::string a, std::string b) : a_(std::move(a)), b_(std::move(b)), pid_(fork()) {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) exchange();
  }
  ~Swapper() {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    struct stat first {};
    if (lstat(a_.c_str(), &first) == 0 && !was_first(first)) exchange();
  }
  Swapper(const Swapper&) = delete;
  Swapper& operator=(const Swapper&) = delete;

 private:
  void exchange() const { syscall(SYS_renameat2, AT_FDCWD, a_.c_str(), AT_FDCWD, b_.c_str(), RENAME_EXCHANGE); }
  static bool was_first(const struct stat& status) { return !S_ISLNK(status.st_mode) && !S_ISFIFO(status.st_mode); }

  const std::string a_, b_;
  const pid_t pid_;
};

ino_t inode_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

using Attempt = std::function<Fd()>;

Tally tally(const Attempt& attempt, ino_t planned, long tries) {
  Tally counts;
  while (counts.wants_more(tries)) {
    const Fd fd = attempt();
    struct stat status {};
    if (!fd) {
      ++counts.refused;
    } else if (fstat(fd.get(), &status) == 0 && status.st_ino == planned) {
      ++counts.planned;
    } else {
      ++counts.other;
    }
  }
  return counts;
}

snug::Plan plan_of(const std::string& path, bool directory) {
  snug::Plan plan;
  plan.view.push_back({.target = path, .what = snug::Bind{.source = path, .directory = directory}});
  return plan;
}

Fd prepared(const snug::Plan& plan) {
  auto sources = snug::prepare_sources(plan);
  return sources ? std::move(sources->owners.front()) : Fd();
}

Fd opened(long fd) { return Fd(fd < 0 ? -1 : static_cast<int>(fd)); }

struct Race {
  const char* name;
  const char *a, *b;    ///< exchanged
  const char* planned;  ///< what the path names while nobody touches it
  Attempt attempt;
  long share = 1;  ///< of the tries: one in so many
};

/// Did all go as it must? `careless`: the way that must be caught, so that the others mean something.
bool holds(const Race& race, long tries, bool careless) {
  const ino_t planned = inode_of(race.planned);
  const Swapper swapper(race.a, race.b);
  const Tally counts = tally(race.attempt, planned, tries / race.share);
  std::printf("%-44s planned %ld, refused %ld, other %ld\n", race.name, counts.planned, counts.refused, counts.other);
  if (careless) return counts.other > 0;
  return counts.other == 0 && counts.planned > 0 && counts.refused > 0;
}

/// The text that was copied, by the file it must come from: a copy has no inode to look at.
bool copies_hold(const std::string& top, long tries) {
  const Swapper swapper("ours/file", "ours/link");
  const snug::ViewEntry entry{.target = "/file", .what = snug::Copy{.source = top + "/ours/file"}};
  snug::CopyReader reader;
  Tally counts;
  while (counts.wants_more(tries)) {
    const auto copy = reader.read(entry);
    ++(!copy ? counts.refused : **copy == "ours" ? counts.planned : counts.other);
  }
  std::printf("%-44s planned %ld, refused %ld, other %ld\n", "a file to copy", counts.planned, counts.refused,
              counts.other);
  return counts.other == 0 && counts.planned > 0 && counts.refused > 0;
}

}  // namespace

int main(int argc, char** argv) {
  const long tries = argc > 1 ? std::atol(argv[1]) : 100000;
  char buffer[4096];
  const std::string top = getcwd(buffer, sizeof buffer) ? buffer : "";
  if (!make_files()) return std::perror("racing: make files"), 2;
  // Mounts are cloned only by those who may mount.
  if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0)
    return std::perror("racing: unshare"), 2;
  const Fd root(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const snug::Plan directory = plan_of(top + "/ours/inner", true), file = plan_of(top + "/ours/file", false);
  const std::string ours = top + "/ours", inner = ours + "/inner", plain = ours + "/file";

  const Race races[] = {
      {"a source becomes a link", "ours", "link", "ours",
       [&] { return opened(snug::child::open_source(AT_FDCWD, ours.c_str(), O_DIRECTORY)); }},
      {"a directory above a source becomes a link", "ours", "link", "ours/inner",
       [&] { return opened(snug::child::open_source(AT_FDCWD, inner.c_str(), O_DIRECTORY)); }},
      {"a file to bind becomes a link", "ours/file", "ours/link", "ours/file",
       [&] { return opened(snug::child::open_source(AT_FDCWD, plain.c_str(), 0)); }},
      {"a directory becomes a pipe", "ours/inner", "ours/pipe", "ours/inner",
       [&] { return opened(snug::child::open_source(AT_FDCWD, inner.c_str(), O_DIRECTORY)); }},
      {"a place to mount on becomes a link", "ours/inner", "ours/inner-link", "ours/inner",
       [&] { return opened(snug::child::open_target(root.get(), "ours/inner")); }},
      {"a directory above it becomes a link", "ours", "link", "ours/inner",
       [&] { return opened(snug::child::open_target(root.get(), "ours/inner")); }},
      {"a name in snug's state becomes a link", "ours", "link", "ours/inner",
       [&] { return snug::open_beneath(root.get(), "ours/inner", O_PATH); }},
      {"root's clone of a directory", "ours", "link", "ours/inner", [&] { return prepared(directory); }, 20},
      {"root's clone of a file", "ours/file", "ours/link", "ours/file", [&] { return prepared(file); }, 20},
  };
  bool good = copies_hold(top, tries / 5);
  for (const Race& race : races) good = holds(race, tries, false) && good;
  const Race careless{"the control: links are followed", "ours", "link", "ours/inner",
                      [&] { return Fd(open(inner.c_str(), O_PATH | O_CLOEXEC)); }};
  return holds(careless, tries, true) && good ? 0 : 1;
}
