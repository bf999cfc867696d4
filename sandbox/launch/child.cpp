#include "launch/child.h"

#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/if.h>
#include <linux/keyctl.h>
#include <linux/memfd.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/sockios.h>

#include "launch/message.h"
#include "launch/open.h"
#include "launch/protocol.h"
#include "launch/pty.h"
#include "launch/raw.h"

// Values whose libc and kernel headers cannot be included together.
namespace {
constexpr int kEperm = 1, kEnoent = 2, kEexist = 17, kEnotdir = 20, kEinval = 22, kEfbig = 27, kEnosys = 38;
constexpr int kSigkill = 9;
constexpr int kMntDetach = 2;
constexpr long kCharacterDevice = 0020000;
constexpr int kAfInet = 2, kSockStream = 1, kSockDgram = 2, kSockCloexec = 02000000, kBacklog = 4096;
constexpr int kAddSeals = 1033, kDupFdCloexec = 1030;
constexpr int kSealAll = 0x1 | 0x2 | 0x4 | 0x8;  // seal, shrink, grow, write
}  // namespace

namespace snug::child {
namespace {

using raw::address;
using raw::call;
using spec::Step;

// `memory` and the registers of one run. No other state.
class Interpreter {
 public:
  explicit Interpreter(const Start& start) noexcept : start_(start) {
    for (int& fd : registers_) fd = -1;
  }

  void early() noexcept;
  void obey() noexcept;
  [[noreturn]] void become_init() noexcept;

 private:
  const char* text(spec::Offset offset) const noexcept {
    return offset == 0 ? "" : reinterpret_cast<const char*>(start_.memory) + offset;
  }
  int at(const Step& step) const noexcept { return step.at < 0 ? AT_FDCWD : registers_[step.at]; }
  int use(int index) const noexcept { return registers_[index]; }
  long store(const Step& step, long fd) noexcept;

  [[noreturn]] void fail(int32_t step, long error) noexcept;
  void check_early(EarlyStep step, long result) noexcept {
    if (result < 0) fail(-1 - static_cast<int32_t>(step), result);
  }
  void check_late(LateStep step, long result) noexcept {
    if (result < 0) fail(-100 - static_cast<int32_t>(step), result);
  }

  long take_processors_back() noexcept;
  long empty_bounding_set() noexcept;
  protocol::Command wait_for_command() noexcept;
  void run_steps(spec::Offset first, int32_t count) noexcept;
  long run_step(const Step& step) noexcept;
  long make_file(const Step& step) noexcept;
  long attach(const Step& step) noexcept;
  long set_paths(const Step& step) noexcept;
  long enter_root(const Step& step) noexcept;
  long new_time(const Step& step) noexcept;
  long become(const Step& step) noexcept;
  long make_pty(const Step& step) noexcept;
  long make_pipe(const Step& step) noexcept;
  long new_network(const Step& step) noexcept;
  long tell_kernel(const Step& step) noexcept;
  long serve(const Step& step) noexcept;
  long drop_capabilities() noexcept;
  long fix_descriptors() noexcept;

