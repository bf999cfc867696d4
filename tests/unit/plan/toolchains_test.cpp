#include "plan/toolchains.h"

#include <sstream>

#include "base/paths.h"
#include "plan/glob.h"
#include "support/planning.h"

using namespace snug;

namespace {

struct Layout {
  const char* name;
  const char* files;
  const char* entry;
  const char* shown;
};

// One machine a row of the table in plan/toolchains.cpp, as each tool's installer leaves it.
const Layout layouts[] = {
    {"nvm", "d /home/ann/.nvm/versions/node/v20.1.0/bin", "/home/ann/.nvm/versions/node/v20.1.0/bin",
     "/home/ann/.nvm/versions/node/v20.1.0"},
    {"volta", "d /home/ann/.volta/bin\nd /home/ann/.volta/tools", "/home/ann/.volta/bin", "/home/ann/.volta/tools"},
    {"fnm", "d /home/ann/.local/share/fnm/node-versions/v20/installation/bin",
     "/home/ann/.local/share/fnm/node-versions/v20/installation/bin", "/home/ann/.local/share/fnm/node-versions/v20"},
    {"fnm's alias",
     "d /home/ann/.local/share/fnm/node-versions/v20/installation/bin\n"
     "l /home/ann/.local/share/fnm/aliases/default -> /home/ann/.local/share/fnm/node-versions/v20/installation",
     "/home/ann/.local/share/fnm/aliases/default/bin", "/home/ann/.local/share/fnm/aliases"},
    {"fnm, older", "d /home/ann/.fnm/node-versions/v18/installation/bin",
     "/home/ann/.fnm/node-versions/v18/installation/bin", "/home/ann/.fnm/node-versions/v18"},
    {"fnm itself", "f /home/ann/.local/share/fnm/fnm", "/home/ann/.local/share/fnm", "/home/ann/.local/share/fnm/fnm"},
    {"pyenv", "d /home/ann/.pyenv/shims\nd /home/ann/.pyenv/versions\nd /home/ann/.pyenv/libexec",
     "/home/ann/.pyenv/shims", "/home/ann/.pyenv/versions"},
    {"a version of pyenv", "d /home/ann/.pyenv/versions/3.12.1/bin", "/home/ann/.pyenv/versions/3.12.1/bin",
     "/home/ann/.pyenv/versions/3.12.1"},
    {"conda", "d /home/ann/miniconda3/bin\nd /home/ann/miniconda3/lib", "/home/ann/miniconda3/bin",
     "/home/ann/miniconda3"},
    {"conda's environment", "d /home/ann/anaconda3/envs/ml/bin", "/home/ann/anaconda3/envs/ml/bin",
     "/home/ann/anaconda3"},
    {"conda forge", "d /home/ann/miniforge3/condabin", "/home/ann/miniforge3/condabin", "/home/ann/miniforge3"},
    {"conda forge's environment", "d /home/ann/mambaforge/envs/ml/bin", "/home/ann/mambaforge/envs/ml/bin",
     "/home/ann/mambaforge"},
    {"micromamba", "d /home/ann/micromamba/envs/ml/bin", "/home/ann/micromamba/envs/ml/bin",
     "/home/ann/micromamba/envs/ml"},
    {"rustup", "d /home/ann/.cargo/bin\nd /home/ann/.rustup/toolchains\nf /home/ann/.rustup/settings.toml",
     "/home/ann/.cargo/bin", "/home/ann/.rustup/toolchains"},
    {"go", "d /home/ann/sdk/go1.22.0/bin", "/home/ann/sdk/go1.22.0/bin", "/home/ann/sdk/go1.22.0"},
    {"go bin", "d /home/ann/go/bin", "/home/ann/go/bin", "/home/ann/go/bin"},
    {"go in ~/.local", "d /home/ann/.local/go/bin", "/home/ann/.local/go/bin", "/home/ann/.local/go"},
    {"go in ~/.go", "d /home/ann/.go/bin", "/home/ann/.go/bin", "/home/ann/.go"},
    {"bun", "d /home/ann/.bun/bin", "/home/ann/.bun/bin", "/home/ann/.bun/bin"},
    {"deno", "d /home/ann/.deno/bin", "/home/ann/.deno/bin", "/home/ann/.deno/bin"},
    {"sdkman", "d /home/ann/.sdkman/candidates/java/21/bin\nl /home/ann/.sdkman/candidates/java/current -> 21",
     "/home/ann/.sdkman/candidates/java/current/bin", "/home/ann/.sdkman/candidates/java"},
    {"mise", "d /home/ann/.local/share/mise/installs/node/20/bin", "/home/ann/.local/share/mise/installs/node/20/bin",
     "/home/ann/.local/share/mise/installs/node"},
    {"mise without bin", "f /home/ann/.local/share/mise/installs/jq/1.7/jq",
     "/home/ann/.local/share/mise/installs/jq/1.7", "/home/ann/.local/share/mise/installs/jq"},
    {"mise shims", "d /home/ann/.local/share/mise/shims\nd /home/ann/.local/share/mise/installs",
     "/home/ann/.local/share/mise/shims", "/home/ann/.local/share/mise/installs"},
    {"asdf", "d /home/ann/.asdf/shims\nd /home/ann/.asdf/installs", "/home/ann/.asdf/shims",
     "/home/ann/.asdf/installs"},
    {"Homebrew", "d /home/linuxbrew/.linuxbrew/bin\nd /home/linuxbrew/.linuxbrew/Cellar",
     "/home/linuxbrew/.linuxbrew/bin", "/home/linuxbrew/.linuxbrew/Cellar"},
    {"Homebrew at home", "d /home/ann/.linuxbrew/sbin\nd /home/ann/.linuxbrew/Cellar", "/home/ann/.linuxbrew/sbin",
     "/home/ann/.linuxbrew/Cellar"},
    {"Nix", "d /nix/store/x-env/bin\nl /home/ann/.nix-profile -> /nix/store/x-env", "/home/ann/.nix-profile/bin",
     "/nix/store"},
    {"Nix in ~/.local",
     "d /nix/store/x-env/bin\nl /home/ann/.local/state/nix/profiles/profile -> /nix/store/x-env\n"
     "l /home/ann/.local/state/nix/profile -> profiles/profile",
     "/home/ann/.local/state/nix/profile/bin", "/nix/store"},
    {"Nix, the machine's", "d /nix/store/x-env/bin\nl /nix/var/nix/profiles/default -> /nix/store/x-env",
     "/nix/var/nix/profiles/default/bin", "/nix/store"},
    {"nix shell", "d /nix/store/x-hello/bin", "/nix/store/x-hello/bin", "/nix/store"},
    {"uv", "f /home/ann/.local/bin/uv\nd /home/ann/.local/share/uv/python", "/home/ann/.local/bin",
     "/home/ann/.local/share/uv/python"},
};

/// What tools leave beside their programs and nobody inside may read.
constexpr const char* credentials = R"(
f /home/ann/.npmrc
f /home/ann/.pypirc
f /home/ann/.condarc
f /home/ann/.cargo/credentials.toml
f /home/ann/.cargo/config.toml
f /home/ann/.nvm/versions/node/v20.1.0/etc/npmrc
f /home/ann/.local/share/fnm/node-versions/v20/installation/etc/npmrc
f /home/ann/.fnm/node-versions/v18/installation/etc/npmrc
f /home/ann/.local/share/mise/installs/node/20/etc/npmrc
f /home/ann/.pyenv/versions/3.12.1/pip.conf
f /home/ann/miniconda3/.condarc
f /home/ann/anaconda3/.condarc
f /home/ann/miniforge3/.condarc
f /home/ann/mambaforge/.condarc
f /home/ann/.config/pip/pip.conf
f /home/ann/.config/uv/credentials.toml
f /home/ann/.local/share/uv/credentials/credentials.toml
f /home/ann/.m2/settings.xml
f /home/ann/.gradle/gradle.properties
f /home/ann/.bunfig.toml
f /home/ann/.config/mise/config.toml
f /home/ann/.local/state/mise/trusted-configs
f /home/ann/.asdf/installs/nodejs/20.1/etc/npmrc
f /home/ann/.volta/tools/image/node/20.1/etc/npmrc
f /home/linuxbrew/.linuxbrew/etc/npmrc
f /home/linuxbrew/.linuxbrew/var/postgres/data
f /home/ann/.linuxbrew/etc/npmrc
s /nix/var/nix/daemon-socket/socket
)";

