// Bad input, one line a row: what is written, and every word of what is said about it.
#include <string>
#include <vector>

#include "profile/load.h"
#include "support/catch.h"

using namespace snug;

namespace {

std::string mistakes(const std::string& text) {
  std::string all;
  for (const Diagnostic& diagnostic : load_profile({{"p.toml", text}}, {}).diagnostics) {
    all += to_text(diagnostic) + "\n";
  }
  return all;
}

struct Row {
  std::string text;  ///< after "version = 1" in line 1
  std::string message;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(mistakes("version = 1\n" + row.text) == (row.message.empty() ? "" : "p.toml:" + row.message + "\n"));
  }
}

}  // namespace

TEST_CASE("unknown keys name the one that was meant") {
  check({
      {"netwrok = 1", "2:1: unknown key \"netwrok\"; did you mean \"network\"?"},
      {"  hostnam = \"x\"", "2:3: unknown key \"hostnam\"; did you mean \"hostname\"?"},
      {"project = \"read\"", "2:1: unknown key \"project\"; did you mean \"filesystem.project\"?"},
      {"colour = true", "2:1: unknown key \"colour\""},
      {"[filesystem]\nraed = []", "3:1: unknown key \"raed\" in filesystem; did you mean \"read\"?"},
      {"[network]\nhost_ports = []", "3:1: unknown key \"host_ports\" in network; did you mean \"host-ports\"?"},
      {"[limits]\nrlimit = { nofiles = 1 }",
       "3:12: unknown key \"nofiles\" in limits.rlimit; did you mean \"nofile\"?"},
      {"[limits]\nrlimit = { NOFILE = 1 }", "3:12: unknown key \"NOFILE\" in limits.rlimit; did you mean \"nofile\"?"},
      {"[filesystem]\ntmpfs = [{ path = \"/x\", sise = 1 }]",
       "3:25: unknown key \"sise\" in filesystem.tmpfs; did you mean \"size\"?"},
      {"[namespaces]\ntime = { monotonik = \"1s\" }",
       "3:10: unknown key \"monotonik\" in namespaces.time; did you mean \"monotonic\"?"},
      {"[mystery]\nx = 1", "2:2: unknown key \"mystery\""},
      {"\"a\\u001Bb\" = 1", "2:1: unknown key \"a\\u001Bb\""},
  });
}

TEST_CASE("wrong types say what was expected and how to write it") {
  check({
      {"hostname = 7", "2:12: hostname: expected text in quotes, found a whole number; write \"7\""},
      {"nested = \"true\"", "2:10: nested: expected true or false, found text; write true"},
      {"nested = 1", "2:10: nested: expected true or false, found a whole number"},
      {"shell = \"bash\"", "2:9: shell: expected a list, found text; write [\"bash\"]"},
      {"shell = []", "2:9: shell: names no program; write [\"bash\"]"},
      {"shell = [1]", "2:10: shell: expected text in quotes, found a whole number; write \"1\""},
      {"network = \"none\"", "2:11: network: expected a table, found text"},
      {"description = [\"x\"]", "2:15: description: expected text in quotes, found a list"},
      {"hostname = 2024-01-01", "2:12: hostname: expected text in quotes, found a date or time"},
      {"[filesystem]\nread = \"/x\"", "3:8: filesystem.read: expected a list, found text; write [\"/x\"]"},
      {"[filesystem]\nread = [7]", "3:9: filesystem.read: expected text in quotes, found a whole number; write \"7\""},
      {"[filesystem.mount]\ntype = \"bind\"", "2:1: filesystem.mount: expected a list, found a table"},
      {"[environment]\nset = { CI = 1 }",
       "3:14: environment.set.CI: expected text in quotes, found a whole number; write \"1\""},
      {"[environment]\nset = { CI = true }",
       "3:14: environment.set.CI: expected text in quotes, found true or false; write \"true\""},
      {"[environment]\nset = [\"CI=1\"]", "3:7: environment.set: expected a table, found a list"},
      {"[limits]\ntimeout = 30",
       "3:11: limits.timeout: expected a duration in quotes such as \"30s\", found a whole number"},
      {"[limits]\nprocesses = \"5\"", "3:13: limits.processes: expected a whole number, found text"},
      {"[limits]\nprocesses = 5.5", "3:13: limits.processes: expected a whole number, found a number"},
      {"[limits]\nmemory = 1.5", "3:10: limits.memory: expected a size such as \"512M\", found a number"},
      {"[limits]\ncpus = \"2\"", "3:8: limits.cpus: expected a number, found text"},
  });
}

