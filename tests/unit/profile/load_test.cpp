#include "profile/load.h"

#include <fstream>
#include <limits>
#include <sstream>

#include "support/catch.h"
#include "support/places.h"

using namespace snug;
using namespace std::chrono_literals;

namespace {

Profile load(const std::string& text, const std::vector<Override>& overrides = {}) {
  const LoadOutcome outcome = load_profile({{"/p/web.toml", "version = 1\n" + text}}, overrides);
  for (const Diagnostic& diagnostic : outcome.diagnostics) FAIL(to_text(diagnostic));
  return outcome.profile;
}

Profile load_options(const std::vector<Override>& overrides) { return load("", overrides); }

Override append(const std::string& key, const std::string& value) {
  return {.key = key, .value = value, .how = Override::How::append, .option = "--x"};
}

Override replace(const std::string& key, const std::string& value) {
  return {.key = key, .value = value, .option = "--x"};
}

std::string mistake(const Override& option) {
  const LoadOutcome outcome = load_profile({}, {option});
  return outcome.diagnostics.empty() ? "" : to_text(outcome.diagnostics[0]);
}

std::vector<std::string> paths(const std::vector<PathEntry>& entries) {
  std::vector<std::string> all;
  for (const PathEntry& entry : entries) all.push_back(entry.path + (entry.optional ? "?" : ""));
  return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("the compiled-in default loads without a mistake and is the file of the source tree") {
  const LoadOutcome outcome = load_profile({}, {});
  CHECK(outcome.diagnostics.empty());
  std::ifstream file(snug::test::source_dir() + "/profiles/default.toml");
  std::ostringstream text;
  text << file.rdbuf();
  CHECK(text.str() == default_profile_text());
}

TEST_CASE("the default's values carry that they are built in") {
  const Profile profile = load_profile({}, {}).profile;
  CHECK(profile.name == "default");
  CHECK(profile.file.empty());
  CHECK(profile.filesystem.project.value == ProjectMode::write);
  CHECK(profile.network.mode.value == NetworkMode::none);
  CHECK(profile.network.mode.origin.kind == OriginKind::builtin);
  CHECK(to_text(profile.network.mode.origin) == "built in (network.mode)");
  CHECK(profile.environment.pass.at(0).value == "TERM");
  REQUIRE(profile.limits.rlimits.size() == 1);
  CHECK(profile.limits.rlimits[0].name == "core");
}

TEST_CASE("a file lies over the default: lists append, scalars win, tables merge") {
  const Profile profile = load(
      "[network]\n"
      "mode = \"host\"\n"
      "[environment]\n"
      "pass = [\"EDITOR\"]\n"
      "set = { B = \"2\", A = \"1\" }\n"
      "[limits]\n"
      "rlimit = { nofile = 64 }\n");
  CHECK(profile.name == "web");
  CHECK(profile.file == "/p/web.toml");
  CHECK(profile.network.mode.value == NetworkMode::host);
  CHECK(to_text(profile.network.mode.origin) == "/p/web.toml:3 (network.mode)");
  CHECK(profile.network.mode.origin.column == 8);
  CHECK(profile.environment.pass.front().value == "TERM");
  CHECK(profile.environment.pass.back().value == "EDITOR");
  CHECK(profile.environment.set.at("A").origin.line == 6);
  CHECK(profile.environment.set.at("A").origin.key == "environment.set.A");
  REQUIRE(profile.limits.rlimits.size() == 2);
  CHECK(profile.limits.rlimits[1].name == "nofile");
}

TEST_CASE("later files lie over earlier ones") {
  const LoadOutcome outcome =
      load_profile({{"/a/one.toml",
                     "version = 1\nhostname = \"one\"\nshell = [\"bash\", \"-x\"]\n[filesystem]\nread = "
                     "[\"/1\"]\n[environment.set]\nX = \"1\"\nY = \"1\"\n[limits]\nrlimit.core = 5\n"},
                    {"/b/two.toml",
                     "version = 1\nhostname = \"two\"\nshell = [\"zsh\"]\n[filesystem]\nread = "
                     "[\"/2\"]\n[environment.set]\nX = \"2\"\n[limits]\nrlimit.core = 6\n"}},
                   {});
  REQUIRE(outcome.diagnostics.empty());
  const Profile& profile = outcome.profile;
  CHECK(profile.name == "two");
  CHECK(profile.hostname.value == "two");
  CHECK(profile.shell->value == Texts{"zsh"});
  CHECK(paths(profile.filesystem.read) == Texts{"/1", "/2"});
  CHECK(profile.environment.set.at("X").value == "2");
  CHECK(profile.environment.set.at("Y").value == "1");
  REQUIRE(profile.limits.rlimits.size() == 1);
  CHECK(profile.limits.rlimits[0].value == 6);
  CHECK(profile.limits.rlimits[0].origin.source == "/b/two.toml");
}

TEST_CASE("top-level values are read") {
  const Profile profile = load(
      "description = \"web client\"\n"
      "require = [\"filesystem\", \"limits.rlimit\"]\n"
      "hostname = \"client\"\n"
      "shell = [\"bash\", \"!x\"]\n"
      "workdir = \".\"\n"
      "user = \"root\"\n"
      "subids = \"auto\"\n"
      "toolchains = \"none\"\n"
      "nested = true\n");
  CHECK(profile.description == "web client");
  CHECK(profile.require.at(1).value == "limits.rlimit");
  CHECK(profile.hostname.value == "client");
  CHECK(profile.shell->value == Texts{"bash", "!x"});
  CHECK(profile.workdir->path == ".");
  CHECK(profile.workdir->origin.line == 6);
  CHECK(profile.user.value.kind == UserChoice::Kind::root);
  CHECK(profile.subids.value == SubidMode::automatic);
  CHECK(profile.toolchains.value == Toolchains::none);
  CHECK(profile.nested.value);
}

TEST_CASE("a user is a word or a number") {
  using Kind = UserChoice::Kind;
  CHECK(load("user = \"self\"").user.value.kind == Kind::self);
  CHECK(load("user = \"host-root\"").user.value.kind == Kind::host_root);
  CHECK(load("user = 1000").user.value.number == 1000);
  CHECK(load("user = \"1000\"").user.value.kind == Kind::number);
  CHECK(load("user = 4294967294").user.value.number == 4294967294u);
}

TEST_CASE("the file system section is read") {
  const FilesystemSection section = load(
                                        "[filesystem]\n"
                                        "root = \"/srv/root\"\n"
                                        "etc = \"host\"\n"
                                        "project = \"overlay\"\n"
                                        "home = \"tmpfs\"\n"
                                        "git = \"read\"\n"
                                        "read = [\"/opt/x\", \"~/.gitconfig?\"]\n"
                                        "write = [\"./out\"]\n"
                                        "overlay = [\"~/.cargo/registry?\"]\n"
                                        "tmpfs = [\"/scratch\", { path = \"/big\", size = \"1G\" }]\n"
                                        "hide = [\"**/.env\"]\n"
                                        "protect = [\".vscode/**\"]\n")
                                        .filesystem;
  CHECK(section.root.value.kind == RootChoice::Kind::directory);
  CHECK(section.root.value.directory == "/srv/root");
  CHECK(section.etc.value == EtcMode::host);
  CHECK(section.project.value == ProjectMode::overlay);
  CHECK(section.home.value == HomeMode::tmpfs);
  CHECK(section.git.value == GitMode::read);
  CHECK(paths(section.read) == Texts{"/opt/x", "~/.gitconfig?"});
  CHECK(section.read[1].origin.column == 19);
  CHECK(paths(section.write) == Texts{"./out"});
  CHECK(paths(section.overlay) == Texts{"~/.cargo/registry?"});
  REQUIRE(section.tmpfs.size() == 2);
  CHECK(section.tmpfs[0].path == "/scratch");
  CHECK_FALSE(section.tmpfs[0].size);
  CHECK(section.tmpfs[1].size == std::uint64_t{1} << 30);
  CHECK(paths(section.hide) == Texts{"**/.env"});
  CHECK(paths(section.protect) == Texts{".vscode/**"});
}

TEST_CASE("mounts of every type are read") {
  const std::vector<MountEntry> mounts = load(
                                             "[[filesystem.mount]]\n"
                                             "type = \"bind\"\nsource = \"/srv/data\"\ntarget = \"/data\"\n"
                                             "access = \"write\"\nexec = false\noptional = true\n"
                                             "[[filesystem.mount]]\n"
                                             "type = \"overlay\"\nsource = \"/srv/warm\"\n"
                                             "[[filesystem.mount]]\n"
                                             "type = \"tmpfs\"\ntarget = \"/t\"\nsize = 4096\nmode = \"1777\"\n"
                                             "[[filesystem.mount]]\n"
                                             "type = \"file\"\ntarget = \"/f\"\ncontent = \"x\\n\"\nmode = 0o600\n"
                                             "[[filesystem.mount]]\n"
                                             "type = \"directory\"\ntarget = \"/d\"\n"
                                             "[[filesystem.mount]]\n"
                                             "type = \"symlink\"\nsource = \"../x\"\ntarget = \"/l\"\n"
                                             "[[filesystem.mount]]\n"
                                             "type = \"device\"\nsource = \"/dev/kvm\"\n")
                                             .filesystem.mounts;
  REQUIRE(mounts.size() == 7);
  CHECK(mounts[0].type == MountEntry::Type::bind);
  CHECK(mounts[0].target == "/data");
  CHECK(mounts[0].access == Access::write);
  CHECK_FALSE(mounts[0].exec);
  CHECK(mounts[0].optional);
  CHECK(mounts[0].origin.line == 2);
  CHECK(mounts[1].target == "/srv/warm");
  CHECK(mounts[1].access == Access::read);
  CHECK(mounts[2].size == 4096u);
  CHECK(mounts[2].mode == 01777u);
  CHECK(mounts[3].content == "x\n");
  CHECK(mounts[3].mode == 0600u);
  CHECK(mounts[4].type == MountEntry::Type::directory);
  CHECK(mounts[5].source == "../x");
  CHECK(mounts[6].target == "/dev/kvm");
}

TEST_CASE("the network section is read") {
  const NetworkSection network =
      load(
          "[network]\n"
          "mode = \"filtered\"\n"
          "allow = [\"registry.npmjs.org\", \"@pypi\"]\n"
          "deny = [\"telemetry.example.com\"]\n"
          "publish = [\"8080\", \"127.0.0.2:3000:80\", \"3000:80\", \"[::1]:8080:80\", "
          "\"0.0.0.0:81\"]\n"
          "host-ports = [5432]\n"
          "sockets = [\"/run/x.sock?\", { path = \"/run/docker.sock\", i-know = \"full\" }]\n"
          "ssh-agent = true\n")
          .network;
  CHECK(network.allow.at(1).value == "@pypi");
  CHECK(network.deny.at(0).origin.line == 5);
  REQUIRE(network.publish.size() == 5);
  CHECK(network.publish[0].address == "127.0.0.1");
  CHECK(network.publish[0].host_port == 8080);
  CHECK(network.publish[0].sandbox_port == 8080);
  CHECK(network.publish[1].address == "127.0.0.2");
  CHECK(network.publish[1].host_port == 3000);
  CHECK(network.publish[1].sandbox_port == 80);
  CHECK(network.publish[2].sandbox_port == 80);
  CHECK(network.publish[3].address == "::1");
  CHECK(network.publish[4].sandbox_port == 81);
  CHECK(network.host_ports.at(0).value == 5432);
  REQUIRE(network.sockets.size() == 2);
  CHECK(network.sockets[0].optional);
  CHECK(network.sockets[1].path == "/run/docker.sock");
  CHECK(network.sockets[1].i_know == "full");
  CHECK(network.ssh_agent.value);
}

TEST_CASE("the seccomp section is read") {
  const SeccompSection seccomp = load(
                                     "[seccomp]\n"
                                     "policy = \"off\"\n"
                                     "allow = [\"io_uring_setup\"]\n"
                                     "deny = [\"ptrace\"]\n"
                                     "[[seccomp.rule]]\n"
                                     "syscall = \"socket\"\nargument = 0\nequals = \"AF_NETLINK\"\n"
                                     "action = \"errno:EAFNOSUPPORT\"\n"
                                     "[[seccomp.rule]]\n"
                                     "syscall = \"clone\"\nargument = 0\n"
                                     "masked = { mask = 0x10000000, equals = 0x10000000 }\naction = \"kill\"\n"
                                     "[[seccomp.rule]]\n"
                                     "syscall = \"close\"\nargument = 0\nequals = -1\naction = \"log\"\n")
                                     .seccomp;
  CHECK(seccomp.policy.value == SeccompPolicy::off);
  CHECK(seccomp.allow.at(0).value == "io_uring_setup");
  REQUIRE(seccomp.rules.size() == 3);
  CHECK(std::get<std::string>(seccomp.rules[0].value) == "AF_NETLINK");
  CHECK(seccomp.rules[0].action == SeccompRule::Action::error);
  CHECK(seccomp.rules[0].error == "EAFNOSUPPORT");
  CHECK(seccomp.rules[1].compare == SeccompRule::Compare::masked);
  CHECK(seccomp.rules[1].mask == 0x10000000u);
  CHECK(std::get<std::uint64_t>(seccomp.rules[1].value) == 0x10000000u);
  CHECK(std::get<std::uint64_t>(seccomp.rules[2].value) == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("limits, time offsets and changes are read") {
  const Profile profile = load(
      "[limits]\n"
      "memory = \"4G\"\nprocesses = 512\ncpus = 2\ndisk = \"10G\"\ntimeout = \"30m\"\n"
      "rlimit = { nofile = 4096, fsize = \"2G\", core = 0, cpu = \"1500ms\", stack = \"unlimited\", rttime = \"1ms\" "
      "}\n"
      "[namespaces]\n"
      "time = { monotonic = \"-3d\", boottime = \"0s\" }\n"
      "[changes]\n"
      "on-success = \"apply\"\non-failure = \"discard\"\n");
  CHECK(profile.limits.memory->value == std::uint64_t{4} << 30);
  CHECK(profile.limits.processes->value == 512);
  CHECK(profile.limits.cpus->value == 2.0);
  CHECK(profile.limits.timeout->value == 30min);
  const auto& limits = profile.limits.rlimits;
  REQUIRE(limits.size() == 6);
  CHECK(limits[0].name == "core");  // the default's, with this file's value
  CHECK(limits[0].origin.source == "/p/web.toml");
  CHECK(limits[1].value == 4096);
  CHECK(limits[2].value == std::uint64_t{2} << 30);
  CHECK(limits[3].value == 2);  // seconds, rounded up
  CHECK(limits[4].value == std::numeric_limits<std::uint64_t>::max());
  CHECK(limits[5].value == 1000);
  CHECK(profile.namespaces.monotonic->value == -72h);
  CHECK(profile.namespaces.boottime->value == 0ns);
  CHECK(profile.changes.on_success.value == OnEnd::apply);
  CHECK(profile.changes.on_failure.value == OnEnd::discard);
}

// --- options --------------------------------------------------------------------------------------------

TEST_CASE("an option replaces a scalar and says that it did") {
  const Profile profile = load("[network]\nmode = \"none\"", {replace("network.mode", "\"host\"")});
  CHECK(profile.network.mode.value == NetworkMode::host);
  CHECK(to_text(profile.network.mode.origin) == "option --x");
  CHECK(profile.network.mode.origin.key == "network.mode");
}

TEST_CASE("an option appends to a list or starts it over") {
  const std::string read = "[filesystem]\nread = [\"/1\"]\n";
  CHECK(paths(load(read, {append("filesystem.read", "\"/2\"")}).filesystem.read) == Texts{"/1", "/2"});
  CHECK(paths(load(read, {append("filesystem.read", "[\"/2\", \"/3\"]")}).filesystem.read) == Texts{"/1", "/2", "/3"});
  CHECK(paths(load(read, {replace("filesystem.read", "[\"/2\"]")}).filesystem.read) == Texts{"/2"});
  CHECK(load_options({append("filesystem.tmpfs", "{ path = \"/t\", size = \"1M\" }")}).filesystem.tmpfs.size() == 1);
  CHECK(load_options({append("filesystem.mount", "{ type = \"tmpfs\", target = \"/t\", size = \"1M\" }")})
            .filesystem.mounts.at(0)
            .size == 1u << 20);
}

TEST_CASE("an option adds to a table") {
  const std::string set = "[environment]\nset = { A = \"1\", B = \"1\" }\n";
  for (const Override& option :
       {append("environment.set", "{ A = \"2\" }"), replace("environment.set", "{ A = \"2\" }"),
        replace("environment.set.A", "\"2\""), replace("environment.set.\"A\"", "\"2\"")}) {
    const Profile profile = load(set, {option});
    CHECK(profile.environment.set.at("A").value == "2");
    CHECK(profile.environment.set.at("B").value == "1");
  }
  CHECK(load_options({replace("environment.set.\"a.b\"", "\"x\"")}).environment.set.at("a.b").value == "x");
}

TEST_CASE("a bare word is text, everything else is TOML") {
  CHECK(load_options({replace("network.mode", "host")}).network.mode.value == NetworkMode::host);
  CHECK(load_options({replace("limits.timeout", "30m")}).limits.timeout->value == 30min);
  CHECK(load_options({replace("workdir", "./src")}).workdir->path == "./src");
  CHECK(load_options({replace("nested", "true")}).nested.value);
  CHECK(load_options({replace("user", "1000")}).user.value.number == 1000);
}

TEST_CASE("mistakes in options name the option") {
  CHECK(mistake(replace("network.mod", "host")) ==
        "option --x: unknown key \"mod\" in network; did you mean \"mode\"?");
  CHECK(mistake(replace("limits.timeout", "x")) ==
        "option --x: limits.timeout: \"x\" is not a duration; write a whole number and ms, s, m, h or d, such as "
        "\"30s\"");
  CHECK(mistake(replace("filesystem.read", "\"/x\"")) ==
        "option --x: filesystem.read: expected a list, found text; write [\"/x\"]");
  CHECK(mistake(append("network.mode", "host")) ==
        "option --x: network.mode: is one value; nothing can be added to it");
  CHECK(mistake(replace("hostname", "1\nnested = true")) == "option --x: hostname: more than one value");
  CHECK(mistake(replace("hostname", "[1")).starts_with("option --x: hostname: not valid TOML: "));
  CHECK(mistake(replace("hostname", "")).starts_with("option --x: hostname: not valid TOML: "));
  CHECK(mistake(replace("hostname = 1\nnested", "true")) ==
        "option --x: \"hostname = 1\\nnested\" is no key; write such as network.mode");
  CHECK(mistake(replace("", "1")) == "option --x: \"\" is no key; write such as network.mode");
  for (const char* key : {"[network]\nmode", "nested = 1 #", "nested #", ".", "a..b", "a.", "'a", "a\"b"}) {
    INFO(key);
    CHECK(mistake(replace(key, "true")).ends_with(" is no key; write such as network.mode"));
  }
  CHECK(mistake(replace("hostname.x", "y")) == "option --x: hostname: expected text in quotes, found a table");
}

TEST_CASE("the default asked for by name is laid once") {
  const LoadOutcome outcome = load_profile({{"", std::string(default_profile_text()), "default"}}, {});
  CHECK(outcome.diagnostics.empty());
  CHECK(outcome.profile.name == "default");
  CHECK(outcome.profile.environment.pass.size() == load_profile({}, {}).profile.environment.pass.size());
}

TEST_CASE("a shipped profile is named as such, and a named file by its path") {
  const LoadOutcome shipped = load_profile({{"", "version = 1\nhostname = \"x\"\nnested = 3\n", "node"}}, {});
  CHECK(shipped.profile.name == "node");
  CHECK(shipped.profile.file.empty());
  CHECK(to_text(shipped.profile.hostname.origin) == "shipped profile node:2 (hostname)");
  CHECK(to_text(shipped.diagnostics.at(0)).starts_with("shipped profile node:3:10: nested: "));
  const LoadOutcome named = load_profile({{"x.toml", "version = 1\n", "mine", "/c/profiles/mine.toml"}}, {});
  CHECK(named.profile.name == "mine");
  CHECK(named.profile.file == "/c/profiles/mine.toml");
}
