// "!x", "key.replace" and the user's own file on top.
#include <map>

#include "profile/load.h"
#include "support/catch.h"

using namespace snug;

namespace {

const LoadContext context{.known = {.home = "/home/ann", .cwd = "/home/ann/web"}};

LoadOutcome load(const std::string& below, const std::string& above, const std::vector<Override>& options = {}) {
  LoadOutcome outcome = load_profile(
      {{"/home/ann/web/ci/below.toml", "version = 1\n" + below}, {"/home/ann/web/snug.toml", "version = 1\n" + above}},
      options, context);
  for (const Diagnostic& diagnostic : outcome.diagnostics) FAIL(to_text(diagnostic));
  return outcome;
}

std::string notes(const LoadOutcome& outcome) {
  std::string all;
  for (const Diagnostic& note : outcome.notes) all += to_text(note) + "\n";
  return all;
}

/// What is left of `list` in [table] after `taken` above it.
std::string left(const std::string& table, const std::string& key, const std::string& list, const std::string& taken,
                 std::size_t& count) {
  const std::string lead = "[" + table + "]\n" + key + " = ";
  const LoadOutcome outcome = load(lead + list, lead + taken);
  const Profile& p = outcome.profile;
  const auto sizes = std::map<std::string, std::size_t>{
      {"read", p.filesystem.read.size()},       {"hide", p.filesystem.hide.size()},
      {"protect", p.filesystem.protect.size()}, {"tmpfs", p.filesystem.tmpfs.size()},
      {"mount", p.filesystem.mounts.size()},    {"allow", p.network.allow.size()},
      {"publish", p.network.publish.size()},    {"host-ports", p.network.host_ports.size()},
      {"sockets", p.network.sockets.size()},    {"path", p.environment.path.size()},
      {"unset", p.environment.unset.size()},    {"deny", p.seccomp.deny.size()},
      {"rule", p.seccomp.rules.size()},         {"write", p.filesystem.write.size()},
      {"overlay", p.filesystem.overlay.size()},
  };
  count = sizes.at(key);
  return notes(outcome);
}

}  // namespace

TEST_CASE("\"!x\" takes an inherited x out of every kind of list") {
  struct Row {
    const char *table, *key, *list, *taken;
  };
  const Row rows[] = {
      {"filesystem", "read", R"(["/a", "/b"])", R"(["!/a"])"},
      {"filesystem", "read", R"(["/a?", "/b"])", R"(["!/a"])"},
      {"filesystem", "read", R"(["/a", "/b"])", R"(["!/a?"])"},
      {"filesystem", "read", R"(["~/a", "/b"])", R"(["!/home/ann/a"])"},
      {"filesystem", "read", R"(["/home/ann/a", "/b"])", R"(["!~/./a/"])"},
      {"filesystem", "read", R"(["./x", "/b"])", R"(["!./ci/x"])"},
      {"filesystem", "read", R"(["./x", "/b"])", R"(["!~/web/ci/x"])"},
      {"filesystem", "read", R"(["/home/ann/a", "/b"])", R"(["!${home}/a"])"},
      {"filesystem", "write", R"(["/a", "/b"])", R"(["!/a"])"},
      {"filesystem", "overlay", R"(["/a", "/b"])", R"(["!/a"])"},
      {"filesystem", "hide", R"(["**/.env", "/b"])", R"(["!**/.env"])"},
      {"filesystem", "protect", R"([".envrc", "/b"])", R"(["!.envrc"])"},
      {"filesystem", "tmpfs", R"(["/a", { path = "/b", size = "1M" }])", R"(["!/b"])"},
      {"filesystem", "mount", R"([{ type = "bind", source = "/s", target = "/a" }, { type = "bind", source = "/b" }])",
       R"(["!/a"])"},
      {"network", "allow", R"(["a.example", "*.b.example:22"])", R"(["!*.b.example:22"])"},
      {"network", "publish", R"(["8080:80", "81"])", R"(["!8080"])"},
      {"network", "publish", R"(["127.0.0.1:8080:80", "81"])", R"(["!127.0.0.1:8080:80"])"},
      {"network", "host-ports", "[1, 2]", R"(["!2"])"},
      {"network", "sockets", R"(["/run/a", { path = "/run/b", i-know = "x" }])", R"(["!/run/b"])"},
      {"environment", "path", R"(["/a", "/b"])", R"(["!/a"])"},
      {"environment", "unset", R"(["A", "B"])", R"(["!A"])"},
      {"seccomp", "deny", R"(["ptrace", "bpf"])", R"(["!bpf"])"},
      {"seccomp", "rule",
       R"([{ syscall = "a", argument = 0, equals = 1, action = "log" },
           { syscall = "b", argument = 0, equals = 1, action = "log" }])",
       R"(["!b"])"},
  };
  for (const Row& row : rows) {
    INFO(row.key << " " << row.list << " " << row.taken);
    std::size_t count = 0;
    CHECK(left(row.table, row.key, row.list, row.taken, count).empty());
    CHECK(count == 1);
  }
}

