#include "cli/parse.h"

#include "support/catch.h"

using namespace snug;
using Words = std::vector<std::string>;

namespace {

ParseOutcome parse(const Words& words) { return parse_command_line(words, "/work/here"); }

Invocation parsed(const Words& words) {
  const auto outcome = parse(words);
  if (outcome.error) FAIL(to_text(*outcome.error));
  return outcome.invocation;
}

std::string refused(const Words& words) {
  const auto outcome = parse(words);
  REQUIRE(outcome.error);
  return outcome.error->what;
}

}  // namespace

TEST_CASE("options end at the first word that is not one") {
  const auto ls = parsed({"run", "ls", "-l", "--help", "--net", "host"});
  CHECK(ls.command == Command::run);
  CHECK(ls.words == Words{"ls", "-l", "--help", "--net", "host"});
  CHECK(ls.overrides.empty());
  CHECK(parsed({"run", "--net", "host", "curl", "-v"}).words == Words{"curl", "-v"});
  CHECK_FALSE(parsed({"run", "curl", "-v"}).verbose);
  CHECK(parsed({"run", "-v", "curl", "-v"}).verbose);
}

TEST_CASE("a double dash ends the options and belongs to nobody") {
  CHECK(parsed({"run", "--", "-odd-name", "x"}).words == Words{"-odd-name", "x"});
  CHECK(parsed({"run", "--net", "host", "--", "--", "x"}).words == Words{"--", "x"});
  CHECK(parsed({"run", "ls", "--", "x"}).words == Words{"ls", "--", "x"});
  CHECK(parsed({"run", "-"}).words == Words{"-"});
}

TEST_CASE("no word at all, or only options, is a shell") {
  CHECK(parsed({}).command == Command::shell);
  CHECK(parsed({"shell"}).command == Command::shell);
  const auto shell = parsed({"-p", "default", "--net", "host"});
  CHECK(shell.command == Command::shell);
  CHECK(shell.profile == "default");
  CHECK(shell.overrides.size() == 1);
}

TEST_CASE("an option's value may be joined or follow, and may begin with a dash") {
  CHECK(parsed({"run", "--hostname=box", "x"}).overrides.at(0).key == "hostname");
  CHECK(parsed({"run", "-pfile.toml", "x"}).profile == "file.toml");
  CHECK(parsed({"run", "-vp", "file.toml", "x"}).profile == "file.toml");
  const auto dashed = parsed({"run", "--hostname", "-box", "--", "x"});
  CHECK(dashed.overrides.at(0).value == toml_quote("-box"));
  CHECK(dashed.words == Words{"x"});
}

TEST_CASE("the last -p wins") { CHECK(parsed({"run", "-p", "a.toml", "-p", "b.toml", "x"}).profile == "b.toml"); }

TEST_CASE("each shared option overrides its profile key, in the order typed") {
  const auto overrides =
      parsed({"run", "--read", "/a", "--net", "host", "--read", "/b", "--pass", "LC_*", "--processes", "12", "x"})
          .overrides;
  REQUIRE(overrides.size() == 5);
  CHECK(overrides[0].key == "filesystem.read");
  CHECK(overrides[0].value == toml_quote("/a"));
  CHECK(overrides[0].how == Override::How::append);
  CHECK(overrides[0].option == "--read");
  CHECK(overrides[1].key == "network.mode");
  CHECK(overrides[1].how == Override::How::replace);
  CHECK(overrides[2].value == toml_quote("/b"));
  CHECK(overrides[3].key == "environment.pass");
  CHECK(overrides[4].value == "12");
}

TEST_CASE("every shared option of the manual is there") {
  const Words names{"--read",     "--write", "--overlay", "--hide",   "--tmpfs",   "--project",
                    "--home",     "--root",  "--net",     "--allow",  "--publish", "--pass",
                    "--hostname", "--user",  "--workdir", "--memory", "--timeout"};
  for (const auto& name : names) {
    INFO(name);
    const auto overrides = parsed({"run", name, "value", "x"}).overrides;
    REQUIRE(overrides.size() == 1);
    CHECK(overrides[0].option == name);
  }
}

TEST_CASE("relative paths are taken from the current directory, a question mark stays") {
  const auto value = [](const std::string& option, const std::string& path) {
    return parsed({"run", option, path, "x"}).overrides.at(0).value;
  };
  CHECK(value("--read", "data") == toml_quote("/work/here/data"));
  CHECK(value("--write", "./data?") == toml_quote("/work/here/data?"));
  CHECK(value("--read", "../x") == toml_quote("/work/x"));
  CHECK(value("--read", "..") == toml_quote("/work"));
  CHECK(value("--read", "../../../..") == toml_quote("/"));
  CHECK(value("--read", "~/x") == toml_quote("~/x"));
  CHECK(value("--read", "/x/../y") == toml_quote("/x/../y"));
  CHECK(value("--hide", "**/.env") == toml_quote("**/.env"));
  CHECK(value("--hide", "sub/*.key") == toml_quote("/work/here/sub/*.key"));
  CHECK(value("--workdir", ".") == toml_quote("/work/here"));
  CHECK(value("--root", "host") == toml_quote("host"));
  CHECK(value("--root", "tree") == toml_quote("/work/here/tree"));
  CHECK(value("--net", "host") == toml_quote("host"));
}

