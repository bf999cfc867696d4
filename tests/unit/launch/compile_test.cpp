// The steps a plan becomes: their order, and what each may follow. Nothing is executed.
#include "launch/compile.h"

#include <linux/mount.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/compiling.h"

using namespace snug;
using spec::Op;

namespace {

struct Compiled {
  SpecMemory memory;
  std::vector<StepPurpose> purposes;
  std::vector<spec::Step> steps;

  std::string text(spec::Offset offset) const {
    return offset == 0 ? "" : reinterpret_cast<const char*>(memory.header()) + offset;
  }
  std::ptrdiff_t find(Op op, const std::string& text_) const {
    const auto found = std::find_if(steps.begin(), steps.end(),
                                    [&](const spec::Step& step) { return step.op == op && text(step.text) == text_; });
    return found == steps.end() ? -1 : found - steps.begin();
  }
  std::ptrdiff_t seal() const {
    const auto found = std::find_if(steps.begin(), steps.end(), [](const spec::Step& step) {
      return step.op == Op::set_attributes && step.at == 0;
    });
    return found - steps.begin();
  }
};

Plan plan_with(std::vector<ViewEntry> view) {
  Plan plan;
  plan.view = std::move(view);
  plan.hostname.value = "snug";
  plan.command = {.argv = {"make", "all"}, .candidates = {"/usr/bin/make", "/bin/make"}, .workdir = "/p"};
  return plan;
}

Compiled compile_plan(const Plan& plan, StdioPlan stdio = {StdioMode::pass, StdioMode::pass, StdioMode::pass}) {
  auto memory = SpecMemory::create();
  REQUIRE(memory.ok());
  Compiled compiled{.memory = std::move(memory).value()};
  auto purposes = compile_all(plan, stdio, compiled.memory);
  REQUIRE(purposes.ok());
  compiled.purposes = std::move(purposes).value();
  const auto steps = compiled.memory.steps(compiled.memory.header()->plan);
  compiled.steps.assign(steps.begin(), steps.end());
  return compiled;
}

ViewEntry read_bind(const std::string& path) { return {.target = path, .what = Bind{.source = path}}; }
ViewEntry write_bind(const std::string& path) {
  return {.target = path, .what = Bind{.source = path, .access = Access::write}};
}

}  // namespace

