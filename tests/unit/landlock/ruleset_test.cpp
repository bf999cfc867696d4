#include "landlock/ruleset.h"

#include <algorithm>

#include "support/catch.h"

using namespace snug;
using namespace snug::landlock;

namespace {

constexpr int newest = 99;
constexpr std::uint64_t reading = read_file | read_dir;
constexpr std::uint64_t changing = write_file | truncate_file | remove_dir | remove_file | make_dir | make_reg |
                                   make_sock | make_fifo | make_sym | refer;

ViewEntry at(std::string target, ViewKind what, bool optional = false) {
  return {.target = std::move(target), .what = std::move(what), .optional = optional};
}

Bind readable(bool exec = true) { return {.source = "/host", .access = Access::read, .exec = exec}; }
Bind writable() { return {.source = "/host", .access = Access::write}; }

LandlockRuleset ruleset(std::vector<ViewEntry> view, int abi = newest) {
  Plan plan;
  plan.view = std::move(view);
  return make_ruleset(plan, abi);
}

/// What the rules on the way from the root to `path` allow together, as the kernel adds them.
std::uint64_t allowed(const LandlockRuleset& ruleset, const std::string& path) {
  std::uint64_t rights = 0;
  for (const LandlockRule& rule : ruleset.rules) {
    const std::string below = rule.path == "/" ? "/" : rule.path + "/";
    if (path == rule.path || path.starts_with(below)) rights |= rule.allowed;
  }
  return rights;
}

bool has_rule(const LandlockRuleset& ruleset, const std::string& path) {
  return std::ranges::count(ruleset.rules, path, &LandlockRule::path) == 1;
}

std::vector<ViewEntry> usual_view() {
  return {at("/usr", readable()),
          at("/bin", Symlink{"usr/bin"}),
          at("/etc", Directory{}),
          at("/etc/passwd", File{"root"}),
          at("/etc/hosts", Copy{"/etc/hosts"}),
          at("/etc/ssl", readable()),
          at("/tmp", Tmpfs{.mode = 01777}),
          at("/dev", Directory{}),
          at("/dev/null", Device{"/dev/null"}),
          at("/dev/pts", Special{Special::Kind::devpts}),
          at("/proc", Special{Special::Kind::proc}),
          at("/proc/sys", Seal{}),
          at("/proc/kcore", Mask{}),
          at("/home/u/work", writable()),
          at("/home/u/work/.git/hooks", Seal{})};
}

}  // namespace

TEST_CASE("what is not in the view has no right but to be listed in the sandbox's own root") {
  const auto rules = ruleset(usual_view());
  CHECK(allowed(rules, "/home/u/.ssh/id_ed25519") == read_dir);
  CHECK(allowed(rules, "/root") == read_dir);
}

TEST_CASE("each kind of entry allows what it is for") {
  const auto rules = ruleset(usual_view());
  CHECK(allowed(rules, "/usr/bin/gcc") == (reading | execute));
  CHECK(allowed(rules, "/etc/passwd") == reading);
  CHECK(allowed(rules, "/etc/ssl/certs") == (reading | execute));
  CHECK(allowed(rules, "/tmp/x") == (reading | changing | execute));
  CHECK(allowed(rules, "/dev/null") == (reading | write_file | truncate_file | ioctl_dev));
  CHECK(allowed(rules, "/dev/pts/0") == (reading | write_file | truncate_file | ioctl_dev));
  CHECK(allowed(rules, "/proc/self/comm") == (reading | write_file | truncate_file));
  CHECK(allowed(rules, "/home/u/work/src") == (reading | changing | execute));
  CHECK(allowed(ruleset({at("/m", Special{Special::Kind::mqueue})}), "/m/q") == (reading | changing));
  CHECK(allowed(ruleset({at("/c", Special{Special::Kind::cgroup2})}), "/c/x") == reading);
  CHECK(allowed(ruleset({at("/o", Overlay{})}), "/o/x") == (reading | changing | execute));
}

TEST_CASE("noexec is kept") {
  CHECK(allowed(ruleset({at("/data", readable(false))}), "/data/x") == reading);
  CHECK(allowed(ruleset({at("/t", Tmpfs{.exec = false})}), "/t/x") == (reading | changing));
  CHECK(allowed(ruleset({at("/e/tool", File{.content = "#!/bin/sh", .mode = 0755})}), "/e/tool") ==
        (reading | execute));
}

TEST_CASE("a rule on something that is no directory has only rights of files") {
  const Bind file{.source = "/host/f", .access = Access::write, .directory = false};
  for (const auto& rules :
       {ruleset({at("/f", file)}), ruleset({at("/d/n", Device{"/dev/null"})}), ruleset({at("/x", File{})})}) {
    for (const LandlockRule& rule : rules.rules) {
      if (rule.path != "/") CHECK((rule.allowed & ~for_files) == 0);
    }
  }
  CHECK(has_rule(ruleset({at("/f", file)}), "/f"));
}

TEST_CASE("files made in one directory share its rule; beside the root they have their own") {
  const auto rules = ruleset({at("/etc/passwd", File{}), at("/etc/group", File{}), at("/README", File{})});
  CHECK(has_rule(rules, "/etc"));
  CHECK(has_rule(rules, "/README"));
  CHECK(rules.rules.size() == 3);
  CHECK(allowed(rules, "/etc2/x") == read_dir);
}

