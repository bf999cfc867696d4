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
    {"pyenv", "d /home/ann/.pyenv/shims\nd /home/ann/.pyenv/versions\nd /home/ann/.pyenv/libexec",
     "/home/ann/.pyenv/shims", "/home/ann/.pyenv/versions"},
    {"conda", "d /home/ann/miniconda3/bin\nd /home/ann/miniconda3/lib", "/home/ann/miniconda3/bin",
     "/home/ann/miniconda3"},
    {"conda forge", "d /home/ann/miniforge3/condabin", "/home/ann/miniforge3/condabin", "/home/ann/miniforge3"},
    {"rustup", "d /home/ann/.cargo/bin\nd /home/ann/.rustup/toolchains\nf /home/ann/.rustup/settings.toml",
     "/home/ann/.cargo/bin", "/home/ann/.rustup/toolchains"},
    {"go", "d /home/ann/sdk/go1.22.0/bin", "/home/ann/sdk/go1.22.0/bin", "/home/ann/sdk/go1.22.0"},
    {"go bin", "d /home/ann/go/bin", "/home/ann/go/bin", "/home/ann/go/bin"},
    {"bun", "d /home/ann/.bun/bin", "/home/ann/.bun/bin", "/home/ann/.bun/bin"},
    {"deno", "d /home/ann/.deno/bin", "/home/ann/.deno/bin", "/home/ann/.deno/bin"},
    {"sdkman", "d /home/ann/.sdkman/candidates/java/21/bin\nl /home/ann/.sdkman/candidates/java/current -> 21",
     "/home/ann/.sdkman/candidates/java/current/bin", "/home/ann/.sdkman/candidates/java"},
    {"mise", "d /home/ann/.local/share/mise/installs/node/20/bin", "/home/ann/.local/share/mise/installs/node/20/bin",
     "/home/ann/.local/share/mise/installs/node"},
    {"mise shims", "d /home/ann/.local/share/mise/shims\nd /home/ann/.local/share/mise/installs",
     "/home/ann/.local/share/mise/shims", "/home/ann/.local/share/mise/installs"},
    {"asdf", "d /home/ann/.asdf/shims\nd /home/ann/.asdf/installs", "/home/ann/.asdf/shims",
     "/home/ann/.asdf/installs"},
    {"Homebrew", "d /home/linuxbrew/.linuxbrew/bin", "/home/linuxbrew/.linuxbrew/bin", "/home/linuxbrew/.linuxbrew"},
    {"Nix", "d /nix/store/x-env/bin\nl /home/ann/.nix-profile -> /nix/store/x-env", "/home/ann/.nix-profile/bin",
     "/nix/store"},
};

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

TEST_CASE("credentials beside a toolchain stay outside") {
  Planning planning;
  planning.host.add("d /home/ann/.cargo/bin\nf /home/ann/.cargo/credentials.toml\nd /home/ann/.rustup/toolchains");
  planning.caller().environment["PATH"] = "/home/ann/.cargo/bin";
  const Plan plan = planning.plan();
  CHECK_FALSE(entry_at(plan, "/home/ann/.cargo"));
  CHECK_FALSE(entry_at(plan, "/home/ann/.cargo/credentials.toml"));
  CHECK(what_at<Bind>(plan, "/home/ann/.cargo/bin"));
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
