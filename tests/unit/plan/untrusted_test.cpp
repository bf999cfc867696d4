// Whatever a profile says that needs no approval, its plan allows nothing that the default's does not.
#include <map>
#include <random>
#include <set>

#include "plan/layout.h"
#include "profile/closure.h"
#include "profile/narrowing.h"
#include "profile/schema.h"
#include "support/planning.h"

using namespace snug;

namespace {

constexpr const char* secret = "hunter2";
constexpr const char* file = "/home/ann/web/snug.toml";

// --- random profiles ------------------------------------------------------------------------------------

const std::vector<std::string> values = {
    "true",
    "false",
    "0",
    "1",
    "4096",
    "-1",
    "1.5",
    "0o777",
    "1979-05-27",
    "[]",
    "{}",
    R"("")",
    R"("read")",
    R"("write")",
    R"("overlay")",
    R"("none")",
    R"("host")",
    R"("empty")",
    R"("auto")",
    R"("stored")",
    R"("tmpfs")",
    R"("protect")",
    R"("minimal")",
    R"("root")",
    R"("host-root")",
    R"("off")",
    R"("strict")",
    R"("default")",
    R"("filtered")",
    R"("apply")",
    R"("discard")",
    R"("64M")",
    R"("2G")",
    R"("unlimited")",
    R"("30s")",
    R"("-3d")",
    R"("x")",
    R"("/")",
    R"("~")",
    R"("/home/ann/.ssh")",
    R"("${env:AWS_SECRET_ACCESS_KEY}")",
    R"("a${env:NO:-${env:AWS_SECRET_ACCESS_KEY}}")",
    R"("${home}/.netrc")",
    R"("${vars.a}")",
    R"(["/home/ann/.ssh"])",
    R"(["~/.netrc"])",
    R"(["~/.ssh?", "/etc/shadow?"])",
    R"(["/"])",
    R"(["."])",
    R"(["./.git"])",
    R"(["./.git/config"])",
    R"(["~/web/.git/hooks"])",
    R"(["**/*"])",
    R"([".git/**"])",
    R"(["/proc/sys"])",
    R"(["/etc"])",
    R"(["/usr"])",
    R"(["/dev"])",
    R"(["/run"])",
    R"(["~/.config"])",
    R"(["~/.local"])",
    R"(["/tmp", { path = "/big", size = "1G" }])",
    R"([{ path = "/big", size = "4G" }])",
    R"(["./src", "./.git"])",
    R"(["snug.toml"])",
    R"(["a.example", "*"])",
    R"(["8080"])",
    R"([5432])",
    R"(["AWS_*"])",
    R"(["AWS_SECRET_ACCESS_KEY"])",
    R"(["TERM", "PATH"])",
    R"(["ptrace"])",
    R"(["!ptrace"])",
    R"(["!TZ"])",
    R"(["mount", "bpf"])",
    R"(["filesystem"])",
    R"(["network"])",
    R"(["sh", "-c", "${env:HOME}"])",
    R"(["bash"])",
    R"(["node"])",
    R"(["strict"])",
    R"(["git"])",
    R"(["agent", "web-service"])",
    R"(["offline-build"])",
    R"(["./x.toml"])",
    R"({ replace = [] })",
    R"({ replace = ["/home/ann/.ssh"] })",
    R"({ A = "${env:AWS_SECRET_ACCESS_KEY}", B = "b" })",
    R"({ PATH = "/home/ann/bin", HOME = "/" })",
    R"({ nofile = 64, core = 0 })",
    R"({ core = 1 })",
    R"({ nofile = 1000000 })",
    R"({ a = "${env:HOME}" })",
    R"({ monotonic = "1s" })",
    R"([{ type = "bind", source = "/home/ann/.ssh" }])",
    R"([{ type = "tmpfs", target = "/home/ann/web/.git" }])",
    R"([{ syscall = "mount", argument = 0, equals = 0, action = "allow" }])",
};

/// Taken more often: most of what is allowed unapproved is here.
const std::vector<std::string> likely = {
    "extends",
    "require",
    "shell",
    "workdir",
    "hostname",
    "filesystem.project",
    "filesystem.hide",
    "filesystem.protect",
    "filesystem.tmpfs",
    "environment.set",
    "environment.unset",
    "seccomp.deny",
    "limits.timeout",
    "limits.rlimit",
};

/// A few lines "key = value". Keys at the end of a table's name would clash with the table: one line a table at most.
std::string random_profile(std::mt19937& random, const std::vector<std::string>& keys) {
  std::map<std::string, std::string> lines;
  const auto pick = [&](const auto& list) -> const auto& { return list[random() % list.size()]; };
  for (std::size_t count = 1 + random() % 3; count > 0; --count)
    lines[pick(random() % 2 ? keys : likely)] = pick(values);
  std::string text = "version = 1\n";
  for (const auto& [key, value] : lines) text += key + " = " + value + "\n";
  return text;
}

// --- what a plan allows ---------------------------------------------------------------------------------

struct Reach {
  bool write = false;
};
using Reaches = std::map<std::string, Reach>;  // by path of the host

void collect(FakeHost& host, const std::string& path, std::vector<std::string>& all) {
  all.push_back(path);
  for (const std::string& name : host.list(path)) collect(host, join(path, name), all);
}

/// What stands at `path` once everything is laid, in order.
std::pair<std::string, bool> host_file_at(const Plan& plan, const std::string& path) {
  std::pair<std::string, bool> at;
  for (const ViewEntry& entry : plan.view) {
    if (!is_below(path, entry.target)) continue;
    if (std::holds_alternative<Seal>(entry.what)) {
      at.second = false;
      continue;
    }
    at = {host_path_of(entry, path), false};
    if (const auto* bind = std::get_if<Bind>(&entry.what)) at.second = bind->access == Access::write;
    if (const auto* copy = std::get_if<Copy>(&entry.what)) at.first = copy->source;
    if (const auto* device = std::get_if<Device>(&entry.what)) at = {device->source, true};
  }
  return at;
}

Reaches reaches(const Plan& plan, const std::vector<std::string>& paths) {
  Reaches all;
  for (const std::string& path : paths) {
    const auto [host, write] = host_file_at(plan, path);
    if (!host.empty() && !is_below(host, "/home/ann/.local/state/snug")) all[host].write |= write;
  }
  return all;
}

/// What `plan` allows that `before` does not, in words; empty if nothing.
std::string beyond(const Plan& before, const Plan& plan, std::vector<std::string> paths,
                   const std::set<std::string>& may_pass) {
  std::string found;
  for (const Plan* one : {&before, &plan}) {
    for (const ViewEntry& entry : one->view) paths.insert(paths.end(), {entry.target, entry.target + "/x"});
  }
  const Reaches old = reaches(before, paths);
  for (const auto& [path, reach] : reaches(plan, paths)) {
    const auto same = old.find(path);
    if (same == old.end()) found += "shows " + path + "\n";
    if (same != old.end() && reach.write && !same->second.write) found += "writes " + path + "\n";
  }
  for (const Variable& one : plan.environment) {
    if (one.value.find(secret) != std::string::npos) found += "tells " + one.name + "\n";
    const Variable* known = variable(before, one.name);
    const bool passed = one.from == Variable::From::passed;
    if (passed && !may_pass.contains(one.name) && !(known && known->from == one.from))
      found += "passes " + one.name + "\n";
  }
  for (const std::string& word : plan.command.argv) {
    if (word.find(secret) != std::string::npos) found += "tells the command\n";
  }
  if (plan.network.value != NetworkMode::none || !plan.namespaces.network) found += "has a network\n";
  if (plan.namespaces.nested || plan.namespaces.time) found += "has other namespaces\n";
  if (plan.identity.outside_uid != before.identity.outside_uid ||
      plan.identity.inside_uid != before.identity.inside_uid || plan.identity.kind != before.identity.kind) {
    found += "is somebody else\n";
  }
  const SeccompPlan& filter = plan.seccomp;
  if (filter.policy == SeccompPolicy::off || !filter.allow.empty() || !filter.rules.empty() || filter.nested) {
    found += "has more system calls\n";
  }
  for (const RlimitPlan& limit : plan.rlimits) {
    if (plan.disk && limit.name == "fsize" && limit.hard <= plan.disk->value) continue;  // bounds what had no bound
    if (limit.at_most) continue;                                                         // raises nothing
    if (limit.hard > (limit.name == "core" ? 0u : 1024u) && limit.origin.kind == OriginKind::file)
      found += "raises " + limit.name + "\n";
  }
  const bool has_core = std::ranges::any_of(plan.rlimits, [](const auto& limit) { return limit.name == "core"; });
  if (!has_core) found += "writes cores\n";
  return found;
}

// --- the gate -------------------------------------------------------------------------------------------

struct Judged {
  std::optional<Profile> profile;  ///< none: it has mistakes
  bool needs_approval = false;
};

Judged judge(const std::string& text) {
  const std::map<std::string, std::string> environment{{"AWS_SECRET_ACCESS_KEY", secret}, {"HOME", "/home/ann"}};
  const LoadContext context{.known = {.project = "/home/ann/web",
                                      .home = "/home/ann",
                                      .user = "ann",
                                      .uid = "1000",
                                      .environment = [&](const std::string& name) {
                                        const auto found = environment.find(name);
                                        return found == environment.end() ? std::nullopt : std::optional(found->second);
                                      }}};
  auto documents = read_closure({{.file = file, .text = text, .path = file}}, find_shipped, "/home/ann");
  Judged judged;
  for (const Document& document : documents) {
    const Author author = document.text.file.empty() ? Author::shipped : Author::project;
    judged.needs_approval |= !find_widenings(document, author).empty();
  }
  LoadOutcome outcome = load_documents(std::move(documents), {}, context);
  const CurrentLimit current = [](std::string_view name) { return name == "core" ? 0u : 1024u; };
  judged.needs_approval |= !find_raised_limits(outcome.profile, {file}, current).empty();
  if (outcome.diagnostics.empty()) judged.profile = std::move(outcome.profile);
  return judged;
}

std::set<std::string> names_shipped_profiles_pass(const Profile& profile) {
  std::set<std::string> names;
  for (const auto& name : profile.environment.pass) {
    if (name.origin.kind == OriginKind::builtin) names.insert(name.value);
  }
  return names;
}

}  // namespace

TEST_CASE("a profile that needs no approval allows nothing that the default does not") {
  Planning usual;
  usual.request.profile_file = file;
  usual.request.profile_paths = {file};
  usual.host.add("f /home/ann/web/snug.toml uid=1000\nd /home/ann/.cargo uid=1000\nd /home/ann/.npm uid=1000");
  const Plan before = usual.plan();
  std::vector<std::string> paths;
  collect(usual.host, "/", paths);
  const std::vector<std::string> keys = [] {
    std::vector<std::string> all;
    for (const std::string& key : all_keys()) {
      if (key != "version" && key.find("mount.") == std::string::npos && key.find("rule.") == std::string::npos)
        all.push_back(key);
    }
    return all;
  }();

  std::mt19937 random(20261122);
  const int rounds = test::rounds(40000);
  int planned = 0, refused = 0, wider = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string text = random_profile(random, keys);
    const Judged judged = judge(text);
    if (judged.needs_approval) ++refused;
    if (!judged.profile) continue;
    PlanOutcome made = build_plan(*judged.profile, usual.facts, usual.host, usual.request);
    if (!made.errors.empty()) continue;
    const std::string found = beyond(before, made.plan, paths, names_shipped_profiles_pass(*judged.profile));
    if (judged.needs_approval) {
      wider += !found.empty();  // the control: the comparison sees what is wider
      continue;
    }
    ++planned;
    INFO(text);
    CHECK(found == "");
  }
  CHECK(planned > rounds / 80);
  CHECK(refused > rounds / 8);
  CHECK(wider > rounds / 800);
}
