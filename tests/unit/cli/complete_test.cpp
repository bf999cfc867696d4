#include "cli/complete.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "cli/help.h"
#include "cli/options.h"
#include "cli/parse.h"
#include "profile/schema.h"
#include "support/catch.h"

using namespace snug;
using Also = Completion::Also;

namespace {

/// `line` cut at spaces; a space at its end means that a new word begins.
Completion at_end_of(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream text(line);
  for (std::string word; std::getline(text, word, ' ');) words.push_back(word);
  if (line.empty() || line.back() == ' ') words.emplace_back();
  return complete(words, {.profiles = {"default", "node"},
                          .variables = {"HOME", "PATH"},
                          .sandboxes = {{"web", "sleep 1"}, {"0badcafe", ""}},
                          .detached = {{"web", "sleep 1"}, {"job", "make"}},
                          .attachable = {{"web", "sleep 1"}}});
}

std::set<std::string> offered(const std::string& line) {
  std::set<std::string> words;
  for (const Candidate& candidate : at_end_of(line).candidates) words.insert(candidate.word);
  return words;
}

Also also(const std::string& line) { return at_end_of(line).also; }

using Set = std::set<std::string>;

}  // namespace

TEST_CASE("completion offers every command that --help names") {
  const Set commands = offered("");
  const std::string overview = help_text(std::nullopt);
  for (const std::string_view name : command_names()) {
    INFO(name);
    CHECK(commands.contains(std::string(name)));
    const bool in_overview = overview.find("  snug " + std::string(name)) != std::string::npos;
    CHECK((in_overview || name == "shell" || name == "version"));
  }
  CHECK_FALSE(commands.contains("complete"));
  CHECK(offered("ru") == Set{"run"});
  CHECK(offered("help ch") == Set{"check"});
}

TEST_CASE("completion names the sandboxes that run") {
  CHECK(offered("kill ") == Set{"web", "0badcafe"});
  CHECK(offered("kill -s TERM w") == Set{"web"});
  CHECK(offered("ps 0") == Set{"0badcafe"});
  CHECK(offered("exec w") == Set{"web"});
  CHECK(at_end_of("exec web ls ").command_at == 2);
  CHECK(at_end_of("exec --workdir / web -- ls ").command_at == 5);
  CHECK(at_end_of("kill w").candidates.at(0).help == "sleep 1");
  CHECK(offered("kill web ") == Set{"web", "0badcafe"});
  CHECK(offered("logs ") == Set{"web", "job"});
  CHECK(offered("wait -") == Set{"--help", "--verbose"});
  CHECK(offered("attach ") == Set{"web"});
  for (const char* line : {"ps web ", "logs job ", "wait job ", "attach web "}) CHECK(offered(line) == Set{});
}

TEST_CASE("completion names the signals that kill sends") {
  CHECK(offered("kill -s T") == Set{"TERM", "TRAP", "TSTP", "TTIN", "TTOU"});
  CHECK(offered("kill --signal=US") == Set{"--signal=USR1", "--signal=USR2"});
  CHECK(offered("kill --signal HU") == Set{"HUP"});
}

TEST_CASE("completion offers every option of a command with a word about it") {
  for (const std::string_view name : command_names()) {
    const Command command = *find_command_name(std::string(name));
    for (const Candidate& option : at_end_of(std::string(name) + " --").candidates) {
      INFO(name << " " << option.word);
      if (help_text(command).find("  " + option.word) != std::string::npos) CHECK_FALSE(option.help.empty());
    }
  }
  for (const std::string lead : {"", "run ", "shell ", "plan "}) {
    const Set options = offered(lead + "--");
    for (const SharedOption& option : shared_options()) {
      INFO(lead << option.name);
      CHECK(options.contains(option.name));
    }
    CHECK(options.contains("--profile"));
  }
  CHECK(offered("run --ne") == Set{"--net"});
  CHECK(offered("doctor --js") == Set{"--json"});
  CHECK(offered("doctor --net").empty());
}

