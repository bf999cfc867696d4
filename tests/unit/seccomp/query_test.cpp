#include "seccomp/query.h"

#include "seccomp/filter.h"
#include "support/catch.h"
#include "unit/seccomp/bpf.h"

using namespace snug;

namespace {

Origin line(int number) { return {OriginKind::file, "snug.toml", number, 1, "seccomp"}; }

CallVerdict ask(const SeccompPlan& plan, std::string_view call) {
  const auto verdict = verdict_for(plan, call);
  INFO(call);
  REQUIRE(verdict.ok());
  return *verdict;
}

SeccompRule rule_for(std::string call, int number) {
  return {.syscall = std::move(call),
          .value = std::uint64_t{7},
          .action = SeccompRule::Action::kill,
          .origin = line(number)};
}

std::uint32_t answer_of(const Filter& filter, std::uint32_t number) {
  return run_filter(filter.program, make_call(audit_arch(native_architecture), number));
}

}  // namespace

TEST_CASE("a verdict says what the policy's row says") {
  CHECK(ask({}, "read").action == allow_call);
  CHECK(ask({}, "read").reason == "reading and writing what is open");
  CHECK(ask({}, "keyctl").action == report_call);
  CHECK(ask({.nested = true}, "keyctl").action == refuse_call(EPERM));
  CHECK(ask({}, "openat2").action == refuse_call(ENOSYS));
  CHECK(ask({}, "vserver").action == refuse_call(ENOSYS));
  CHECK_FALSE(ask({}, "read").by_argument);
  CHECK(ask({}, "socket").by_argument);
  CHECK(ask({.nested = true}, "mount").action == allow_call);
  CHECK_FALSE(ask({}, "keyctl").line);
  CHECK(ask({.policy = SeccompPolicy::strict}, "ptrace").reason.starts_with("strict: no debuggers"));
}

TEST_CASE("a verdict names the profile's lines that decide") {
  const SeccompPlan plan{.allow = {{"bpf", line(3)}, {"keyctl", line(3)}},
                         .deny = {{"ptrace", line(4)}, {"keyctl", line(4)}, {"socket", line(4)}},
                         .rules = {rule_for("socket", 6), rule_for("read", 8), rule_for("socket", 10)}};
  CHECK(ask(plan, "bpf").action == allow_call);
  CHECK(ask(plan, "bpf").line->line == 3);
  CHECK(ask(plan, "ptrace").action == refuse_call(EPERM));
  CHECK(ask(plan, "keyctl").action == refuse_call(EPERM));  // deny wins
  CHECK(ask(plan, "keyctl").line->line == 4);
  CHECK(ask(plan, "socket").by_argument);
  REQUIRE(ask(plan, "socket").rules.size() == 2);
  CHECK(ask(plan, "socket").rules[1].line == 10);
  CHECK_FALSE(ask(plan, "read").line);
  CHECK(ask(plan, "read").by_argument);
}

TEST_CASE("without a filter every call is allowed") {
  const SeccompPlan off{.policy = SeccompPolicy::off};
  CHECK(ask(off, "keyctl").action == allow_call);
  CHECK(ask(off, "keyctl").reason.find("\"off\"") != std::string::npos);
}

TEST_CASE("a call of no architecture is an error, one of another is absent") {
  const auto verdict = verdict_for({}, "ptrase");
  REQUIRE_FALSE(verdict.ok());
  CHECK(to_text(verdict.error()) == "unknown system call \"ptrase\"\n  fix: did you mean \"ptrace\"?");
  CHECK(ask({.allow = {{"socketcall", line(3)}}}, "socketcall").action == refuse_call(ENOSYS));
}

TEST_CASE("where no argument decides, the verdict is what the filter answers") {
  const SeccompPlan plain, changed{.allow = {{"bpf", line(3)}}, .deny = {{"ptrace", line(4)}, {"socket", line(4)}}};
  const SeccompPlan nested{.nested = true}, strict{.policy = SeccompPolicy::strict};
  for (const SeccompPlan* plan : {&plain, &changed, &nested, &strict}) {
    const auto filter = make_filter(*plan);
    REQUIRE(filter.ok());
    for (const std::string& name : call_names(native_architecture)) {
      const CallVerdict said = ask(*plan, name);
      INFO(name);
      if (said.by_argument) continue;
      CHECK(answer_of(*filter, *call_number(native_architecture, name)) == verdict(said.action));
    }
  }
}

TEST_CASE("a call that is let through for some arguments says so") {
  SeccompPlan plan;
  CHECK(verdict_for(plan, "socket")->sometimes);
  CHECK_FALSE(verdict_for(plan, "bpf")->sometimes);
  plan.rules.push_back({.syscall = "bpf", .value = std::uint64_t{1}, .action = SeccompRule::Action::allow});
  CHECK(verdict_for(plan, "bpf")->sometimes);
}
