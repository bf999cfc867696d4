// network.sockets, network.ssh-agent, and sockets that come with a directory.
#include <set>

#include "plan/control_sockets.h"
#include "support/golden.h"
#include "support/planning.h"

using namespace snug;

namespace {

const std::string known = ", i-know = \"full control of my account\" }";

Planning with_sockets() {
  Planning planning;
  planning.host.add(
      "s /run/postgresql/.s.PGSQL.5432 uid=113\ns /run/docker.sock gid=998\ns /run/user/1000/bus uid=1000\n"
      "l /var/run -> /run\ns /tmp/ssh-XX/agent.7 uid=1000\ns /home/ann/.docker/run/docker.sock uid=1000\n"
      "d /srv/app uid=1000\nl /srv/app/db -> /run/docker.sock\ns /home/ann/web/app.sock uid=1000");
  return planning;
}

Planning with_agent(const std::string& path) {
  Planning planning = with_sockets();
  planning.caller().environment["SSH_AUTH_SOCK"] = path;
  planning.toml = "network.ssh-agent = true";
  return planning;
}

}  // namespace

TEST_CASE("a listed socket is bound read-only at its own path, with the line that asked for it") {
  Planning planning = with_sockets();
  planning.toml = "[network]\nsockets = [\"/run/postgresql/.s.PGSQL.5432\", \"/run/mysqld/mysqld.sock?\"]";
  const Plan plan = planning.plan();
  const auto* bind = what_at<Bind>(plan, "/run/postgresql/.s.PGSQL.5432");
  REQUIRE(bind);
  CHECK((bind->socket && !bind->directory && bind->access == Access::read));
  CHECK(entry_at(plan, "/run/postgresql/.s.PGSQL.5432")->origin.line == 3);
  CHECK_FALSE(entry_at(plan, "/run/mysqld/mysqld.sock"));
  CHECK(plan.network.value == NetworkMode::none);
}

TEST_CASE("sockets in a plan as people read it") {
  Planning planning = with_agent("/tmp/ssh-XX/agent.7");
  planning.toml =
      "[network]\nssh-agent = true\nsockets = [\"/run/postgresql/.s.PGSQL.5432\", { path = \"/run/docker.sock\"" +
      known + "]";
  check_golden("plan/golden/sockets.txt", plan_to_text(planning.plan(), Colour::never));
}

TEST_CASE("a socket in the project is bound where it is") {
  Planning planning = with_sockets();
  planning.toml = "network.sockets = [\"./app.sock\"]";
  CHECK(what_at<Bind>(planning.plan(), "/home/ann/web/app.sock")->socket);
}

TEST_CASE("what is no socket, or is absent, is an error that says what to write") {
  struct Row {
    const char* path;
    const char* because;
  };
  const Row row = GENERATE(Row{"/run/none.sock", "\"/run/none.sock?\""}, Row{"/srv/app", "name the socket in it"},
                           Row{"~/.gitconfig", "filesystem.read"});
  Planning planning = with_sockets();
  planning.toml = "network.sockets = [\"" + std::string(row.path) + "\"]";
  const std::string errors = planning.errors();
  INFO(errors);
  CHECK(errors.find(row.because) != std::string::npos);
  CHECK(errors.find("snug.toml:2") != std::string::npos);
}

TEST_CASE("a control socket needs the acknowledgement, by any name that leads to it") {
  const std::string path =
      GENERATE("/run/docker.sock", "/var/run/docker.sock", "/run/../run/docker.sock", "/run//docker.sock",
               "/srv/app/db", "~/.docker/run/docker.sock", "/run/user/1000/bus");
  if (path.find("..") != std::string::npos) return;  // refused by the format
  Planning planning = with_sockets();
  planning.toml = "network.sockets = [\"" + path + "\"]";
  const std::string refused = planning.errors();
  INFO(refused);
  CHECK(refused.find("who reaches it ") != std::string::npos);
  CHECK(refused.find("i-know = \"full control of my account\"") != std::string::npos);
  planning.toml = "network.sockets = [{ path = \"" + path + "\", i-know = \"yes\" }]";
  CHECK(planning.errors() == refused);
  planning.toml = "network.sockets = [{ path = \"" + path + "\"" + known + "]";
  CHECK(planning.errors() == "");
  CHECK(has_note(planning.plan(), "is open to the command"));
}

TEST_CASE("a control socket that is absent today is refused all the same") {
  Planning planning = with_sockets();
  planning.toml = "network.sockets = [\"/run/podman/podman.sock?\"]";
  CHECK(planning.errors().find("the podman engine") != std::string::npos);
}

