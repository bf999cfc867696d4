// A profile with every key of the format, read and refused as a whole; and the manual's list of keys.
#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>

#include "profile/load.h"
#include "profile/schema.h"
#include "support/catch.h"
#include "support/places.h"

using namespace snug;

namespace {

constexpr std::string_view example = R"(version = 1
extends = ["default"]              # names or ./file.toml
description = "web client"
require = ["filesystem", "network", "limits.memory"]

hostname = "client"
shell = ["bash"]
workdir = "."
user = "self"
subids = "none"
toolchains = "auto"
nested = false

[vars]
cache = "${home}/.cache"

[filesystem]
root    = "host"
etc     = "minimal"
project = "write"
home    = "stored"
git     = "protect"
read    = ["/opt/toolchain", "~/.gitconfig?"]
write   = ["${cache}/shared?"]
overlay = ["~/.cargo/registry?"]
tmpfs   = ["/scratch", { path = "/big", size = "1G" }]
hide    = ["**/.env", "~/.netrc"]
protect = [".envrc", ".vscode/**", ".github/workflows/**"]
[[filesystem.mount]]
type = "bind"
source = "/srv/data"
target = "/data"
access = "read"
exec = false
optional = true

[network]
mode    = "none"
allow   = ["registry.npmjs.org", "*.github.com:22,443", "10.0.0.0/8:5432", "@pypi"]
deny    = ["telemetry.example.com"]
publish = ["8080", "127.0.0.1:3000:80"]
host-ports = [5432]
sockets = ["/run/postgresql/.s.PGSQL.5432?", { path = "/run/docker.sock", i-know = "full control of my account" }]
ssh-agent = false

[environment]
pass  = ["TERM", "LANG", "LC_*", "COLORTERM", "NO_COLOR", "TZ"]
set   = { CI = "1" }
unset = ["LC_PAPER"]
path  = ["${project}/node_modules/.bin"]

[seccomp]
policy = "default"
allow  = ["io_uring_setup"]
deny   = ["ptrace"]
[[seccomp.rule]]
syscall = "socket"
argument = 0
equals = "AF_NETLINK"
action = "errno:EAFNOSUPPORT"

[limits]
memory = "4G"
processes = 512
cpus = 2.0
disk = "10G"
timeout = "30m"
rlimit = { nofile = 4096, fsize = "2G", core = 0, cpu = "10m" }

[namespaces]
time = { monotonic = "-3d", boottime = "0s" }

[changes]
on-success = "ask"
on-failure = "keep"
)";

const LoadContext context{.known = {.project = "/p", .home = "/home/ann"}};

std::string all_lines(const std::vector<Diagnostic>& diagnostics) {
  std::string all;
  for (const Diagnostic& diagnostic : diagnostics) all += to_text(diagnostic) + "\n";
  return all;
}

}  // namespace

TEST_CASE("the example of every key is read") {
  const LoadOutcome outcome = load_profile({{"snug.toml", std::string(example)}}, {}, context);
  CHECK(all_lines(outcome.diagnostics).empty());
  CHECK(outcome.profile.filesystem.write.at(0).path == "/home/ann/.cache/shared");
  CHECK(outcome.profile.environment.path.at(0).path == "/p/node_modules/.bin");
}

TEST_CASE("every key that is in the tables is in the manual") {
  std::ifstream file(snug::test::source_dir() + "/man/snug.toml.5.scd");
  std::ostringstream manual;
  manual << file.rdbuf();
  const KeyNames keys = all_keys();
  CHECK(keys.size() > 70);
  for (const std::string& key : keys) {
    INFO(key);
    const bool as_key = manual.str().find("*" + key + "*") != std::string::npos;
    const bool as_section = manual.str().find("[" + key + "]") != std::string::npos;
    CHECK((as_key || as_section));
  }
}

TEST_CASE("broken profiles end in mistakes or a profile, never in a crash") {
  std::mt19937 random(7);
  const auto pick = [&](std::size_t below) { return static_cast<std::size_t>(random()) % below; };
  const std::string whole = std::string(example);
  constexpr std::string_view pieces[] = {"[",
                                         "]",
                                         "{",
                                         "}",
                                         "\"",
                                         "'",
                                         "=",
                                         ".",
                                         ",",
                                         "\n",
                                         "#",
                                         "${",
                                         "!",
                                         "?",
                                         "\xff",
                                         "[[",
                                         "0x",
                                         "-",
                                         "1e999",
                                         "\\u0000",
                                         "\"\"\"",
                                         "inf",
                                         "99999999999999999999"};
  std::size_t good = 0, bad = 0;
  for (int round = 0; round < test::rounds(3000); ++round) {
    std::string text = whole;
    for (std::size_t edits = pick(4) + 1; edits > 0; --edits) {
      const std::size_t at = pick(text.size());
      switch (pick(4)) {
        case 0:
          text.erase(at, pick(30));
          break;
        case 1:
          text.insert(at, pieces[pick(std::size(pieces))]);
          break;
        case 2:
          text[at] = static_cast<char>(random());
          break;
        default:
          text.insert(at, text.substr(pick(text.size()), pick(60)));
          break;
      }
    }
    const LoadOutcome outcome =
        load_profile({{"p.toml", text}}, {{.key = "hostname", .value = text.substr(0, 20)}}, context);
    for (const Diagnostic& diagnostic : outcome.diagnostics) {
      const std::string line = to_text(diagnostic);
      for (const char c : line) REQUIRE((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
    }
    (outcome.diagnostics.size() <= 1 ? good : bad) += 1;
  }
  // The edits must reach both the readers and TOML's own mistakes.
  CHECK(good > 0);
  CHECK(bad > 0);
}

TEST_CASE("random bytes are no profile and no crash") {
  std::mt19937 random(11);
  for (int round = 0; round < test::rounds(2000); ++round) {
    std::string text;
    for (std::size_t length = random() % 200; length > 0; --length) text += static_cast<char>(random());
    const LoadOutcome outcome = load_profile({{"p.toml", text}}, {}, context);
    CHECK_FALSE(outcome.diagnostics.empty());
  }
}
