// /etc: a small one made for the sandbox, or the host's read-only.
//
// etc = "host" is one read-only bind, and over it only what names the machine: other files made for the sandbox would
// need mount points in the host's /etc. /etc/hostname and /etc/passwd then say what the host's say.
#include <algorithm>
#include <iterator>

#include "base/paths.h"
#include "base/sha256.h"
#include "plan/planner.h"

namespace snug {
namespace {

/// Reading, handing over and writing takes 1 us a page each, a bind 6 in all (ld.so.cache: 60 us).
constexpr std::uint64_t most_copied = 16 << 10;

/// Host files of /etc that programs read and that tell nothing secret. Never shadow, ssh host keys, sudoers, or
/// settings that hold tokens (npmrc, pip.conf, wgetrc, nix.conf, environment).
constexpr std::string_view copied[] = {
    "DIR_COLORS",
    "alpine-release",
    "arch-release",
    "bash.bashrc",
    "bash_completion",
    "bashrc",
    "ca-certificates.conf",
    "csh.cshrc",
    "csh.login",
    "debian_version",
    "ethertypes",
    "fedora-release",
    "gai.conf",
    "gitconfig",
    "gprofng.rc",
    "host.conf",
    "inputrc",
    "issue",
    "ld.so.cache",
    "ld.so.conf",
    "libnl",
    "locale.alias",
    "locale.conf",
    "locale.gen",
    "localtime",
    "lsb-release",
    "magic",
    "magic.mime",
    "mailcap",
    "man_db.conf",
    "manpath.config",
    "mime.types",
    "nanorc",
    "netconfig",
    "networks",
    "os-release",
    "papersize",
    "profile",
    "protocols",
    "redhat-release",
    "rpc",
    "screenrc",
    "services",
    "shells",
    "system-release",
    "timezone",
    "tmux.conf",
    "vconsole.conf",
    "vimrc",
    "xattr.conf",
    "zprofile",
    "zshenv",
    "zshrc",
};

/// Host directories of /etc shown read-only; a trailing '*' stands for the rest of a name.
constexpr std::string_view bound[] = {
    "ImageMagick*",
    "OpenCL",
    "R",
    "X11",
    "alternatives",
    "bash_completion.d",
    "ca-certificates",
    "crypto-policies",
    "egl",
    "emacs*",
    "fish",
    "fonts",
    "gdb",
    "ghostscript",
    "glvnd",
    "groff",
    "gtk-*",
    "java*",
    "jvm*",
    "ld.so.conf.d",
    "maven*",
    "nvim",
    "octave*",
    "perl",
    "php*",
    "pkcs11",
    "pki",
    "profile.d",
    "profiles",
    "python*",
    "sgml",
    "skel",
    "ssl",
    "terminfo",
    "texmf*",
    "vim",
    "vulkan",
    "xdg",
    "xml",
    "zsh",
};

/// Keys of this machine inside the directories above.
constexpr const char* masked[] = {"ssl/private", "pki/tls/private"};

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.front() != name.front()) return false;
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

template <class Table>
bool in_table(const Table& table, std::string_view name) {
  return std::any_of(std::begin(table), std::end(table), [name](std::string_view row) { return matches(row, name); });
}

class EtcBuilder {
 public:
  EtcBuilder(Planner& planner, std::string source)
      : planner_(planner), source_(std::move(source)), origin_(planner.profile.filesystem.etc.origin) {}

  void show_host_entries() {
    if (source_.empty()) return;
    for (const std::string& name : planner_.host.list(source_)) {
      const bool copies = in_table(copied, name);
      if (copies || in_table(bound, name)) show(name, copies);
      if (name == "static" || name == "mtab") keep_link(name);
    }
    for (const char* place : masked) mask(place);
  }

  void write(const std::string& name, std::string content) {
    place(name, File{.content = std::move(content)}, "made for the sandbox");
  }

