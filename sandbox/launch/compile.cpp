#include "launch/compile.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/mount.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/paths.h"
#include "landlock/ruleset.h"
#include "launch/protocol.h"
#include "net/link.h"
#include "sys/inet.h"
#include "sys/limits.h"

namespace snug {
namespace {

using spec::Offset;
using spec::Op;
using spec::Step;

constexpr std::uint64_t kRecursive = 0x8000;   // AT_RECURSIVE
constexpr std::uint64_t kDirectory = 0200000;  // O_DIRECTORY
constexpr std::uint64_t kSealed = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr std::uint64_t kFileAsMountPoint = 0444;
// Snug outside has killed everything by then (run/deadlines.h), unless it is stopped.
constexpr std::chrono::seconds kAfterTimeOut{15};

// What each register of the child holds.
enum Register : std::int16_t {
  root,
  empty_directory,
  empty_file,
  own_files,  // the directory that /proc covers
  source,
  tree,
  target,
  filesystem,
  terminal,
  pipe_in,
  pipe_out,
  pipe_error,
  upper,
  work,
  lower,  // lower and the seven after it
  sandbox_wire = lower + 8,
  gateway_wire,
  sandbox_network,
};

std::int16_t pipe_of(std::uint64_t fd) { return static_cast<std::int16_t>(pipe_in + static_cast<int>(fd)); }

std::string_view relative(std::string_view absolute) { return absolute.substr(1); }

// Does this kind of entry put a mount at its target?
bool is_mount(const ViewKind& what) {
  return !std::holds_alternative<File>(what) && !std::holds_alternative<Copy>(what) &&
         !std::holds_alternative<Directory>(what) && !std::holds_alternative<Symlink>(what);
}

// Is the thing at the target, once it is there, one of snug's own tmpfs, in which mount points can be made?
bool holds_mount_points(const ViewKind& what) { return std::holds_alternative<Tmpfs>(what); }

bool wants_directory(const ViewKind& what) {
  if (const auto* bind = std::get_if<Bind>(&what)) return bind->directory;
  if (const auto* mask = std::get_if<Mask>(&what)) return mask->directory;
  return !std::holds_alternative<Device>(what);
}

bool lies_over_what_is_there(const ViewKind& what) {
  return std::holds_alternative<Mask>(what) || std::holds_alternative<Seal>(what);
}

// Read-only binds are attached first and sealed by one recursive mount_setattr, together with the root.
bool is_sealed_with_root(const ViewKind& what) {
  const auto* bind = std::get_if<Bind>(&what);
  return bind != nullptr && bind->access == Access::read && bind->exec && !bind->idmap;
}

std::uint64_t attributes_of(const Bind& bind) {
  std::uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  if (bind.access == Access::read) attributes |= MOUNT_ATTR_RDONLY;
  if (!bind.exec) attributes |= MOUNT_ATTR_NOEXEC;
  return attributes;
}

// Read-only, so that not even host root inside can change the host's node; writing to the device is not affected.
std::uint64_t attributes_of(const Device&) { return MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC; }

std::uint64_t attributes_of(const Tmpfs& tmpfs) {
  return MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (tmpfs.exec ? 0 : MOUNT_ATTR_NOEXEC);
}

std::uint64_t attributes_of(const Special& special) {
  constexpr std::uint64_t plain = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  switch (special.kind) {
    case Special::Kind::devpts:
      return plain;
    case Special::Kind::cgroup2:
      return plain | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY;
    case Special::Kind::proc:
    case Special::Kind::mqueue:
      break;
  }
  return plain | MOUNT_ATTR_NODEV;
}

// What the seal of the root takes from an entry that was attached before it.
template <class T>
std::uint64_t taken_by_seal(const T&) {
  return 0;
}
std::uint64_t taken_by_seal(const Device& device) { return kSealed & ~attributes_of(device); }
std::uint64_t taken_by_seal(const Tmpfs& tmpfs) { return kSealed & ~attributes_of(tmpfs); }
std::uint64_t taken_by_seal(const Special& special) { return kSealed & ~attributes_of(special); }

}  // namespace

class Compilation::Compiler {
 public:
  Compiler(const CompileInput& input, SpecMemory& memory) : input_(input), plan_(input.plan), memory_(memory) {}

  void begin();
  Result<std::vector<StepPurpose>> finish(const std::function<void()>& some_ready);
  void write_prologue(const std::function<bool(std::size_t)>& confirmed, const std::function<void()>& some_ready);