TEST_CASE("words outside a key's vocabulary are refused") {
  check({
      {"[filesystem]\netc = \"minimall\"", "3:7: filesystem.etc: \"minimall\" is not known; did you mean \"minimal\"?"},
      {"[filesystem]\netc = \"full\"", "3:7: filesystem.etc: \"full\" is not known; write \"minimal\" or \"host\""},
      {"[filesystem]\nhome = \"Stored\"", "3:8: filesystem.home: \"Stored\" is not known; did you mean \"stored\"?"},
      {"[network]\nmode = \"off\"",
       "3:8: network.mode: \"off\" is not known; write \"none\", \"filtered\" or \"host\""},
      {"[filesystem]\nroot = \"hots\"",
       "3:8: filesystem.root: \"hots\" is not known; write \"host\", \"empty\" or a directory"},
      {"[filesystem]\nroot = \"image:debian\"",
       "3:8: filesystem.root: images are not in this version yet; write \"host\", \"empty\" or a directory"},
      {"user = \"nobody\"",
       "2:8: user: \"nobody\" is not known; write \"self\", \"root\", \"host-root\" or a number up to 4294967294"},
      {"user = -1",
       "2:8: user: \"-1\" is not known; write \"self\", \"root\", \"host-root\" or a number up to 4294967294"},
      {"user = 4294967295",
       "2:8: user: \"4294967295\" is not known; write \"self\", \"root\", \"host-root\" or a number up to 4294967294"},
      {"require = [\"memory\"]",
       "2:12: require: \"memory\" is not known; write \"filesystem\", \"network\", \"limits.memory\", "
       "\"limits.processes\", \"limits.cpus\", \"limits.disk\", \"limits.timeout\", \"limits.rlimit\" or \"subids\""},
      {"require = [\"filesytem\"]", "2:12: require: \"filesytem\" is not known; did you mean \"filesystem\"?"},
      {"[seccomp]\npolicy = \"standard\"",
       "3:10: seccomp.policy: \"standard\" is not known; write \"default\", \"strict\" or \"off\""},
      {"[changes]\non-success = \"drop\"",
       "3:14: changes.on-success: \"drop\" is not known; write \"ask\", \"apply\", \"keep\" or \"discard\""},
  });
}

TEST_CASE("numbers, sizes and durations are checked") {
  check({
      {"[limits]\nmemory = \"2GB\"",
       "3:10: limits.memory: \"2GB\" is not a size; write a whole number and K, M, G or T, such as \"512M\""},
      {"[limits]\nmemory = \"99999999T\"", "3:10: limits.memory: \"99999999T\" is too large"},
      {"[limits]\nmemory = 0", "3:10: limits.memory: must be more than 0"},
      {"[limits]\nmemory = -5", "3:10: limits.memory: -5 is not between 0 and 9223372036854775807"},
      {"[limits]\nprocesses = 0", "3:13: limits.processes: 0 is not between 1 and 9223372036854775807"},
      {"[limits]\ncpus = 0", "3:8: limits.cpus: must be more than 0"},
      {"[limits]\ncpus = nan", "3:8: limits.cpus: must be more than 0"},
      {"[limits]\ncpus = inf", "3:8: limits.cpus: must be more than 0"},
      {"[limits]\ntimeout = \"30\"",
       "3:11: limits.timeout: \"30\" is not a duration; write a whole number and ms, s, m, h or d, such as \"30s\""},
      {"[limits]\ntimeout = \"0s\"", "3:11: limits.timeout: must be more than 0"},
      {"[limits]\ntimeout = \"-5s\"", "3:11: limits.timeout: must be more than 0"},
      {"[limits]\nrlimit.cpu = \"-1s\"", "3:14: limits.rlimit.cpu: cannot be negative"},
      {"[limits]\nrlimit.nofile = \"4K\"", "3:17: limits.rlimit.nofile: expected a whole number, found text"},
      {"[limits]\nrlimit.nofile = -1", "3:17: limits.rlimit.nofile: -1 is not between 0 and 9223372036854775807"},
      {"[network]\nhost-ports = [0]", "3:15: network.host-ports: 0 is not between 1 and 65535"},
      {"[network]\nhost-ports = [70000]", "3:15: network.host-ports: 70000 is not between 1 and 65535"},
      {"[namespaces]\ntime = { boottime = \"soon\" }",
       "3:21: namespaces.time.boottime: \"soon\" is not a duration; write a whole number and ms, s, m, h or d, such as "
       "\"30s\""},
      {"[filesystem]\ntmpfs = [{ path = \"/x\", size = \"0\" }]", "3:32: filesystem.tmpfs.size: must be more than 0"},
  });
}

