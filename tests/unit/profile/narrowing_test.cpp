#include "profile/narrowing.h"

#include "profile/schema.h"
#include "profile/shipped.h"
#include "support/catch.h"

using namespace snug;

namespace {

std::string said(const std::vector<Diagnostic>& found) {
  std::string all;
  for (const Diagnostic& one : found) all += to_text(one) + "\n";
  return all;
}

std::string widenings(const std::string& text) {
  const auto documents = read_closure({{"snug.toml", "version = 1\n" + text}}, find_shipped, "/home/ann");
  return said(find_widenings(documents.back(), Author::project));
}

}  // namespace

TEST_CASE("what only narrows needs nobody's approval") {
  CHECK(widenings(
            "description = \"x\"\nhostname = \"h\"\nshell = [\"sh\"]\nworkdir = \"./src\"\nrequire = [\"network\"]\n"
            "[filesystem]\nproject = \"read\"\nhide = [\"**/.env\"]\nprotect = [\".envrc\"]\n"
            "tmpfs = [\"/scratch\", { path = \"/big\", size = \"1G\" }]\n"
            "[network]\nmode = \"none\"\ndeny = [\"a.example\"]\n"
            "[environment]\nset = { A = \"${project}/x\" }\nunset = [\"B\"]\n"
            "[seccomp]\ndeny = [\"ptrace\"]\n"
            "[limits]\nmemory = \"1G\"\nprocesses = 3\ncpus = 1\ndisk = \"1G\"\ntimeout = \"1m\"\n") == "");
  for (const char* mode : {"overlay", "none"}) {
    CHECK(widenings("[filesystem]\nproject = \"" + std::string(mode) + "\"\n") == "");
  }
}

TEST_CASE("every other key is named with what it opens") {
  const std::pair<const char*, const char*> rows[] = {
      {"[network]\nmode = \"host\"", "3:1: network.mode = \"host\": lets the command use the network\n"},
      {"[filesystem]\nread = [\"~/.aws\"]",
       "3:9: filesystem.read = \"~/.aws\": shows the command files of this machine\n"},
      {"[filesystem]\nproject = \"write\"", "3:1: filesystem.project = \"write\": makes the project writable\n"},
      {"[filesystem]\ntmpfs = [{ path = \"/x\", size = \"2G\" }]",
       "3:10: filesystem.tmpfs = { path = \"/x\", size = \"2G\" }: takes more memory than snug gives a tmpfs\n"},
      {"[filesystem]\ntmpfs = [{ path = \"/x\", size = -1 }]",
       "3:10: filesystem.tmpfs = { path = \"/x\", size = -1 }: takes more memory than snug gives a tmpfs\n"},
      {"[filesystem]\ntmpfs = [{ path = \"/x\", size = \"${env:X}\" }]",
       "3:10: filesystem.tmpfs = { path = \"/x\", size = \"${env:X}\" }: takes more memory than snug gives a tmpfs\n"},
      {"[[filesystem.mount]]\ntype = \"bind\"\nsource = \"/\"",
       "2:1: filesystem.mount = { type = \"bind\", source = \"/\" }: puts things of this machine in front of the "
       "command\n"},
      {"[environment]\nset = { A = \"${env:TOKEN}\" }",
       "3:13: environment.set.A = \"${env:TOKEN}\": reads a variable of yours\n"},
      {"hostname = \"${env:A:-b}\"", "2:12: hostname = \"${env:A:-b}\": reads a variable of yours\n"},
      {"shell = [\"sh\", \"-c\", \"${env:A}\"]", "2:22: shell = \"${env:A}\": reads a variable of yours\n"},
      {"[vars]\na = \"x\"", "2:2: vars = { a = \"x\" }: defines variables\n"},
      {"[seccomp]\ndeny = [\"!bpf\"]", "3:9: seccomp.deny = \"!bpf\": takes out what is said before\n"},
      {"[filesystem]\nhide.replace = []", "3:1: filesystem.hide = { replace = [] }: starts the list over\n"},
      {"require.replace = []", "2:1: require = { replace = [] }: starts the list over\n"},
      {"extends = [\"./x.toml\"]",
       "2:12: extends = \"./x.toml\": is built on a profile that does not come with snug\n"},
      {"extends = [\"nosuch\"]", "2:12: extends = \"nosuch\": is built on a profile that does not come with snug\n"},
      {"nested = true", "2:1: nested = true: lets the command make namespaces of its own, which weakens the walls\n"},
      {"surprise = 1", "2:1: surprise = 1: says what an unapproved profile may not\n"},
      {"filesystem = 3", "2:1: filesystem = 3: says what an unapproved profile may not\n"},
      {"[filesystem]\nread = [\"/\\u001b[2J\\u202e\"]",
       "3:9: filesystem.read = \"/\\u001B[2J\\u202E\": shows the command files of this machine\n"},
  };
  for (const auto& [text, expected] : rows) {
    INFO(text);
    CHECK(widenings(text) == "snug.toml:" + std::string(expected));
  }
}