  void show_resolver() {
    const Resolved real = planner_.host.resolve("/etc/resolv.conf");
    if (real.status.kind == FileKind::regular) place("resolv.conf", Copy{real.path}, "name servers of the host");
  }

 private:
  /// A file is copied (a bind would be lost when the host replaces it), unless it is large; a directory is bound.
  void show(const std::string& name, bool copies) {
    const Resolved real = planner_.host.resolve(join(source_, name));
    const bool readable = (real.status.mode & 0004) != 0;
    const bool led_out =
        source_ != "/etc" && !is_below(real.path, source_);  // a root directory's own links lead inside it
    if (!readable || led_out) return;
    if (real.directory() && !copies) place(name, Bind{.source = real.path}, "system settings");
    if (real.status.kind != FileKind::regular) return;
    if (real.status.size <= most_copied) return place(name, Copy{real.path}, "system settings");
    place(name, Bind{.source = real.path, .directory = false}, "system settings");
  }

  void keep_link(const std::string& name) {
    const std::string path = join(source_, name);
    if (planner_.host.status(path).kind == FileKind::symlink) {
      place(name, Symlink{planner_.host.read_link(path)}, "system settings");
    }
  }

  void mask(const std::string& name) {
    const std::string target = join("/etc", name);
    const Piece* holder = planner_.layout.holder_above(target);
    if (!holder) return;
    const FileStatus& status = planner_.host.status(host_path_of(holder->entry, target));
    if (status.kind != FileKind::directory) return;
    planner_.layout.cover({.target = target, .what = Mask{.directory = true}, .why = "keys of this machine"},
                          Rank::builtin);
  }

  void place(const std::string& name, ViewKind what, const char* why) {
    planner_.layout.place({.target = join("/etc", name), .what = std::move(what), .why = why, .origin = origin_},
                          Rank::builtin);
  }

  Planner& planner_;
  std::string source_;  // the host's /etc or that of the root directory; empty: no host files
  const Origin& origin_;
};

std::string etc_source(Planner& planner) {
  const Sourced<RootChoice>& root = planner.profile.filesystem.root;
  if (root.value.kind == RootChoice::Kind::host) return "/etc";
  if (root.value.kind == RootChoice::Kind::empty) return "";
  const Resolved etc = planner.host.resolve(join(expand(planner, root.value.directory, root.origin), "etc"));
  return etc.directory() ? etc.path : "";
}

std::string hosts_text(const std::string& hostname) {
  return "127.0.0.1\tlocalhost\n127.0.1.1\t" + hostname + "\n::1\tlocalhost ip6-localhost ip6-loopback\n";
}

/// Tells sandboxes apart without telling which machine this is.
std::string machine_id(const Planner& planner) { return sha256_hex("machine-id\n" + planner.key).substr(0, 32) + "\n"; }

void add_minimal(Planner& planner) {
  EtcBuilder etc(planner, etc_source(planner));
  etc.show_host_entries();
  etc.write("hostname", planner.plan.hostname.value + "\n");
  etc.write("hosts", hosts_text(planner.plan.hostname.value));
  etc.write("machine-id", machine_id(planner));
  etc.write("nsswitch.conf",
            "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n"
            "protocols: files\nservices: files\nethers: files\nrpc: files\n");
  etc.write("debian_chroot", "snug\n");  // Debian's bash.bashrc and skeletons show it in the prompt
  if (planner.plan.network.value == NetworkMode::host) {
    etc.show_resolver();
  } else {
    etc.write("resolv.conf", "nameserver 127.0.0.1\n");  // answered by snug (net/name_service.h)
  }
}

/// The host's /etc/resolv.conf often leads to a file below /run, which is not the host's inside.
void keep_resolver(Planner& planner, const std::string& source) {
  const Resolved real = planner.host.resolve(join(source, "resolv.conf"));
  if (real.status.kind != FileKind::regular || !is_below(real.path, "/run")) return;
  planner.layout.place({.target = real.path,
                        .what = Copy{real.path},
                        .why = "name servers of the host",
                        .origin = planner.profile.network.mode.origin},
                       Rank::builtin);
}

void replace_machine_ids(Planner& planner, const std::string& source) {
  const auto cover = [&](const char* name, std::string content) {
    if (planner.host.status(join(source, name)).kind != FileKind::regular) return;
    planner.layout.cover({.target = join("/etc", name),
                          .what = Mask{.content = std::move(content)},
                          .optional = true,
                          .why = "names the machine",
                          .origin = planner.profile.filesystem.etc.origin},
                         Rank::builtin);
  };
  cover("machine-id", machine_id(planner));
  cover("hostid", "");
}

void add_host_etc(Planner& planner) {
  const std::string source = etc_source(planner);
  if (source.empty()) return;
  planner.layout.place({.target = "/etc",
                        .what = Bind{.source = source},
                        .why = "system settings",
                        .origin = planner.profile.filesystem.etc.origin},
                       Rank::builtin);
  replace_machine_ids(planner, source);
  if (planner.plan.network.value == NetworkMode::host) keep_resolver(planner, source);
}

std::string passwd_line(const std::string& name, std::uint32_t uid, std::uint32_t gid, const std::string& home,
                        const std::string& shell) {
  return name + ":x:" + std::to_string(uid) + ":" + std::to_string(gid) + "::" + home + ":" + shell + "\n";
}

std::string group_line(const std::string& name, std::uint32_t gid) {
  return name + ":x:" + std::to_string(gid) + ":\n";
}

std::string passwd_text(const Identity& identity) {
  std::string text =
      passwd_line(identity.user_name, identity.inside_uid, identity.inside_gid, identity.home, identity.shell);
  if (identity.inside_uid != 0) text += passwd_line("root", 0, 0, "/root", "/bin/sh");
  if (identity.inside_uid != 65534) text += passwd_line("nobody", 65534, 65534, "/nonexistent", "/usr/sbin/nologin");
  return text;
}

std::string group_text(const Identity& identity) {
  std::string text = group_line(identity.group_name, identity.inside_gid);
  if (identity.inside_gid != 0) text += group_line("root", 0);
  if (identity.inside_gid != 65534) text += group_line("nogroup", 65534);
  return text;
}

}  // namespace