TEST_CASE("completion offers what an option takes") {
  CHECK(offered("run --net ") == Set{"none", "filtered", "host"});
  CHECK(offered("run --net h") == Set{"host"});
  CHECK(offered("run --net=") == Set{"--net=none", "--net=filtered", "--net=host"});
  CHECK(offered("--project o") == Set{"overlay"});
  CHECK(offered("--home ") == Set{"stored", "tmpfs", "none"});
  CHECK(offered("run --pass ") == Set{"HOME", "PATH"});
  CHECK(offered("run --env P") == Set{"PATH="});
  CHECK(offered("run --env PATH=").empty());
  CHECK(offered("run -p ") == Set{"default", "node"});
  CHECK(offered("-vp n") == Set{"node"});
  CHECK(offered("run --profile=n") == Set{"--profile=node"});
  CHECK(also("run -p ") == Also::files);
  CHECK(also("run --read ") == Also::files);
  CHECK(also("run --read=") == Also::files);
  CHECK(also("run --workdir ") == Also::directories);
  CHECK(also("run --memory ") == Also::nothing);
}

TEST_CASE("completion offers the keys that --set takes and their words") {
  const Set keys = offered("--set ");
  for (const std::string key :
       {"network.mode=", "filesystem.mount=", "limits.rlimit.", "environment.set.", "nested="}) {
    INFO(key);
    CHECK(keys.contains(key));
  }
  CHECK_FALSE(keys.contains("filesystem="));
  CHECK_FALSE(keys.contains("filesystem.mount.type="));
  CHECK_FALSE(keys.contains("version="));
  CHECK(offered("--set nested=") == Set{"nested=true", "nested=false"});
  CHECK(offered("--set=network.mode=h") == Set{"--set=network.mode=host"});
  CHECK(offered("--set filesystem.read=").empty());
}

TEST_CASE("every key that --set is offered with is taken, and so is every word of it") {
  for (const std::string& key : offered("--set ")) {
    INFO(key);
    const KeyNames known = all_keys();
    const bool is_limit = key.starts_with("limits.rlimit.");
    CHECK((is_limit || std::ranges::find(known, key.substr(0, key.size() - 1)) != known.end()));
    if (is_limit && key.ends_with('='))
      CHECK(load_profile({}, {{.key = key.substr(0, key.size() - 1), .value = "1"}}).diagnostics.empty());
    if (key.ends_with('.')) continue;
    for (const std::string& setting : offered("--set " + key)) {
      INFO(setting);
      const auto parsed = parse_command_line({"--set", setting}, "/");
      REQUIRE_FALSE(parsed.error);
      CHECK(load_profile({}, parsed.invocation.overrides).diagnostics.empty());
    }
  }
}

TEST_CASE("completion leaves the command's own words to the shell") {
  for (const std::string line :
       {"run ", "run make", "run --net host ", "run --net=host mak", "run -v ls -", "plan x "}) {
    INFO(line);
    CHECK(also(line) == Also::command);
    CHECK(offered(line).empty());
  }
  CHECK(at_end_of("run --net host make -").command_at == 3);
  CHECK(at_end_of("run -- ").command_at == 2);
  CHECK(at_end_of("run --net=host -- -").command_at == 3);
  CHECK(also("unknown ") == Also::nothing);
  CHECK(also("doctor ") == Also::nothing);
  CHECK(also("check ") == Also::files);
  CHECK(offered("check n") == Set{"node"});
}

TEST_CASE("completion is text with a line for what the shell knows") {
  CHECK(completion_to_text(complete({"run", "--net", "h"}, {})) == "host\t\n");
  CHECK(completion_to_text(complete({"run", "--read", ""}, {})) == ":files\n");
  CHECK(completion_to_text(complete({"run", "--workdir", ""}, {})) == ":directories\n");
  CHECK(completion_to_text(complete({"run", "m"}, {})) == ":command 1\n");
  CHECK(completion_to_text(complete({"ru"}, {})) == "run\tone command in the sandbox\n");
  CHECK(completion_to_text(complete({}, {})).starts_with("shell\t"));
}