TEST_CASE("what a profile is built on is judged as snug's own words") {
  const auto judge = [](const std::string& name) {
    const auto documents =
        read_closure({{"snug.toml", "version = 1\nextends = [\"" + name + "\"]\n"}}, find_shipped, "");
    REQUIRE(documents.size() == 2);
    CHECK(said(find_widenings(documents[1], Author::project)) == "");
    return said(find_widenings(documents[0], Author::shipped));
  };
  for (const char* name : {"node", "python", "rust", "go", "java", "cpp", "strict"}) {
    INFO(name);
    CHECK(judge(name) == "");
  }
  CHECK(judge("git").find("network.ssh-agent = true: lets the command use your ssh keys") != std::string::npos);
  CHECK(judge("web-service").find("lets the command talk to programs") != std::string::npos);
}

TEST_CASE("a profile of the user's own by a shipped name is not taken for the shipped one") {
  const FindProfile find = [](const ProfileReference& reference) -> Result<ProfileText> {
    return ProfileText{.file = "/c/node.toml", .text = "version = 1\n", .name = reference.name, .path = "/c/node.toml"};
  };
  const auto documents = read_closure({{"snug.toml", "version = 1\nextends = [\"node\"]\n"}}, find, "");
  CHECK(said(find_widenings(documents.back(), Author::project)).find("does not come with snug") != std::string::npos);
}

TEST_CASE("limits of processes may be lower than what holds, not higher") {
  const auto raised = [](const std::string& rlimits) {
    const std::string text = "version = 1\n[limits]\nrlimit = { " + rlimits + " }\n";
    const auto profile = load_profile({{"snug.toml", text}}, {}).profile;
    const CurrentLimit current = [](std::string_view name) { return name == "core" ? 0u : 1024u; };
    return said(find_raised_limits(profile, {"snug.toml"}, current));
  };
  CHECK(raised("nofile = 1024, core = 0") == "");
  CHECK(raised("nofile = 1025") == "snug.toml:3:21: limits.rlimit.nofile is higher than what holds: raises a limit\n");
  CHECK(raised("core = 1").find("limits.rlimit.core") != std::string::npos);
  CHECK(raised("stack = \"unlimited\"").find("limits.rlimit.stack") != std::string::npos);
}

TEST_CASE("every key of the format either narrows or is explained") {
  for (const std::string& key : all_keys()) {
    const auto dots = std::ranges::count(key, '.');
    if (dots > 1 || key == "vars" || key == "namespaces" || key == "changes" || key == "filesystem" ||
        key == "network" || key == "environment" || key == "seccomp" || key == "limits") {
      continue;
    }
    INFO(key);
    CHECK(widenings(key + " = 1979-05-27").find("says what an unapproved profile may not") == std::string::npos);
  }
}

TEST_CASE("nothing hides behind a long list, and a flood of lines says that it is cut") {
  std::string list;
  for (int i = 0; i < 60; ++i) list += "\"/usr/share/harmless" + std::to_string(i) + "\", ";
  const std::string all = widenings("[filesystem]\nread = [" + list + "\"~/.ssh\"]\n");
  CHECK(all.find("filesystem.read = \"~/.ssh\": ") != std::string::npos);
  const std::string flood = widenings("[filesystem]\nread = [" + list + list + "\"~/.ssh\"]\n");
  CHECK(std::ranges::count(flood, '\n') == 101);
  CHECK(flood.ends_with("there is more; read the file before you approve it\n"));
}
