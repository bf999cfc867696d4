#include "profile/closure.h"

#include <map>

#include "support/catch.h"

using namespace snug;

namespace {

// Files and named profiles by the name messages use.
class Library {
 public:
  Library& file(const std::string& path, const std::string& text) {
    files_[path] = text;
    return *this;
  }
  Library& named(const std::string& name, const std::string& text) {
    named_[name] = text;
    return *this;
  }

  Result<ProfileText> find(const ProfileReference& reference) {
    asked.push_back(reference.path.empty() ? reference.name : reference.path);
    if (reference.path.empty()) {
      if (!named_.contains(reference.name)) return Error{.what = "unknown profile " + reference.name, .fix = "look"};
      const std::string file = "/c/" + reference.name + ".toml";
      return ProfileText{.file = file, .text = named_[reference.name], .name = reference.name, .path = file};
    }
    if (!files_.contains(reference.path)) return Error{.what = "cannot read profile " + reference.file, .code = 2};
    return ProfileText{.file = reference.file, .text = files_[reference.path], .path = reference.path};
  }

  LoadContext context() {
    return {.find = [this](const ProfileReference& reference) { return find(reference); },
            .known = {.home = "/home/ann"}};
  }

  LoadOutcome load(const std::string& file, const std::string& path = "") {
    const std::string at = path.empty() ? file : path;
    return load_profile({{.file = file, .text = files_[at], .path = at}}, {}, context());
  }

  std::vector<std::string> asked;

 private:
  std::map<std::string, std::string> files_, named_;
};

std::string extends(const std::string& list, const std::string& rest = "") {
  return "version = 1\nextends = [" + list + "]\n" + rest;
}

std::string says(const std::string& name) { return "version = 1\nhostname = \"" + name + "\"\n"; }

std::string passes(const std::string& name) { return "[environment]\npass = [\"" + name + "\"]\n"; }

std::string mistakes(const LoadOutcome& outcome) {
  std::string all;
  for (const Diagnostic& diagnostic : outcome.diagnostics) all += to_text(diagnostic) + "\n";
  return all;
}

std::string passed(const Profile& profile) {
  std::string all;
  for (const auto& name : profile.environment.pass) {
    if (name.origin.kind == OriginKind::file) all += name.value;
  }
  return all;
}

}  // namespace

TEST_CASE("what a profile extends is laid below it, by name or by file, the later of two above the earlier") {
  Library library;
  library.named("a", says("a") + passes("A")).named("b", says("b") + passes("B"));
  library.file("/p/base.toml", says("base") + passes("F"));
  library.file("/p/snug.toml", extends(R"("b", "a", "./base.toml")", passes("S")));
  const LoadOutcome outcome = library.load("/p/snug.toml");
  CHECK(mistakes(outcome).empty());
  CHECK(passed(outcome.profile) == "BAFS");
  CHECK(outcome.profile.hostname.value == "base");
  CHECK(to_text(outcome.profile.hostname.origin) == "/p/base.toml:2 (hostname)");
  CHECK(outcome.profile.name == "snug");
  CHECK(outcome.profile.file == "/p/snug.toml");
  CHECK(outcome.profile.environment.pass.at(0).value == "TERM");  // the default is the base
}