TEST_CASE("paths are absolute, in the home or beside the file") {
  const std::string read = "[filesystem]\nread = [";
  check({
      {read + "\"src\"]", "3:9: filesystem.read: \"src\" is not absolute; did you mean \"./src\"?"},
      {read + "\"../x\"]", "3:9: filesystem.read: \"../x\" has \"..\" in it; write the path out from /, ~/ or ./"},
      {read + "\"/a/../b\"]",
       "3:9: filesystem.read: \"/a/../b\" has \"..\" in it; write the path out from /, ~/ or ./"},
      {read + "\"\"]", "3:9: filesystem.read: the path is empty"},
      {read + "\"?\"]", "3:9: filesystem.read: the path is empty"},
      {read + "\"~bob/x\"]", "3:9: filesystem.read: \"~bob/x\": only \"~/\", your own home, is known"},
      {read + "\"/a\\u0000b\"]", "3:9: filesystem.read: text cannot hold a NUL character"},
      {read + "\"/opt/*\"]",
       "3:9: filesystem.read: \"/opt/*\": patterns work only in filesystem.hide and filesystem.protect; name each path "
       "(or use [[filesystem.mount]], where \"*\" is a plain character)"},
      {read + "\"/" + std::string(5000, 'x') + "\"]", "3:9: filesystem.read: the path is longer than 4095 bytes"},
      {"[filesystem]\nhide = [\"../secret\"]",
       "3:9: filesystem.hide: \"../secret\" has \"..\" in it; write the path out from /, ~/ or ./"},
      {"[filesystem]\ntmpfs = [\"/x?\"]",
       "3:10: filesystem.tmpfs: \"/x?\": \"?\" (skipped if absent) means nothing for a tmpfs, which is always made"},
      {"[filesystem]\ntmpfs = [{ size = \"1G\" }]", "3:10: filesystem.tmpfs: \"path\" is missing"},
      {"workdir = \"src\"", "2:11: workdir: \"src\" is not absolute; did you mean \"./src\"?"},
      {"[environment]\npath = [\"bin\"]", "3:9: environment.path: \"bin\" is not absolute; did you mean \"./bin\"?"},
      {"[network]\nsockets = [\"@abstract\"]",
       "3:12: network.sockets: \"@abstract\" is not absolute; did you mean \"./@abstract\"?"},
      {"[filesystem]\nhide = [\"**/.env\", \"a/b\", \"~/.netrc\"]\nprotect = [\".envrc\", \".vscode/**\"]", ""},
      {read + "\"/\", \"~\", \"~/x?\", \"./y\", \".\"]", ""},
  });
}

TEST_CASE("what starts a list over is a list alone") {
  check({
      {"[filesystem]\nread.replace = \"/x\"",
       "3:16: filesystem.read.replace: expected a list, found text; write [\"/x\"]"},
      {"[filesystem]\nread = { replace = [\"/x\"], append = [] }", "3:28: unknown key \"append\" in filesystem.read"},
      {"[filesystem]\nread = { replac = [\"/x\"] }", "3:8: filesystem.read: expected a list, found a table"},
      {"[filesystem]\nread = [\"!\"]", "3:9: filesystem.read: \"!\" alone takes nothing out; write \"!\" and what"},
      {"shell.replace = [\"x\"]", "2:1: shell: expected a list, found a table"},
  });
}