TEST_CASE("--env sets one key of the environment") {
  const auto overrides = parsed({"run", "--env", "A=b=c", "--env", "E=", "x"}).overrides;
  REQUIRE(overrides.size() == 2);
  CHECK(overrides[0].key == "environment.set." + toml_quote("A"));
  CHECK(overrides[0].value == toml_quote("b=c"));
  CHECK(overrides[1].value == toml_quote(""));
  CHECK(refused({"run", "--env", "A", "x"}) == "--env: \"A\" has no value");
  CHECK(refused({"run", "--env", "=b", "x"}) == "--env: \"=b\" has no name");
}

TEST_CASE("--set takes TOML, and text without quotes") {
  const auto value = [](const std::string& setting) {
    return parsed({"run", "--set", "a.b=" + setting, "x"}).overrides.at(0).value;
  };
  CHECK(parsed({"run", "--set", "a.b=1", "x"}).overrides.at(0).key == "a.b");
  CHECK(value("1") == "1");
  CHECK(value("-2.5") == "-2.5");
  CHECK(value("true") == "true");
  CHECK(value("[1, 2]") == "[1, 2]");
  CHECK(value("{ a = 1 }") == "{ a = 1 }");
  CHECK(value("\"q\"") == "\"q\"");
  CHECK(value("none") == toml_quote("none"));
  CHECK(value("4G") == toml_quote("4G"));
  CHECK(value("-") == toml_quote("-"));
  CHECK(refused({"run", "--set", "a.b", "x"}) == "--set: \"a.b\" is not KEY=VALUE");
}

TEST_CASE("--user takes a number or a word") {
  CHECK(parsed({"run", "--user", "0", "x"}).overrides.at(0).value == "0");
  CHECK(parsed({"run", "--user", "host-root", "x"}).overrides.at(0).value == toml_quote("host-root"));
}

TEST_CASE("an unknown option is refused with the one that was meant") {
  CHECK(refused({"run", "--raed", "/x", "ls"}) == "unknown option \"--raed\"; did you mean \"--read\"?");
  CHECK(refused({"run", "--zzzzzzzz", "ls"}) == "unknown option \"--zzzzzzzz\"");
  CHECK(refused({"run", "-x", "ls"}) == "unknown option \"-x\"");
  CHECK(refused({"run", "-vx", "ls"}) == "unknown option \"-x\"");
  CHECK(refused({"doctor", "--read", "/x"}) == "unknown option \"--read\"");
  CHECK(refused({"run", "--json", "ls"}) == "unknown option \"--json\"");
}

TEST_CASE("a missing or empty value is refused and eats no other option") {
  CHECK(refused({"run", "--read"}) == "--read needs a value");
  CHECK(refused({"run", "--read=", "--net", "host", "ls"}) == "--read needs a value");
  CHECK(refused({"run", "-p"}) == "-p needs a value");
  CHECK(refused({"run", "--read", "", "ls"}) == "--read: the value is empty");
  CHECK(refused({"run", "--verbose=yes", "ls"}) == "--verbose takes no value");
  CHECK(refused({"run", "--processes", "many", "ls"}) == "--processes: \"many\" is not a number");
}

TEST_CASE("a value in brackets stays one value") {
  CHECK(parsed({"run", "--read", "/[a,b]", "--hostname", "[a,b]", "x"}).overrides.at(1).value == toml_quote("[a,b]"));
}

TEST_CASE("commands take the words they know") {
  CHECK(refused({"run"}) == "run: no command given");
  CHECK(refused({"shell", "ls"}) == "unexpected word \"ls\"");
  CHECK(refused({"doctor", "now"}) == "unexpected word \"now\"");
  CHECK(refused({"check", "a", "b"}) == "unexpected word \"b\"");
  CHECK(refused({"rnu", "ls"}) == "unknown command \"rnu\"; did you mean \"run\"?");
  CHECK(refused({"make"}) == "unknown command \"make\"");
  CHECK(parsed({"plan"}).words.empty());
  CHECK(parsed({"plan", "--json", "make", "-j4"}).words == Words{"make", "-j4"});
  CHECK(parsed({"plan", "--json", "make"}).json);
  CHECK(parsed({"check", "x.toml"}).words == Words{"x.toml"});
}