TEST_CASE("read-only binds are attached before the one recursive seal, writable ones after it") {
  const auto plan = plan_with({read_bind("/usr"), write_bind("/p")});
  const Compiled compiled = compile_plan(plan);
  CHECK(compiled.find(Op::attach, "usr") < compiled.seal());
  CHECK(compiled.find(Op::attach, "p") > compiled.seal());
  CHECK(compiled.find(Op::make_dir, "p") < compiled.seal());
  const spec::Step& seal = compiled.steps[static_cast<std::size_t>(compiled.seal())];
  CHECK(seal.arg == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
}

TEST_CASE("a read-only bind inside a writable one keeps its own restriction") {
  const auto plan = plan_with({write_bind("/p"), read_bind("/p/vendor")});
  const Compiled compiled = compile_plan(plan);
  const auto opened = compiled.find(Op::open_target, "p/vendor");
  REQUIRE(opened > compiled.seal());
  CHECK(compiled.steps[static_cast<std::size_t>(opened) - 1].op == Op::set_attributes);
  CHECK((compiled.steps[static_cast<std::size_t>(opened) - 1].arg & MOUNT_ATTR_RDONLY) != 0);
  CHECK(compiled.steps[static_cast<std::size_t>(opened) + 1].op == Op::attach);
  CHECK(compiled.find(Op::make_dir, "p/vendor") == -1);  // nothing is made in a host directory
}

TEST_CASE("what a mask says is written under what /proc covers, and laid over after") {
  const auto plan =
      plan_with({{.target = "/proc", .what = Special{}}, {.target = "/proc/id", .what = Mask{.content = "own"}}});
  const Compiled compiled = compile_plan(plan);
  const auto hidden = compiled.find(Op::open_target, "proc"), made = compiled.find(Op::make_file, "1"),
             opened = compiled.find(Op::open_target, "1");
  REQUIRE(made >= 0);
  CHECK(compiled.text(compiled.steps[static_cast<std::size_t>(made)].text2) == "own");
  CHECK(made < compiled.seal());
  CHECK(hidden < compiled.find(Op::attach, "proc"));
  CHECK(compiled.steps[static_cast<std::size_t>(made)].at == compiled.steps[static_cast<std::size_t>(hidden)].r);
  CHECK(opened > compiled.find(Op::attach, "proc"));
  CHECK(compiled.steps[static_cast<std::size_t>(opened) + 1].op == Op::clone_tree);
  CHECK(compiled.steps[static_cast<std::size_t>(opened) + 1].at == compiled.steps[static_cast<std::size_t>(opened)].r);
}

TEST_CASE("parents are made once, and below a tmpfs only after it is there") {
  const auto plan = plan_with({{.target = "/home/u", .what = Tmpfs{.size = 1, .inodes = 1}},
                               write_bind("/home/u/a/b"),
                               write_bind("/home/u/a/c")});
  const Compiled compiled = compile_plan(plan);
  const auto made = compiled.find(Op::make_dir, "home/u/a");
  CHECK(made > compiled.find(Op::attach, "home/u"));
  CHECK(std::count_if(compiled.steps.begin(), compiled.steps.end(), [&](const spec::Step& step) {
          return step.op == Op::make_dir && compiled.text(step.text) == "home/u/a";
        }) == 1);
}

TEST_CASE("an optional entry skips exactly its own steps") {
  auto optional = write_bind("/srv/data");
  optional.optional = true;
  const auto plan = plan_with({optional, write_bind("/p")});
  const Compiled compiled = compile_plan(plan);
  const auto opened = compiled.find(Op::open_source, "/srv/data");
  const spec::Step& step = compiled.steps[static_cast<std::size_t>(opened)];
  CHECK((step.flags & spec::may_be_absent) != 0);
  const spec::Step& after = compiled.steps[static_cast<std::size_t>(opened) + step.skip + 1];
  CHECK(after.op == Op::open_source);
  CHECK(compiled.text(after.text) == "/p");
}

TEST_CASE("every step names what it is for") {
  const auto plan =
      plan_with({read_bind("/usr"), write_bind("/p"), {.target = "/tmp", .what = Tmpfs{.size = 1, .inodes = 1}}});
  const Compiled compiled = compile_plan(plan);
  for (const spec::Step& step : compiled.steps) {
    REQUIRE(step.origin < compiled.purposes.size());
    const StepPurpose& purpose = compiled.purposes[step.origin];
    CHECK((purpose.entry != nullptr || purpose.task[0] != '\0'));
  }
}

TEST_CASE("init's argv, candidates and shell fallback are pointers into its own mapping") {
  const auto plan = plan_with({});
  const Compiled compiled = compile_plan(plan);
  const auto text_at = [&](uint64_t list, std::size_t index) -> std::string {
    const auto* pointers = reinterpret_cast<const uint64_t*>(reinterpret_cast<const char*>(compiled.memory.header()) +
                                                             (list - spec::init_base));
    return pointers[index] == 0 ? "(end)" : compiled.text(static_cast<spec::Offset>(pointers[index] - spec::init_base));
  };
  const spec::Init& init = compiled.memory.header()->init;
  CHECK(text_at(init.argv, 0) == "make");
  CHECK(text_at(init.argv, 1) == "all");
  CHECK(text_at(init.argv, 2) == "(end)");
  CHECK(text_at(init.candidates, 1) == "/bin/make");
  CHECK(text_at(init.shell_argv, 0) == "/bin/sh");
  CHECK(text_at(init.shell_argv, 2) == "all");
}

TEST_CASE("descriptors that were one file share one pipe, terminals share one terminal") {
  const auto plan = plan_with({});
  const Compiled pipes = compile_plan(plan, {StdioMode::pass, StdioMode::relay, StdioMode::as_stdout});
  CHECK(std::count_if(pipes.steps.begin(), pipes.steps.end(), [](const auto& s) { return s.op == Op::make_pipe; }) ==
        1);
  CHECK(std::count_if(pipes.steps.begin(), pipes.steps.end(), [](const auto& s) { return s.op == Op::use_stdio; }) ==
        2);
  const Compiled terminal = compile_plan(plan, {StdioMode::pty, StdioMode::pty, StdioMode::closed});
  CHECK(std::count_if(terminal.steps.begin(), terminal.steps.end(),
                      [](const auto& s) { return s.op == Op::make_pty; }) == 1);
  CHECK(terminal.memory.header()->init.has_pty == 3);
  CHECK(terminal.memory.header()->init.closed_fds == 4);
}

TEST_CASE("what does not fit is an error, not a cut") {
  Plan plan = plan_with({});
  plan.command.argv.assign(5, std::string(16 << 20, 'x'));
  auto memory = SpecMemory::create();
  REQUIRE(memory.ok());
  const StdioPlan stdio{};
  CHECK_FALSE(compile_all(plan, stdio, *memory).ok());
}

TEST_CASE("steps that are said to be ready are complete and do not change") {
  std::vector<ViewEntry> view;
  for (int i = 0; i < 500; ++i) {
    view.push_back(i % 2 != 0 ? read_bind("/r" + std::to_string(i)) : write_bind("/w" + std::to_string(i)));
    view.back().optional = i % 3 == 0;
  }
  const Plan plan = plan_with(std::move(view));
  const StdioPlan stdio{};
  auto memory = SpecMemory::create();
  REQUIRE(memory.ok());
  const CompileInput input{.plan = plan, .stdio = stdio, .pty = {}, .copy = {}, .prepared = {}};
  Compilation compilation(input, *memory);
  compilation.begin();
  std::vector<std::vector<spec::Step>> told;
  REQUIRE(compilation
              .finish([&] {
                const auto ready = memory->steps(memory->header()->plan);
                told.emplace_back(ready.begin(), ready.end());
              })
              .ok());
  REQUIRE(told.size() > 3);
  const auto all = memory->steps(memory->header()->plan);
  for (const auto& ready : told) {
    REQUIRE(ready.size() <= all.size());
    for (std::size_t i = 0; i < ready.size(); ++i) {
      REQUIRE(std::memcmp(&ready[i], &all[i], sizeof ready[i]) == 0);
      if ((ready[i].flags & spec::may_be_absent) != 0) REQUIRE(i + ready[i].skip < ready.size());
    }
  }
}

TEST_CASE("a copy is read when its turn comes, left out where it may be, and the first error ends the launch") {
  const auto copy_of = [](const std::string& path) {
    return ViewEntry{.target = path, .what = Copy{.source = path}, .optional = path == "/etc/absent"};
  };
  const Plan plan =
      plan_with({copy_of("/etc/absent"), copy_of("/etc/bad"), copy_of("/etc/good"), copy_of("/etc/worse")});
  const StdioPlan stdio{};
  auto memory = SpecMemory::create();
  REQUIRE(memory.ok());
  std::vector<std::string> asked;
  bool fail = false;
  const CompileInput input{.plan = plan,
                           .stdio = stdio,
                           .pty = {},
                           .copy = [&](const ViewEntry& entry) -> Result<std::optional<std::string_view>> {
                             asked.push_back(entry.target);
                             if (entry.optional) return std::optional<std::string_view>();
                             if (fail && entry.target == "/etc/bad") return Error{.what = "bad"};
                             return std::optional<std::string_view>("content");
                           },
                           .prepared = {}};
  const auto files = [&] {
    const auto steps = memory->steps(memory->header()->plan);
    return std::count_if(steps.begin(), steps.end(), [&](const spec::Step& step) {
      return step.op == Op::make_file && std::string(memory->text(step.text2)) == "content";
    });
  };
  SECTION("all that is there") {
    Compilation compilation(input, *memory);
    compilation.begin();
    REQUIRE(compilation.finish([] {}).ok());
    CHECK(files() == 3);
    CHECK(asked.size() == 4);
  }
  SECTION("the first error") {
    fail = true;
    Compilation compilation(input, *memory);
    compilation.begin();
    const auto outcome = compilation.finish([] {});
    REQUIRE_FALSE(outcome.ok());
    CHECK(outcome.error().what == "bad");
    CHECK(asked.size() == 2);
  }
}
