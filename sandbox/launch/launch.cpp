#include "launch/launch.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <span>
#include <vector>

#include "launch/compile.h"
#include "launch/early.h"
#include "launch/prologue.h"
#include "launch/protocol.h"
#include "launch/receive.h"
#include "launch/sources.h"
#include "launch/wording.h"
#include "plan/words.h"
#include "seccomp/filter.h"
#include "sys/errno.h"
#include "sys/inet.h"

namespace snug {
namespace {

LaunchOutcome failed(Error error, int exit_status = 125) {
  LaunchOutcome outcome;
  outcome.error = LaunchError{std::move(error), exit_status};
  return outcome;
}

/// What root inside needs for files and processes of several users: to give them away, to get past their modes, to
/// become those users and to end what runs as them.
std::uint64_t rights_over_users() {
  std::uint64_t bits = 0;
  for (const int capability : {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_KILL, CAP_SETGID, CAP_SETUID}) {
    bits |= std::uint64_t{1} << capability;
  }
  return bits;
}

ChildShape shape_of(const Plan& plan) {
  const Identity& identity = plan.identity;
  return {.network = plan.namespaces.network,
          .map_self = identity.kind != Identity::Kind::stand_in && !identity.maps,
          .inside_uid = identity.inside_uid,
          .outside_uid = identity.outside_uid,
          .inside_gid = identity.inside_gid,
          .outside_gid = identity.outside_gid,
          .maps = identity.maps ? std::optional(identity.maps->value) : std::nullopt,
          .kept_capabilities = identity.owns_all ? rights_over_users() : 0};
}

std::uint64_t kernel_mask(const sigset_t* chosen) {
  sigset_t set;
  sigprocmask(SIG_BLOCK, nullptr, &set);
  if (chosen != nullptr) set = *chosen;
  std::uint64_t mask = 0;
  std::memcpy(&mask, &set, sizeof mask);
  return mask;
}

Error describe_failed_step(const protocol::Report& report, const SpecMemory& memory,
                           const std::vector<StepPurpose>& purposes) {
  if (report.a <= -100) return describe_late(static_cast<child::LateStep>(-100 - report.a), report.b);
  if (report.a < 0) return describe_early(static_cast<child::EarlyStep>(-1 - report.a), report.b);
  const spec::Step& step = memory.steps(memory.header()->plan)[static_cast<std::size_t>(report.a)];
  return describe_step(step.op, purposes[step.origin], report.b);
}

// A child that has done nothing yet instead of the guessed one, which ends while the new one's namespaces are made.
Result<void> replace(EarlyChildPtr& child, const ChildShape& shape) {
  auto started = EarlyChild::start(shape);
  if (!started) return started.error();
  child = std::move(started).value();
  return {};
}

std::unique_ptr<Compilation> begin_compilation(const CompileInput& input, EarlyChild& child) {
  auto compilation = std::make_unique<Compilation>(input, child.memory());
  compilation->begin();
  return compilation;
}

void keep(GatewaySockets& sockets, const protocol::Report& report, Fd socket) {
  switch (static_cast<protocol::NetworkSocket>(report.a)) {
    case protocol::host_port:
      sockets.host_ports.push_back({static_cast<std::uint16_t>(report.b), std::move(socket)});
      break;
    case protocol::knocks:
      sockets.knocks = std::move(socket);
      break;
    case protocol::datagrams:
      sockets.datagrams = std::move(socket);
      break;
    case protocol::name_datagrams:
      sockets.name_datagrams = std::move(socket);
      break;
    case protocol::name_listener:
      sockets.name_listener = std::move(socket);
      break;
  }
}

/// So many of those this process may use, and not the first ones for every run.
cpu_set_t some_processors(std::uint64_t wanted) {
  cpu_set_t all, some;
  CPU_ZERO(&some);
  if (sched_getaffinity(0, sizeof all, &all) < 0) CPU_ZERO(&all);
  const auto number = static_cast<std::uint64_t>(CPU_COUNT(&all));
  std::uint64_t place = static_cast<std::uint64_t>(getpid());
  for (std::size_t i = 0; i < CPU_SETSIZE && number > 0; ++i) {
    if (CPU_ISSET(i, &all) && place++ % number < wanted) CPU_SET(i, &some);
  }
  return some;
}

/// The affinity mask of a run whose limit no control group holds; else nothing.
std::vector<std::byte> processors_of(const Plan& plan) {
  const auto& cpus = plan.limits.cpus;
  if (!cpus || cpus->by_group) return {};
  const cpu_set_t some = some_processors(processors_of(*cpus));
  const auto bytes = std::as_bytes(std::span(&some, 1));
  return {bytes.begin(), bytes.end()};
}

// Reads reports until the command runs or something failed.
LaunchOutcome wait_until_started(const Plan& plan, EarlyChild& child, const std::vector<StepPurpose>& purposes) {
  Sandbox sandbox;
  while (auto received = receive(child.control())) {
    const protocol::Report& report = received->report;
    switch (report.kind) {
      case protocol::Report::pty_master:
        sandbox.pty_master = std::move(received->fd);
        break;
      case protocol::Report::listener:
        sandbox.listener = std::move(received->fd);
        break;
      case protocol::Report::network:
        keep(sandbox.network, report, std::move(received->fd));
        break;
      case protocol::Report::relay:
        set_non_blocking(received->fd);
        sandbox.relays[static_cast<std::size_t>(report.a)] = std::move(received->fd);
        break;
      case protocol::Report::step_failed:
        return failed(describe_failed_step(report, child.memory(), purposes));
      case protocol::Report::init_failed:
        return failed(describe_init(static_cast<spec::InitStep>(report.a), report.b));
      case protocol::Report::exec_failed:
        return failed(describe_exec(plan.command, report.a, report.b), exit_status_of_exec(report));
      case protocol::Report::started: {
        child.release_to(sandbox);
        set_non_blocking(sandbox.control);
        LaunchOutcome outcome;
        outcome.sandbox = std::move(sandbox);
        return outcome;
      }
      default:
        break;
    }
  }
  return failed({.what = "the sandbox ended while it was being set up",
                 .needed_by = "every sandbox",
                 .fix = "something killed it (out of memory?); try again, and see `snug doctor`"});
}

}  // namespace

void EarlyChildDelete::operator()(EarlyChild* child) const noexcept { delete child; }

Sandbox::Sandbox(Sandbox&&) noexcept = default;

Sandbox& Sandbox::operator=(Sandbox&& other) noexcept {
  if (this == &other) return *this;
  if (init_pidfd) end_child(init_pidfd.get());
  init_pid = std::exchange(other.init_pid, -1);
  control = std::move(other.control);
  init_pidfd = std::move(other.init_pidfd);
  pty_master = std::move(other.pty_master);
  listener = std::move(other.listener);
  network = std::move(other.network);
  relays = std::move(other.relays);
  accounts = std::move(other.accounts);
  group = std::move(other.group);
  return *this;
}

Sandbox::~Sandbox() {
  if (init_pidfd) end_child(init_pidfd.get());
}

EarlyChildPtr start_early() {
  if (geteuid() == 0 || getuid() != geteuid()) return nullptr;
  auto started = EarlyChild::start(
      {.inside_uid = geteuid(), .outside_uid = geteuid(), .inside_gid = getegid(), .outside_gid = getegid()});
  if (!started) return nullptr;
  (*started)->begin_prologue();
  return std::move(started).value();
}

void work_ahead(EarlyChild& child, std::vector<ViewEntry> likely, const std::function<bool(ViewEntry&)>& confirm) {
  child.extend_prologue(std::move(likely), confirm);
}

LaunchOutcome launch(const Plan& plan, const StdioPlan& stdio, EarlyChildPtr early, const PtyStart& pty,
                     const sigset_t* command_mask) {
  auto filter = make_filter(plan.seccomp);
  if (!filter) return failed(filter.error());

  const ChildShape shape = shape_of(plan);
  PreparedSources sources;
  if (plan.identity.kind == Identity::Kind::stand_in) {
    auto prepared = prepare_sources(plan);
    if (!prepared) return failed(prepared.error());
    sources = std::move(prepared).value();
  }
  // The guess was wrong, or the prepared descriptors came after it.
  if (early == nullptr || !(early->shape() == shape)) {
    if (auto started = replace(early, shape); !started) return failed(started.error());
  }
  CopyReader copies;
  const std::vector<std::byte> processors = processors_of(plan);
  const CompileInput input{.plan = plan,
                           .stdio = stdio,
                           .pty = pty,
                           .signal_mask = kernel_mask(command_mask),
                           .filter = std::as_bytes(filter->program),
                           .filter_reports = filter->reports,
                           .processors = processors,
                           .ipv6 = !plan.filter || has_ipv6(),
                           .copy = [&](const ViewEntry& entry) { return copies.read(entry); },
                           .prepared = sources.by_entry};
  auto compilation = begin_compilation(input, *early);
  if (!begins_with_prologue(early->memory())) {
    if (auto started = replace(early, shape); !started) return failed(started.error());
    compilation = begin_compilation(input, *early);
  }
  if (auto made = early->finish(); !made) return failed(made.error());
  if (!shape.map_self) {
    if (auto mapped = early->write_id_maps(); !mapped) return failed(mapped.error());
  }
  if (plan.measured) early->open_accounts();
  if (plan.limits.group) {
    if (auto bounded = early->join_group(plan); !bounded) return failed(bounded.error());
  }
  const auto purposes = compilation->finish([&] { early->do_steps(); });
  if (!purposes) return failed(purposes.error());
  early->do_last_steps();
  return wait_until_started(plan, *early, *purposes);
}

}  // namespace snug