 private:
  // --- the recipe ---
  void become_stand_in();
  void make_root();
  void set_up_usual();
  void set_up_ahead();
  void see_own_group();
  void make_own_files();
  void make_gaps(std::size_t i, const Overlay& overlay);
  void lay_out_root();
  void seal_root();
  void reopen_usual();
  void set_up(std::size_t i);
  void prepare_on_root(std::size_t i);
  void prepare_on_tmpfs(std::size_t i);
  void lay_over();
  void make_terminal();
  void set_up_stdio();
  void set_up_network();
  void connect_gateway();
  void serve_packets(protocol::NetworkSocket what);
  void serve(protocol::NetworkSocket what, int type, const Endpoint& at);
  void serve(protocol::NetworkSocket what, int type, std::uint16_t port, const void* address, std::uint32_t size);
  void enter();
  void write_landlock(spec::Init& init);
  void write_init();

  // --- entries ---
  void reserve();
  void sort_out();
  bool on_root(std::size_t i) const { return holder_[i] == npos; }
  bool in_host_content(std::size_t i) const { return !on_root(i) && !holds_mount_points(plan_.view[holder_[i]].what); }
  void make_mount_point(std::size_t i);
  void make_parents(std::size_t i);
  void make_plain(std::size_t i);
  void make_copy(const ViewEntry& entry, std::uint32_t mode);
  void make_file(std::string_view path, std::string_view content, std::uint32_t mode);
  void mount(std::size_t i);
  void mount_entry(std::size_t i, const Bind& bind);
  void mount_entry(std::size_t i, const Device& device);
  void mount_entry(std::size_t i, const Overlay& overlay);
  void mount_entry(std::size_t i, const Tmpfs& tmpfs);
  void mount_entry(std::size_t i, const Special& special);
  void mount_entry(std::size_t i, const Mask& mask);
  void mount_entry(std::size_t i, const Seal&);
  template <class T>
  void mount_entry(std::size_t, const T&) {}
  void open_host(std::size_t i, const std::string& path, Register to, std::uint64_t flags);
  void clone_host(std::size_t i, const std::string& path, std::uint64_t flags, std::uint64_t attributes);
  void attach(std::size_t i);