bool on_path(const Plan& plan, const std::string& directory) {
  return (":" + variable(plan, "PATH")->value + ":").find(":" + directory + ":") != std::string::npos;
}

}  // namespace

TEST_CASE("every toolchain of the table is shown read-only, and stays on PATH") {
  const Layout layout = GENERATE(from_range(std::begin(layouts), std::end(layouts)));
  INFO(layout.name);
  Planning planning;
  planning.host.add(layout.files);
  planning.caller().environment["PATH"] = std::string(layout.entry) + ":/usr/bin";
  const Plan plan = planning.plan();
  const auto* bind = what_at<Bind>(plan, layout.shown);
  REQUIRE(bind);
  CHECK(bind->access == Access::read);
  CHECK(on_path(plan, layout.entry));
  CHECK(variable(plan, "PATH")->value.starts_with(layout.entry));
}

TEST_CASE("every row of the table has a layout here") {
  for (const Toolchain& toolchain : known_toolchains()) {
    std::string entry = toolchain.entry;
    if (entry.starts_with("~")) entry = "/home/ann" + entry.substr(1);
    INFO(toolchain.name << " " << entry);
    CHECK(std::any_of(std::begin(layouts), std::end(layouts), [&](const Layout& layout) {
      const std::string path = layout.entry;
      return std::count(path.begin(), path.end(), '/') == std::count(entry.begin(), entry.end(), '/') &&
             matches_component(entry, path);
    }));
  }
}

