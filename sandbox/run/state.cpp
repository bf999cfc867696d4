#include "run/state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/capture.h"
#include "plan/captures.h"
#include "run/layer.h"
#include "run/mirror.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/open.h"
#include "sys/retry.h"
#include "sys/tree.h"
#include "sys/write.h"

namespace snug {
namespace {

using Kind = Preparation::Kind;

constexpr int kFormat = 1;
constexpr std::string_view kFormatText = "1 0.1.0\n";
constexpr std::size_t kMaxJournal = 1 << 20;
constexpr std::string_view kScratchMark = "snug scratch ";
constexpr std::string_view kLayerMark = "snug layer ";
constexpr const char* kNextRun = "; the next run here tries again";

std::string fix_of_state(int code) {
  const std::string shortage = fix_of_shortage(code);
  if (!shortage.empty()) return shortage;
  const bool full = code == ENOSPC || code == EDQUOT;
  const std::string_view here = full            ? "free some space (`snug clean` lists what snug keeps); "
                                : code == EROFS ? ""
                                                : "mend its permissions; ";
  return std::string(here) + "XDG_STATE_HOME names another place for snug's state";
}

Error cannot_make(const std::string& path, int code = errno) {
  return Error{.what = "cannot make " + quote_for_display(path),
               .code = code,
               .needed_by = "snug's own state",
               .fix = fix_of_state(code)};
}

// --- directories of the state directory ---

Result<void> check_own_directory(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return cannot_make(path);
  // A symbolic link is the user's own doing here (a state directory on another disk).
  if (S_ISLNK(status.st_mode) && stat(path.c_str(), &status) != 0) return cannot_make(path);
  if (!S_ISDIR(status.st_mode)) return cannot_make(path, ENOTDIR);
  return {};
}

Result<void> make_directories(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) == 0) return {};
  if (errno == EEXIST) return check_own_directory(path);
  if (errno != ENOENT || path == "/") return cannot_make(path);
  if (auto made = make_directories(std::string(parent_of(path)), 0700); !made) return made;
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  return cannot_make(path);
}

// --- small files ---

std::string read_small(int fd, std::size_t limit) {
  std::string text;
  char block[4096];  // the limit is far above what such a file holds
  while (text.size() < limit) {
    const std::size_t wanted = std::min(sizeof block, limit - text.size());
    const ssize_t got = retry([&] { return pread(fd, block, wanted, static_cast<off_t>(text.size())); });
    if (got <= 0) break;
    text.append(block, static_cast<std::size_t>(got));
  }
  return text;
}

Fd open_private(const std::string& path, int flags) {
  return Fd(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags, 0600));
}

// --- the stored home's format ---

Error newer_format(const std::string& directory, const std::string& text) {
  const auto space = text.find(' ');
  const auto version = space == text.npos ? std::string() : text.substr(space + 1, text.find('\n') - space - 1);
  return Error{.what = "cannot use the stored home " + quote_for_display(directory),
               .why = "a newer snug has written it (format " + escape_for_display(text.substr(0, space)) +
                      ", this one knows " + std::to_string(kFormat) + ")",
               .fix = "use snug " + (version.empty() ? "of that version" : escape_for_display(version)) +
                      " or later, or `--home tmpfs`"};
}

// By rename, so that no other run ever reads half of it.
Result<void> write_format(const std::string& directory) {
  const std::string path = directory + "/format", fresh = path + "." + std::to_string(getpid());
  const Fd file = open_private(fresh, O_TRUNC);
  if (!file || !write_all(file.get(), kFormatText)) return cannot_make(fresh);
  if (rename(fresh.c_str(), path.c_str()) != 0) return cannot_make(path);
  return {};
}

