// What this version reads but does not enforce yet must stop a run, each key by name.
#include <fstream>
#include <regex>
#include <sstream>

#include "profile/load.h"
#include "support/catch.h"

using namespace snug;

namespace {

std::string refusals(const std::string& text) {
  const LoadOutcome outcome = load_profile({{"p.toml", "version = 1\n" + text}}, {});
  for (const Diagnostic& diagnostic : outcome.diagnostics) FAIL(to_text(diagnostic));
  std::string all;
  for (const Diagnostic& diagnostic : unenforceable_keys(outcome.profile)) all += to_text(diagnostic) + "\n";
  return all;
}

struct Row {
  std::string text;     ///< after "version = 1" in line 1
  std::string refusal;  ///< after "p.toml:"; empty: none
};

}  // namespace

TEST_CASE("each key that cannot be enforced is refused with what to write instead") {
  const Row rows[] = {
      {"subids = \"auto\"", "2:10: subids = \"auto\" is not in this version yet; write subids = \"none\""},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(refusals(row.text) == "p.toml:" + row.refusal + "\n");
  }
}

TEST_CASE("what is enforced is not refused") {
  CHECK(
      refusals(
          "require = [\"filesystem\", \"network\", \"limits.memory\", \"limits.processes\", \"limits.cpus\", "
          "\"limits.disk\", \"limits.timeout\", \"limits.rlimit\"]\n"
          "hostname = \"x\"\nshell = [\"bash\"]\nworkdir = \".\"\nuser = \"root\"\nsubids = \"none\"\n"
          "toolchains = \"none\"\nnested = true\n"
          "[filesystem]\nroot = \"empty\"\netc = \"host\"\nproject = \"overlay\"\nhome = \"tmpfs\"\ngit = \"write\"\n"
          "read = [\"/a\"]\nwrite = [\"/b\"]\noverlay = [\"/c\"]\ntmpfs = [\"/d\"]\nhide = [\"x\"]\nprotect = [\"y\"]\n"
          "[[filesystem.mount]]\ntype = \"bind\"\nsource = \"/e\"\n"
          "[network]\nmode = \"host\"\nssh-agent = true\nsockets = [\"/run/x\"]\nallow = []\npublish = []\n"
          "[environment]\npass = [\"X\"]\nset = { A = \"1\" }\nunset = [\"Y\"]\npath = [\"/f\"]\n"
          "[seccomp]\npolicy = \"off\"\nallow = [\"ptrace\"]\ndeny = [\"kexec_load\"]\n"
          "[[seccomp.rule]]\nsyscall = \"socket\"\nargument = 0\nequals = 1\naction = \"kill\"\n"
          "[limits]\nmemory = \"1G\"\nprocesses = 5\ncpus = 2\ndisk = \"2G\"\ntimeout = \"1h\"\nrlimit = { nofile = 5 "
          "}\n"
          "[namespaces]\ntime = { monotonic = \"-1d\" }\n"
          "[changes]\non-success = \"discard\"\non-failure = \"discard\"\n")
          .empty());
}

TEST_CASE("a refusal of an option names the option") {
  const LoadOutcome outcome = load_profile({}, {{.key = "subids", .value = "auto", .option = "--set"}});
  const std::vector<Diagnostic> refused = unenforceable_keys(outcome.profile);
  REQUIRE(refused.size() == 1);
  CHECK(to_text(refused[0]) == "option --set: subids = \"auto\" is not in this version yet; write subids = \"none\"");
}

TEST_CASE("mistakes and keys that cannot be enforced yet are told in one run, in order") {
  const std::string text = "version = 1\nhostnme = \"x\"\nsubids = \"auto\"\n\n[limits]\nmemory = \"4Q\"\ncpus = 2.0\n";
  const auto all = all_mistakes(load_profile({{"p.toml", text}}, {}));
  std::vector<int> lines;
  for (const Diagnostic& one : all) lines.push_back(one.line);
  CHECK(lines == std::vector<int>{2, 3, 6});
}