TEST_CASE("network rules and published ports are checked") {
  const std::string allow = "[network]\nallow = [";
  const std::string publish = "[network]\npublish = [";
  const std::string form =
      " is no host, address or range; write such as \"example.com\", \"*.example.com:22,443\", \"10.0.0.0/8:5432\" or "
      "\"[::1]:8080\"";
  check({
      {allow + "\"exa mple.com\"]", "3:10: network.allow: \"exa mple.com\"" + form},
      {allow + "\"\"]", "3:10: network.allow: \"\"" + form},
      {allow + "\"10.0.0.300\"]", "3:10: network.allow: \"10.0.0.300\"" + form},
      {allow + "\"10.0.0.0/33\"]", "3:10: network.allow: \"10.0.0.0/33\"" + form},
      {allow + "\"https://example.com\"]", "3:10: network.allow: \"https://example.com\"" + form},
      {allow + "\"a.*.com\"]", "3:10: network.allow: \"a.*.com\"" + form},
      {allow + "\"[::1\"]", "3:10: network.allow: \"[::1\"" + form},
      {allow + "\"[10.0.0.1]:80\"]", "3:10: network.allow: \"[10.0.0.1]:80\"" + form},
      {allow + "\"été.fr\"]",
       "3:10: network.allow: \"été.fr\" holds letters that names on the network cannot hold; write \"xn--t-9fab.fr\""},
      {allow + "\"@nmp\"]", "3:10: network.allow: \"@nmp\" is no known group; did you mean \"@npm\"?"},
      {allow + "\"example.com:90-80\"]",
       "3:10: network.allow: \"example.com:90-80\": \"90-80\" is no port; ports are 1 to 65535"},
      {allow + "\"udp://ntp.example\"]",
       "3:10: network.allow: \"udp://ntp.example\": udp has no usual ports; write such as \"udp://ntp.example:123\""},
      {allow + "\"example.com:\"]", "3:10: network.allow: \"example.com:\": \"\" is no port; ports are 1 to 65535"},
      {allow + "\"example.com:80,99999\"]",
       "3:10: network.allow: \"example.com:80,99999\": \"99999\" is no port; ports are 1 to 65535"},
      {allow + "\"@pypi:80\"]", "3:10: network.allow: \"@pypi:80\": a group has ports of its own; write \"@pypi\""},
      {allow + "\"registry.npmjs.org\", \"*.github.com:22,443\", \"10.0.0.0/8:5432\", \"@pypi\", \"*\", \"*:22\", "
               "\"[::1]:80\", \"fd00::/8\", \"[fd00::/8]:1\", \"[fd00::]/8:443\", \"localhost\", \"a_b.example.\"]",
       ""},
      {publish + "\"x\"]", "3:12: network.publish: \"x\": \"x\" is no port; ports are 1 to 65535"},
      {publish + "\"0\"]", "3:12: network.publish: \"0\": \"0\" is no port; ports are 1 to 65535"},
      {publish + "\"\"]",
       "3:12: network.publish: \"\" is not [ADDRESS:]PORT[:PORT]; write such as \"8080\", \"3000:80\" or "
       "\"127.0.0.1:3000:80\""},
      {publish + "\"1:2:3\"]",
       "3:12: network.publish: \"1:2:3\" is not [ADDRESS:]PORT[:PORT]; write such as \"8080\", \"3000:80\" or "
       "\"127.0.0.1:3000:80\""},
      {publish + "\"localhost:80\"]",
       "3:12: network.publish: \"localhost:80\": \"localhost\" is no address; write one such as \"127.0.0.1\" or "
       "\"[::1]\""},
      {publish + "\"::1:80\"]",
       "3:12: network.publish: \"::1:80\": \"\" is no address; write one such as \"127.0.0.1\" or \"[::1]\""},
      {publish + "\"80/udp\"]", "3:12: network.publish: \"80/udp\": \"80/udp\" is no port; ports are 1 to 65535"},
      {publish + "8080]", "3:12: network.publish: expected text in quotes, found a whole number; write \"8080\""},
      {"[network]\nsockets = [{ i-know = \"x\" }]", "3:12: network.sockets: \"path\" is missing"},
  });
}

TEST_CASE("names of variables and hosts are checked") {
  check({
      {"hostname = \"\"", "2:12: hostname: \"\" is no host name; use at most 64 letters, digits, \"-\" and \".\""},
      {"hostname = \"-x\"", "2:12: hostname: \"-x\" is no host name; use at most 64 letters, digits, \"-\" and \".\""},
      {"hostname = \"a b\"",
       "2:12: hostname: \"a b\" is no host name; use at most 64 letters, digits, \"-\" and \".\""},
      {"hostname = \"" + std::string(64, 'x') + "\"", ""},
      {"[environment]\npass = [\"A=B\"]",
       "3:9: environment.pass: \"A=B\" is no variable name: it is empty or holds \"=\" or NUL"},
      {"[environment]\nunset = [\"\"]",
       "3:10: environment.unset: \"\" is no variable name: it is empty or holds \"=\" or NUL"},
      {"[environment.set]\n\"A=B\" = \"c\"",
       "3:9: environment.set: \"A=B\" is no variable name: it is empty or holds \"=\" or NUL"},
  });
}