  // --- steps ---
  Step& add(Step step);
  void publish();
  void publish_if_many();
  void purpose(const ViewEntry* entry, const Origin* origin, const char* task);
  Offset put(std::string_view text) { return memory_.put(text); }
  Offset number(std::uint64_t value) { return put(std::to_string(value)); }
  void set_option(const char* key, Offset value) {
    add({.op = Op::fs_string, .r = filesystem, .text = put(key), .text2 = value});
  }
  void open_filesystem(const char* type) { add({.op = Op::fs_open, .r = filesystem, .text = put(type)}); }
  void mount_filesystem(std::uint64_t attributes, Register to) {
    add({.op = Op::fs_create, .r = filesystem});
    add({.op = Op::fs_mount, .r = to, .at = filesystem, .arg = attributes});
  }
  void open_tmpfs(const Tmpfs& tmpfs);

  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  const CompileInput& input_;
  const Plan& plan_;
  SpecMemory& memory_;
  std::vector<Step> steps_;  ///< not published yet
  const std::function<void()>* some_ready_ = nullptr;
  std::optional<Error> failed_copy_;
  std::vector<StepPurpose> purposes_;
  std::vector<std::size_t> holder_;            ///< by entry: the entry whose mount its target lies in; npos: the root
  std::vector<bool> usual_;                    ///< by entry: set up first of all
  std::vector<bool> ahead_;                    ///< by entry: set up next
  std::vector<bool> sealed_;                   ///< by entry, if not usual: attached before the root is sealed
  std::unordered_set<std::string_view> made_;  ///< views into the plan's targets
};

Step& Compilation::Compiler::add(Step step) {
  step.origin = static_cast<std::uint32_t>(purposes_.size() - 1);
  return steps_.emplace_back(step);
}

// From here on they are not changed any more.
void Compilation::Compiler::publish() {
  memory_.add_steps(steps_);
  steps_.clear();
  if (some_ready_ != nullptr && !memory_.full()) (*some_ready_)();
}

// Telling the child takes as long as compiling twenty.
void Compilation::Compiler::publish_if_many() {
  if (steps_.size() >= 128) publish();
}

void Compilation::Compiler::purpose(const ViewEntry* entry, const Origin* origin, const char* task) {
  purposes_.push_back({entry, origin, task});
}

// --- order ---------------------------------------------------------------------------------------------

// No entry takes more than about four purposes; what comes on top is about the same for any plan.
void Compilation::Compiler::reserve() {
  const std::size_t entries = plan_.view.size();
  steps_.reserve(512);
  purposes_.reserve(4 * entries + 32);
  made_.reserve(2 * entries);
}

// What lies below an entry follows it directly, so that the entries around one are those still open before it.
void Compilation::Compiler::sort_out() {
  const std::vector<ViewEntry>& view = plan_.view;
  holder_.reserve(view.size());
  usual_.reserve(view.size());
  ahead_.reserve(view.size());
  sealed_.reserve(view.size());
  std::vector<std::size_t> around;  // mounts and directories, the outermost first
  for (std::size_t i = 0; i < view.size(); ++i) {
    const ViewEntry& entry = view[i];
    while (!around.empty() && !is_below(entry.target, view[around.back()].target)) around.pop_back();
    const auto mount =
        std::find_if(around.rbegin(), around.rend(), [&](std::size_t n) { return is_mount(view[n].what); });
    const std::size_t holder = mount == around.rend() ? npos : *mount;
    holder_.push_back(holder);
    // Only if all around it is: a directory of its own mode must be made before anything in it.
    const bool nothing_before = around.empty() || usual_[around.back()];
    usual_.push_back(entry.usual && nothing_before);
    ahead_.push_back(entry.ahead && nothing_before && is_sealed_with_root(entry.what) &&
                     (holder == npos || holds_mount_points(view[holder].what)));
    const bool below_sealed = holder == npos || sealed_[holder];
    sealed_.push_back(!usual_[i] && below_sealed &&
                      (is_sealed_with_root(entry.what) || (!is_mount(entry.what) && holder == npos)));
    if (is_mount(entry.what) || std::holds_alternative<Directory>(entry.what)) around.push_back(i);
  }
}

// --- mount points ----------------------------------------------------------------------------------------

void Compilation::Compiler::make_parents(std::size_t i) {
  const std::string_view path = plan_.view[i].target;
  const std::size_t start = on_root(i) ? 0 : plan_.view[holder_[i]].target.size();
  for (std::size_t end = path.find('/', start + 1); end != path.npos; end = path.find('/', end + 1)) {
    const std::string_view parent = path.substr(0, end);
    if (!made_.insert(parent).second) continue;
    add({.op = Op::make_dir, .at = root, .text = put(relative(parent)), .arg = 0755});
  }
}

void Compilation::Compiler::make_mount_point(std::size_t i) {
  const ViewEntry& entry = plan_.view[i];
  if (in_host_content(i)) return;  // must exist: open_target says so if it does not
  make_parents(i);
  if (!made_.insert(entry.target).second) return;
  const Offset path = put(relative(entry.target));
  if (wants_directory(entry.what)) {
    add({.op = Op::make_dir, .at = root, .text = path, .arg = 0755});
  } else {
    add({.op = Op::make_file, .at = root, .text = path, .arg = kFileAsMountPoint});
  }
}

void Compilation::Compiler::make_file(std::string_view path, std::string_view content, std::uint32_t mode) {
  add({.op = Op::make_file,
       .at = root,
       .text = put(relative(path)),
       .text2 = put(content),
       .arg = mode,
       .arg2 = content.size()});
}

// The first that fails counts; the child is ended anyway.
void Compilation::Compiler::make_copy(const ViewEntry& entry, std::uint32_t mode) {
  if (failed_copy_) return;
  const auto content = input_.copy(entry);
  if (!content) {
    failed_copy_ = content.error();
  } else if (*content) {
    make_file(entry.target, **content, mode);
  }
}

void Compilation::Compiler::make_plain(std::size_t i) {
  const ViewEntry& entry = plan_.view[i];
  const Offset path = put(relative(entry.target));
  if (const auto* file = std::get_if<File>(&entry.what)) {
    make_file(entry.target, file->content, file->mode);
  } else if (const auto* copy = std::get_if<Copy>(&entry.what)) {
    make_copy(entry, copy->mode);
  } else if (const auto* directory = std::get_if<Directory>(&entry.what)) {
    made_.insert(entry.target);
    add({.op = Op::make_dir, .at = root, .text = path, .arg = directory->mode});
  } else if (const auto* link = std::get_if<Symlink>(&entry.what)) {
    add({.op = Op::make_link, .at = root, .text = path, .text2 = put(link->to)});
  }
}

// --- mounts ----------------------------------------------------------------------------------------------

void Compilation::Compiler::open_host(std::size_t i, const std::string& path, Register to, std::uint64_t flags) {
  if (const auto found = input_.prepared.find(i); found != input_.prepared.end()) {
    add({.op = Op::take, .r = to, .arg = static_cast<std::uint64_t>(found->second)});
  } else {
    add({.op = Op::open_source, .r = to, .at = spec::cwd, .text = put(path), .arg = flags});
  }
}

// A prepared source is a detached mount already.
void Compilation::Compiler::clone_host(std::size_t i, const std::string& path, std::uint64_t flags,
                                       std::uint64_t attributes) {
  const bool prepared = input_.prepared.contains(i);
  open_host(i, path, prepared ? tree : source, flags);
  if (!prepared) add({.op = Op::clone_tree, .r = tree, .at = source, .arg = kRecursive});
  if (!sealed_[i]) add({.op = Op::set_attributes, .at = tree, .arg = attributes, .arg2 = kRecursive});
}

void Compilation::Compiler::attach(std::size_t i) {
  const ViewEntry& entry = plan_.view[i];
  if (!in_host_content(i)) {
    add({.op = Op::attach, .r = tree, .at = root, .text = put(relative(entry.target))});
    return;
  }
  // The path leads through directories others may write: no symbolic link on the way is followed.
  add({.op = Op::open_target, .r = target, .at = root, .text = put(relative(entry.target))});
  add({.op = Op::attach, .r = tree, .at = target});
}

void Compilation::Compiler::mount_entry(std::size_t i, const Bind& bind) {
  clone_host(i, bind.source, bind.directory ? kDirectory : 0, attributes_of(bind));
  attach(i);
}

void Compilation::Compiler::mount_entry(std::size_t i, const Device& device) {
  clone_host(i, device.source, 0, attributes_of(device));
  attach(i);
}

void Compilation::Compiler::mount_entry(std::size_t i, const Overlay& overlay) {
  std::uint64_t lowers = ~std::uint64_t{0};
  std::size_t count = 0;
  const auto add_lower = [&] {
    const auto where = static_cast<Register>(lower + static_cast<int>(count));
    lowers &= ~(std::uint64_t{0xff} << (8 * count));
    lowers |= static_cast<std::uint64_t>(where) << (8 * count++);
    return where;
  };
  if (!overlay.gaps.empty()) add({.op = Op::open_target, .r = add_lower(), .at = own_files, .text = number(i)});
  for (const std::string& path : overlay.lowers) {
    add({.op = Op::open_source, .r = add_lower(), .at = spec::cwd, .text = put(path), .arg = kDirectory});
  }
  add({.op = Op::open_source, .r = upper, .at = spec::cwd, .text = put(overlay.upper), .arg = kDirectory});
  add({.op = Op::open_source, .r = work, .at = spec::cwd, .text = put(overlay.work), .arg = kDirectory});
  const auto only = [](Register r) { return ~std::uint64_t{0xff} | static_cast<std::uint64_t>(r); };
  open_filesystem("overlay");
  add({.op = Op::fs_paths, .r = filesystem, .text = put("lowerdir"), .arg = lowers});
  add({.op = Op::fs_paths, .r = filesystem, .text = put("upperdir"), .arg = only(upper)});
  add({.op = Op::fs_paths, .r = filesystem, .text = put("workdir"), .arg = only(work)});
  add({.op = Op::fs_flag, .r = filesystem, .text = put("userxattr")});
  if (overlay.unsynced) add({.op = Op::fs_flag, .r = filesystem, .text = put("volatile")});
  // In a capture the time of reading that a copy took along from the host's file tells it from a new file; see
  // changes/host_links.h.
  const std::uint64_t atime = overlay.unsynced ? MOUNT_ATTR_NOATIME : 0;
  mount_filesystem(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | atime, tree);
  attach(i);
}

void Compilation::Compiler::open_tmpfs(const Tmpfs& tmpfs) {
  char mode[8] = {};
  for (int digit = 0; digit < 4; ++digit) mode[digit] = static_cast<char>('0' + ((tmpfs.mode >> (9 - 3 * digit)) & 7));
  open_filesystem("tmpfs");
  set_option("size", number(tmpfs.size));
  set_option("nr_inodes", number(tmpfs.inodes));
  set_option("mode", put(mode));
}

void Compilation::Compiler::mount_entry(std::size_t i, const Tmpfs& tmpfs) {
  open_tmpfs(tmpfs);
  mount_filesystem(attributes_of(tmpfs), tree);
  attach(i);
}

void Compilation::Compiler::mount_entry(std::size_t i, const Special& special) {
  switch (special.kind) {
    case Special::Kind::proc:
      open_filesystem("proc");
      break;
    case Special::Kind::devpts:
      open_filesystem("devpts");
      set_option("ptmxmode", put("0666"));
      set_option("mode", put("0620"));
      break;
    case Special::Kind::mqueue:
      open_filesystem("mqueue");
      break;
    case Special::Kind::cgroup2:
      open_filesystem("cgroup2");
      break;
  }
  mount_filesystem(attributes_of(special), tree);
  attach(i);
  if (special.kind == Special::Kind::proc && !plan_.namespaces.nested) {
    purpose(nullptr, nullptr, "forbid further user namespaces");
    add({.op = Op::write_text,
         .at = root,
         .text = put(std::string(relative(plan_.view[i].target)) + "/sys/user/max_user_namespaces"),
         .text2 = put("0"),
         .arg2 = 1});
  }
}

void Compilation::Compiler::mount_entry(std::size_t i, const Mask& mask) {
  add({.op = Op::open_target, .r = target, .at = root, .text = put(relative(plan_.view[i].target))});
  const bool own = !mask.content.empty();
  if (own) add({.op = Op::open_target, .r = source, .at = own_files, .text = number(i)});
  add({.op = Op::clone_tree, .r = tree, .at = own ? source : mask.directory ? empty_directory : empty_file});
  add({.op = Op::attach, .r = tree, .at = target});
}

void Compilation::Compiler::mount_entry(std::size_t i, const Seal&) {
  add({.op = Op::open_target, .r = target, .at = root, .text = put(relative(plan_.view[i].target))});
  add({.op = Op::clone_tree, .r = tree, .at = target, .arg = kRecursive});
  add({.op = Op::set_attributes, .at = tree, .arg = kSealed, .arg2 = kRecursive});
  add({.op = Op::attach, .r = tree, .at = target});
}

// An optional entry whose first step finds nothing skips the rest of its steps.
void Compilation::Compiler::mount(std::size_t i) {
  const ViewEntry& entry = plan_.view[i];
  purpose(&entry, &entry.origin, "");
  const std::size_t first = steps_.size();
  if (is_mount(entry.what)) {
    std::visit([&](const auto& what) { mount_entry(i, what); }, entry.what);
  } else {
    make_plain(i);
  }
  if (!entry.optional || steps_.size() == first) return;
  steps_[first].flags = spec::may_be_absent;
  steps_[first].skip = static_cast<std::uint32_t>(steps_.size() - first - 1);
}

// --- the recipe --------------------------------------------------------------------------------------------

// First of all: nothing may be made in a file system by an id that has no name inside.
void Compilation::Compiler::become_stand_in() {
  if (plan_.identity.kind != Identity::Kind::stand_in) return;
  purpose(nullptr, &plan_.identity.origin, "change to the stand-in user");
  add({.op = Op::become, .arg = plan_.identity.inside_uid, .arg2 = plan_.identity.inside_gid});
}

// The new root lies over "/": the one directory every host has. Lookups of sources still start below it.
void Compilation::Compiler::make_root() {
  purpose(nullptr, nullptr, "make the root");
  open_tmpfs(plan_.root.tmpfs);
  mount_filesystem(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, root);
  add({.op = Op::attach, .r = root, .at = spec::cwd, .text = put("/")});
  // What `hide` shows: clones of an empty directory and file, which /proc will cover. (Without a name at all they
  // could not be attached: ENOENT on 6.18.)
  made_.insert("/proc");
  add({.op = Op::make_dir, .at = root, .text = put("proc"), .arg = 0755});
  add({.op = Op::make_dir, .at = root, .text = put("proc/directory"), .arg = 0});
  add({.op = Op::make_file, .at = root, .text = put("proc/file"), .arg = 0});
  add({.op = Op::open_target, .r = empty_directory, .at = root, .text = put("proc/directory")});
  add({.op = Op::open_target, .r = empty_file, .at = root, .text = put("proc/file")});
  add({.op = Op::open_target, .r = own_files, .at = root, .text = put("proc")});
}

// Before everything that a profile or the host decides, so that any two plans begin alike as far as they are alike.
void Compilation::Compiler::set_up_usual() {
  for (std::size_t i = 0; i < plan_.view.size(); ++i) {
    if (usual_[i]) set_up(i);
  }
}

// A long list of binds is known before the plan is, and takes longer than all else.
void Compilation::Compiler::set_up_ahead() {
  for (std::size_t i = 0; i < plan_.view.size(); ++i) {
    if (ahead_[i]) set_up(i);
  }
}

// What masks show instead of nothing: files named by their entry, beside the two above.
void Compilation::Compiler::make_own_files() {
  for (std::size_t i = 0; i < plan_.view.size(); ++i) {
    if (const auto* overlay = std::get_if<Overlay>(&plan_.view[i].what)) make_gaps(i, *overlay);
    const auto* mask = std::get_if<Mask>(&plan_.view[i].what);
    if (mask == nullptr || mask->content.empty()) continue;
    purpose(&plan_.view[i], &plan_.view[i].origin, "");
    add({.op = Op::make_file,
         .at = own_files,
         .text = number(i),
         .text2 = put(mask->content),
         .arg = kFileAsMountPoint,
         .arg2 = mask->content.size()});
  }
}

// The uppermost layer of what the overlay lies over: directories as they are there, and marks that nothing is.
void Compilation::Compiler::make_gaps(std::size_t i, const Overlay& overlay) {
  if (overlay.gaps.empty()) return;
  purpose(&plan_.view[i], &plan_.view[i].origin, "");
  const std::string top = std::to_string(i);
  add({.op = Op::make_dir, .at = own_files, .text = put(top), .arg = 0700});
  for (const Gap& gap : overlay.gaps) {
    const Offset path = put(join(top, gap.path));
    if (gap.on_the_way) {
      add({.op = Op::make_dir, .at = own_files, .text = path, .arg = gap.mode | 0700});
    } else {
      add({.op = Op::make_absence, .at = own_files, .text = path});
    }
  }
}

void Compilation::Compiler::lay_out_root() {
  for (std::size_t i = 0; i < plan_.view.size(); ++i) {
    if (usual_[i] || ahead_[i]) continue;
    const ViewEntry& entry = plan_.view[i];
    purpose(&entry, &entry.origin, "");
    if (on_root(i)) prepare_on_root(i);
    if (sealed_[i]) mount(i);
    publish_if_many();
  }
}

void Compilation::Compiler::seal_root() {
  purpose(nullptr, nullptr, "make the root read-only");
  add({.op = Op::set_attributes, .at = root, .arg = kSealed, .arg2 = kRecursive});
}

// They lay on the root when it was sealed.
void Compilation::Compiler::reopen_usual() {
  for (std::size_t i = 0; i < plan_.view.size(); ++i) {
    if (!usual_[i]) continue;
    const ViewEntry& entry = plan_.view[i];
    const std::uint64_t taken = std::visit([](const auto& what) { return taken_by_seal(what); }, entry.what);
    if (taken == 0) continue;
    purpose(&entry, &entry.origin, "");
    add({.op = Op::clear_attributes, .at = root, .text = put(relative(entry.target)), .arg = taken});
  }
}

void Compilation::Compiler::prepare_on_root(std::size_t i) {
  if (is_mount(plan_.view[i].what)) {
    make_mount_point(i);
  } else {
    make_parents(i);
  }
}

void Compilation::Compiler::prepare_on_tmpfs(std::size_t i) {
  const ViewEntry& entry = plan_.view[i];
  if (is_mount(entry.what) && !lies_over_what_is_there(entry.what)) {
    make_mount_point(i);
  } else {
    make_parents(i);
  }
}

void Compilation::Compiler::set_up(std::size_t i) {
  const ViewEntry& entry = plan_.view[i];
  purpose(&entry, &entry.origin, "");
  if (on_root(i)) {
    prepare_on_root(i);
  } else if (!in_host_content(i)) {
    prepare_on_tmpfs(i);
  }
  mount(i);
}

void Compilation::Compiler::lay_over() {
  for (std::size_t i = 0; i < plan_.view.size(); ++i) {
    if (usual_[i] || ahead_[i] || sealed_[i]) continue;
    const ViewEntry& entry = plan_.view[i];
    purpose(&entry, &entry.origin, "");
    if (!on_root(i) && !in_host_content(i)) prepare_on_tmpfs(i);
    mount(i);
    publish_if_many();
  }
}

void Compilation::Compiler::make_terminal() {
  const PtyStart& pty = input_.pty;
  spec::Terminal start{.rows = pty.rows, .columns = pty.columns, .x_pixels = pty.x_pixels, .y_pixels = pty.y_pixels};
  std::memcpy(start.modes, &pty.modes, sizeof start.modes);
  add({.op = Op::make_pty,
       .r = terminal,
       .at = root,
       .text = put("dev/pts/ptmx"),
       .text2 = memory_.put(&start, sizeof start)});
}

// One terminal for all descriptors that were one; the caller's terminal never gets inside.
void Compilation::Compiler::set_up_stdio() {
  purpose(nullptr, nullptr, "make the sandbox's terminal");
  const auto& stdio = input_.stdio;
  if (std::find(stdio.begin(), stdio.end(), StdioMode::pty) != stdio.end()) make_terminal();
  for (std::uint64_t fd = 0; fd < 3; ++fd) {
    if (stdio[fd] == StdioMode::relay) add({.op = Op::make_pipe, .r = pipe_of(fd), .arg = fd});
  }
  for (std::uint64_t fd = 0; fd < 3; ++fd) {
    if (stdio[fd] == StdioMode::pty) add({.op = Op::use_stdio, .r = terminal, .arg = fd});
    if (stdio[fd] == StdioMode::relay) add({.op = Op::use_stdio, .r = pipe_of(fd), .arg = fd});
    if (stdio[fd] == StdioMode::as_stdout) add({.op = Op::use_stdio, .r = pipe_of(1), .arg = fd});
  }
}

// Nothing of it stays with the sandbox: its network is what the messages made, and the sockets are sent out.
void Compilation::Compiler::set_up_network() {
  if (plan_.filter) connect_gateway();
  if (!plan_.name_service) return;
  purpose(nullptr, &plan_.network.origin, "serve names in the sandbox");
  const IpAddress loopback = IpAddress::v4(0x7f000001);
  const Endpoint names{loopback, 53};
  serve(protocol::name_datagrams, SOCK_DGRAM, names);
  if (plan_.filter) serve(protocol::name_listener, SOCK_STREAM, names);
  for (const auto& port : plan_.host_ports) {
    purpose(nullptr, &port.origin, "serve a port of the host in the sandbox");
    serve(protocol::host_port, SOCK_STREAM, {loopback, port.value});
  }
}

void Compilation::Compiler::connect_gateway() {
  purpose(nullptr, &plan_.network.origin, "make the filtered network");
  const LinkMessages messages = link_messages(input_.ipv6, tells_of_joined_datagrams());
  add({.op = Op::make_socket, .r = sandbox_wire, .arg = AF_NETLINK, .arg2 = SOCK_RAW});
  add({.op = Op::new_network, .r = sandbox_network, .at = sandbox_wire});
  add({.op = Op::make_socket, .r = gateway_wire, .arg = AF_NETLINK, .arg2 = SOCK_RAW});
  add({.op = Op::tell_kernel,
       .r = sandbox_network,
       .at = gateway_wire,
       .text2 = memory_.put(messages.gateway.data(), messages.gateway.size()),
       .arg = messages.place_of_sandbox,
       .arg2 = messages.gateway.size()});
  serve_packets(protocol::knocks);
  serve_packets(protocol::datagrams);
  add({.op = Op::enter_network, .r = sandbox_network});
  add({.op = Op::tell_kernel,
       .r = -1,
       .at = sandbox_wire,
       .text2 = memory_.put(messages.sandbox.data(), messages.sandbox.size()),
       .arg2 = messages.sandbox.size()});
}

void Compilation::Compiler::serve(protocol::NetworkSocket what, int type, const Endpoint& at) {
  const SocketAddress address = to_socket_address(at);
  serve(what, type, at.port, &address.storage, address.size);
}

void Compilation::Compiler::serve_packets(protocol::NetworkSocket what) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = kLinkNumber;
  serve(what, SOCK_RAW, 0, &address, sizeof address);
}

