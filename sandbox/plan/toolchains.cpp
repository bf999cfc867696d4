// toolchains = "auto": entries of PATH under the home, /opt, /nix and Homebrew that a table knows, shown read-only
// with exactly what they need. Never a directory that holds credentials.
#include <algorithm>
#include <array>

#include "base/paths.h"
#include "plan/glob.h"
#include "plan/planner.h"
#include "plan/toolchains.h"

namespace snug {
namespace {

constexpr std::size_t most_looked_at = 2000;  // versions of one tool, and what lies beside them

// A trailing part of `shows` that is absent is left out. What npm keeps for a whole installation (etc/npmrc) and conda
// in its prefix (.condarc) may hold the tokens of private registries.
constexpr Toolchain toolchains[] = {
    {"nvm",
     "~/.nvm/versions/node/*/bin",
     {"~/.nvm/versions/node/$1"},
     {"NVM_BIN", "NVM_INC"},
     "~/.nvm/versions/node/$1/etc/npmrc"},
    {"volta",
     "~/.volta/bin",
     {"~/.volta/bin", "~/.volta/tools", "~/.volta/layout.v4"},
     {"VOLTA_HOME"},
     "~/.volta/tools/image/node/*/etc/npmrc"},
    {"fnm",
     "~/.local/share/fnm/node-versions/*/installation/bin",
     {"~/.local/share/fnm/node-versions/$1"},
     {},
     "~/.local/share/fnm/node-versions/$1/installation/etc/npmrc"},
    {"fnm",
     "~/.local/share/fnm/aliases/*/bin",
     {"~/.local/share/fnm/node-versions", "~/.local/share/fnm/aliases"},
     {},
     "~/.local/share/fnm/node-versions/*/installation/etc/npmrc"},
    {"fnm",
     "~/.fnm/node-versions/*/installation/bin",
     {"~/.fnm/node-versions/$1"},
     {},
     "~/.fnm/node-versions/$1/installation/etc/npmrc"},
    {"fnm", "~/.local/share/fnm", {"~/.local/share/fnm/fnm"}, {}},
    {"pyenv",
     "~/.pyenv/*",
     {"~/.pyenv/bin", "~/.pyenv/libexec", "~/.pyenv/shims", "~/.pyenv/versions", "~/.pyenv/version", "~/.pyenv/plugins",
      "~/.pyenv/pyenv.d"},
     {"PYENV_ROOT", "PYENV_VERSION"},
     "~/.pyenv/versions/*/pip.conf"},
    {"pyenv", "~/.pyenv/versions/*/bin", {"~/.pyenv/versions/$1"}, {}, "~/.pyenv/versions/$1/pip.conf"},
    {"conda",
     "~/*conda*/*bin",
     {"~/$1"},
     {"CONDA_PREFIX", "CONDA_EXE", "CONDA_DEFAULT_ENV", "CONDA_PYTHON_EXE", "CONDA_SHLVL"},
     "~/$1/.condarc"},
    {"conda", "~/*conda*/envs/*/bin", {"~/$1"}, {"CONDA_PREFIX", "CONDA_DEFAULT_ENV"}, "~/$1/.condarc"},
    {"conda",
     "~/*forge*/*bin",
     {"~/$1"},
     {"CONDA_PREFIX", "CONDA_EXE", "CONDA_DEFAULT_ENV", "CONDA_PYTHON_EXE", "CONDA_SHLVL"},
     "~/$1/.condarc"},
    {"conda", "~/*forge*/envs/*/bin", {"~/$1"}, {"CONDA_PREFIX", "CONDA_DEFAULT_ENV"}, "~/$1/.condarc"},
    {"conda", "~/micromamba/envs/*/bin", {"~/micromamba/envs/$1"}, {"CONDA_PREFIX", "CONDA_DEFAULT_ENV"}},
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
    {"mise",
     "~/.local/share/mise/installs/*/*/bin",
     {"~/.local/share/mise/installs/$1"},
     {},
     "~/.local/share/mise/installs/$1/*/etc/npmrc"},
    {"mise",
     "~/.local/share/mise/shims",
     {"~/.local/share/mise/shims", "~/.local/share/mise/installs", "~/.local/share/mise/plugins", "~/.local/bin/mise"},
     {},
     "~/.local/share/mise/installs/node/*/etc/npmrc"},
    {"asdf",
     "~/.asdf/*",
     {"~/.asdf/bin", "~/.asdf/lib", "~/.asdf/libexec", "~/.asdf/plugins", "~/.asdf/installs", "~/.asdf/shims",
      "~/.asdf/asdf.sh", "~/.asdf/version.txt", "~/.tool-versions"},
     {"ASDF_DIR", "ASDF_DATA_DIR"},
     "~/.asdf/installs/nodejs/*/etc/npmrc"},
    // Not var, where databases and other services keep what is theirs.
    {"Homebrew",
     "/home/linuxbrew/.linuxbrew/*bin",
     {"/home/linuxbrew/.linuxbrew/bin", "/home/linuxbrew/.linuxbrew/sbin", "/home/linuxbrew/.linuxbrew/lib",
      "/home/linuxbrew/.linuxbrew/libexec", "/home/linuxbrew/.linuxbrew/include", "/home/linuxbrew/.linuxbrew/share",
      "/home/linuxbrew/.linuxbrew/opt", "/home/linuxbrew/.linuxbrew/Cellar",
      "/home/linuxbrew/.linuxbrew/etc/ca-certificates", "/home/linuxbrew/.linuxbrew/etc/openssl@3"},
     {"HOMEBREW_PREFIX", "HOMEBREW_CELLAR"}},
    {"Homebrew",
     "~/.linuxbrew/*bin",
     {"~/.linuxbrew/bin", "~/.linuxbrew/sbin", "~/.linuxbrew/lib", "~/.linuxbrew/libexec", "~/.linuxbrew/include",
      "~/.linuxbrew/share", "~/.linuxbrew/opt", "~/.linuxbrew/Cellar", "~/.linuxbrew/etc/ca-certificates",
      "~/.linuxbrew/etc/openssl@3"},
     {"HOMEBREW_PREFIX", "HOMEBREW_CELLAR"}},
    {"Nix", "~/.nix-profile/bin", {"/nix/store", "/nix/var/nix/profiles", "~/.nix-profile"}, {"NIX_SSL_CERT_FILE"}},
    {"Nix",
     "~/.local/state/nix/profile/bin",
     {"/nix/store", "~/.local/state/nix/profile", "~/.local/state/nix/profiles"},
     {"NIX_SSL_CERT_FILE"}},
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

Origin path_variable() { return {.kind = OriginKind::environment, .source = "PATH"}; }

void show(Planner& planner, const Toolchain& toolchain, const std::string& path) {
  const Resolved real = planner.host.resolve(path);
  if (!real.directory() && real.status.kind != FileKind::regular) return;
  ViewEntry entry = shown(real, Access::read, std::string("toolchain ") + toolchain.name, path_variable());
  if (!real.links.empty()) planner.followed.push_back({real, entry.origin, entry});
  planner.layout.place(std::move(entry), Rank::builtin, true);
}

void hide(Planner& planner, const std::string& pattern) {
  std::size_t budget = most_looked_at;
  for (const std::string& path : expand_pattern(planner.host, "/", pattern, budget)) {
    const Resolved real = planner.host.resolve(join("/", path));
    if (real.status.kind != FileKind::regular) continue;
    planner.layout.cover(
        {.target = real.path, .what = Mask{}, .optional = true, .why = "may hold tokens", .origin = path_variable()},
        Rank::builtin);
  }
  if (budget > 0) return;
  planner.fail("cannot find all files that may hold tokens", path_variable(),
               "there are more than " + std::to_string(most_looked_at) + " files to look at for " + pattern,
               "write toolchains = \"none\", and list what you need in filesystem.read");
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
    if (toolchain.hides) hide(planner, at_home(planner, fill_in(toolchain.hides, *captured)));
    for (const char* name : toolchain.variables) {
      if (name) planner.toolchain_variables.emplace_back(name);
    }
  }
  return known;
}

}  // namespace

std::span<const Toolchain> known_toolchains() { return toolchains; }

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