Result<void> check_format(const std::string& directory) {
  const Fd file(open((directory + "/format").c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) return errno == ENOENT ? write_format(directory) : cannot_make(directory + "/format");
  const std::string text = read_small(file.get(), 64);
  int format = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), format);
  if (parsed.ec != std::errc() || format < 1) {
    return Error{.what = "cannot use the stored home " + quote_for_display(directory),
                 .why = "its format file is damaged",
                 .fix = "write \"" + std::string(kFormatText.substr(0, kFormatText.size() - 1)) +
                        "\" into the file `format` there if no other snug made it"};
  }
  if (format > kFormat) return newer_format(directory, text);
  return {};
}

// --- the journal of mount points ---

// Only what is still empty goes: what a command has put there is the user's.
void remove_mount_point(int files, char kind, std::string_view below) {
  const auto slash = below.rfind('/');
  const auto parent_path = slash == below.npos ? std::string_view{} : below.substr(0, slash);
  const std::string name(slash == below.npos ? below : below.substr(slash + 1));
  const Fd parent = open_beneath(files, parent_path, O_PATH | O_DIRECTORY);
  if (!parent) return;
  if (kind == 'd') {
    unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR);
    return;
  }
  struct stat status {};
  if (fstatat(parent.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (S_ISREG(status.st_mode) && status.st_size == 0) unlinkat(parent.get(), name.c_str(), 0);
}

void undo_journal(int journal, int files) {
  const std::string text = read_small(journal, kMaxJournal);
  std::string_view rest = text;
  // The last one made goes first, so that directories are empty when it is their turn. A record without its NUL was
  // cut by a crash, before anything was made for it.
  while (true) {
    const auto end = rest.rfind('\0');
    if (end == rest.npos) break;
    rest = rest.substr(0, end);
    const auto start = rest.rfind('\0') + 1;  // npos + 1 == 0
    const auto record = rest.substr(start);
    if (record.size() > 1 && !has_dot_dot(record.substr(1))) {
      remove_mount_point(files, record[0], record.substr(1));
    }
  }
  (void)!ftruncate(journal, 0);
}

bool is_empty_file(int fd) {
  struct stat status {};
  return fstat(fd, &status) != 0 || status.st_size == 0;
}

// --- scratch ---

// The lock's file may have been removed between opening and locking it; then it locks nothing.
bool still_named(int fd, const std::string& path) {
  struct stat held {
  }, named{};
  return fstat(fd, &held) == 0 && lstat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
         held.st_dev == named.st_dev;
}

// "snug scratch 123\n", "snug layer 123\n"
std::string holder_of(int lock) {
  const std::string text = read_small(lock, 64);
  const auto number = text.rfind(' ') + 1;
  return text.starts_with("snug ") ? text.substr(number, text.find('\n') - number) : "";
}

Error layer_in_use(const std::string& path, int lock) {
  const std::string holder = holder_of(lock);
  return Error{.what = "cannot use the private layer " + quote_for_display(path),
               .why = holder.empty() ? std::string("another run is using it")
                                     : "process " + escape_for_display(holder) + " is running with it",
               .needed_by = "an overlay of this profile",
               .fix = "end that run first: two runs on one layer would corrupt it"};
}

Error capture_in_use(const std::string& path, int lock) {
  const std::string holder = holder_of(lock);
  return Error{.what = "cannot go on with the capture " + quote_for_display(path),
               .why = holder.empty() ? std::string("another snug is using it")
                                     : "process " + escape_for_display(holder) + " is running with it",
               .fix = "snug exec ... runs more in that sandbox; without --onto, a run has a capture of its own"};
}

Error lower_in_use(const std::string& path, int lock) {
  const std::string holder = holder_of(lock);
  return Error{.what = "cannot lay a capture over " + quote_for_display(path),
               .why = holder.empty() ? std::string("another snug is using it")
                                     : "process " + escape_for_display(holder) + " is at work on it",
               .fix = "end that first"};
}

Result<void> write_mark(int lock, const std::string& path, std::string_view mark) {
  const std::string text = std::string(mark) + std::to_string(getpid()) + "\n";
  if (ftruncate(lock, 0) != 0 || lseek(lock, 0, SEEK_SET) != 0 || !write_all(lock, text)) return cannot_make(path);
  return {};
}

Result<Fd> lock_scratch(const std::string& path) {
  const std::string lock_path = path + ".lock";
  for (;;) {
    Fd lock = open_private(lock_path, 0);
    if (!lock) return cannot_make(lock_path);
    if (!lock_file(lock.get(), LOCK_EX | LOCK_NB)) return layer_in_use(path, lock.get());
    if (!still_named(lock.get(), lock_path)) continue;
    if (auto marked = write_mark(lock.get(), lock_path, kScratchMark); !marked) return std::move(marked).error();
    return lock;
  }
}

// Of a run that was killed: its lock file is there and nobody holds it.
void remove_leftover(const std::string& lock_path) {
  const Fd lock(open(lock_path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!lock || !lock_file(lock.get(), LOCK_EX | LOCK_NB) || !still_named(lock.get(), lock_path)) return;
  if (!read_small(lock.get(), 64).starts_with(kScratchMark)) return;
  if (remove_tree(lock_path.substr(0, lock_path.size() - 5))) unlink(lock_path.c_str());
}

void remove_leftovers(const std::string& directory) {
  const DirectoryStream stream = open_directory(directory);
  if (!stream) return;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name.size() > 5 && name.ends_with(".lock")) remove_leftover(join(directory, name));
  }
}