TEST_CASE("a usage error says for which command") {
  CHECK(parse({"doctor", "--nope"}).invocation.command == Command::doctor);
  CHECK(parse({"run", "--nope"}).invocation.command == Command::run);
}

TEST_CASE("help and version") {
  CHECK(parsed({"--version"}).command == Command::version);
  CHECK(parsed({"-V"}).command == Command::version);
  CHECK(parsed({"version"}).command == Command::version);
  CHECK(parsed({"-h"}).help.find("snug run [options]") != std::string::npos);
  CHECK(parsed({"run", "--help"}).help.find("--publish") != std::string::npos);
  CHECK(parsed({"help", "doctor"}).help == parsed({"doctor", "-h"}).help);
  CHECK(refused({"help", "docter"}) == "unknown command \"docter\"; did you mean \"doctor\"?");
}

TEST_CASE("help fits a terminal of 100 columns") {
  for (const auto& words : {Words{"-h"}, Words{"run", "-h"}, Words{"plan", "-h"}, Words{"check", "-h"}}) {
    const auto text = parsed(words).help;
    std::size_t begin = 0;
    for (auto end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin)) {
      INFO(text.substr(begin, end - begin));
      CHECK(end - begin <= 100);
    }
  }
}

TEST_CASE("why takes one word, and its options before or behind it") {
  const auto why = parsed({"why", "--write", "x", "--json", "-p", "file.toml", "--set", "network.mode=host"});
  CHECK(why.command == Command::why);
  CHECK(why.words == Words{"x"});
  CHECK(why.has("--write"));
  CHECK_FALSE(why.has("--exec"));
  CHECK(why.json);
  CHECK(why.profile == "file.toml");
  CHECK(why.overrides.size() == 1);  // not --write, which elsewhere takes a path
  CHECK(parsed({"why", "--", "--odd"}).words == Words{"--odd"});
  CHECK(refused({"why", "x", "y"}).find("unexpected word") != std::string::npos);
  CHECK(parsed({"why"}).words.empty());
  CHECK(refused({"why", "--read=/x", "y"}).find("takes no value") != std::string::npos);
  CHECK(refused({"why", "--memory", "1G", "x"}).find("unknown option") != std::string::npos);
}

TEST_CASE("allow takes words, or --undo and none") {
  const auto allow = parsed({"allow", "~/a", "--write", "~/b", "--show"});
  CHECK(allow.command == Command::allow);
  CHECK(allow.words == Words{"~/a", "~/b"});
  CHECK(allow.has("--write"));
  CHECK(allow.has("--show"));
  CHECK(parsed({"allow", "--undo"}).has("--undo"));
  CHECK(refused({"allow"}).find("nothing to allow") != std::string::npos);
  CHECK(refused({"allow", "--undo", "x"}).find("no words") != std::string::npos);
}

TEST_CASE("an option of docker's is answered with what says the same") {
  const auto fix = [](const Words& words) { return parse(words).error->fix; };
  for (const char* option : {"-it", "-ti", "-i", "-t", "--interactive", "--tty"}) {
    CHECK(fix({"run", option, "bash"}) == "leave it out: what is a terminal here is one inside");
    CHECK(fix({"exec", option, "web", "bash"}) == "leave it out: what is a terminal here is one inside");
  }
  CHECK(fix({"run", "--rm", "ls"}).starts_with("leave it out"));
  CHECK(fix({"run", "--cpus=2", "ls"}) == "snug run --set limits.cpus=2");
  CHECK(fix({"run", "-w", "/tmp", "ls"}) == "snug run --workdir DIR");
  CHECK(fix({"kill", "-9", "web"}) == "snug kill -s 9 NAME");
  CHECK(fix({"kill", "-KILL", "web"}) == "snug kill -s KILL NAME");
  CHECK(fix({"exec", "-e", "A=1", "web", "env"}) == "snug exec NAME env K=V CMD");
  CHECK(refused({"run", "--rm", "ls"}) == "unknown option \"--rm\"");  // no guess at another beside it
}

TEST_CASE("who mistypes an option is sent to the help that lists it") {
  const auto fix = [](const Words& words) { return parse(words).error->fix; };
  CHECK(fix({"exec", "--zzzzzzzz", "web"}) ==
        "`snug help exec` lists the options; those of the command belong behind it");
  CHECK(fix({"kill", "--zzzzzzzz", "web"}) == "`snug help kill` lists the options");
  CHECK(fix({"--zzzzzzzz"}) == "`snug help shell` lists the options");
  CHECK(fix({"exec", "--workdir"}) == "`snug help exec` shows its form");
  CHECK(fix({"wait", "a", "b"}) == "`snug help wait` shows the form");
}
