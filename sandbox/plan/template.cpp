#include "plan/template.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/paths.h"
#include "plan/glob.h"
#include "profile/bytes.h"

namespace snug {
namespace {

constexpr std::size_t most_named = 32;

// --- what tells what -------------------------------------------------------------------------------

struct Sign {
  const char* file;
  const char* language;
  const char* profile;  ///< empty: the default is enough
  const char* install;
  const char* allow = "";  ///< options that name its package servers, where no profile does
};

// Of two signs of one language the first found counts: the most telling one comes first.
constexpr Sign signs_of_languages[] = {
    {"package-lock.json", "Node.js", "node", "npm ci"},
    {"pnpm-lock.yaml", "Node.js", "node", "pnpm install"},
    {"yarn.lock", "Node.js", "node", "yarn install"},
    {"package.json", "Node.js", "node", "npm install"},
    {"uv.lock", "Python", "python", "uv sync"},
    {"poetry.lock", "Python", "python", "poetry install"},
    {"requirements.txt", "Python", "python", ".venv/bin/pip install -r requirements.txt"},
    {"pyproject.toml", "Python", "python", ".venv/bin/pip install -e ."},
    {"setup.py", "Python", "python", ".venv/bin/pip install -e ."},
    {"Pipfile", "Python", "python", "pipenv install"},
    {"Cargo.toml", "Rust", "rust", "cargo fetch"},
    {"go.mod", "Go", "go", "go mod download"},
    {"go.work", "Go", "go", "go mod download"},
    {"mvnw", "Java", "java", "./mvnw dependency:go-offline"},
    {"gradlew", "Java", "java", "./gradlew assemble"},
    {"pom.xml", "Java", "java", "mvn dependency:go-offline"},
    {"build.gradle", "Java", "java", "gradle assemble"},
    {"build.gradle.kts", "Java", "java", "gradle assemble"},
    {"build.sbt", "Scala", "java", "sbt update"},
    {"Gemfile", "Ruby", "", "bundle install", " --allow rubygems.org --allow index.rubygems.org"},
    {"composer.json", "PHP", "", "composer install", " --allow repo.packagist.org --allow @github"},
    {"CMakeLists.txt", "C and C++", "cpp", ""},
    {"meson.build", "C and C++", "cpp", ""},
    {"configure.ac", "C and C++", "cpp", ""},
    {"configure", "C and C++", "cpp", ""},
};

/// Any language has one, so they count where nothing else was found.
constexpr Sign signs_of_make[] = {
    {"Makefile", "make", "cpp", ""}, {"GNUmakefile", "make", "cpp", ""}, {"makefile", "make", "cpp", ""}};

/// Names of files that hold secrets, at the top of a project.
constexpr const char* secret_names[] = {
    ".env",        ".env.local",   ".env.*.local", ".env.prod*",  ".env.stag*",        "*.env",
    ".netrc",      "*.pem",        "*.key",        "id_rsa*",     "id_ed25519*",       "*.p12",
    "*.pfx",       "*.jks",        "*.keystore",   "*.kdbx",      "*credentials.json", "service-account*.json",
    "secrets.yml", "secrets.yaml", "secrets.toml", "secrets.json"};
/// Like the names above, but for everybody to read.
constexpr const char* public_names[] = {"*.example", "*.sample", "*.template", "*.dist",
                                        "*.pub",     "*.md",     "*.enc",      "*.age"};

/// What editors, shells, forges and git run outside. With "./", so that the path is plainly the project's.
constexpr const char* acted_on[] = {".envrc",
                                    ".vscode",
                                    ".idea",
                                    ".zed",
                                    ".devcontainer",
                                    ".husky",
                                    ".pre-commit-config.yaml",
                                    ".github/workflows",
                                    ".gitlab-ci.yml",
                                    ".circleci",
                                    "Jenkinsfile",
                                    ".git-hooks",
                                    ".githooks"};

struct Cache {
  const char* profile;
  const char* place;
};

constexpr Cache caches[] = {{"node", ".npm/_cacache"}, {"node", ".local/share/pnpm/store"}, {"python", ".cache/pip"},
                            {"python", ".cache/uv"},   {"rust", ".cargo/registry"},         {"rust", ".cargo/git"},
                            {"go", "go/pkg/mod"},      {"java", ".m2/repository"},          {"java", ".gradle/caches"}};

bool matches_any(const auto& patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [name](const char* pattern) { return matches_component(pattern, name); });
}

// A name with such a character would be a pattern in the file, and one with ".." is refused there.
bool can_be_written(const std::string& name) { return !is_pattern(name) && !has_dot_dot(name); }

bool is_secret(const std::string& name) {
  return matches_any(secret_names, name) && !matches_any(public_names, name) && can_be_written(name);
}

/// Does `sign` say something that was not known yet?
bool is_new(const ProjectSigns& signs, const Sign& sign) {
  return std::ranges::none_of(signs.languages, [&](const ProjectSigns::Language& known) {
    return sign.profile[0] != '\0' ? known.profile == sign.profile : known.name == sign.language;
  });
}

void find_languages(ProjectSigns& signs, const std::set<std::string>& names, const auto& table) {
  for (const Sign& sign : table) {
    if (!names.contains(sign.file) || !is_new(signs, sign)) continue;
    signs.languages.push_back({sign.file, sign.language, sign.profile, sign.install, sign.allow});
  }
}

bool uses(const ProjectSigns& signs, std::string_view profile) {
  return std::ranges::any_of(signs.languages, [&](const auto& language) { return language.profile == profile; });
}

bool is_there(HostView& host, const std::string& path) {
  const FileKind kind = host.status(path).kind;
  return kind == FileKind::regular || kind == FileKind::directory;
}

// --- the text --------------------------------------------------------------------------------------

std::string quoted_list(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) text += (text.size() > 1 ? ", " : "") + toml_quote(item);
  return text + "]";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string head_text(const ProjectSigns& signs) {
  std::string text =
      "# What programs may see and reach in this project: snug.toml(5). Made by `snug init`; change what does not "
      "fit.\n"
      "version = 1\n";
  std::vector<std::string> profiles, files;
  for (const ProjectSigns::Language& language : signs.languages) {
    if (!language.profile.empty()) profiles.push_back(language.profile);
    files.push_back(language.file);
  }
  if (profiles.empty()) return text;
  return text + "extends = " + quoted_list(profiles) + "    # because of " + joined(files) + "\n";
}

std::string filesystem_text(const ProjectSigns& signs) {
  std::string text = "\n[filesystem]\n";
  if (!signs.secrets.empty()) {
    text += "# Nothing inside can read these. Take out what the program itself needs.\nhide = " +
            quoted_list(signs.secrets) + "\n";
  }
  if (!signs.acted_on.empty()) {
    text += "# Read-only inside: programs outside run what they say.\nprotect = " + quoted_list(signs.acted_on) + "\n";
  }
  if (signs.git) {
    text += "# Your name and address for commits, if no token is in there:\n# read = [\"~/.gitconfig?\"]\n";
  }
  if (!signs.caches.empty()) {
    text += "# What the host has fetched already; writes stay apart from it. For one run at a time:\n# overlay = " +
            quoted_list(signs.caches) + "\n";
  }
  return text;
}

std::string network_text(const ProjectSigns& signs) {
  std::string text = "\n# No network. To fetch, with the package servers and no other host:";
  std::size_t commands = 0;
  for (const ProjectSigns::Language& language : signs.languages) {
    if (language.install.empty()) continue;
    text += "\n#   snug run --net filtered" + language.allow + " " + language.install;
    ++commands;
  }
  return commands == 0 ? "\n# No network. With one host: snug run --net filtered --allow HOST CMD\n" : text + "\n";
}

std::string environment_text(const ProjectSigns& signs) {
  const bool ruby = std::ranges::any_of(signs.languages, [](const auto& language) { return language.name == "Ruby"; });
  if (!ruby) return "";
  return "\n[environment.set]\nBUNDLE_PATH = \"vendor/bundle\"    # gems of the project's own: the system's are "
         "read-only\n";
}

}  // namespace

ProjectSigns find_signs(HostView& host, const std::string& project, const std::string& home) {
  ProjectSigns signs;
  const std::vector<std::string> listed = host.list(project);
  const std::set<std::string> names(listed.begin(), listed.end());
  find_languages(signs, names, signs_of_languages);
  if (signs.languages.empty()) find_languages(signs, names, signs_of_make);
  signs.git = names.contains(".git");
  for (const std::string& name : names) {
    if (signs.secrets.size() < most_named && is_secret(name)) signs.secrets.push_back("./" + name);
  }
  for (const char* path : acted_on) {
    if (is_there(host, join(project, path))) signs.acted_on.push_back(std::string("./") + path);
  }
  for (const Cache& cache : caches) {
    if (!uses(signs, cache.profile) || host.status(join(home, cache.place)).kind != FileKind::directory) continue;
    signs.caches.push_back(std::string("~/") + cache.place);
  }
  return signs;
}

std::string profile_template(const ProjectSigns& signs) {
  return head_text(signs) + filesystem_text(signs) + environment_text(signs) + network_text(signs);
}

}  // namespace snug