TEST_CASE("credentials beside a toolchain stay outside") {
  const Layout layout = GENERATE(from_range(std::begin(layouts), std::end(layouts)));
  Planning planning;
  planning.host.add(layout.files);
  planning.host.add(credentials);
  planning.caller().environment["PATH"] = std::string(layout.entry) + ":/usr/bin";
  const Plan plan = planning.plan();
  std::istringstream lines(credentials);
  for (std::string letter, path; lines >> letter >> path;) {
    INFO(layout.name << ": " << path);
    const ViewEntry* shown = nullptr;  // what a process inside finds it in
    for (const ViewEntry& entry : plan.view) {
      if (is_below(path, entry.target)) shown = &entry;
    }
    const auto* bind = shown ? std::get_if<Bind>(&shown->what) : nullptr;
    CHECK((!bind || !is_below(path, bind->source)));
  }
}

TEST_CASE("an entry of PATH that is a link into a toolchain is replaced by where it leads") {
  Planning planning;
  planning.host.add(
      "d /home/ann/.local/share/fnm/node-versions/v20/installation/bin\n"
      "l /run/user/1000/fnm_multishells/1_2 -> /home/ann/.local/share/fnm/node-versions/v20/installation");
  planning.caller().environment["PATH"] = "/run/user/1000/fnm_multishells/1_2/bin";
  CHECK(on_path(planning.plan(), "/home/ann/.local/share/fnm/node-versions/v20/installation/bin"));
}

TEST_CASE("Nix is shown without the daemon's socket") {
  Planning planning;
  planning.host.add(
      "d /nix/store/x/bin\ns /nix/var/nix/daemon-socket/socket\nl /nix/var/nix/profiles/default -> /nix/store/x\n");
  planning.caller().environment["PATH"] = "/nix/var/nix/profiles/default/bin";
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/nix/store"));
  CHECK_FALSE(entry_at(plan, "/nix"));
  CHECK_FALSE(entry_at(plan, "/nix/var"));
}

TEST_CASE("an entry nobody knows is named once with the line that shows it") {
  Planning planning;
  planning.host.add("d /home/ann/bin uid=1000");
  planning.caller().environment["PATH"] = "/home/ann/bin:/usr/bin:/home/ann/bin:/home/ann/gone";
  const Plan plan = planning.plan();
  CHECK_FALSE(on_path(plan, "/home/ann/bin"));
  CHECK(std::count_if(plan.notes.begin(), plan.notes.end(), [](const Note& note) {
          return note.text.find("read = [\"/home/ann/bin\"]") != std::string::npos;
        }) == 1);
  CHECK_FALSE(has_note(plan, "gone"));
}

TEST_CASE("toolchains = none shows none") {
  Planning planning;
  planning.host.add("d /home/ann/.cargo/bin");
  planning.caller().environment["PATH"] = "/home/ann/.cargo/bin:/usr/bin";
  planning.toml = "toolchains = \"none\"";
  const Plan plan = planning.plan();
  CHECK_FALSE(entry_at(plan, "/home/ann/.cargo/bin"));
  CHECK_FALSE(on_path(plan, "/home/ann/.cargo/bin"));
}

TEST_CASE("a toolchain's variable passes only if what it names is visible") {
  Planning planning;
  planning.host.add("d /home/ann/.sdkman/candidates/java/current/bin");
  planning.caller().environment["PATH"] = "/home/ann/.sdkman/candidates/java/current/bin";
  planning.caller().environment["JAVA_HOME"] = "/home/ann/.sdkman/candidates/java/current";
  planning.caller().environment["GRADLE_HOME"] = "/home/ann/gradle";
  const Plan plan = planning.plan();
  CHECK(variable(plan, "JAVA_HOME"));
  CHECK_FALSE(variable(plan, "GRADLE_HOME"));
}

TEST_CASE("a toolchain inside what is visible anyway costs no mount") {
  Planning planning;
  planning.host.add("d /home/ann/.cargo/bin\nd /home/ann/.rustup/toolchains");
  planning.caller().environment["PATH"] = "/home/ann/.cargo/bin";
  planning.toml = "filesystem.read = [\"~/.cargo\", \"~/.rustup\"]";
  const Plan plan = planning.plan();
  CHECK_FALSE(entry_at(plan, "/home/ann/.cargo/bin"));
  CHECK_FALSE(entry_at(plan, "/home/ann/.rustup/toolchains"));
}