TEST_CASE("sockets: a name in the profile may be connected to, those lying in a shared directory not") {
  const Bind socket{.source = "/run/db.sock", .access = Access::write, .directory = false};
  const auto rules = ruleset({at("/run/db.sock", socket), at("/home/u/work", writable())});
  CHECK((rules.handled_fs & resolve_unix) != 0);
  CHECK((allowed(rules, "/run/db.sock") & resolve_unix) != 0);
  CHECK((allowed(rules, "/home/u/work/agent.sock") & resolve_unix) == 0);
}

TEST_CASE("nothing may make device nodes anywhere") {
  const auto rules = ruleset(usual_view());
  CHECK((rules.handled_fs & (make_char | make_block)) == (make_char | make_block));
  for (const LandlockRule& rule : rules.rules) CHECK((rule.allowed & (make_char | make_block)) == 0);
}

TEST_CASE("what is laid over an entry takes its rule's place") {
  CHECK(allowed(ruleset({at("/h", Tmpfs{}), at("/h", readable())}), "/h/x") == (reading | execute));
  CHECK(allowed(ruleset({at("/h", writable()), at("/h", Mask{.directory = true})}), "/h/x") == read_dir);
  const auto covered = ruleset({at("/h/deep", writable()), at("/h2", writable()), at("/h", readable())});
  CHECK(allowed(covered, "/h/deep/x") == (reading | execute));
  CHECK((allowed(covered, "/h2/x") & write_file) != 0);
  CHECK(allowed(ruleset({at("/h/a", writable()), at("/h", Mask{.directory = true})}), "/h/a") == read_dir);
}

TEST_CASE("a rule that adds nothing to those above is left out") {
  const auto rules =
      ruleset({at("/w", writable()), at("/w/cache", Tmpfs{}), at("/w/lib", readable()), at("/wx", readable())});
  CHECK(has_rule(rules, "/w"));
  CHECK_FALSE(has_rule(rules, "/w/cache"));
  CHECK_FALSE(has_rule(rules, "/w/lib"));
  CHECK(has_rule(rules, "/wx"));
}

TEST_CASE("a writable place below a read-only one keeps its rule") {
  const auto rules = ruleset({at("/r", readable()), at("/r/w", writable())});
  CHECK(allowed(rules, "/r/x") == (reading | execute));
  CHECK((allowed(rules, "/r/w/x") & changing) == changing);
}

TEST_CASE("an optional entry makes an optional rule, unless another needs it") {
  CHECK(ruleset({at("/a", readable(), true)}).rules.back().optional);
  const auto shared = ruleset({at("/etc/a", File{}, true), at("/etc/b", File{})});
  CHECK_FALSE(shared.rules.back().optional);
}

TEST_CASE("each version handles what it knows, and says what it cannot hold") {
  const auto handled = [](int abi) { return ruleset(usual_view(), abi).handled_fs; };
  const auto scoped = [](int abi) { return ruleset(usual_view(), abi).scoped; };
  CHECK(handled(0) == 0);
  CHECK(handled(1) == 0);
  CHECK(handled(2) == 0x3fff);
  CHECK(handled(3) == 0x7fff);
  CHECK(handled(4) == 0x7fff);
  CHECK(handled(5) == 0xffff);
  CHECK(handled(6) == 0xffff);
  CHECK(handled(8) == 0xffff);
  CHECK(handled(9) == 0x1ffff);
  CHECK(handled(newest) == 0x1ffff);
  CHECK(scoped(5) == 0);
  CHECK(scoped(6) == 3);
  CHECK(scoped(newest) == 3);
  CHECK(ruleset(usual_view(), 0).missing.size() == 5);
  CHECK(ruleset(usual_view(), 3).missing.size() == 3);
  CHECK(ruleset(usual_view(), 7).missing ==
        std::vector<std::string>{"connecting to host programs' sockets in shared directories (Linux 7.1)"});
  CHECK(ruleset(usual_view(), newest).missing.empty());
}

TEST_CASE("no rule asks for more than is handled, or for nothing") {
  for (int abi = 0; abi <= 12; ++abi) {
    const auto rules = ruleset(usual_view(), abi);
    CHECK(rules.handled_net == 0);
    CHECK(rules.empty() == (abi < 2));
    CHECK(rules.rules.empty() == (abi < 2));
    for (const LandlockRule& rule : rules.rules) {
      CHECK(rule.allowed != 0);
      CHECK((rule.allowed & ~rules.handled_fs) == 0);
    }
  }
}

TEST_CASE("nested leaves Landlock to the sandboxes inside, but for the host's abstract sockets") {
  Plan plan;
  plan.view = usual_view();
  plan.namespaces.nested = true;
  plan.namespaces.network = true;
  CHECK(make_ruleset(plan, newest).empty());
  plan.namespaces.network = false;
  const auto rules = make_ruleset(plan, newest);
  CHECK(rules.handled_fs == 0);
  CHECK(rules.rules.empty());
  CHECK(rules.scoped == (scope_signal | scope_abstract_unix));
  CHECK(make_ruleset(plan, 5).empty());
}

TEST_CASE("a thousand binds are a thousand rules") {
  std::vector<ViewEntry> view;
  for (int i = 0; i < 1000; ++i) view.push_back(at("/data/" + std::to_string(i), readable()));
  CHECK(ruleset(std::move(view)).rules.size() == 1001);
}