TEST_CASE("a file is laid once, where it is first needed") {
  Library library;
  library.named("base", passes("0") + "");
  library.file("/p/base.toml", "version = 1\n" + passes("0"));
  library.file("/p/left.toml", extends("\"./base.toml\"", passes("L")));
  library.file("/p/right.toml", extends("\"./base.toml\"", passes("R")));
  library.file("/p/snug.toml", extends(R"("./left.toml", "./right.toml", ".//./base.toml")", passes("S")));
  const LoadOutcome outcome = library.load("/p/snug.toml");
  CHECK(mistakes(outcome).empty());
  CHECK(passed(outcome.profile) == "0LRS");
}

TEST_CASE("a file is looked for beside the one that says it, and named as the user knows that") {
  Library library;
  library.file("/p/web/snug.toml", extends("\"./ci/base.toml\""));
  library.file("/p/web/ci/base.toml", extends("\"./more.toml\"", "hostnam = 1\n"));
  library.file("/p/web/ci/more.toml", "version = 1\nnested = 3\n");
  CHECK(mistakes(library.load("web/snug.toml", "/p/web/snug.toml")) ==
        "web/ci/more.toml:2:10: nested: expected true or false, found a whole number\n"
        "web/ci/base.toml:3:1: unknown key \"hostnam\"; did you mean \"hostname\"?\n");
  CHECK(library.asked == std::vector<std::string>{"/p/web/ci/base.toml", "/p/web/ci/more.toml"});
}

TEST_CASE("\"~/\" leads to the home, a path from the root to itself") {
  Library library;
  library.file("/home/ann/x.toml", says("home")).file("/srv/y.toml", says("srv"));
  library.file("/p/snug.toml", extends(R"("/srv/y.toml", "~/x.toml")"));
  CHECK(library.load("/p/snug.toml").profile.hostname.value == "home");
}

TEST_CASE("the default can be extended and is not laid twice") {
  const auto plain = load_profile({{"p.toml", "version = 1\n"}}, {});
  const auto extended = load_profile({{"p.toml", extends("\"default\"")}}, {});
  CHECK(mistakes(extended).empty());
  CHECK(extended.profile.environment.pass.size() == plain.profile.environment.pass.size());
}

TEST_CASE("a circle is reported with the whole chain") {
  Library library;
  library.file("/p/a.toml", extends("\"b\"")).named("b", extends("\"/p/a.toml\""));
  CHECK(mistakes(library.load("/p/a.toml")) ==
        "/c/b.toml:2:12: extends: goes round in a circle: /p/a.toml -> /c/b.toml -> /p/a.toml\n");
  library.file("/p/self.toml", extends("\"./self.toml\""));
  CHECK(mistakes(library.load("/p/self.toml")) ==
        "/p/self.toml:2:12: extends: goes round in a circle: /p/self.toml -> /p/self.toml\n");
}

TEST_CASE("depth, number and size are bounded") {
  Library deep;
  for (int i = 0; i < 40; ++i) {
    deep.file("/p/" + std::to_string(i) + ".toml", extends("\"./" + std::to_string(i + 1) + ".toml\""));
  }
  const std::string chain = mistakes(deep.load("/p/0.toml"));
  CHECK(chain.starts_with("/p/15.toml:2:12: extends: is more than 16 profiles deep: /p/0.toml -> /p/1.toml -> "));
  CHECK(deep.asked.size() == 15);

  Library wide;
  std::string list;
  for (int i = 0; i < 500; ++i) {
    wide.named("n" + std::to_string(i), "version = 1\n");
    list += "\"n" + std::to_string(i) + "\",";
  }
  wide.file("/p/wide.toml", extends(list));
  CHECK(mistakes(wide.load("/p/wide.toml")).find("there are more than 64 profiles to build on") != std::string::npos);

  Library large;
  list.clear();
  for (int i = 0; i < 8; ++i) {
    large.named("n" + std::to_string(i), "version = 1\n#" + std::string(1 << 19, 'x'));
    list += "\"n" + std::to_string(i) + "\",";
  }
  large.file("/p/large.toml", extends(list));
  CHECK(mistakes(large.load("/p/large.toml")).find("larger than 4 MiB together") != std::string::npos);
}

TEST_CASE("what cannot be extended is a mistake at its place") {
  struct Row {
    const char* word;
    const char* mistake;
  };
  const Row rows[] = {
      {"\"nod\"", "unknown profile nod; fix: look"},
      {"\"./gone.toml\"", "cannot read profile /p/gone.toml: No such file or directory"},
      {"\"gone.toml\"", "\"gone.toml\" is no name; did you mean \"./gone.toml\"?"},
      {"\"a/b\"", "\"a/b\" is no name; did you mean \"./a/b\"?"},
      {"\"./../x.toml\"", "\"./../x.toml\" has \"..\" in it; write the path out from /, ~/ or ./"},
      {"\"!node\"", "\"!node\": nothing can be taken out of what a profile is built on"},
      {"\"${home}/x.toml\"", "\"${home}/x.toml\": variables are not known yet where profiles are looked up"},
      {"\"a\\u0000b\"", "\"a\\u0000b\" holds a NUL character"},
      {"3", "expected text in quotes, found a whole number; write \"3\""},
  };
  for (const Row& row : rows) {
    Library library;
    library.file("/p/snug.toml", extends(row.word));
    CHECK(mistakes(library.load("/p/snug.toml")) == "/p/snug.toml:2:12: extends: " + std::string(row.mistake) + "\n");
  }
  Library library;
  library.file("/p/snug.toml", "version = 1\nextends = \"node\"\n");
  CHECK(mistakes(library.load("/p/snug.toml")) ==
        "/p/snug.toml:2:11: extends: expected a list, found text; write [\"node\"]\n");
  const LoadOutcome option = load_profile({}, {{.key = "extends", .value = "[\"node\"]", .option = "--set"}});
  CHECK(mistakes(option) ==
        "option --set: extends: an option cannot say what a profile is built on; name the profile with -p\n");
}

TEST_CASE("a shipped profile lies beside no file") {
  const LoadOutcome outcome = load_profile({{.text = extends("\"./x.toml\""), .name = "node"}}, {});
  CHECK(mistakes(outcome) ==
        "shipped profile node:2:12: extends: \"./x.toml\": a shipped profile lies beside no file\n");
}

TEST_CASE("a file that is no TOML does not hide the mistakes of the others") {
  Library library;
  library.file("/p/bad.toml", "version = \n").file("/p/snug.toml", extends("\"./bad.toml\"", "nested = 3\n"));
  const std::string all = mistakes(library.load("/p/snug.toml"));
  CHECK(all.starts_with("/p/bad.toml:1:"));
  CHECK(all.find("/p/snug.toml:3:10: nested") != std::string::npos);
}
