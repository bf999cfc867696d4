#include "launch/early.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "launch/child.h"
#include "launch/image.h"
#include "launch/prologue.h"
#include "launch/raw.h"
#include "launch/receive.h"
#include "launch/wording.h"
#include "sys/errno.h"
#include "sys/id_maps.h"
#include "sys/retry.h"

namespace snug {
namespace {

constexpr std::uint64_t kAlwaysNew =
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

Result<void> write_file(const std::string& path, const std::string& text) {
  const Fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || write(fd.get(), text.data(), text.size()) < 0) return sys_error("write " + path);
  return {};
}

std::string map_line(IdPair ids) { return std::to_string(ids.inside) + " " + std::to_string(ids.outside) + " 1\n"; }

}  // namespace

void EarlyChild::set_up(void* early) noexcept { child::run(static_cast<EarlyChild*>(early)->start_); }

// In the starter's process, on its own stack, in memory shared with a parent that goes on: raw calls only.
int EarlyChild::starter(void* early) noexcept {
  auto& self = *static_cast<EarlyChild*>(early);
  clone_args arguments{};
  arguments.flags = kAlwaysNew | CLONE_VM | CLONE_PARENT | CLONE_PIDFD | (self.shape_.network ? CLONE_NEWNET : 0U);
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&self.new_pidfd_);
  arguments.stack = reinterpret_cast<std::uintptr_t>(self.childs_stack_.data());
  arguments.stack_size = self.childs_stack_.size();
  self.result_ = raw::clone_onto_stack(&arguments, sizeof arguments, set_up, early);
  return 0;
}

Result<EarlyChildPtr> EarlyChild::start(const ChildShape& shape) {
  auto memory = SpecMemory::create();
  if (!memory) return memory.error();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return sys_error("make a control socket");
  EarlyChildPtr early(new EarlyChild(shape, std::move(memory).value()));
  early->control_.reset(ends[0]);
  early->childs_control_.reset(ends[1]);
  early->start_ = {.memory = early->memory_.header(),
                   .control = ends[1],
                   .parents_control = ends[0],
                   .memory_fd = early->memory_.fd(),
                   .init_image = init_image().data(),
                   .init_image_size = init_image().size(),
                   .loopback = shape.network,
                   .map_self = shape.map_self,
                   .inside_uid = shape.inside_uid,
                   .outside_uid = shape.outside_uid,
                   .inside_gid = shape.inside_gid,
                   .outside_gid = shape.outside_gid,
                   .kept_capabilities = shape.kept_capabilities};
  if (sched_getaffinity(0, sizeof early->processors_, &early->processors_) == 0) {
    early->start_.processors = &early->processors_;
    early->start_.processors_size = sizeof early->processors_;
  }
  char* top = early->starters_stack_.data() + early->starters_stack_.size();
  early->starter_ = clone(starter, top, CLONE_VM | CLONE_FILES | SIGCHLD, early.get());
  if (early->starter_ < 0) return fork_error("start a process");
  early->push_aside();
  return early;
}

// A new process is often queued behind its parent, all the more on machines that pack work onto few processors: the
// starter then began when snug blocked, 0.8 ms later in the median, and nothing overlapped. On another processor it
// begins within 0.1 ms. The child, which inherits the mask, takes the caller's back first of all.
void EarlyChild::push_aside() noexcept {
  if (start_.processors_size == 0) return;
  cpu_set_t others = processors_;
  const int here = sched_getcpu();
  if (here < 0 || here >= CPU_SETSIZE) return;
  CPU_CLR(static_cast<unsigned>(here), &others);
  if (CPU_COUNT(&others) > 0) sched_setaffinity(starter_, sizeof others, &others);
}

// A child that is gone already has said why on the same socket. One that waits for what could not be sent (ENOBUFS)
// would wait forever: it finds the end instead, and ends.
void EarlyChild::send(protocol::Command::Kind kind, std::uint32_t value) const noexcept {
  const protocol::Command command{kind, static_cast<std::int32_t>(value)};
  const ssize_t sent = ::send(control_.get(), &command, sizeof command, MSG_NOSIGNAL);
  if (sent < 0 && errno != EPIPE && errno != ECONNRESET) ::shutdown(control_.get(), SHUT_WR);
}

void EarlyChild::begin_prologue() { extend_prologue({}, {}); }

void EarlyChild::extend_prologue(std::vector<ViewEntry> likely, const std::function<bool(ViewEntry&)>& confirm) {
  const auto some_ready = [this] { send(protocol::Command::prologue, memory_.header()->prologue.count); };
  write_prologue(shape_.inside_uid, std::move(likely), confirm, some_ready, memory_);
}

void EarlyChild::do_steps() { send(protocol::Command::steps, memory_.header()->plan.count); }
void EarlyChild::do_last_steps() { send(protocol::Command::last, memory_.header()->plan.count); }

void EarlyChild::reap_starter() noexcept {
  if (starter_ < 0) return;
  reap(std::exchange(starter_, -1));
  childs_control_.reset();
  if (result_ <= 0) return;
  pid_ = static_cast<pid_t>(result_);
  pidfd_.reset(new_pidfd_);
}

Result<void> EarlyChild::finish() {
  reap_starter();
  if (pid_ < 0) return describe_clone(static_cast<int>(-result_));
  return {};
}

EarlyChild::~EarlyChild() {
  reap_starter();
  if (pidfd_) end_child(pidfd_.get());
}

namespace {

Result<void> cannot_map(Result<void> mapped) {
  if (mapped) return mapped;
  Error error = std::move(mapped).error();
  return Error{.what = "cannot map several user numbers: " + error.what,
               .code = error.code,
               .why = error.why,
               .needed_by = "subids = \"auto\"",
               .fix = "`snug doctor` says what is there; or write subids = \"none\""};
}

}  // namespace

Result<void> write_id_maps(pid_t pid, IdPair uid, IdPair gid) {
  const std::string process = "/proc/" + std::to_string(pid);
  if (auto done = write_file(process + "/uid_map", map_line(uid)); !done) return done;
  return write_file(process + "/gid_map", map_line(gid));
}

Result<void> EarlyChild::write_id_maps() const {
  if (shape_.maps) return cannot_map(snug::write_id_maps(pid_, *shape_.maps, interrupted));
  return snug::write_id_maps(pid_, {shape_.inside_uid, shape_.outside_uid}, {shape_.inside_gid, shape_.outside_gid});
}

void EarlyChild::open_accounts() {
  accounts_.reset(open(("/proc/" + std::to_string(pid_) + "/io").c_str(), O_RDONLY | O_CLOEXEC));
}

Result<void> EarlyChild::join_group(const Plan& plan) {
  auto group = ControlGroup::make(plan, pid_, interrupted);
  if (!group) return group.error();
  group_ = std::move(group).value();
  return {};
}

void EarlyChild::release_to(Sandbox& sandbox) noexcept {
  sandbox.group = std::move(group_);
  sandbox.accounts = std::move(accounts_);
  sandbox.init_pid = pid_;
  sandbox.init_pidfd = std::move(pidfd_);
  sandbox.control = std::move(control_);
}

void end_child(int pidfd) noexcept {
  syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
  siginfo_t info{};
  retry([&] { return waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED); });
}

}  // namespace snug
