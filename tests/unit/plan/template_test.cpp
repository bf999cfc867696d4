// What snug init makes of what lies in a project.
#include "plan/template.h"

#include "plan/project.h"
#include "support/planning.h"

using namespace snug;

namespace {

constexpr const char* project = "/home/ann/web";

ProjectSigns signs_of(const std::string& files) {
  FakeHost host(invented::debian);
  host.add(files);
  return find_signs(host, project, "/home/ann");
}

std::string file_lines(const std::vector<std::string>& names) {
  std::string lines;
  for (const std::string& name : names) lines += "f /home/ann/web/" + name + " uid=1000\n";
  return lines;
}

Profile load_template(const std::string& text) {
  const LoadOutcome loaded = load_profile({{.file = "/home/ann/web/snug.toml", .text = text}}, {});
  for (const Diagnostic& mistake : loaded.diagnostics) FAIL_CHECK(to_text(mistake) << "\n" << text);
  return loaded.profile;
}

std::vector<std::string> extended(const std::string& files) {
  std::vector<std::string> names;
  for (const auto& name : load_template(profile_template(signs_of(files))).extends) names.push_back(name.value);
  return names;
}

std::vector<std::string> paths_of(const std::vector<PathEntry>& entries) {
  std::vector<std::string> paths;
  for (const PathEntry& entry : entries) paths.push_back(entry.path);
  return paths;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("each kind of project gets its shipped profile") {
  struct Row {
    const char* file;
    Names profiles;
  };
  const Row rows[] = {{"package.json", {"node"}},
                      {"pyproject.toml", {"python"}},
                      {"requirements.txt", {"python"}},
                      {"setup.py", {"python"}},
                      {"Cargo.toml", {"rust"}},
                      {"go.mod", {"go"}},
                      {"CMakeLists.txt", {"cpp"}},
                      {"meson.build", {"cpp"}},
                      {"pom.xml", {"java"}},
                      {"build.gradle", {"java"}},
                      {"build.gradle.kts", {"java"}},
                      {"Makefile", {"cpp"}},
                      {"Gemfile", {}},
                      {"composer.json", {}},
                      {"README.md", {}}};
  for (const Row& row : rows) {
    INFO(row.file);
    CHECK(extended(file_lines({row.file})) == row.profiles);
  }
}

TEST_CASE("several kinds at once, each profile once; make counts where nothing else does") {
  CHECK(extended(file_lines({"package.json", "package-lock.json", "requirements.txt", "setup.py", "Makefile"})) ==
        Names{"node", "python"});
  CHECK(extended(file_lines({"pom.xml", "build.sbt", "Gemfile", "go.mod"})) == Names{"go", "java"});
}

TEST_CASE("every combination of signs makes a profile without mistakes and without a warning in its plan") {
  const Names kinds = {"package.json", "pyproject.toml", "Cargo.toml", "go.mod", "CMakeLists.txt",
                       "pom.xml",      "Gemfile",        "Makefile",   ".env",   ".envrc"};
  for (std::size_t chosen = 0; chosen < 1U << kinds.size(); ++chosen) {
    Names names;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      if (chosen >> i & 1) names.push_back(kinds[i]);
    }
    const std::string text = profile_template(signs_of(file_lines(names) + "d /home/ann/.cargo/registry uid=1000"));
    (void)load_template(text);
    CHECK(std::count(text.begin(), text.end(), '\n') < 40);
    if (chosen % 37 != 0) continue;
    Planning planning;
    planning.host.add(file_lines(names));
    planning.toml = text.substr(text.find("version = 1\n") + 12);
    CHECK(planning.errors() == "");
  }
}

TEST_CASE("the whole of it") {
  const std::string text = profile_template(signs_of(
      file_lines(
          {"package.json", "yarn.lock", "Cargo.toml", "Gemfile", ".env", ".env.example", ".env.local", ".envrc"}) +
      "d /home/ann/web/.vscode uid=1000\nd /home/ann/web/.github/workflows uid=1000\nd /home/ann/.cargo/registry"));
  CHECK(
      text ==
      R"(# What programs may see and reach in this project: snug.toml(5). Made by `snug init`; change what does not fit.
version = 1
extends = ["node", "rust"]    # because of yarn.lock, Cargo.toml, Gemfile

[filesystem]
# Nothing inside can read these. Take out what the program itself needs.
hide = ["./.env", "./.env.local"]
# Read-only inside: programs outside run what they say.
protect = ["./.envrc", "./.vscode", "./.github/workflows"]
# Your name and address for commits, if no token is in there:
# read = ["~/.gitconfig?"]
# What the host has fetched already; writes stay apart from it. For one run at a time:
# overlay = ["~/.cargo/registry"]

[environment.set]
BUNDLE_PATH = "vendor/bundle"    # gems of the project's own: the system's are read-only

# No network. To fetch, with the package servers and no other host:
#   snug run --net filtered yarn install
#   snug run --net filtered cargo fetch
#   snug run --net filtered --allow rubygems.org --allow index.rubygems.org bundle install
)");
}

TEST_CASE("an empty directory gets a profile too") {
  const Profile profile = load_template(profile_template({}));
  CHECK(profile.extends.empty());
  CHECK(profile.filesystem.hide.empty());
}

TEST_CASE("the lines in comments are good ones") {
  std::string text = profile_template(signs_of(file_lines({"Cargo.toml"}) + "d /home/ann/.cargo/registry"));
  for (const std::string line : {"# read = ", "# overlay = "}) {
    const auto at = text.find(line);
    REQUIRE(at != std::string::npos);
    text.erase(at, 2);
  }
  const Profile profile = load_template(text);
  CHECK(paths_of(profile.filesystem.overlay) == Names{"~/.cargo/registry"});
  CHECK(paths_of(profile.filesystem.read) == Names{"~/.gitconfig"});
}

TEST_CASE("names that a hostile project may have change nothing but their own entry") {
  FakeHost host(invented::debian);
  host.add(
      "f /home/ann/web/.env.\\\"]\\nproject\\x20=\\x20\\\"none\\\".local uid=1000\nf /home/ann/web/${env:HOME}.env "
      "uid=1000\n"
      "f /home/ann/web/x\\xff.pem uid=1000\nf /home/ann/web/a*.pem uid=1000\nf /home/ann/web/b?.key uid=1000\n"
      "l /home/ann/web/.vscode -> /home/ann/.ssh");
  const ProjectSigns signs = find_signs(host, project, "/home/ann");
  const Profile profile = load_template(profile_template(signs));
  CHECK(profile.filesystem.project.value == ProjectMode::write);
  CHECK(paths_of(profile.filesystem.hide) ==
        Names{"./${env:HOME}.env", "./.env.\"]\nproject = \"none\".local", "./x\xff.pem"});
  CHECK(profile.filesystem.protect.empty());
}

TEST_CASE("a directory of thousands of keys does not make a profile of thousands of lines") {
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "f /home/ann/web/" + std::to_string(i) + ".pem uid=1000\n";
  const ProjectSigns signs = signs_of(lines);
  CHECK(signs.secrets.size() == 32);
}

TEST_CASE("places that can be no project are known") {
  FakeHost host(invented::debian);
  const Caller ann{.uid = 1000, .gid = 1000, .home = "/home/ann", .cwd = "/home/ann/web"};
  CHECK(why_no_project(host, ann, "/home/ann/web") == "");
  for (const char* place : {"/", "/home", "/home/ann", "/usr/share", "/etc", "/absent", "/home/ann/.gitconfig"}) {
    INFO(place);
    CHECK(why_no_project(host, ann, place) != "");
  }
}