// --- ids ---

const Bind* home_bind(const Plan& plan) {
  for (const ViewEntry& entry : plan.view) {
    const Bind* bind = std::get_if<Bind>(&entry.what);
    if (bind != nullptr && bind->source == plan.stored_home->files) return bind;
  }
  return nullptr;
}

}  // namespace

Result<RunState> RunState::prepare(const Plan& plan) {
  RunState state;
  if (plan.identity.kind == Identity::Kind::stand_in) {
    state.command_ids_ = {true, plan.identity.outside_uid, plan.identity.outside_gid};
  }
  if (plan.stored_home) {
    if (auto opened = state.open_home(plan); !opened) return std::move(opened).error();
  }
  if (plan.capture) {
    if (auto locked = state.lock_capture(plan.capture->directory); !locked) return std::move(locked).error();
    for (const std::string& layer : plan.capture->between) {
      if (auto shared = state.share_capture(layer); !shared) return std::move(shared).error();
    }
  }
  for (const Preparation& preparation : plan.preparations) {
    if (auto made = state.make(preparation); !made) return std::move(made).error();
  }
  for (const ViewEntry& entry : plan.view) {
    const Overlay* overlay = std::get_if<Overlay>(&entry.what);
    if (overlay == nullptr || overlay->upper.empty() || state.in_scratch(overlay->upper)) continue;
    if (plan.capture && is_below(overlay->upper, plan.capture->directory)) continue;
    if (auto locked = state.lock_layer(*overlay); !locked) return std::move(locked).error();
  }
  return state;
}

std::vector<std::string> RunState::finish() {
  std::vector<std::string> left;
  for (Scratch& scratch : scratch_) {
    if (remove_tree(scratch.path)) {
      unlink((scratch.path + ".lock").c_str());
    } else {
      left.push_back(to_text(sys_error("remove " + quote_for_display(scratch.path))) + kNextRun);
    }
  }
  scratch_.clear();
  for (HostStub& stub : stubs_) {
    if (const auto removed = stub.remove(); !removed) left.push_back(to_text(removed.error()) + kNextRun);
  }
  stubs_.clear();
  layer_locks_.clear();
  if (home_lock_ && journal_ && lock_file(home_lock_.get(), LOCK_EX | LOCK_NB)) {
    undo_journal(journal_.get(), files_.get());
  }
  home_lock_.reset();
  journal_.reset();
  return left;
}

