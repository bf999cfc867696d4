#include "plan/control_sockets.h"

#include "base/paths.h"
#include "plan/glob.h"

namespace snug {
namespace {

constexpr const char* engine = "starts containers that hold the whole host, most as root";
constexpr const char* services = "starts programs outside as you";
constexpr const char* secrets = "hands out your stored passwords and keys";
constexpr const char* commands = "types and runs commands outside as you";

// Sources: the manuals of each program, and what they left in /run and /tmp of a Debian 12 desktop.
constexpr ControlSocket rows[] = {
    {"**/docker*.sock", "the Docker engine", engine},
    {"**/podman*.sock", "the podman engine", engine},
    {"**/containerd*.sock*", "containerd", engine},
    {"**/crio*.sock", "CRI-O", engine},
    {"**/cri-dockerd.sock", "Kubernetes' Docker engine", engine},
    {"**/buildkitd*.sock", "BuildKit", engine},
    {"**/lxd/unix.socket*", "LXD", engine},
    {"**/incus/unix.socket*", "Incus", engine},
    {"**/libvirt*-sock*", "libvirt", "starts virtual machines with any disk of the host in them"},
    {"**/virt*-sock*", "libvirt", "starts virtual machines with any disk of the host in them"},
    {"**/multipass_socket", "Multipass", "starts virtual machines with directories of the host in them"},
    {"**/nix/daemon-socket/socket", "the Nix daemon", "writes what every user's shell runs; root for trusted users"},
    {"**/snapd*.socket", "snapd", "installs and runs packages, with root's rights after a login"},
    {"**/tailscaled.sock", "Tailscale", "changes this machine's network"},

    {"**/dbus/system_bus_socket", "the system D-Bus", "asks every system service, some as root"},
    {"/run/user/*/bus", "the session D-Bus", services},
    {"**/dbus-*", "a D-Bus", services},
    {"**/at-spi/bus*", "the accessibility bus", "reads every window and types into it"},
    {"**/.dbus-proxy/*", "a D-Bus", services},
    {"**/systemd/private", "systemd", services},
    {"**/io.systemd.*", "a systemd service", "asks it to act as root"},

    {"**/.X11-unix/X*", "the X11 display", "reads every key and window, and types into them"},
    {"**/.ICE-unix/*", "the X11 session manager", services},
    {"**/wayland-*", "the Wayland compositor", "reads the clipboard and, with many, the screen; opens windows"},
    {"**/sway-ipc.*", "the sway compositor", commands},
    {"**/i3/ipc-socket.*", "the i3 window manager", commands},
    {"**/hypr/*/.socket*.sock", "the Hyprland compositor", commands},
    {"**/niri.*.sock", "the niri compositor", commands},
    {"**/pipewire-*", "PipeWire", "records the microphone, the camera and shared screens"},
    {"**/pulse/native", "PulseAudio", "records the microphone, loads code into the sound server"},

    {"**/S.gpg-agent.ssh", "an ssh agent", nullptr},
    {"**/S.gpg-agent*", "the GnuPG agent", "signs and decrypts with your keys"},
    {"**/S.keyboxd", "GnuPG's key store", "changes the keys you trust"},
    {"**/S.scdaemon", "GnuPG's smart card service", "signs and decrypts with your smart card"},
    {"**/pcscd.comm", "the smart card service", "uses your smart cards and security keys"},
    {"/run/user/*/keyring*/ssh", "an ssh agent", nullptr},
    {"/run/user/*/keyring*/.ssh", "an ssh agent", nullptr},
    {"/run/user/*/keyring*/*", "the keyring", secrets},
    {"**/.cache/keyring*/*", "the keyring", secrets},
    {"**/kwallet*.socket", "KWallet", secrets},
    {"**/*KeePassXC*", "KeePassXC", secrets},

    {"**/tmux-*/*", "tmux", commands},
    {"**/screen/S-*/*", "screen", commands},
    {"**/.screen/*", "screen", commands},
    {"**/zellij*/*/*", "zellij", commands},
    {"**/emacs*/server*", "Emacs", commands},
    {"**/nvim*.0", "Neovim", commands},
    {"**/vscode-*.sock", "Visual Studio Code", commands},
    {"/tmp/kitty*", "the kitty terminal", commands},
    {"/run/user/*/kitty*", "the kitty terminal", commands},
    {"**/wezterm/*", "the WezTerm terminal", commands},
    {"/run/user/*/snug/*", "snug", "controls your other sandboxes"},
    {"/run/user/*/snug/*/*", "snug", "controls your other sandboxes"},
    {"**/.local/state/snug/running/*", "snug", "controls your other sandboxes"},
    {"**/.local/state/snug/*/*/*", "snug", "controls your other sandboxes"},
    {"**/.ssh/*", "a shared ssh connection", "opens shells on the machine you are logged in to"},
};

constexpr const char* usual[] = {
    "/run/docker.sock",
    "/run/podman/podman.sock",
    "/run/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/run/libvirt/libvirt-sock",
    "/run/snapd.socket",
    "/run/dbus/system_bus_socket",
    "/run/systemd/private",
    "/run/user/%u/docker.sock",
    "/run/user/%u/podman/podman.sock",
    "/run/user/%u/bus",
    "/run/user/%u/systemd/private",
    "/run/user/%u/wayland-0",
    "/run/user/%u/gnupg/S.gpg-agent",
    "/run/user/%u/keyring/control",
    "/run/user/%u/pipewire-0",
    "/run/user/%u/pulse/native",
    "/tmp/.X11-unix/X0",
    "/tmp/.X11-unix/X1",
    "/nix/var/nix/daemon-socket/socket",
    "/var/lib/lxd/unix.socket",
    "/var/lib/incus/unix.socket",
    "~/.docker/run/docker.sock",
    "~/.docker/desktop/docker.sock",
    "~/.gnupg/S.gpg-agent",
};

/// Component by component from the end, so that a leading "**" needs no search.
bool matches(std::string_view pattern, std::string_view path) {
  while (pattern != "**") {
    if (pattern == "/" || path == "/") return pattern == path;
    const std::size_t slash = pattern.rfind('/');
    if (!matches_component(pattern.substr(slash + 1), base_name(path))) return false;
    pattern = slash == 0 ? "/" : pattern.substr(0, slash);
    path = parent_of(path);
  }
  return true;
}

}  // namespace

const ControlSocket* control_socket(std::string_view path) {
  for (const ControlSocket& row : rows) {
    if (matches(row.path, path)) return row.opens ? &row : nullptr;
  }
  return nullptr;
}

std::span<const ControlSocket> control_sockets() { return rows; }

std::span<const char* const> usual_control_sockets() { return usual; }

}  // namespace snug