TEST_CASE("every row of the table is found by a path like it, and agents are none") {
  struct Row {
    const char* path;
    const char* owner;
  };
  const Row rows[] = {{"/var/run/docker.sock", "the Docker engine"},
                      {"/run/user/7/podman/podman.sock", "the podman engine"},
                      {"/run/containerd/containerd.sock.ttrpc", "containerd"},
                      {"/run/crio/crio.sock", "CRI-O"},
                      {"/var/lib/lxd/unix.socket", "LXD"},
                      {"/run/libvirt/libvirt-sock-ro", "libvirt"},
                      {"/run/libvirt/virtqemud-sock", "libvirt"},
                      {"/nix/var/nix/daemon-socket/socket", "the Nix daemon"},
                      {"/run/snapd.socket", "snapd"},
                      {"/run/dbus/system_bus_socket", "the system D-Bus"},
                      {"/run/user/1000/bus", "the session D-Bus"},
                      {"/tmp/dbus-Xy12", "a D-Bus"},
                      {"/run/user/1000/systemd/private", "systemd"},
                      {"/run/systemd/userdb/io.systemd.DynamicUser", "a systemd service"},
                      {"/tmp/.X11-unix/X0", "the X11 display"},
                      {"/run/user/1000/wayland-0", "the Wayland compositor"},
                      {"/run/user/1000/hypr/abc/.socket.sock", "the Hyprland compositor"},
                      {"/run/user/1000/pipewire-0", "PipeWire"},
                      {"/home/a/.gnupg/S.gpg-agent", "the GnuPG agent"},
                      {"/run/user/1000/gnupg/d.x/S.gpg-agent.extra", "the GnuPG agent"},
                      {"/run/user/1000/keyring/control", "the keyring"},
                      {"/run/pcscd/pcscd.comm", "the smart card service"},
                      {"/tmp/tmux-1000/default", "tmux"},
                      {"/run/screen/S-ann/12.pts", "screen"},
                      {"/run/user/1000/emacs/server", "Emacs"},
                      {"/run/user/1000/nvim.12.0", "Neovim"},
                      {"/run/user/1000/vscode-ipc-1.sock", "Visual Studio Code"},
                      {"/home/a/.ssh/cm-host", "a shared ssh connection"},
                      {"/run/user/1000/snug/run/1/control", nullptr},
                      {"/run/user/1000/snug/one/control", "snug"},
                      {"/run/user/1000/gnupg/S.gpg-agent.ssh", nullptr},
                      {"/run/user/1000/keyring/ssh", nullptr},
                      {"/tmp/ssh-XX/agent.7", nullptr},
                      {"/run/postgresql/.s.PGSQL.5432", nullptr},
                      {"/run/redis/redis.sock", nullptr},
                      {"/home/a/keyring-service/db.sock", nullptr},
                      {"/docker.sock", "the Docker engine"},
                      {"/", nullptr}};
  for (const Row& row : rows) {
    INFO(row.path);
    const ControlSocket* const found = control_socket(row.path);
    CHECK(std::string(found ? found->owner : "") == (row.owner ? row.owner : ""));
  }
}

TEST_CASE("every place such sockets usually have is in the table") {
  for (std::string path : usual_control_sockets()) {
    INFO(path);
    if (path.starts_with("~")) path = "/home/ann" + path.substr(1);
    if (const auto at = path.find("%u"); at != std::string::npos) path.replace(at, 2, "1000");
    CHECK(control_socket(path));
  }
}

// --- the ssh agent ----------------------------------------------------------------------------------

TEST_CASE("the ssh agent stands at a place of its own, which the variable names") {
  Planning planning = with_agent("/tmp/ssh-XX/agent.7");
  const Plan plan = planning.plan();
  const auto* bind = what_at<Bind>(plan, "/run/snug/ssh-agent");
  REQUIRE(bind);
  CHECK((bind->socket && bind->source == "/tmp/ssh-XX/agent.7"));
  CHECK(variable(plan, "SSH_AUTH_SOCK")->value == "/run/snug/ssh-agent");
  CHECK(variable(plan, "SSH_AUTH_SOCK")->origin.line == 2);
  CHECK_FALSE(entry_at(plan, "/tmp/ssh-XX"));
  planning.toml = "[network]\nssh-agent = true\n[environment]\npass = [\"SSH_*\"]";
  CHECK(variable(planning.plan(), "SSH_AUTH_SOCK")->value == "/run/snug/ssh-agent");
}