TEST_CASE("variables that would be ignored are refused") {
  check({
      {"[environment]\npass = [\"LD_PRELOAD\"]",
       "3:9: environment.pass: \"LD_PRELOAD\" names a place of the host and is never passed on; give it a value in "
       "environment.set"},
      {"[environment]\nset = { container = \"x\" }",
       "3:21: environment.set: \"container\" is set by snug itself and stays as it is"},
      {"[environment]\nunset = [\"SNUG_PROFILE\"]",
       "3:10: environment.unset: \"SNUG_PROFILE\" is set by snug itself and stays as it is"},
      {"[environment]\npass = [\"LD_*\", \"*\"]\nset = { LD_PRELOAD = \"x\", HOME = \"/h\" }", ""},
  });
}

TEST_CASE("mounts say which key is missing or means nothing") {
  const std::string mount = "[[filesystem.mount]]\n";
  check({
      {mount + "source = \"/a\"", "2:1: filesystem.mount: \"type\" is missing"},
      {mount + "type = \"bnd\"", "3:8: filesystem.mount.type: \"bnd\" is not known; did you mean \"bind\"?"},
      {mount + "type = \"bind\"", "2:1: filesystem.mount: \"source\" is missing"},
      {mount + "type = \"tmpfs\"", "2:1: filesystem.mount: \"target\" is missing"},
      {mount + "type = \"file\"\ntarget = \"/a\"", "2:1: filesystem.mount: \"content\" or \"source\" is missing"},
      {mount + "type = \"file\"\ncontent = \"x\"", "2:1: filesystem.mount: \"target\" is missing"},
      {mount + "type = \"file\"\ntarget = \"/a\"\ncontent = \"x\"\nsource = \"/b\"",
       "2:1: filesystem.mount: has both \"source\" and \"content\"; keep one"},
      {mount + "type = \"bind\"\nsource = \"/a\"\nsize = \"1G\"",
       "5:1: filesystem.mount: \"size\" means nothing for type = \"bind\""},
      {mount + "type = \"bind\"\nsource = \"a\"",
       "4:10: filesystem.mount.source: \"a\" is not absolute; did you mean \"./a\"?"},
      {mount + "type = \"symlink\"\nsource = \"\"\ntarget = \"/a\"",
       "4:10: filesystem.mount.source: a symbolic link cannot be empty"},
      {mount + "type = \"symlink\"\nsource = \"../b\"\ntarget = \"/a\"", ""},
      {mount + "type = \"directory\"\ntarget = \"/a\"\nmode = 755",
       "5:8: filesystem.mount.mode: permission bits are octal; write \"0755\" or 0o755"},
      {mount + "type = \"directory\"\ntarget = \"/a\"\nmode = \"rwx\"",
       "5:8: filesystem.mount.mode: \"rwx\" is not understood; permission bits are octal; write \"0755\" or 0o755"},
  });
}

TEST_CASE("rules of system calls are checked") {
  const std::string rule = "[[seccomp.rule]]\n";
  check({
      {"[seccomp]\nallow = [\"Ptrace\"]",
       "3:10: seccomp.allow: \"Ptrace\" is no name of a system call; write it as in its man page, such as \"ptrace\""},
      {rule + "syscall = \"socket\"\nargument = 6\nequals = 1\naction = \"kill\"",
       "4:12: seccomp.rule.argument: 6 is not between 0 and 5"},
      {rule + "syscall = \"socket\"\nargument = 0\nequals = \"netlink\"\naction = \"kill\"",
       "5:10: seccomp.rule.equals: \"netlink\" is neither a number nor a constant such as \"AF_NETLINK\""},
      {rule + "syscall = \"socket\"\nargument = 0\nequals = 1\naction = \"errno:perm\"",
       "6:10: seccomp.rule.action: \"errno:perm\" names no error; write such as \"errno:EPERM\""},
      {rule + "syscall = \"socket\"\nargument = 0\nequals = 1\naction = \"deny\"",
       "6:10: seccomp.rule.action: \"deny\" is not known; write \"allow\", \"errno:NAME\", \"kill\" or \"log\""},
      {rule + "syscall = \"socket\"\nargument = 0\naction = \"kill\"",
       "2:1: seccomp.rule: \"equals\" (or \"masked\") is missing"},
      {rule + "syscall = \"socket\"\nargument = 0\nequals = 1\nmasked = { mask = 1, equals = 1 }\naction = \"kill\"",
       "2:1: seccomp.rule: has both \"equals\" and \"masked\"; keep one"},
      {rule + "syscall = \"socket\"\nargument = 0\nmasked = { mask = 1 }\naction = \"kill\"",
       "5:10: seccomp.rule.masked: \"equals\" is missing"},
      {rule + "argument = 0\nequals = 1\naction = \"kill\"", "2:1: seccomp.rule: \"syscall\" is missing"},
  });
}

