// toolchains = "auto": entries of PATH under the home, /opt, /nix and Homebrew that a table knows, shown read-only
// with exactly what they need. Never a directory that holds credentials.
#include <algorithm>
#include <array>

#include "base/paths.h"
#include "plan/glob.h"
#include "plan/planner.h"

namespace snug {
namespace {

struct Toolchain {
  const char* name;
  const char* entry;                       ///< what stands in PATH; "*" takes part of one component
  std::array<const char*, 9> shows{};      ///< what is shown, where it exists; $1 is what the first "*" component was
  std::array<const char*, 5> variables{};  ///< passed, if what they name is visible
};

// Layouts as each tool's own installer makes them. A trailing part of `shows` that is absent is left out.
constexpr Toolchain toolchains[] = {
    {"nvm", "~/.nvm/versions/node/*/bin", {"~/.nvm/versions/node/$1"}, {"NVM_BIN", "NVM_INC"}},
    {"volta", "~/.volta/bin", {"~/.volta/bin", "~/.volta/tools", "~/.volta/layout.v4"}, {}},
    {"fnm", "~/.local/share/fnm/node-versions/*/installation/bin", {"~/.local/share/fnm/node-versions/$1"}, {}},
    {"fnm", "~/.local/share/fnm/aliases/*/bin", {"~/.local/share/fnm/node-versions", "~/.local/share/fnm/aliases"}, {}},
    {"fnm", "~/.fnm/node-versions/*/installation/bin", {"~/.fnm/node-versions/$1"}, {}},
    {"fnm", "~/.local/share/fnm", {"~/.local/share/fnm/fnm"}, {}},
    {"pyenv",
     "~/.pyenv/*",
     {"~/.pyenv/bin", "~/.pyenv/libexec", "~/.pyenv/shims", "~/.pyenv/versions", "~/.pyenv/version", "~/.pyenv/plugins",
      "~/.pyenv/pyenv.d"},
     {"PYENV_ROOT", "PYENV_VERSION"}},
    {"pyenv", "~/.pyenv/versions/*/bin", {"~/.pyenv/versions/$1"}, {}},
    {"conda",
     "~/*conda*/*bin",
     {"~/$1"},
     {"CONDA_PREFIX", "CONDA_EXE", "CONDA_DEFAULT_ENV", "CONDA_PYTHON_EXE", "CONDA_SHLVL"}},
    {"conda", "~/*conda*/envs/*/bin", {"~/$1"}, {"CONDA_PREFIX", "CONDA_DEFAULT_ENV"}},
    {"conda",
     "~/*forge*/*bin",
     {"~/$1"},
     {"CONDA_PREFIX", "CONDA_EXE", "CONDA_DEFAULT_ENV", "CONDA_PYTHON_EXE", "CONDA_SHLVL"}},
    {"conda", "~/*forge*/envs/*/bin", {"~/$1"}, {"CONDA_PREFIX", "CONDA_DEFAULT_ENV"}},
    {"rustup",
     "~/.cargo/bin",
     {"~/.cargo/bin", "~/.rustup/toolchains", "~/.rustup/settings.toml"},
     {"RUSTUP_TOOLCHAIN"}},
    {"go", "~/go/bin", {"~/go/bin"}, {}},
    {"go", "~/sdk/go*/bin", {"~/sdk/$1"}, {"GOROOT"}},
    {"go", "~/.local/go/bin", {"~/.local/go"}, {"GOROOT"}},
    {"go", "~/.go/bin", {"~/.go"}, {"GOROOT"}},
    {"bun", "~/.bun/bin", {"~/.bun/bin", "~/.bun/install/global"}, {}},
    {"deno", "~/.deno/bin", {"~/.deno/bin"}, {}},
    {"sdkman", "~/.sdkman/candidates/*/*/bin", {"~/.sdkman/candidates/$1"}, {"JAVA_HOME", "GRADLE_HOME", "MAVEN_HOME"}},
    {"mise", "~/.local/share/mise/installs/*/*", {"~/.local/share/mise/installs/$1"}, {}},
    {"mise", "~/.local/share/mise/installs/*/*/bin", {"~/.local/share/mise/installs/$1"}, {}},
    {"mise",
     "~/.local/share/mise/shims",
     {"~/.local/share/mise/shims", "~/.local/share/mise/installs", "~/.local/share/mise/plugins", "~/.local/bin/mise"},
     {}},
    {"asdf",
     "~/.asdf/*",
     {"~/.asdf/bin", "~/.asdf/lib", "~/.asdf/libexec", "~/.asdf/plugins", "~/.asdf/installs", "~/.asdf/shims",
      "~/.asdf/asdf.sh", "~/.asdf/version.txt", "~/.tool-versions"},
     {"ASDF_DIR", "ASDF_DATA_DIR"}},
    {"Homebrew",
     "/home/linuxbrew/.linuxbrew/*bin",
     {"/home/linuxbrew/.linuxbrew"},
     {"HOMEBREW_PREFIX", "HOMEBREW_CELLAR", "HOMEBREW_REPOSITORY"}},
    {"Homebrew", "~/.linuxbrew/*bin", {"~/.linuxbrew"}, {"HOMEBREW_PREFIX", "HOMEBREW_CELLAR", "HOMEBREW_REPOSITORY"}},
    {"Nix", "~/.nix-profile/bin", {"/nix/store", "/nix/var/nix/profiles", "~/.nix-profile"}, {"NIX_SSL_CERT_FILE"}},
    {"Nix", "/nix/var/nix/profiles/*/bin", {"/nix/store", "/nix/var/nix/profiles"}, {"NIX_SSL_CERT_FILE"}},
    {"Nix", "/nix/store/*/bin", {"/nix/store"}, {"NIX_SSL_CERT_FILE"}},
    {"uv",
     "~/.local/bin",
     {"~/.local/bin/uv", "~/.local/bin/uvx", "~/.local/share/uv/python", "~/.local/share/uv/tools"},
     {}},
};

/// "~/x" in the caller's home.
std::string at_home(const Planner& planner, const std::string& path) {
  return path.starts_with("~/") ? join(planner.caller().home, path.substr(2)) : path;
}

std::vector<std::string> components_of(std::string_view path) {
  std::vector<std::string> parts;
  for (std::string_view rest = path; rest != "/" && !rest.empty(); rest = parent_of(rest)) {
    parts.emplace_back(base_name(rest));
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

/// What the components with a "*" stand for, or nothing if `path` does not match.
std::optional<std::vector<std::string>> captures(std::string_view pattern, std::string_view path) {
  const auto wanted = components_of(pattern), got = components_of(path);
  if (wanted.size() != got.size()) return {};
  std::vector<std::string> found;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!matches_component(wanted[i], got[i])) return {};
    if (wanted[i].find('*') != std::string::npos) found.push_back(got[i]);
  }
  return found;
}

std::string fill_in(std::string text, const std::vector<std::string>& captured) {
  const std::size_t at = text.find("$1");
  if (at != std::string::npos && !captured.empty()) text.replace(at, 2, captured.front());
  return text;
}

void show(Planner& planner, const Toolchain& toolchain, const std::string& path) {
  const Resolved real = planner.host.resolve(path);
  if (!real.directory() && real.status.kind != FileKind::regular) return;
  ViewEntry entry = shown(real, Access::read, std::string("toolchain ") + toolchain.name,
                          {.kind = OriginKind::environment, .source = "PATH"});
  if (!real.links.empty()) planner.followed.push_back({real, entry.origin, entry});
  planner.layout.place(std::move(entry), Rank::builtin, true);
}

/// Shows what belongs to `directory`, if the table knows it.
bool recognise(Planner& planner, const std::string& directory) {
  bool known = false;
  for (const Toolchain& toolchain : toolchains) {
    const auto captured = captures(at_home(planner, toolchain.entry), directory);
    if (!captured) continue;
    known = true;
    for (const char* path : toolchain.shows) {
      if (path) show(planner, toolchain, at_home(planner, fill_in(path, *captured)));
    }
    for (const char* name : toolchain.variables) {
      if (name) planner.toolchain_variables.emplace_back(name);
    }
  }
  return known;
}

}  // namespace

void add_toolchains(Planner& planner) {
  if (planner.profile.toolchains.value == Toolchains::none) return;
  for (const std::string& directory : split_path(callers_path(planner))) {
    if (visible(planner, directory)) continue;
    const Resolved real = planner.host.resolve(directory);
    if (!real.directory() || recognise(planner, directory)) continue;
    if (real.path != directory) recognise(planner, real.path);
  }
}

void pass_toolchain_variables(Planner& planner, Variables& variables) {
  for (const std::string& name : planner.toolchain_variables) {
    const auto value = planner.caller().environment.find(name);
    if (value == planner.caller().environment.end() || variables.contains(name)) continue;
    if (value->second.starts_with('/') && !visible(planner, value->second)) continue;
    variables[name] = {.from = Variable::From::passed,
                       .name = name,
                       .value = value->second,
                       .origin = planner.profile.toolchains.origin};
  }
}

}  // namespace snug
