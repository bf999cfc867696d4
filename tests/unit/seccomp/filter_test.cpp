#include "seccomp/filter.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cstring>

#include "seccomp/compile.h"
#include "seccomp/constants.h"
#include "seccomp/customise.h"
#include "seccomp/standard.h"
#include "support/catch.h"
#include "unit/seccomp/bpf.h"

using namespace snug;

namespace {

Origin line(int number) { return {OriginKind::file, "snug.toml", number, 1, "seccomp"}; }

Sourced<std::string> named(std::string name) { return {std::move(name), line(3)}; }

std::uint32_t ask(const SeccompPlan& plan, std::string_view call, const Arguments& arguments = {}) {
  const auto filter = make_filter(plan);
  REQUIRE(filter.ok());
  return run_filter(filter->program,
                    make_call(audit_arch(native_architecture), *call_number(native_architecture, call), arguments));
}

std::string complaint(const SeccompPlan& plan) {
  const auto filter = make_filter(plan);
  REQUIRE_FALSE(filter.ok());
  return to_text(filter.error());
}

SeccompRule socket_rule(SeccompRule::Action action, std::variant<std::uint64_t, std::string> value) {
  return {.syscall = "socket",
          .argument = 0,
          .value = std::move(value),
          .action = action,
          .error = "EACCES",
          .origin = line(7)};
}

using Do = SeccompRule::Action;
constexpr std::uint32_t allowed = SECCOMP_RET_ALLOW;

}  // namespace

TEST_CASE("an unchanged policy is the built-in program, not a copy") {
  const auto filter = make_filter({});
  REQUIRE(filter.ok());
  CHECK(filter->owned.empty());
  CHECK(filter->program.data() == standard_program(native_architecture, {}).data());
  CHECK(make_filter({.nested = true})->program.data() ==
        standard_program(native_architecture, {.nested = true}).data());
  CHECK(make_filter({.policy = SeccompPolicy::strict})->program.data() ==
        standard_program(native_architecture, {.strict = true}).data());
  CHECK(make_filter({.policy = SeccompPolicy::strict, .nested = true})->program.data() ==
        standard_program(native_architecture, {.strict = true, .nested = true}).data());
}

TEST_CASE("policy off is an empty program, the others never") {
  CHECK(make_filter({.policy = SeccompPolicy::off})->program.empty());
  for (const auto policy : {SeccompPolicy::standard, SeccompPolicy::strict}) {
    for (const bool nested : {false, true})
      CHECK(make_filter({.policy = policy, .nested = nested})->program.size() > 100);
  }
}

TEST_CASE("a profile's lines change strict as they change the default") {
  constexpr auto strict = SeccompPolicy::strict;
  CHECK(ask({.policy = strict}, "ptrace") == SECCOMP_RET_USER_NOTIF);
  CHECK(ask({.policy = strict, .allow = {named("ptrace")}}, "ptrace") == allowed);
  CHECK(ask({.policy = strict, .allow = {named("ptrace")}}, "shmget") == SECCOMP_RET_USER_NOTIF);
  CHECK(ask({.policy = strict, .deny = {named("memfd_create")}}, "memfd_create") == refused_with(EPERM));
  const SeccompPlan ping{
      .policy = strict,
      .rules = {
          {.syscall = "socket", .argument = 2, .value = std::uint64_t{1}, .action = Do::allow, .origin = line(7)}}};
  CHECK(ask(ping, "socket", {AF_INET, SOCK_DGRAM, 1}) == allowed);
  CHECK(ask({.policy = strict}, "socket", {AF_INET, SOCK_DGRAM, 1}) == refused_with(EPROTONOSUPPORT));
}

TEST_CASE("a refusal asked of policy off is an error with its line") {
  CHECK(
      complaint({.policy = SeccompPolicy::off, .deny = {named("ptrace")}}) ==
      "snug.toml:3:1: a system call cannot be refused without a filter (seccomp.policy is \"off\"); take the line out, "
      "or write seccomp.policy = \"default\"");
  CHECK_FALSE(make_filter({.policy = SeccompPolicy::off, .rules = {socket_rule(Do::error, "AF_UNIX")}}).ok());
  CHECK(make_filter({.policy = SeccompPolicy::off, .allow = {named("bpf")}}).ok());
}