TEST_CASE("without the key no agent and no variable") {
  Planning planning = with_agent("/tmp/ssh-XX/agent.7");
  planning.toml = "";
  const Plan plan = planning.plan();
  CHECK_FALSE(entry_at(plan, "/run/snug/ssh-agent"));
  CHECK_FALSE(variable(plan, "SSH_AUTH_SOCK"));
}

TEST_CASE("where no agent runs, the run goes on and says so") {
  Planning planning = with_agent(GENERATE("", "agent", "/tmp/ssh-XX/gone"));
  const Plan plan = planning.plan();
  CHECK(has_note(plan, "no ssh agent inside"));
  CHECK_FALSE(variable(plan, "SSH_AUTH_SOCK"));
}

TEST_CASE("started by root, another user's agent is shown with a warning that it will not answer") {
  Planning planning = with_agent("/tmp/ssh-XX/agent.7");
  planning.caller().uid = planning.caller().gid = 0;
  planning.caller().sudo_uid = planning.caller().sudo_gid = 1000;
  CHECK_FALSE(has_note(planning.plan(), "answers nobody else"));
  planning.host.add("s /tmp/ssh-XX/agent.7 uid=0");
  CHECK(has_note(planning.plan(), "the ssh agent of uid 0 answers nobody else"));
}

TEST_CASE("something else in place of an agent is an error") {
  struct Row {
    const char* path;
    const char* because;
  };
  const Row row = GENERATE(Row{"/home/ann/.gitconfig", "which is a file"}, Row{"/run/docker.sock", "the Docker engine"},
                           Row{"/srv/app/db", "the Docker engine"});
  Planning planning = with_agent(row.path);
  INFO(planning.errors());
  CHECK(planning.errors().find(row.because) != std::string::npos);
}

TEST_CASE("a link that code inside can make does not choose the agent") {
  Planning planning = with_agent("/home/ann/web/agent");
  planning.host.add("l /home/ann/web/agent -> /tmp/ssh-XX/agent.7");
  CHECK(planning.errors().find("writable inside") != std::string::npos);
}

// --- sockets that come with a directory ---------------------------------------------------------------

TEST_CASE("a directory is not shown with a control socket in it, unless that is hidden or acknowledged") {
  struct Row {
    const char* shown;
    const char* socket;
  };
  const Row row = GENERATE(Row{"read = [\"/run/user/1000\"]", "/run/user/1000/bus"},
                           Row{"write = [\"/run/user/1000\"]", "/run/user/1000/bus"},
                           Row{"read = [\"~/.docker\"]", "/home/ann/.docker/run/docker.sock"},
                           Row{"mount = [{ type = \"bind\", source = \"/run/user/1000\" }]", "/run/user/1000/bus"});
  Planning planning = with_sockets();
  planning.toml = "[filesystem]\n" + std::string(row.shown);
  const std::string errors = planning.errors();
  INFO(row.shown << ": " << errors);
  CHECK(errors.find("\"" + std::string(row.socket) + "\" comes with it") != std::string::npos);
  CHECK(errors.find("snug.toml:3") != std::string::npos);
  planning.toml += "\nhide = [\"/run/docker.sock\", \"/run/user/1000/bus\", \"~/.docker/run/docker.sock\"]";
  CHECK(planning.errors() == "");
  planning.toml = "[filesystem]\n" + std::string(row.shown) + "\n[network]\nsockets = [{ path = \"/run/docker.sock\"" +
                  known + ", { path = \"/run/user/1000/bus\"" + known + ", { path = \"~/.docker/run/docker.sock\"" +
                  known + "]";
  CHECK(planning.errors() == "");
}

TEST_CASE("a directory shown elsewhere does not carry a control socket along") {
  Planning planning = with_sockets();
  planning.toml = "[[filesystem.mount]]\ntype = \"bind\"\nsource = \"/run\"\ntarget = \"/host-run\"";
  const std::string errors = planning.errors();
  CHECK(errors.find("\"/run/docker.sock\" comes with it") != std::string::npos);
  CHECK(errors.find("hide = [\"/host-run/docker.sock\"]") != std::string::npos);
  planning.toml += "\n[filesystem]\nhide = [\"/host-run/docker.sock\", \"/host-run/user\"]";
  CHECK(planning.errors() == "");
}

TEST_CASE("directories without such sockets are shown as before") {
  Planning planning = with_sockets();
  planning.host.add("f /home/ann/x/docker.sock uid=1000");
  planning.toml = "filesystem.read = [\"/run/postgresql\", \"~/x\", \"/srv/app\"]";
  CHECK(planning.errors() == "");
}
