// What a profile says, as typed values with the line each came from. Plain data: knows no TOML, no kernel,
// no host. A path is text here, exactly as written: "/abs", "~/x" or "./x"; the planner makes it absolute.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/origin.h"

namespace snug {

enum class ProjectMode { write, read, overlay, none };
enum class HomeMode { stored, tmpfs, none };
enum class EtcMode { minimal, host };
enum class GitMode { protect, write, read };
enum class NetworkMode { none, filtered, host };
enum class Toolchains { automatic, none };
enum class SubidMode { none, automatic };
enum class SeccompPolicy { standard, strict, off };  // "default", "strict", "off"
enum class Access { read, write };
enum class OnEnd { ask, apply, keep, discard };

/// What `id` says inside. `host_root` is only for real root: run as uid 0 of the host.
struct UserChoice {
  enum class Kind { self, root, number, host_root } kind = Kind::self;
  std::uint32_t number = 0;  ///< with Kind::number
};

/// `root = "host" | "empty" | "/a/directory"`.
struct RootChoice {
  enum class Kind { host, empty, directory } kind = Kind::host;
  std::string directory;
};

/// One entry of read, write, overlay, hide or protect. `path` has lost its trailing '?'.
struct PathEntry {
  std::string path;
  bool optional = false;  ///< written with '?': skipped where absent
  Origin origin;
};

struct TmpfsEntry {
  std::string path;
  std::optional<std::uint64_t> size;  ///< bytes; absent: the planner's default
  Origin origin;
};

/// [[filesystem.mount]]
struct MountEntry {
  enum class Type { bind, overlay, tmpfs, file, directory, symlink, device } type = Type::bind;
  std::string source;  ///< bind, overlay, device: host path; symlink: what it points to; file: host file to copy
  std::string target;  ///< path inside; absent in the text: same as source
  std::optional<std::string> content;  ///< file: its text, instead of a source
  Access access = Access::read;
  bool exec = true;
  bool optional = false;
  std::optional<std::uint64_t> size;  ///< tmpfs
  std::optional<std::uint32_t> mode;  ///< file, directory, tmpfs: permission bits
  Origin origin;
};

struct FilesystemSection {
  Sourced<RootChoice> root;
  Sourced<EtcMode> etc{EtcMode::minimal};
  Sourced<ProjectMode> project{ProjectMode::write};
  Sourced<HomeMode> home{HomeMode::stored};
  Sourced<GitMode> git{GitMode::protect};
  std::vector<PathEntry> read, write, overlay, hide, protect;
  std::vector<TmpfsEntry> tmpfs;
  std::vector<MountEntry> mounts;
};

struct PublishEntry {
  std::string address = "127.0.0.1";
  std::uint16_t host_port = 0, sandbox_port = 0;
  Origin origin;
};

struct SocketEntry {
  std::string path;
  bool optional = false;
  std::string i_know;  ///< the acknowledgement text, for control sockets
  Origin origin;
};

struct NetworkSection {
  Sourced<NetworkMode> mode{NetworkMode::none};
  std::vector<Sourced<std::string>> allow, deny;  ///< rules as written; net/ parses them
  std::vector<PublishEntry> publish;
  std::vector<Sourced<std::uint16_t>> host_ports;
  std::vector<SocketEntry> sockets;
  Sourced<bool> ssh_agent{false};
};

struct EnvironmentSection {
  std::vector<Sourced<std::string>> pass;  ///< names or "LC_*" patterns
  std::map<std::string, Sourced<std::string>> set;
  std::vector<Sourced<std::string>> unset;
  std::vector<PathEntry> path;  ///< prepended to PATH, first entry first
};

struct SeccompRule {
  std::string syscall;
  int argument = 0;  ///< 0-5
  enum class Compare { equals, masked } compare = Compare::equals;
  std::variant<std::uint64_t, std::string> value;  ///< a number or a constant's name
  std::uint64_t mask = ~std::uint64_t{0};          ///< with Compare::masked
  enum class Action { allow, error, kill, log } action = Action::allow;
  std::string error;  ///< with Action::error: "EAFNOSUPPORT"
  Origin origin;
};

struct SeccompSection {
  Sourced<SeccompPolicy> policy{SeccompPolicy::standard};
  std::vector<Sourced<std::string>> allow, deny;
  std::vector<SeccompRule> rules;
};

struct LimitsSection {
  std::optional<Sourced<std::uint64_t>> memory;  ///< bytes
  std::optional<Sourced<std::uint64_t>> processes;
  std::optional<Sourced<double>> cpus;
  std::optional<Sourced<std::uint64_t>> disk;  ///< bytes
  std::optional<Sourced<std::chrono::milliseconds>> timeout;
  struct Rlimit {
    std::string name;         ///< "nofile", as in setrlimit(2) without RLIMIT_, lower case
    std::uint64_t value = 0;  ///< bytes for sizes, seconds for cpu, else a count
    Origin origin;
  };
  std::vector<Rlimit> rlimits;
};

struct NamespacesSection {
  std::optional<Sourced<std::chrono::nanoseconds>> monotonic,
      boottime;  ///< offsets; either one asks for a time namespace
};

struct ChangesSection {
  Sourced<OnEnd> on_success{OnEnd::ask};
  Sourced<OnEnd> on_failure{OnEnd::keep};
};

struct Profile {
  std::string name;  ///< "default", or the file's stem
  std::string file;  ///< where it was read from; empty: compiled in
  std::string description;
  std::vector<Sourced<std::string>> extends;
  std::vector<Sourced<std::string>> require;
  std::map<std::string, Sourced<std::string>> vars;
  Sourced<std::string> hostname;  ///< empty: "snug"
  std::optional<Sourced<std::vector<std::string>>> shell;
  std::optional<PathEntry> workdir;
  Sourced<UserChoice> user;
  Sourced<SubidMode> subids{SubidMode::none};
  Sourced<Toolchains> toolchains{Toolchains::automatic};
  Sourced<bool> nested{false};
  FilesystemSection filesystem;
  NetworkSection network;
  EnvironmentSection environment;
  SeccompSection seccomp;
  LimitsSection limits;
  NamespacesSection namespaces;
  ChangesSection changes;
};

}  // namespace snug