TEST_CASE("allow opens a call whole, deny closes it, deny wins") {
  CHECK(ask({.allow = {named("io_uring_setup")}}, "io_uring_setup") == allowed);
  CHECK(ask({.allow = {named("io_uring_setup")}}, "io_uring_enter") == refused_with(EPERM));
  CHECK(ask({.allow = {named("socket")}}, "socket", {AF_ALG}) == allowed);
  CHECK(ask({.deny = {named("ptrace")}}, "ptrace") == refused_with(EPERM));
  CHECK(ask({.deny = {named("socket")}}, "socket", {AF_UNIX}) == refused_with(EPERM));
  CHECK(ask({.allow = {named("bpf")}, .deny = {named("bpf")}}, "bpf") == refused_with(EPERM));
}

TEST_CASE("a changed filter still moves with its program") {
  auto first = make_filter({.deny = {named("ptrace")}});
  REQUIRE(first.ok());
  const sock_filter* before = first->program.data();
  const Filter moved = std::move(*first);
  CHECK(moved.program.data() == before);
  CHECK(moved.program.data() == moved.owned.data());
}

TEST_CASE("rules come before deny, allow and the policy, the first that holds decides") {
  const SeccompPlan one_family{.rules = {socket_rule(Do::allow, "AF_PACKET")}};
  CHECK(ask(one_family, "socket", {AF_PACKET}) == allowed);
  CHECK(ask(one_family, "socket", {AF_ALG}) == refused_with(EAFNOSUPPORT));
  CHECK(ask(one_family, "socket", {AF_UNIX}) == allowed);

  const SeccompPlan only_unix{.deny = {named("socket")}, .rules = {socket_rule(Do::allow, "AF_UNIX")}};
  CHECK(ask(only_unix, "socket", {AF_UNIX}) == allowed);
  CHECK(ask(only_unix, "socket", {AF_INET}) == refused_with(EPERM));

  const SeccompPlan ordered{.rules = {socket_rule(Do::kill, std::uint64_t{AF_INET}), socket_rule(Do::allow, "AF_INET"),
                                      socket_rule(Do::log, "AF_INET6")}};
  CHECK(ask(ordered, "socket", {AF_INET}) == SECCOMP_RET_KILL_PROCESS);
  CHECK(ask(ordered, "socket", {AF_INET6}) == SECCOMP_RET_LOG);
}

TEST_CASE("a rule on a call the policy does not name leaves the rest of it ENOSYS") {
  const SeccompPlan plan{.rules = {{.syscall = "uselib", .value = std::uint64_t{1}, .action = Do::allow}}};
  if (!call_number(native_architecture, "uselib")) return;
  CHECK(ask(plan, "uselib", {1}) == allowed);
  CHECK(ask(plan, "uselib", {2}) == refused_with(ENOSYS));
}

TEST_CASE("a refusing rule sees 32 bits, an allowing one all 64") {
  constexpr std::uint64_t high = 0x100000000;
  const SeccompPlan refuse{.rules = {socket_rule(Do::error, "AF_UNIX")}};
  CHECK(ask(refuse, "socket", {AF_UNIX}) == refused_with(EACCES));
  CHECK(ask(refuse, "socket", {high | AF_UNIX}) == refused_with(EACCES));
  const SeccompPlan allow{.rules = {socket_rule(Do::allow, "AF_ALG")}};
  CHECK(ask(allow, "socket", {AF_ALG}) == allowed);
  CHECK(ask(allow, "socket", {high | AF_ALG}) == refused_with(EAFNOSUPPORT));
  const SeccompPlan wide{.rules = {socket_rule(Do::error, high | 5)}};
  CHECK(ask(wide, "socket", {high | 5}) == refused_with(EACCES));
  CHECK(ask(wide, "socket", {5}) == refused_with(EAFNOSUPPORT));
}

TEST_CASE("a masked rule compares the bits of its mask") {
  SeccompRule rule{.syscall = "mprotect",
                   .argument = 2,
                   .compare = SeccompRule::Compare::masked,
                   .value = "PROT_EXEC",
                   .mask = 4,
                   .action = Do::error,
                   .error = "EACCES",
                   .origin = line(9)};
  CHECK(ask({.rules = {rule}}, "mprotect", {0, 0, 7}) == refused_with(EACCES));
  CHECK(ask({.rules = {rule}}, "mprotect", {0, 0, 3}) == allowed);
  rule.mask = 3;
  CHECK(complaint({.rules = {rule}}) ==
        "snug.toml:9:1: the value of a rule for \"mprotect\" can never be met: it has bits outside the mask");
}