void Compilation::Compiler::serve(protocol::NetworkSocket what, int type, std::uint16_t port, const void* address,
                                  std::uint32_t size) {
  spec::Serve how{.what = what, .type = static_cast<std::uint16_t>(type), .port = port, .address_size = size};
  std::memcpy(how.address, address, size);
  add({.op = Op::serve, .text2 = memory_.put(&how, sizeof how)});
}

// Its namespace was made before it was put into its group, and shows where that lies.
void Compilation::Compiler::see_own_group() {
  if (!plan_.limits.group) return;
  purpose(nullptr, nullptr, "make a cgroup namespace");
  add({.op = Op::new_group});
}

void Compilation::Compiler::enter() {
  if (plan_.namespaces.time) {
    purpose(nullptr, nullptr, "set the clock offsets");
    const auto line = [](const char* clock, std::chrono::nanoseconds offset) {
      const auto seconds = std::chrono::floor<std::chrono::seconds>(offset);
      return std::string(clock) + " " + std::to_string(seconds.count()) + " " +
             std::to_string((offset - seconds).count()) + "\n";
    };
    const std::string offsets =
        line("monotonic", plan_.namespaces.monotonic) + line("boottime", plan_.namespaces.boottime);
    add({.op = Op::new_time, .text2 = put(offsets), .arg2 = offsets.size()});
  }
  purpose(nullptr, nullptr, "enter the root");
  add({.op = Op::enter_root, .r = root});
  purpose(nullptr, &plan_.hostname.origin, "set the host name");
  add({.op = Op::set_hostname, .text = put(plan_.hostname.value)});
}