  const Start& start_;
  int32_t done_ = 0;  // how many of the plan's steps, those of the prologue among them
  int registers_[spec::register_count];
  int image_ = -1;
};

long write_all(int at_fd, const char* path, int flags, unsigned mode, const char* from, size_t size) noexcept {
  const long fd = raw::openat(at_fd, path, flags | O_CLOEXEC, mode);
  if (fd < 0) return fd;
  long result = 0;
  while (size > 0 && result >= 0) {
    result = raw::write(static_cast<int>(fd), from, size);
    if (result > 0) {
      from += result;
      size -= static_cast<size_t>(result);
    }
  }
  raw::close(static_cast<int>(fd));
  return result < 0 ? result : 0;
}

// "INSIDE OUTSIDE 1" without snprintf.
size_t append_number(char* to, size_t used, uint64_t value) noexcept {
  char digits[20];
  size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count > 0) to[used++] = digits[--count];
  return used;
}

long write_map(const char* path, uint32_t inside, uint32_t outside) noexcept {
  char line[32];
  size_t used = append_number(line, 0, inside);
  line[used++] = ' ';
  used = append_number(line, used, outside);
  line[used++] = ' ';
  line[used++] = '1';
  return write_all(AT_FDCWD, path, O_WRONLY, 0, line, used);
}

long raise_loopback() noexcept {
  const long fd = call(__NR_socket, kAfInet, kSockDgram | kSockCloexec, 0);
  if (fd < 0) return fd;
  struct ifreq request {};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const long result = raw::ioctl(static_cast<int>(fd), SIOCSIFFLAGS, address(&request));
  raw::close(static_cast<int>(fd));
  return result;
}

// A sealed, executable copy of init: nothing inside the sandbox can reach snug's own binary through it.
long make_image(const void* image, size_t size) noexcept {
  long fd = call(__NR_memfd_create, address("snug-init"), MFD_CLOEXEC | MFD_ALLOW_SEALING | 0x10U /* MFD_EXEC, 6.3 */);
  if (fd == -kEinval) fd = call(__NR_memfd_create, address("snug-init"), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return fd;
  const long written = raw::write(static_cast<int>(fd), image, size);
  if (written < 0) return written;
  if (static_cast<size_t>(written) != size) return -kEfbig;
  const long sealed = call(__NR_fcntl, fd, kAddSeals, kSealAll);
  return sealed < 0 ? sealed : fd;
}

void Interpreter::fail(int32_t step, long error) noexcept {
  send_report(start_.control, {protocol::Report::step_failed, step, static_cast<int32_t>(-error)}, -1);
  raw::exit(125);
}

long Interpreter::store(const Step& step, long fd) noexcept {
  if (fd < 0) return fd;
  if (registers_[step.r] >= 0) raw::close(registers_[step.r]);
  registers_[step.r] = static_cast<int>(fd);
  return 0;
}

// EPERM, ENOSYS: a filter around snug forbids the call, and so did when the starter was to be pushed aside.
long Interpreter::take_processors_back() noexcept {
  const auto size = static_cast<long>(start_.processors_size);
  const long result = call(__NR_sched_setaffinity, 0, size, address(start_.processors));
  return result == -kEperm || result == -kEnosys ? 0 : result;
}

// Exec gives a non-root id no capability anyway; with uid 0 inside it is the bounding set that does it, empty but for
// what a root over several users' files needs. What the child itself may do does not depend on it.
long Interpreter::empty_bounding_set() noexcept {
  raw::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  for (int capability = 0; capability < 64; ++capability) {
    if ((start_.kept_capabilities >> capability & 1) != 0) continue;
    const long result = raw::prctl(PR_CAPBSET_DROP, capability);
    if (result == -kEinval) break;  // past the kernel's last one
    if (result < 0) return result;
  }
  return 0;
}

// What needs no plan: it runs while the parent still reads and thinks.
void Interpreter::early() noexcept {
  raw::close(start_.parents_control);
  if (start_.processors_size != 0) check_early(EarlyStep::processors, take_processors_back());
  check_early(EarlyStep::close_descriptors, call(__NR_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC));
  check_early(EarlyStep::parent_death, raw::prctl(PR_SET_PDEATHSIG, kSigkill));
  if (start_.map_self) {
    check_early(EarlyStep::setgroups, write_all(AT_FDCWD, "/proc/self/setgroups", O_WRONLY, 0, "deny", 4));
    check_early(EarlyStep::uid_map, write_map("/proc/self/uid_map", start_.inside_uid, start_.outside_uid));
    check_early(EarlyStep::gid_map, write_map("/proc/self/gid_map", start_.inside_gid, start_.outside_gid));
  }
  if (start_.loopback) check_early(EarlyStep::loopback, raise_loopback());
  // The caller's session keyring would be searched by the command's key requests. EPERM: a filter around snug
  // (Docker's, an outer snug's) forbids the call, and so forbids the command's requests too. ENOSYS: a kernel without
  // keys.
  const long keyring = call(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);
  if (keyring != -kEnosys && keyring != -kEperm) check_early(EarlyStep::keyring, keyring);
  check_early(EarlyStep::bounding_set, empty_bounding_set());
  const long image = make_image(start_.init_image, start_.init_image_size);
  check_early(EarlyStep::image, image);
  image_ = static_cast<int>(image);
}

// getppid() is 0 in a new pid namespace, so the parent's death before PR_SET_PDEATHSIG shows as end of file here.
protocol::Command Interpreter::wait_for_command() noexcept {
  protocol::Command command{};
  if (raw::read(start_.control, &command, sizeof command) != sizeof command) raw::exit(125);
  return command;
}

// Those of the first `count` that are not done.
void Interpreter::run_steps(spec::Offset first, int32_t count) noexcept {
  const auto* steps = reinterpret_cast<const Step*>(reinterpret_cast<const char*>(start_.memory) + first);
  while (done_ < count) {
    const Step& step = steps[done_];
    const long result = run_step(step);
    const bool absent = result == -kEnoent || result == -kEnotdir;
    if (result < 0 && (!absent || (step.flags & spec::may_be_absent) == 0)) fail(done_, result);
    done_ += result < 0 ? static_cast<int32_t>(step.skip) + 1 : 1;
  }
}

// The prologue's steps stand at the beginning of the plan's, or this child is told no more.
void Interpreter::obey() noexcept {
  using protocol::Command;
  while (true) {
    const Command command = wait_for_command();
    switch (command.kind) {
      case Command::prologue:
        run_steps(start_.memory->prologue.first, command.value);
        break;
      case Command::steps:
      case Command::last:
        run_steps(start_.memory->plan.first, command.value);
        break;
      default:
        raw::exit(125);
    }
    if (command.kind == Command::last) return;
  }
}

long Interpreter::make_file(const Step& step) noexcept {
  return write_all(at(step), text(step.text), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, static_cast<unsigned>(step.arg),
                   text(step.text2), step.arg2);
}

long Interpreter::attach(const Step& step) noexcept {
  const unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (step.text == 0 ? MOVE_MOUNT_T_EMPTY_PATH : 0U);
  return call(__NR_move_mount, use(step.r), address(""), at(step), address(text(step.text)), flags);
}

// Overlay options are paths, and only paths, before Linux 6.13; a descriptor's magic link needs no escaping.
long Interpreter::set_paths(const Step& step) noexcept {
  char value[spec::register_count * 28];
  size_t used = 0;
  for (int i = 0; i < 8; ++i) {
    const auto index = (step.arg >> (8 * i)) & 0xff;
    if (index == 0xff) break;
    if (used > 0) value[used++] = ':';
    const char prefix[] = "/proc/self/fd/";
    for (size_t c = 0; c + 1 < sizeof prefix; ++c) value[used++] = prefix[c];
    used = append_number(value, used, static_cast<uint64_t>(use(static_cast<int>(index))));
  }
  value[used] = '\0';
  return call(__NR_fsconfig, use(step.r), FSCONFIG_SET_STRING, address(text(step.text)), address(value), 0);
}

// The new root lies over the old one, so that "." is both: the old root ends up on top of it and is detached.
long Interpreter::enter_root(const Step& step) noexcept {
  if (const long result = call(__NR_fchdir, use(step.r)); result < 0) return result;
  if (const long result = call(__NR_pivot_root, address("."), address(".")); result < 0) return result;
  if (const long result = call(__NR_umount2, address("."), kMntDetach); result < 0) return result;
  return call(__NR_chdir, address("/"));
}

long Interpreter::new_time(const Step& step) noexcept {
  if (const long result = call(__NR_unshare, CLONE_NEWTIME); result < 0) return result;
  return write_all(AT_FDCWD, "/proc/self/timens_offsets", O_WRONLY, 0, text(step.text2), step.arg2);
}

long Interpreter::become(const Step& step) noexcept {
  const auto uid = static_cast<long>(step.arg);
  const auto gid = static_cast<long>(step.arg2);
  if (const long result = call(__NR_setgroups, 0, 0); result < 0) return result;
  if (const long result = call(__NR_setresgid, gid, gid, gid); result < 0) return result;
  return call(__NR_setresuid, uid, uid, uid);
}

long Interpreter::make_pty(const Step& step) noexcept {
  const auto* start = reinterpret_cast<const spec::Terminal*>(text(step.text2));
  const long slave = open_terminal(at(step), text(step.text), *start, start_.control);
  return slave < 0 ? slave : store(step, slave);
}

long Interpreter::make_pipe(const Step& step) noexcept {
  int ends[2];
  if (const long result = call(__NR_pipe2, address(ends), O_CLOEXEC); result < 0) return result;
  const int fd = static_cast<int>(step.arg);
  const int ours = fd == 0 ? ends[1] : ends[0];
  const long sent = send_report(start_.control, {protocol::Report::relay, fd, 0}, ours);
  raw::close(ours);
  return sent < 0 ? sent : store(step, fd == 0 ? ends[0] : ends[1]);
}

// Without /proc: what a socket belongs to, the kernel says by itself.
long Interpreter::new_network(const Step& step) noexcept {
  const long network = raw::ioctl(registers_[step.at], SIOCGSKNS, 0);
  if (const long result = store(step, network); result < 0) return result;
  return call(__NR_unshare, CLONE_NEWNET);
}

// The messages are handled while they are sent; the first answer is the first failure, or the acknowledgement.
long Interpreter::tell_kernel(const Step& step) noexcept {
  char* const messages = const_cast<char*>(text(step.text2));
  if (step.r >= 0) *reinterpret_cast<int*>(messages + step.arg) = use(step.r);
  const int wire = registers_[step.at];
  const long sent = raw::write(wire, messages, step.arg2);
  if (sent < 0) return sent;
  struct alignas(4) {
    struct nlmsghdr header;
    int error;
    char rest[512];
  } answer;
  const long got = raw::read(wire, &answer, sizeof answer);
  if (got < 0) return got;
  if (got < static_cast<long>(sizeof answer.header + sizeof answer.error) || answer.header.nlmsg_type != NLMSG_ERROR) {
    return -kEinval;
  }
  return answer.error;
}

long Interpreter::serve(const Step& step) noexcept {
  const auto* how = reinterpret_cast<const spec::Serve*>(text(step.text2));
  const auto* family = reinterpret_cast<const unsigned short*>(how->address);
  const long made = call(__NR_socket, *family, how->type | kSockCloexec | O_NONBLOCK, 0);
  if (made < 0) return made;
  const int fd = static_cast<int>(made);
  long result = call(__NR_bind, fd, address(how->address), how->address_size);
  if (result >= 0 && how->type == kSockStream) result = call(__NR_listen, fd, kBacklog);
  if (result >= 0) {
    result = send_report(start_.control, {protocol::Report::network, static_cast<int32_t>(how->what), how->port}, fd);
  }
  raw::close(fd);
  return result < 0 ? result : 0;
}

long Interpreter::run_step(const Step& step) noexcept {
  using spec::Op;
  switch (step.op) {
    case Op::open_source:
      return store(step, open_source(at(step), text(step.text), step.arg));
    case Op::open_target:
      return store(step, open_target(at(step), text(step.text)));
    case Op::take:
      return store(step, static_cast<long>(step.arg));
    case Op::make_dir: {
      const long result = call(__NR_mkdirat, at(step), address(text(step.text)), static_cast<long>(step.arg));
      return result == -kEexist ? 0 : result;
    }
    case Op::make_absence:
      return call(__NR_mknodat, at(step), address(text(step.text)), kCharacterDevice, 0);
    case Op::make_link:
      return call(__NR_symlinkat, address(text(step.text2)), at(step), address(text(step.text)));
    case Op::make_file:
      return make_file(step);
    case Op::write_text:
      return write_all(at(step), text(step.text), O_WRONLY, 0, text(step.text2), step.arg2);
    case Op::clone_tree:
      return store(step, call(__NR_open_tree, at(step), address(""),
                              AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | static_cast<long>(step.arg)));
    case Op::set_attributes: {
      struct mount_attr attributes {};
      attributes.attr_set = step.arg;
      attributes.propagation = 1 << 18;  // MS_PRIVATE: nothing the host mounts later appears inside
      return call(__NR_mount_setattr, at(step), address(""), AT_EMPTY_PATH | static_cast<long>(step.arg2),
                  address(&attributes), sizeof attributes);
    }
    case Op::clear_attributes: {
      struct mount_attr attributes {};
      attributes.attr_clr = step.arg;
      return call(__NR_mount_setattr, at(step), address(text(step.text)), AT_SYMLINK_NOFOLLOW, address(&attributes),
                  sizeof attributes);
    }
    case Op::attach:
      return attach(step);
    case Op::fs_open:
      return store(step, call(__NR_fsopen, address(text(step.text)), FSOPEN_CLOEXEC));
    case Op::fs_string:
      return call(__NR_fsconfig, use(step.r), FSCONFIG_SET_STRING, address(text(step.text)), address(text(step.text2)),
                  0);
    case Op::fs_flag:
      return call(__NR_fsconfig, use(step.r), FSCONFIG_SET_FLAG, address(text(step.text)), 0, 0);
    case Op::fs_paths:
      return set_paths(step);
    case Op::fs_create:
      return call(__NR_fsconfig, use(step.r), FSCONFIG_CMD_CREATE, 0, 0, 0);
    case Op::fs_mount:
      return store(step, call(__NR_fsmount, at(step), FSMOUNT_CLOEXEC, static_cast<long>(step.arg)));
    case Op::enter_root:
      return enter_root(step);
    case Op::set_hostname:
      return call(__NR_sethostname, address(text(step.text)), static_cast<long>(raw::length(text(step.text))));
    case Op::new_group:
      return call(__NR_unshare, CLONE_NEWCGROUP);
    case Op::new_time:
      return new_time(step);
    case Op::become:
      return become(step);
    case Op::make_socket:
      return store(step,
                   call(__NR_socket, static_cast<long>(step.arg), static_cast<long>(step.arg2) | kSockCloexec, 0));
    case Op::new_network:
      return new_network(step);
    case Op::enter_network:
      return call(__NR_setns, use(step.r), CLONE_NEWNET);
    case Op::tell_kernel:
      return tell_kernel(step);
    case Op::serve:
      return serve(step);
    case Op::make_pty:
      return make_pty(step);
    case Op::make_pipe:
      return make_pipe(step);
    case Op::use_stdio:
      return raw::dup3(use(step.r), static_cast<int>(step.arg), 0);
  }
  return -kEinval;
}

long Interpreter::drop_capabilities() noexcept {
  struct __user_cap_header_struct header {};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  struct __user_cap_data_struct kept[2]{};
  kept[0].permitted = kept[0].effective = static_cast<uint32_t>(start_.kept_capabilities);
  return call(__NR_capset, address(&header), address(kept));
}

// Both move out of the way first: either may already sit at the other's place.
long Interpreter::fix_descriptors() noexcept {
  const long control = call(__NR_fcntl, start_.control, kDupFdCloexec, 10);
  if (control < 0) return control;
  const long memory = call(__NR_fcntl, start_.memory_fd, kDupFdCloexec, 10);
  if (memory < 0) return memory;
  const long image = call(__NR_fcntl, image_, kDupFdCloexec, 10);
  if (image < 0) return image;
  image_ = static_cast<int>(image);
  if (const long result = raw::dup3(static_cast<int>(control), spec::control_fd, 0); result < 0) return result;
  return raw::dup3(static_cast<int>(memory), spec::memory_fd, 0);
}

void Interpreter::become_init() noexcept {
  check_late(LateStep::capabilities, drop_capabilities());
  // fix_descriptors overwrites 3 and 4, where the control socket itself may be: failures after it go to 3.
  check_late(LateStep::descriptors, fix_descriptors());
  const char* nothing[] = {nullptr};
  const long result = call(__NR_execveat, image_, address(""), address(nothing), address(nothing), AT_EMPTY_PATH);
  send_report(
      spec::control_fd,
      {protocol::Report::step_failed, -100 - static_cast<int32_t>(LateStep::exec), static_cast<int32_t>(-result)}, -1);
  raw::exit(125);
}

}  // namespace

void run(const Start& start) noexcept {
  Interpreter interpreter(start);
  interpreter.early();
  interpreter.obey();
  interpreter.become_init();
}

}  // namespace snug::child