TEST_CASE("\"!x\" takes out what the default says, and nothing that comes after it") {
  const LoadOutcome outcome =
      load("[environment]\npass = [\"!TZ\", \"!LC_*\", \"A\"]", "[environment]\npass = [\"!A\", \"A\"]\n");
  CHECK(notes(outcome).empty());
  std::string names;
  for (const auto& name : outcome.profile.environment.pass) names += name.value + " ";
  CHECK(names == "TERM LANG COLORTERM NO_COLOR A ");
}

TEST_CASE("what takes nothing out is noted with what may have been meant") {
  std::size_t count = 0;
  const std::string file = "/home/ann/web/snug.toml:3:";
  CHECK(left("filesystem", "read", R"(["/opt/tool"])", R"(["!/opt/tol"])", count) ==
        file +
            "9: filesystem.read: \"!/opt/tol\" takes nothing out: nothing before it says so; did you mean "
            "\"!/opt/tool\"?\n");
  CHECK(left("network", "publish", R"(["8080"])", R"(["!127.0.0.1:8080:81"])", count) ==
        file + "12: network.publish: \"!127.0.0.1:8080:81\" takes nothing out: nothing before it says so\n");
  CHECK(count == 1);
}

TEST_CASE("\"key.replace\" starts a list over, and later documents append again") {
  const LoadOutcome outcome = load("[environment]\npass.replace = [\"A\"]\n[filesystem]\nread = [\"/a\"]\n",
                                   "[environment]\npass = [\"B\"]\n[filesystem]\nread.replace = [\"/b\", \"/c\"]\n");
  REQUIRE(outcome.profile.environment.pass.size() == 2);
  CHECK(outcome.profile.environment.pass[0].value == "A");
  CHECK(to_text(outcome.profile.environment.pass[0].origin) ==
        "/home/ann/web/ci/below.toml:3 (environment.pass.replace)");
  CHECK(outcome.profile.filesystem.read.size() == 2);
  const LoadOutcome tables = load("[[filesystem.mount]]\ntype = \"tmpfs\"\ntarget = \"/a\"\n",
                                  "[[filesystem.mount.replace]]\ntype = \"tmpfs\"\ntarget = \"/b\"\n");
  REQUIRE(tables.profile.filesystem.mounts.size() == 1);
  CHECK(tables.profile.filesystem.mounts[0].target == "/b");
}

TEST_CASE("an option takes out what files say") {
  const LoadOutcome outcome =
      load("[filesystem]\nread = [\"/a\"]", "[filesystem]\nread = [\"/b\"]",
           {{.key = "filesystem.read", .value = "\"!/a\"", .how = Override::How::append, .option = "--read"}});
  REQUIRE(outcome.profile.filesystem.read.size() == 1);
  CHECK(outcome.profile.filesystem.read[0].path == "/b");
}

TEST_CASE("the user's own file lies over the profile and below the options, and does not name the profile") {
  const std::string own = "/home/ann/.config/snug/projects/web-0.toml";
  const ProfileText profile{.file = "/p/snug.toml", .text = "version = 1\nhostname = \"p\"\nnested = true\n"};
  const ProfileText users{.file = own,
                          .text = "version = 1\nhostname = \"u\"\n[network]\nmode = \"host\"\n",
                          .role = ProfileText::Role::laid_on_top};
  const LoadOutcome outcome =
      load_profile({profile, users}, {{.key = "network.mode", .value = "none", .option = "--net"}}, context);
  CHECK(outcome.profile.name == "snug");
  CHECK(outcome.profile.file == "/p/snug.toml");
  CHECK(to_text(outcome.profile.hostname.origin) == own + ":2 (hostname)");
  CHECK(to_text(outcome.profile.network.mode.origin) == "option --net");
  CHECK(outcome.profile.nested.value);
  CHECK(load_profile({users}, {}, context).profile.name == "default");
}