std::vector<spec::Rlimit> rlimits_of(const Plan& plan) {
  std::vector<spec::Rlimit> limits;
  for (const RlimitPlan& limit : plan.rlimits) {
    const auto resource = resource_named(limit.name);
    if (!resource) continue;  // the parser has refused any other name
    limits.push_back(
        {.resource = *resource, .at_most = limit.at_most ? 1U : 0U, .soft = limit.soft, .hard = limit.hard});
  }
  return limits;
}

std::vector<std::string_view> views(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

void Compilation::Compiler::write_landlock(spec::Init& init) {
  const LandlockRuleset ruleset = make_ruleset(plan_, plan_.landlock_abi);
  if (ruleset.empty()) return;
  const std::uint64_t attributes[] = {ruleset.handled_fs, ruleset.handled_net, ruleset.scoped};
  init.landlock_attributes = memory_.put(attributes, sizeof attributes);
  init.landlock_attributes_size = sizeof attributes;
  std::vector<spec::LandlockPath> paths;
  paths.reserve(ruleset.rules.size());
  for (const LandlockRule& rule : ruleset.rules) {
    paths.push_back({.path = put(rule.path), .optional = rule.optional ? 1U : 0U, .allowed = rule.allowed});
  }
  init.landlock_paths = memory_.put_array(paths);
  init.landlock_path_count = static_cast<std::uint32_t>(paths.size());
}

void Compilation::Compiler::write_init() {
  spec::Init& init = memory_.header()->init;
  const CommandPlan& command = plan_.command;
  std::vector<std::string> variables;
  for (const Variable& variable : plan_.environment) variables.push_back(variable.name + "=" + variable.value);
  init.argv = memory_.put_pointers(views(command.argv));
  init.envp = memory_.put_pointers(views(variables));
  init.candidates = memory_.put_pointers(views(command.candidates));
  std::vector<std::string_view> shell = {"/bin/sh", ""};
  for (std::size_t i = 1; i < command.argv.size(); ++i) shell.push_back(command.argv[i]);
  init.shell_argv = memory_.put_pointers(shell);
  init.workdir = put(command.workdir);
  init.signal_mask = input_.signal_mask;
  init.foreground = input_.pty.foreground ? 1 : 0;
  for (unsigned fd = 0; fd < 3; ++fd) {
    if (input_.stdio[fd] == StdioMode::pty) init.has_pty |= 1U << fd;
    if (input_.stdio[fd] == StdioMode::closed) init.closed_fds |= 1U << fd;
  }
  const auto limits = rlimits_of(plan_);
  const bool held_by_each = (plan_.limits.memory && !plan_.limits.memory->by_group) ||
                            (plan_.limits.processes && !plan_.limits.processes->by_group);
  init.counts = plan_.measured || held_by_each ? 1 : 0;
  init.stays = plan_.measured || plan_.limits.group ? 1 : 0;
  if (plan_.timeout) init.last_moment = static_cast<std::uint64_t>((plan_.timeout->value + kAfterTimeOut).count());
  init.rlimits = memory_.put_array(limits);
  init.rlimit_count = static_cast<std::uint32_t>(limits.size());
  if (!input_.processors.empty()) {
    init.processors = memory_.put(input_.processors.data(), input_.processors.size());
    init.processors_size = static_cast<std::uint32_t>(input_.processors.size());
  }
  write_landlock(init);
  if (!input_.filter.empty()) {
    init.filter = memory_.put(input_.filter.data(), input_.filter.size());
    init.filter_reports = input_.filter_reports ? 1 : 0;
    init.filter_length = static_cast<std::uint32_t>(input_.filter.size() / sizeof(sock_filter));
  }
}

void Compilation::Compiler::begin() {
  reserve();
  sort_out();
  become_stand_in();
  make_root();
  set_up_usual();
  set_up_ahead();
  publish();
}

Result<std::vector<StepPurpose>> Compilation::Compiler::finish(const std::function<void()>& some_ready) {
  some_ready_ = &some_ready;
  see_own_group();
  make_own_files();
  lay_out_root();
  seal_root();
  reopen_usual();
  lay_over();
  set_up_stdio();
  set_up_network();
  enter();
  write_init();
  publish();
  memory_.finish();
  if (failed_copy_) return *std::move(failed_copy_);
  if (memory_.full()) return Error{.what = "the command line, environment and mounts together exceed 64 MiB"};
  return std::move(purposes_);
}

// The recipe's beginning, put elsewhere. Written once more with entries to set up ahead, it begins as it did: that much
// is there, and may have been done.
void Compilation::Compiler::write_prologue(const std::function<bool(std::size_t)>& confirmed,
                                           const std::function<void()>& some_ready) {
  const auto publish = [&](std::size_t from) {
    memory_.add_prologue_steps(std::span(steps_).subspan(from));
    steps_.clear();
    if (!memory_.full()) some_ready();
  };
  reserve();
  sort_out();
  become_stand_in();
  make_root();
  set_up_usual();
  publish(std::min<std::size_t>(memory_.header()->prologue.count, steps_.size()));
  for (std::size_t i = 0; i < plan_.view.size(); ++i) {
    if (!ahead_[i] || !confirmed(i)) continue;
    set_up(i);
    if (steps_.size() >= 128) publish(0);
  }
  if (!steps_.empty()) publish(0);
}

Compilation::Compilation(const CompileInput& input, SpecMemory& memory)
    : compiler_(std::make_unique<Compiler>(input, memory)) {}

Compilation::~Compilation() = default;

void Compilation::begin() { compiler_->begin(); }

void Compilation::write_prologue(const std::function<bool(std::size_t)>& confirmed,
                                 const std::function<void()>& some_ready) {
  compiler_->write_prologue(confirmed, some_ready);
}

Result<std::vector<StepPurpose>> Compilation::finish(const std::function<void()>& some_ready) {
  return compiler_->finish(some_ready);
}

}  // namespace snug
