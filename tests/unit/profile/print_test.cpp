// What `snug check --show` prints reads back as the same profile.
#include "profile/print.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "profile/load.h"
#include "profile/schema.h"
#include "profile/shipped.h"
#include "support/catch.h"
#include "support/planning.h"

using namespace snug;

namespace {

constexpr std::string_view cwd = "/home/ann/web";

Profile loaded(const std::string& text) {
  const LoadOutcome outcome = load_profile({{"/etc/p.toml", text}}, {});
  INFO(text);
  std::string mistakes;
  for (const Diagnostic& diagnostic : outcome.diagnostics) mistakes += to_text(diagnostic) + "\n";
  REQUIRE(mistakes == "");
  return outcome.profile;
}

std::string printed(const Profile& profile) { return profile_to_toml(profile, cwd); }

// Comments name where a line came from, which differs between a profile and its print.
std::string without_comments(const std::string& text) {
  std::string kept;
  bool quoted = false, comment = false, escaped = false;
  for (const char c : text) {
    if (c == '\n') {
      comment = quoted = false;
      kept.erase(kept.find_last_not_of(' ') + 1);
    }
    if (!quoted && c == '#') comment = true;
    if (c == '"' && !escaped) quoted = !quoted;
    escaped = c == '\\' && !escaped;
    if (!comment) kept += c;
  }
  return kept;
}

void check_reads_back(const Profile& profile) {
  const std::string text = printed(profile);
  CHECK(without_comments(printed(loaded(text))) == without_comments(text));
}

/// Values for every key: no two of one key mean the same, the first is the default's where there is one.
const std::map<std::string, std::vector<std::string>> values = {
    {"description", {R"("a \"b\" # c")", R"("tab\t \u001b é \U0010FEFF")", R"("\U0010FE24{home}")"}},
    {"require", {R"(["network"])", R"(["filesystem", "limits.timeout"])"}},
    {"hostname", {R"("a")", R"("b.c")"}},
    {"shell", {R"(["bash"])", R"(["zsh", "-i", "", "\"#"])"}},
    {"workdir", {R"("/srv")", R"("~/a")", R"(".")", R"("./src")"}},
    {"user", {R"("self")", R"("root")", R"("host-root")", "0", "4294967294"}},
    {"subids", {R"("none")", R"("auto")"}},
    {"toolchains", {R"("auto")", R"("none")"}},
    {"nested", {"false", "true"}},
    {"filesystem.root", {R"("host")", R"("empty")", R"("/srv/root")", R"("./root")"}},
    {"filesystem.etc", {R"("minimal")", R"("host")"}},
    {"filesystem.project", {R"("write")", R"("read")", R"("overlay")", R"("none")"}},
    {"filesystem.home", {R"("stored")", R"("tmpfs")", R"("none")"}},
    {"filesystem.git", {R"("protect")", R"("write")", R"("read")"}},
    {"filesystem.read", {R"(["/a", "~/b?", "./c", "/#\"\n"])", R"(["/a?"])", R"(["/a"])", R"(["./a?"])"}},
    {"filesystem.write", {R"(["/w"])", R"(["~"])"}},
    {"filesystem.overlay", {R"(["/o"])", R"(["."])"}},
    {"filesystem.tmpfs",
     {R"(["/t"])", R"([{ path = "/t", size = "1536M" }, "./x"])", R"([{ path = "/t", size = 1 }])"}},
    {"filesystem.hide", {R"(["**/.env"])", R"([".a", "~/.netrc?", "./b*"])"}},
    {"filesystem.protect", {R"([".vscode/**"])", R"(["a b"])"}},
    {"filesystem.mount",
     {R"([{ type = "bind", source = "/a" }])", R"([{ type = "bind", source = "/a", access = "write", exec = false }])",
      R"([{ type = "bind", source = "./a", target = "/b", optional = true }])",
      R"([{ type = "overlay", source = "/a*", exec = false }])",
      R"([{ type = "tmpfs", target = "/t", size = "1G", mode = "1777" }])",
      R"([{ type = "file", target = "/f", content = "a\nb" }])", R"([{ type = "file", target = "/f", content = "" }])",
      R"([{ type = "file", source = "/g", mode = 0o4755 }, { type = "directory", target = "/d" }])",
      R"([{ type = "symlink", source = "./x", target = "/l" }])", R"([{ type = "device", source = "/dev/kvm" }])"}},
    {"network.mode", {R"("none")", R"("filtered")", R"("host")"}},
    {"network.allow", {R"(["a.example"])", R"(["*.a.example:22,443", "@pypi", "10.0.0.0/8:5432"])"}},
    {"network.deny", {R"(["b.example"])"}},
    {"network.publish", {R"(["8080"])", R"(["3000:80", "[::1]:8080:80"])", R"(["0.0.0.0:1:2"])"}},
    {"network.host-ports", {"[1, 65535]", "[5432]"}},
    {"network.sockets", {R"(["/run/a"])", R"(["/run/a?"])", R"([{ path = "/run/a?", i-know = "what \"x\" opens" }])"}},
    {"network.ssh-agent", {"false", "true"}},
    {"environment.pass", {R"(["A"])", R"(["B_*", "C"])"}},
    {"environment.set", {R"({ A = "1" })", R"({ A = "", "b.c \"" = "\U0010FE24{x}" })"}},
    {"environment.unset", {R"(["A"])"}},
    {"environment.path", {R"(["/a/bin"])", R"(["./bin?"])"}},
    {"seccomp.policy", {R"("default")", R"("strict")", R"("off")"}},
    {"seccomp.allow", {R"(["mount"])"}},
    {"seccomp.deny", {R"(["ptrace", "bpf"])"}},
    {"seccomp.rule",
     {R"([{ syscall = "socket", argument = 0, equals = "AF_NETLINK", action = "errno:EPERM" }])",
      R"([{ syscall = "ioctl", argument = 1, equals = -1, action = "kill" }])",
      R"([{ syscall = "ioctl", argument = 5, masked = { mask = -256, equals = 0x7f }, action = "log" }])",
      R"([{ syscall = "ioctl", argument = 5, masked = { mask = 1, equals = "TIOCSTI" }, action = "allow" }])"}},
    {"limits.memory", {R"("4G")", R"("1T")", "1"}},
    {"limits.processes", {"1", "9223372036854775807"}},
    {"limits.cpus", {"2", "0.1", "1e300"}},
    {"limits.disk", {R"("10G")"}},
    {"limits.timeout", {R"("30m")", R"("1ms")", R"("90s")"}},
    {"limits.rlimit",
     {R"({ nofile = 4096, fsize = "2G", cpu = "10m", core = "unlimited" })", R"({ rttime = "1ms", nice = 0 })",
      R"({ stack = "16777215T" })"}},
    {"namespaces.time",
     {R"({ monotonic = "-3d" })", R"({ boottime = "0s" })", R"({ monotonic = "1ms", boottime = "-1ms" })"}},
    {"changes.on-success", {R"("ask")", R"("apply")", R"("keep")", R"("discard")"}},
    {"changes.on-failure", {R"("keep")", R"("ask")", R"("apply")", R"("discard")"}},
};

bool is_within_list(const std::string& key) {
  for (const std::string_view lead :
       {"filesystem.tmpfs.", "filesystem.mount.", "network.sockets.", "seccomp.rule.", "namespaces.time."}) {
    if (key.starts_with(lead)) return true;
  }
  return false;
}

std::string line_of(const std::string& key, const std::string& value) { return key + " = " + value + "\n"; }

// Where it came from is not what it is.
void erase_origins(nlohmann::json& json) {
  if (json.is_object()) {
    for (const char* const key :
         {"origin", "workdir_origin", "policy_origin", "profile", "profile_file", "host_answers"})
      json.erase(key);
  }
  for (auto& inner : json) {
    if (inner.is_structured()) erase_origins(inner);
  }
}

nlohmann::json without_origins(const Plan& plan) {
  nlohmann::json json = nlohmann::json::parse(plan_to_json(plan));
  erase_origins(json);
  return json;
}

}  // namespace

TEST_CASE("every key of the tables is printed and no other") {
  std::set<std::string> known, shown;
  for (const std::string& key : all_keys()) {
    if (!is_within_list(key)) known.insert(key);
  }
  for (const std::string& key : printed_keys()) shown.insert(key);
  CHECK(known == shown);
  for (const std::string& key : known) {
    const bool tried = values.contains(key) || key == "version" || key == "extends" || key == "vars";
    const bool section =
        known.upper_bound(key + ".") != known.end() && known.upper_bound(key + ".")->starts_with(key + ".");
    INFO(key);
    CHECK((tried || section));
  }
}

TEST_CASE("a printed profile reads back as it was, whatever it says of one key") {
  for (const auto& [key, pool] : values) {
    std::set<std::string> prints;
    for (const std::string& value : pool) {
      INFO(key << " = " << value);
      const Profile profile = loaded("version = 1\n" + line_of(key, value));
      check_reads_back(profile);
      CHECK(prints.insert(without_comments(printed(profile))).second);
    }
  }
}

TEST_CASE("a printed profile reads back as it was, whatever it says") {
  std::mt19937 random(5);
  for (int round = 0; round < test::rounds(3000); ++round) {
    std::string text = "version = 1\n";
    for (const auto& [key, pool] : values) {
      if (random() % 3 == 0) text += line_of(key, pool[random() % pool.size()]);
    }
    INFO(text);
    check_reads_back(loaded(text));
  }
}

TEST_CASE("a shipped profile and its print give the same plan") {
  for (const ShippedProfile& shipped : shipped_profiles()) {
    INFO(shipped.name);
    const LoadOutcome outcome =
        load_profile({{.text = std::string(shipped.text), .name = std::string(shipped.name)}}, {});
    REQUIRE(outcome.diagnostics.empty());
    Profile again = loaded(printed(outcome.profile));
    again.name = outcome.profile.name;
    again.file = outcome.profile.file;
    Planning planning;
    const PlanOutcome first = build_plan(outcome.profile, planning.facts, planning.host, planning.request);
    const PlanOutcome second = build_plan(again, planning.facts, planning.host, planning.request);
    CHECK(first.errors.size() == second.errors.size());
    CHECK(nlohmann::json::diff(without_origins(first.plan), without_origins(second.plan)).dump() == "[]");
  }
}

TEST_CASE("a print names where each line came from") {
  const LoadOutcome outcome = load_profile({{"/etc/p.toml", "version = 1\n[filesystem]\nread = [\"./a\", \"/b\"]\n"}},
                                           {{.key = "network.mode", .value = "host", .option = "--net"}});
  const std::string text = printed(outcome.profile);
  CHECK(text.find("  \"/etc/a\",  # /etc/p.toml:3\n  \"/b\",  # /etc/p.toml:3\n]") != std::string::npos);
  CHECK(text.find("mode = \"host\"  # option --net\n") != std::string::npos);
  CHECK(text.find("etc = \"minimal\"\n") != std::string::npos);
}

TEST_CASE("a path beside its file becomes absolute, unless that would make a pattern of it") {
  const auto shown = [](const std::string& file) {
    return printed(load_profile({{file, "version = 1\nfilesystem.read = [\"./a\"]\n"}}, {}).profile);
  };
  CHECK(shown("/x/p.toml").find("\"/x/a\"") != std::string::npos);
  CHECK(shown("sub/p.toml").find("\"/home/ann/web/sub/a\"") != std::string::npos);
  CHECK(shown("/x*/p.toml").find("\"./a\"") != std::string::npos);
}