TEST_CASE("the format's version is checked") {
  CHECK(mistakes("") == "p.toml:1:1: \"version\" is missing; write version = 1 as the first line\n");
  CHECK(mistakes("hostname = 7") ==
        "p.toml:1:1: \"version\" is missing; write version = 1 as the first line\n"
        "p.toml:1:12: hostname: expected text in quotes, found a whole number; write \"7\"\n");
  CHECK(mistakes("version = 2\nfuture-key = true") ==
        "p.toml:1:11: version: this profile is written for format 2, this snug reads format 1; use a newer snug\n");
  CHECK(mistakes("version = \"1\"") == "p.toml:1:11: version: expected a whole number, found text\n");
  CHECK(mistakes("version = 0") == "p.toml:1:11: version: 0 is not between 1 and 2147483647\n");
}

TEST_CASE("text that is no TOML is reported with its place") {
  CHECK(mistakes("version = 1\nhostname = \"x").starts_with("p.toml:2:"));
  CHECK(mistakes("version = 1\nhostname = \"x").find("not valid TOML: ") != std::string::npos);
  CHECK(mistakes("version = 1\nversion = 1\n").starts_with("p.toml:2:"));
  CHECK(mistakes("version = 1\nhostname = \"\xff\"").starts_with("p.toml:2:"));
  CHECK(mistakes(std::string("version = 1\nhostname = \"a\0b\"", 27)).starts_with("p.toml:2:"));
  CHECK(mistakes(std::string(2 << 20, '#')) == "p.toml:1:1: larger than 1 MiB\n");
}

TEST_CASE("all mistakes of a run are reported at once, in the order of the lines") {
  const LoadOutcome outcome = load_profile({{"a.toml",
                                             "version = 1\n"
                                             "[network]\n"
                                             "mode = \"hsot\"\n"
                                             "[filesystem]\n"
                                             "read = [\"/ok\", \"x\", 3]\n"
                                             "etc = \"h\"\n"
                                             "[limits]\n"
                                             "memory = \"x\"\n"},
                                            {"b.toml", "version = 1\nhostnme = 1\n"}},
                                           {{.key = "limits.memroy", .value = "4G", .option = "--set limits.memroy"},
                                            {.key = "limits.memory", .value = "\"x\"", .option = "--memory"}});
  std::string all;
  for (const Diagnostic& diagnostic : outcome.diagnostics) all += to_text(diagnostic) + "\n";
  CHECK(
      all ==
      "a.toml:3:8: network.mode: \"hsot\" is not known; did you mean \"host\"?\n"
      "a.toml:5:16: filesystem.read: \"x\" is not absolute; did you mean \"./x\"?\n"
      "a.toml:5:21: filesystem.read: expected text in quotes, found a whole number; write \"3\"\n"
      "a.toml:6:7: filesystem.etc: \"h\" is not known; write \"minimal\" or \"host\"\n"
      "a.toml:8:10: limits.memory: \"x\" is not a size; write a whole number and K, M, G or T, such as \"512M\"\n"
      "b.toml:2:1: unknown key \"hostnme\"; did you mean \"hostname\"?\n"
      "option --set limits.memroy: unknown key \"memroy\" in limits; did you mean \"memory\"?\n"
      "option --memory: limits.memory: \"x\" is not a size; write a whole number and K, M, G or T, such as \"512M\"\n");
}

TEST_CASE("a flood of mistakes ends") {
  std::string text = "version = 1\n";
  for (int i = 0; i < 20000; ++i) text += "key" + std::to_string(i) + " = 1\n";
  const LoadOutcome outcome = load_profile({{"p.toml", text}}, {});
  REQUIRE(outcome.diagnostics.size() == 200);
  CHECK(outcome.diagnostics.back().message == "too many mistakes; the rest is not shown");
}
