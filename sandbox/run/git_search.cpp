#include "run/git_search.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <set>

#include "base/paths.h"
#include "base/quote.h"
#include "run/git_index.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/open.h"
#include "sys/retry.h"

namespace snug {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kMostTime = std::chrono::milliseconds(100);
constexpr std::size_t kMostEntries = 100000;
constexpr std::size_t kMostFindings = 8;
constexpr std::size_t kMostHooks = 256;
constexpr std::string_view kOwnGitDirectory = ".\n";  // what plan/git.cpp has put there
constexpr off_t kLargestIndex = 64 << 20, kLargestConfig = 1 << 16;

DirectoryStream open_stream(int directory, std::string_view path) {
  return open_directory(open_beneath(directory, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK));
}

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

bool is_directory(int directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat status {};
  return fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

std::string below(const std::string& directory, std::string_view name) {
  return directory.empty() ? std::string(name) : directory + "/" + std::string(name);
}

/// What a directory's names say about it.
struct Names {
  bool git = false, head = false, objects = false, refs = false;

  void add(std::string_view name) {
    git = git || name == ".git";
    head = head || name == "HEAD";
    objects = objects || name == "objects";
    refs = refs || name == "refs";
  }
  bool repository() const { return head && objects && refs; }
};

class Search {
 public:
  Search(const GitSearch& search, std::timespec since)
      : search_(search), since_(since), top_(::open(search.project.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

  GitReport run(bool of_killed_run) {
    report_.of_killed_run = of_killed_run;
    if (of_killed_run) look_at_expected();
    if (!top_) return report_.complete = false, std::move(report_);
    look_at_own(of_killed_run);
    look_at_links();
    if (search_.git.empty()) look_at_dot_git("");
    look_through();
    return std::move(report_);
  }

 private:
  // --- times ---

  bool is_fresh(const struct stat& status) const {
    const std::timespec& at = status.st_ctim;
    return at.tv_sec != since_.tv_sec ? at.tv_sec > since_.tv_sec : at.tv_nsec >= since_.tv_nsec;
  }
  bool is_fresh(int directory, const std::string& path) const {
    struct stat status {};
    const Fd file = open_beneath(directory, path, O_PATH | O_NOFOLLOW);
    return file && fstat(file.get(), &status) == 0 && is_fresh(status);
  }

  // --- repositories ---

  bool has_fresh_hook(int git) {
    const DirectoryStream stream = open_stream(git, "hooks");
    if (!stream) return false;
    std::size_t left = kMostHooks;
    while (const dirent* entry = readdir(stream.get())) {
      if (left-- == 0) return true;
      if (entry->d_name[0] != '.' && is_fresh(dirfd(stream.get()), entry->d_name)) return true;
    }
    return false;
  }

  bool obeys_something_fresh(int git) {
    for (const char* name : {"config", "config.worktree", "hooks"}) {
      if (is_fresh(git, name)) return true;
    }
    return is_redirected(git) || has_fresh_hook(git);
  }

  /// Not by what a run puts there itself, and leaves there when it is killed: it names the git directory it lies in.
  bool is_redirected(int git) {
    if (!is_fresh(git, "commondir")) return false;
    const Fd file = open_beneath(git, "commondir", O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    return !file || read_whole(file.get(), kLargestConfig) != kOwnGitDirectory;
  }

  void look_at_repository(const std::string& path) {
    const Fd git = open_beneath(top_.get(), path, O_PATH | O_DIRECTORY);
    if (git && obeys_something_fresh(git.get())) add(path, GitFinding::Kind::repository);
  }

  /// A `.git` may be a directory, a file that names one, or a symbolic link to one.
  void look_at_dot_git(const std::string& directory) {
    const std::string path = below(directory, ".git");
    struct stat status {};
    const Fd git = open_beneath(top_.get(), path, O_PATH | O_NOFOLLOW);
    const Fd link = git ? Fd() : open_beneath(top_.get(), directory, O_PATH | O_DIRECTORY);
    const int found = git ? fstat(git.get(), &status) : fstatat(link.get(), ".git", &status, AT_SYMLINK_NOFOLLOW);
    if (found != 0) return;
    if (S_ISDIR(status.st_mode)) return look_at_repository(path);
    if (is_fresh(status)) add(path, GitFinding::Kind::repository);
  }

  // --- the project's own git directory ---

  std::string own(std::string_view name) const { return join(search_.git, name); }
  std::string common(std::string_view name) const { return join(search_.common, name); }

  bool is_fresh(const std::string& path) const {
    struct stat status {};
    return lstat(path.c_str(), &status) == 0 && is_fresh(status);
  }

  /// What is sealed during a run can only have changed by a run whose end nobody has seen.
  void look_at_own(bool of_killed_run) {
    if (search_.git.empty()) return;
    if (is_fresh(own("rebase-merge/git-rebase-todo"))) add_absolute(own("rebase-merge"), GitFinding::Kind::todo);
    if (!of_killed_run) return;
    for (const char* name : {"config", "config.worktree", "hooks"}) {
      if (is_fresh(common(name))) add_absolute(common(name), GitFinding::Kind::own);
    }
    const Fd git(::open(search_.common.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (git && is_redirected(git.get())) add_absolute(common("commondir"), GitFinding::Kind::own);
  }

  /// A run that could not be asked may have made what the profile protects.
  void look_at_expected() {
    for (const std::string& path : search_.expected) {
      if (is_fresh(path)) add_absolute(path, GitFinding::Kind::guarded);
    }
  }

  // --- the index ---

  std::string read_whole(const std::string& path, off_t most) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    return file ? read_whole(file.get(), most) : "";
  }

  std::string read_whole(int file, off_t most) {
    struct stat status {};
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return "";
    if (status.st_size > most) return report_.complete = false, "";
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    const ssize_t got = pread(file, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

  GitHash own_hash() {
    std::string config = read_whole(common("config"), kLargestConfig);
    std::ranges::transform(config, config.begin(), [](unsigned char c) { return std::tolower(c); });
    const bool sha256 = config.find("objectformat") != config.npos && config.find("sha256") != config.npos;
    return sha256 ? GitHash::sha256 : GitHash::sha1;
  }

  void look_at_links_in(const std::string& name, GitHash hash) {
    if (!is_fresh(own(name))) return;
    const std::string bytes = read_whole(own(name), kLargestIndex);
    if (bytes.empty()) return;
    const GitLinks links = links_in_index(bytes, hash);
    report_.complete = report_.complete && links.complete;
    for (const std::string& path : links.paths) {
      entered_.insert(below(path, ".git"));
      look_at_dot_git(path);
    }
  }

  /// An index may be split in two, of which the larger is shared.
  void look_at_links() {
    if (search_.git.empty() || !is_fresh(own("index"))) return;
    const GitHash hash = own_hash();
    look_at_links_in("index", hash);
    const DirectoryStream stream = open_directory(search_.git);
    while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
      if (std::string_view(entry->d_name).starts_with("sharedindex.")) look_at_links_in(entry->d_name, hash);
    }
  }

  // --- the tree ---

  void look_through() {
    const auto until = Clock::now() + kMostTime;
    std::deque<std::string> todo{""};
    if (!search_.common.empty() && is_below(search_.common, search_.project)) {
      const std::string git = search_.common.substr(search_.project.size() + 1);
      todo.push_back(below(git, "modules"));
      todo.push_back(below(git, "worktrees"));
    }
    std::size_t left = kMostEntries;
    for (; !todo.empty() && left > 0 && Clock::now() < until; todo.pop_front()) look_in(todo.front(), todo, left);
    report_.complete = report_.complete && todo.empty();
  }

  /// Takes the directories in `path` into `todo`, the shallow ones first.
  void look_in(const std::string& path, std::deque<std::string>& todo, std::size_t& left) {
    const DirectoryStream stream = open_stream(top_.get(), path);
    if (!stream) {
      if (errno == EMFILE || errno == ENOMEM) report_.complete = false;
      return;
    }
    Names names;
    while (const dirent* entry = readdir(stream.get())) {
      if (is_dots(entry->d_name)) continue;
      if (left-- == 1) return static_cast<void>(report_.complete = false, left = 0);
      names.add(entry->d_name);
      const bool git = std::strcmp(entry->d_name, ".git") == 0;
      if (!git && is_directory(dirfd(stream.get()), *entry)) todo.push_back(below(path, entry->d_name));
    }
    if (names.git && !path.empty()) look_at_dot_git(path);
    if (names.repository()) look_at_repository(path);
    if (is_worktree_part(path)) look_at_repository(path);
  }

  bool is_worktree_part(const std::string& path) const {
    return !search_.common.empty() && parent_of(join(search_.project, path)) == common("worktrees");
  }

  // --- findings ---

  void add(const std::string& path, GitFinding::Kind kind) {
    if (entered_.contains(path)) kind = GitFinding::Kind::entered;
    add_absolute(join(search_.project, path), kind);
  }

  void add_absolute(std::string path, GitFinding::Kind kind) {
    if (!told_.insert(path).second) return;
    if (report_.found.size() < kMostFindings) return report_.found.push_back({std::move(path), kind});
    ++report_.more;
  }

  const GitSearch& search_;
  const std::timespec since_;
  Fd top_;
  GitReport report_;
  std::set<std::string> entered_, told_;
};

}  // namespace

std::timespec change_time_now() {
  std::timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now;
}

GitReport search_git(const GitSearch& search, std::timespec since, bool of_killed_run) {
  return Search(search, since).run(of_killed_run);
}

Result<GitRecord> GitRecord::open(const std::string& path) {
  GitRecord record;
  record.file_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!record.file_) return sys_error("keep a record in " + quote_for_display(path));
  if (auto started = record.start(path); !started) return std::move(started).error();
  return record;
}

/// Who gets it alone is the first: what stands in it is of a run that was killed.
Result<void> GitRecord::start(const std::string& path) {
  if (!lock_file(file_.get(), LOCK_EX | LOCK_NB)) {
    if (!lock_file(file_.get(), LOCK_SH)) return sys_error("lock " + quote_for_display(path));
    return {};
  }
  char text[64] = {};
  long long seconds = 0, nanoseconds = 0;
  if (pread(file_.get(), text, sizeof text - 1, 0) > 0 && std::sscanf(text, "%lld %lld", &seconds, &nanoseconds) == 2) {
    killed_run_ = std::timespec{.tv_sec = static_cast<time_t>(seconds), .tv_nsec = static_cast<long>(nanoseconds)};
  }
  if (!killed_run_) {
    const std::timespec now = change_time_now();
    const std::string fresh = std::to_string(now.tv_sec) + " " + std::to_string(now.tv_nsec) + "\n";
    if (pwrite(file_.get(), fresh.data(), fresh.size(), 0) != static_cast<ssize_t>(fresh.size())) {
      return sys_error("keep a record in " + quote_for_display(path));
    }
  }
  if (!lock_file(file_.get(), LOCK_SH)) return sys_error("lock " + quote_for_display(path));
  return {};
}

void GitRecord::finish() {
  if (file_ && lock_file(file_.get(), LOCK_EX | LOCK_NB)) (void)!ftruncate(file_.get(), 0);
  file_.reset();
}

}  // namespace snug