Result<void> RunState::open_home(const Plan& plan) {
  home_ = *plan.stored_home;
  home_ids_ = command_ids_;
  if (const Bind* bind = home_bind(plan); bind != nullptr && bind->idmap) {
    home_ids_ = {true, bind->idmap->disk_uid, bind->idmap->disk_gid};
  }
  if (auto made = make_directories(home_.directory, 0700); !made) return made;
  home_lock_ = open_private(home_.directory + "/lock", 0);
  if (!home_lock_) return cannot_make(home_.directory + "/lock");
  const bool fresh = mkdir(home_.files.c_str(), 0700) == 0;
  files_ = Fd(open(home_.files.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!files_) return cannot_make(home_.files);
  if (fresh && home_ids_.differ && chown(home_.files.c_str(), home_ids_.uid, home_ids_.gid) != 0) {
    return cannot_make(home_.files);
  }
  journal_ = open_private(home_.directory + "/journal", O_APPEND);
  if (!journal_) return cannot_make(home_.directory + "/journal");
  // A killed run leaves its journal; if nobody else is in the home its mount points go now.
  if (!is_empty_file(journal_.get()) && lock_file(home_lock_.get(), LOCK_EX | LOCK_NB)) {
    undo_journal(journal_.get(), files_.get());
  }
  futimens(home_lock_.get(), nullptr);  // when it was last used, for `snug clean`
  if (!lock_file(home_lock_.get(), LOCK_SH)) return sys_error("lock " + quote_for_display(home_.directory));
  return check_format(home_.directory);
}

Result<void> RunState::make(const Preparation& preparation) {
  if (files_ && is_below(preparation.path, home_.files)) {
    if (preparation.path == home_.files) return {};
    return make_in_home(preparation, std::string_view(preparation.path).substr(home_.files.size() + 1));
  }
  if (preparation.kind == Kind::scratch) return make_scratch(preparation);
  if (preparation.kind == Kind::stub) return make_stub(preparation);
  if (preparation.kind == Kind::mirror) return use_mirror(preparation);
  if (preparation.kind == Kind::shallow_copy) return make_shallow_copy(preparation);
  if (preparation.kind != Kind::directory) {
    return Error{.what = "cannot prepare " + quote_for_display(preparation.path),
                 .why = "a plan makes files and mount points in the stored home only"};
  }
  if (auto made = make_directories(preparation.path, preparation.mode); !made) return made;
  if (in_scratch(preparation.path) && command_ids_.differ &&
      lchown(preparation.path.c_str(), command_ids_.uid, command_ids_.gid) != 0) {
    return cannot_make(preparation.path);
  }
  return {};
}

// --- in the stored home ---

Result<void> RunState::make_in_home(const Preparation& preparation, std::string_view below) {
  if (preparation.kind == Kind::scratch) {
    return Error{.what = "cannot prepare the stored home", .why = "a plan keeps scratch layers outside of it"};
  }
  if (preparation.kind == Kind::directory || preparation.kind == Kind::mount_point) {
    auto directory = home_directory(below, preparation.kind);
    return directory ? Result<void>() : Result<void>(std::move(directory).error());
  }
  const auto slash = below.rfind('/');
  auto parent = home_directory(slash == below.npos ? std::string_view{} : below.substr(0, slash),
                               preparation.kind == Kind::mount_file ? Kind::mount_point : Kind::directory);
  if (!parent) return std::move(parent).error();
  if (preparation.kind == Kind::mount_file) return make_mount_file(parent->get(), below);
  return make_skeleton_file(parent->get(), below, preparation);
}

// The whole path at once if it is there, else one component after the other.
Result<Fd> RunState::home_directory(std::string_view below, Kind kind) {
  if (Fd whole = open_beneath(files_.get(), below, O_PATH | O_DIRECTORY)) return whole;
  Fd parent = open_beneath(files_.get(), "", O_PATH | O_DIRECTORY);
  for (std::size_t end = 0; end < below.size();) {
    end = std::min(below.find('/', end + 1), below.size());
    const auto so_far = below.substr(0, end);
    Fd next = open_beneath(files_.get(), so_far, O_PATH | O_DIRECTORY);
    if (!next && errno == ENOENT) {
      if (auto made = make_home_directory(parent.get(), so_far, kind); !made) return std::move(made).error();
      next = open_beneath(files_.get(), so_far, O_PATH | O_DIRECTORY);
    }
    if (!next) return in_the_way(so_far, errno);
    parent = std::move(next);
  }
  return parent;
}

Result<void> RunState::make_home_directory(int parent, std::string_view below, Kind kind) {
  if (kind == Kind::mount_point) {
    if (auto noted = add_to_journal('d', below); !noted) return noted;
  }
  const std::string name(below.substr(below.rfind('/') + 1));
  if (mkdirat(parent, name.c_str(), 0700) != 0) return errno == EEXIST ? Result<void>() : in_the_way(below, errno);
  if (home_ids_.differ && fchownat(parent, name.c_str(), home_ids_.uid, home_ids_.gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return in_the_way(below, errno);
  }
  return {};
}

Result<void> RunState::make_mount_file(int parent, std::string_view below) {
  const std::string name(below.substr(below.rfind('/') + 1));
  struct stat status {};
  if (fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    if (S_ISLNK(status.st_mode)) return in_the_way(below, ELOOP);
    return S_ISDIR(status.st_mode) ? in_the_way(below, EISDIR) : Result<void>();
  }
  if (errno != ENOENT) return in_the_way(below, errno);
  if (auto noted = add_to_journal('f', below); !noted) return noted;
  const Fd file(openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return errno == EEXIST ? Result<void>() : in_the_way(below, errno);
  if (home_ids_.differ && fchown(file.get(), home_ids_.uid, home_ids_.gid) != 0) return in_the_way(below, errno);
  return {};
}

// Whatever stands there, even a symbolic link, is the user's and stays.
Result<void> RunState::make_skeleton_file(int parent, std::string_view below, const Preparation& preparation) {
  const std::string name(below.substr(below.rfind('/') + 1));
  const Fd file(
      openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, preparation.mode & 0777));
  if (!file) return errno == EEXIST ? Result<void>() : in_the_way(below, errno);
  const bool written = write_all(file.get(), preparation.content) &&
                       (!home_ids_.differ || fchown(file.get(), home_ids_.uid, home_ids_.gid) == 0);
  if (written) return {};
  const int code = errno;
  unlinkat(parent, name.c_str(), 0);  // half a file would count as the user's from then on
  return in_the_way(below, code);
}

Result<void> RunState::add_to_journal(char kind, std::string_view below) {
  std::string record(1, kind);
  record += below;
  record += '\0';
  // One write: records of runs that start together do not mix.
  if (write(journal_.get(), record.data(), record.size()) == static_cast<ssize_t>(record.size())) return {};
  return cannot_make(home_.directory + "/journal");
}

Error RunState::in_the_way(std::string_view below, int code) const {
  const std::string path = join(home_.files, below);
  Error error{.what = "cannot prepare the stored home", .needed_by = "filesystem.home = \"stored\""};
  if (code == ELOOP || code == EXDEV) {
    error.why = quote_for_display(path) +
                " is a symbolic link that an earlier command made, and a directory or mount there would land "
                "wherever it leads";
  } else if (code == ENOTDIR || code == EISDIR) {
    error.why = quote_for_display(path) + (code == ENOTDIR ? " is in the way: a directory is needed there"
                                                           : " is a directory: a file is needed there");
  } else {
    error.what += ": " + quote_for_display(path);
    error.code = code;
    error.fix = code == EACCES ? "chmod -R u+rwX " + quote_for_display(home_.files) : fix_of_state(code);
    return error;
  }
  error.fix = "move it away: mv " + quote_for_display(path) + " " + quote_for_display(path + ".old");
  return error;
}

// --- scratch ---

Result<void> RunState::make_scratch(const Preparation& preparation) {
  const std::string parent(parent_of(preparation.path));
  if (auto made = make_directories(parent, 0700); !made) return made;
  remove_leftovers(parent);
  auto lock = lock_scratch(preparation.path);
  if (!lock) return std::move(lock).error();
  if (!remove_tree(preparation.path)) return cannot_make(preparation.path);
  scratch_.push_back({preparation.path, std::move(*lock)});
  if (mkdir(preparation.path.c_str(), preparation.mode) != 0) return cannot_make(preparation.path);
  if (command_ids_.differ && lchown(preparation.path.c_str(), command_ids_.uid, command_ids_.gid) != 0) {
    return cannot_make(preparation.path);
  }
  return {};
}

// Runs share it; `snug clean` removes it when none has it.
Result<void> RunState::use_mirror(const Preparation& preparation) {
  const std::string all = preparation.path.substr(0, preparation.path.size() - preparation.content.size());
  Fd lock = open_private(all + "/lock", 0);
  if (!lock || !lock_file(lock.get(), LOCK_SH)) return cannot_make(all + "/lock");
  futimens(lock.get(), nullptr);  // when it was last used
  layer_locks_.push_back(std::move(lock));
  return make_mirror(preparation.content, preparation.path);
}

Result<void> RunState::make_stub(const Preparation& preparation) {
  auto stub = HostStub::make(preparation);
  if (!stub) return std::move(stub).error();
  stubs_.push_back(std::move(*stub));
  return {};
}

// Whoever only looks whether a run holds the lock has it for a moment itself.
bool lock_with_patience(int fd) {
  for (int tries = 0; tries < 10; ++tries) {
    if (lock_file(fd, LOCK_EX | LOCK_NB)) return true;
    usleep(10'000);
  }
  return false;
}

// Two mounts on one upper directory both succeed and corrupt it silently.
Result<Fd> lock_exclusively(const std::string& layer, Error (*in_use)(const std::string&, int)) {
  const std::string path = layer + "/lock";
  Fd lock = open_private(path, 0);
  if (!lock) return cannot_make(path);
  if (!lock_with_patience(lock.get())) return in_use(layer, lock.get());
  if (auto marked = write_mark(lock.get(), path, kLayerMark); !marked) return std::move(marked).error();
  return lock;
}

Result<void> RunState::lock_capture(const std::string& directory) {
  if (auto made = make_directories(directory, 0700); !made) return made;
  auto lock = lock_exclusively(directory, capture_in_use);
  if (!lock) return std::move(lock).error();
  layer_locks_.push_back(std::move(*lock));
  return {};
}

// What lies below a mounted overlay must not change (Documentation/filesystems/overlayfs.rst): nobody goes on with that
// capture, applies or discards it meanwhile, and other runs may lie over it as well.
Result<void> RunState::share_capture(const std::string& layer) {
  const auto below = capture_of_layer(layer);
  if (!below) return {};
  Fd lock = open_private(join(below->directory, "lock"), 0);
  if (!lock) return cannot_make(join(below->directory, "lock"));
  if (!lock_file(lock.get(), LOCK_SH | LOCK_NB)) return lower_in_use(below->directory, lock.get());
  layer_locks_.push_back(std::move(lock));
  return {};
}

Result<void> RunState::lock_layer(const Overlay& overlay) {
  auto lock = lock_exclusively(std::string(parent_of(overlay.upper)), layer_in_use);
  if (!lock) return std::move(lock).error();
  layer_locks_.push_back(std::move(*lock));
  if (!command_ids_.differ) return {};
  for (const std::string& directory : {overlay.upper, overlay.work}) {
    if (lchown(directory.c_str(), command_ids_.uid, command_ids_.gid) != 0) return cannot_make(directory);
  }
  return {};
}

bool RunState::in_scratch(std::string_view path) const {
  return std::any_of(scratch_.begin(), scratch_.end(),
                     [&](const Scratch& scratch) { return is_below(path, scratch.path); });
}

Result<void> claim_capture(Plan& plan) {
  if (!plan.capture || !plan.capture->is_new) return {};
  const std::string place(parent_of(plan.capture->directory));
  if (auto made = make_directories(place, 0700); !made) return made;
  while (mkdir(plan.capture->directory.c_str(), 0700) != 0) {
    if (errno != EEXIST) return cannot_make(plan.capture->directory);
    rename_capture(plan, next_capture_name({std::string(base_name(plan.capture->directory))}));
  }
  return {};
}

}  // namespace snug