void add_etc(Planner& planner) {
  if (planner.profile.filesystem.etc.value == EtcMode::host) return add_host_etc(planner);
  add_minimal(planner);
}

/// What says who this machine is, and where names are asked for: over the host's files, which the command may replace.
void show_captured_etc(Planner& planner) {
  if (!planner.layout.find("/etc")) return;
  replace_machine_ids(planner, "/etc");
  const bool host = planner.plan.network.value == NetworkMode::host;
  if (host) return keep_resolver(planner, "/etc");
  const Resolved real = planner.host.resolve("/etc/resolv.conf");
  const std::string own = "nameserver 127.0.0.1\n";  // answered by snug (net/name_service.h)
  ViewEntry entry{.target = real.path, .why = "made for the sandbox", .origin = planner.profile.network.mode.origin};
  if (is_below(real.path, "/etc") && real.status.kind == FileKind::regular) {
    entry.what = Mask{.content = own};
    planner.layout.cover(std::move(entry), Rank::builtin);
  } else if (is_below(real.path, "/run")) {
    entry.what = File{.content = own};
    planner.layout.place(std::move(entry), Rank::builtin);
  }
}

void write_accounts(Planner& planner) {
  if (owns_system(planner)) return;
  if (planner.profile.filesystem.etc.value == EtcMode::host) return;
  const Identity& identity = planner.plan.identity;
  if (identity.home.find_first_of(":\n") != std::string::npos) {
    planner.fail("cannot write an account for a home with a colon or a line break in its path", identity.origin,
                 "/etc/passwd cannot hold it", "set HOME to another path");
  }
  EtcBuilder etc(planner, "");
  etc.write("passwd", passwd_text(identity));
  etc.write("group", group_text(identity));
}

}  // namespace snug