TEST_CASE("unknown names are errors with their line and the nearest known one") {
  CHECK(complaint({.deny = {named("ptrase")}}) ==
        "snug.toml:3:1: unknown system call \"ptrase\"; did you mean \"ptrace\"?");
  CHECK(complaint({.allow = {named("cachstat")}}).find("did you mean \"cachestat\"?") != std::string::npos);
  CHECK(complaint({.rules = {socket_rule(Do::allow, "AF_NETLNK")}}).find("did you mean \"AF_NETLINK\"?") !=
        std::string::npos);
  SeccompRule rule = socket_rule(Do::error, "AF_UNIX");
  rule.error = "EAFNOSUPORT";
  CHECK(complaint({.rules = {rule}}) ==
        "snug.toml:7:1: unknown error name \"EAFNOSUPORT\"; did you mean \"EAFNOSUPPORT\"?");
  rule.error = "";
  CHECK(complaint({.rules = {rule}}) == "snug.toml:7:1: unknown error name \"\"; errno(3) lists them");
  rule = socket_rule(Do::allow, "AF_UNIX");
  rule.argument = 6;
  CHECK(complaint({.rules = {rule}}).find("no argument 6") != std::string::npos);
}

TEST_CASE("all mistakes are told at once, each with its line") {
  SeccompRule rule = socket_rule(Do::error, "AF_NETLNK");
  rule.syscall = "sockett";
  rule.error = "EAFNOSUPORT";
  const SeccompPlan plan{.policy = SeccompPolicy::strict,
                         .allow = {{"bfp", line(3)}, {"bpf", line(3)}},
                         .deny = {{"ptrase", line(4)}},
                         .rules = {rule, socket_rule(Do::allow, "AF_UNIX")}};
  CHECK(complaint(plan) ==
        "snug.toml:3:1: unknown system call \"bfp\"; did you mean \"bpf\"?\n"
        "snug.toml:4:1: unknown system call \"ptrase\"; did you mean \"ptrace\"?\n"
        "snug.toml:7:1: unknown system call \"sockett\"; did you mean \"socket\"?\n"
        "snug.toml:7:1: unknown error name \"EAFNOSUPORT\"; did you mean \"EAFNOSUPPORT\"?\n"
        "snug.toml:7:1: unknown constant \"AF_NETLNK\"; did you mean \"AF_NETLINK\"?");
  CHECK(filter_mistakes(plan).size() == 5);
  CHECK(filter_mistakes({.policy = SeccompPolicy::strict}).empty());
  CHECK(filter_mistakes({.policy = SeccompPolicy::off, .deny = {named("bpf"), named("bfp")}}).size() == 3);
}

TEST_CASE("a call another architecture has is skipped where there is none") {
  Policy policy = make_policy(Architecture::arm64, {});
  const auto before = policy.calls.size();
  CHECK(customise({.deny = {named("open"), named("socketcall")}}, Architecture::arm64, policy).empty());
  CHECK(policy.calls.size() == before);
}

TEST_CASE("more rules than a filter can hold are an error") {
  SeccompPlan plan;
  for (std::uint64_t i = 0; i < 5000; ++i) plan.rules.push_back(socket_rule(Do::kill, 1000 + i));
  CHECK(complaint(plan).find("more than the kernel's 4096") != std::string::npos);
}

TEST_CASE("constants have this machine's values") {
  CHECK(find_constant(argument_constants(), "AF_NETLINK") == std::uint64_t{AF_NETLINK});
  CHECK(find_constant(argument_constants(), "CLONE_NEWUSER") == 0x10000000u);
  CHECK(find_constant(error_constants(), "EAFNOSUPPORT") == std::uint64_t{EAFNOSUPPORT});
  CHECK(find_constant(error_constants(), "ENOTSUP") == std::uint64_t{EOPNOTSUPP});
  CHECK_FALSE(find_constant(error_constants(), "AF_NETLINK"));
}

TEST_CASE("new calls have the same number on both architectures") {
  for (const char* name : {"cachestat", "fchmodat2", "statmount", "mseal", "removexattrat", "file_setattr"}) {
    CHECK(call_number(Architecture::x86_64, name) == call_number(Architecture::arm64, name));
  }
  CHECK(call_number(Architecture::x86_64, "mseal") == 462u);
  CHECK(call_number(Architecture::x86_64, "open") == 2u);
  CHECK_FALSE(call_number(Architecture::arm64, "open"));
  CHECK(is_call_name("socketcall"));
  CHECK_FALSE(is_call_name("opne"));
}
