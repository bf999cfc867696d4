// Everything a run sets up, as one printable value. `snug plan` prints it, `snug run` executes it and decides
// nothing afterwards. Every item carries the line that asked for it. No behaviour lives here.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/id_map.h"
#include "base/origin.h"
#include "host/facts.h"
#include "host/view.h"
#include "profile/network_rule.h"
#include "profile/profile.h"
#include "profile/proxy.h"

namespace snug {

/// Who the command is, inside and to the kernel outside.
struct Identity {
  enum class Kind {
    own,        ///< an ordinary user's own id
    stand_in,   ///< started by real root: runs as another kernel uid, host files reached by idmapped mounts
    host_root,  ///< started by real root with `user = "host-root"`: uid 0 of the host
  } kind = Kind::own;
  std::uint32_t outside_uid = 0, outside_gid = 0;  ///< kernel ids of the command
  std::uint32_t inside_uid = 0, inside_gid = 0;    ///< what `id` says
  std::string user_name, group_name;               ///< names of the inside ids in /etc/passwd and /etc/group
  std::string home;                                ///< same path inside and outside
  std::string shell;                               ///< for /etc/passwd
  struct Group {
    std::uint32_t gid = 0;
    std::string name;
    std::string warning;  ///< what membership opens on the host ("docker: full control of this machine"), or empty
  };
  std::vector<Group> kept_groups;  ///< supplementary groups that cannot be dropped without root
  Origin origin;
  std::optional<Sourced<IdMaps>> maps =
      {};                 ///< subids = "auto": all numbers there are inside, the command's among them
  bool owns_all = false;  ///< with `maps`: it may be each of them, and give files to each (root inside)
};

/// The namespaces a run makes. User, mount, pid, ipc, uts and cgroup are always new.
struct NamespacePlan {
  bool network = true;  ///< false with network.mode = "host"
  bool time = false;
  std::chrono::nanoseconds monotonic{0}, boottime{0};  ///< offsets, with `time`
  bool nested = false;                                 ///< may the command make namespaces of its own
};

/// Ids as they are on disk, shown as the command's: an idmapped mount (Linux 5.12, real root only).
struct IdMap {
  std::uint32_t disk_uid = 0, disk_gid = 0;
};

// --- what can stand at a path inside --------------------------------------------------------------

/// A host file or directory. `source` holds no symbolic link: the planner resolved it, and the launch refuses one
/// that appears later (openat2, RESOLVE_NO_SYMLINKS).
struct Bind {
  std::string source;
  Access access = Access::read;
  bool exec = true;
  bool directory = true;  ///< what the source was when planned; a change of kind stops the run
  std::optional<IdMap> idmap;
  bool socket = false;  ///< a unix socket that can be connected to, which a read-only mount does not prevent
};

/// What an overlay does not show: nothing is at the path, or it is a directory on the way to such a one.
struct Gap {
  std::string path;  ///< relative to the overlay
  bool on_the_way = false;
  std::uint32_t mode = 0;  ///< of what is on the way: as on the host
};

/// An overlay over host directories (`userxattr`, Linux 5.11).
struct Overlay {
  std::vector<std::string> lowers;  ///< host paths without symbolic links, top first
  std::string upper, work;          ///< below the state directory, on one file system; made before the launch
  bool discard = true;              ///< upper and work are removed when the run ends
  std::vector<Gap> gaps = {};       ///< directories before what is in them
  std::string host = {};            ///< the directory of the host that is shown; empty: the last of `lowers`
  bool unsynced = false;            ///< nothing is written to the disk on the way (`volatile`): the end of the run does
};

struct Tmpfs {
  std::uint64_t size = 0;    ///< bytes; never 0 in a finished plan
  std::uint64_t inodes = 0;  ///< never 0 in a finished plan
  std::uint32_t mode = 0755;
  bool exec = true;
};

/// A kernel file system of the sandbox's own.
struct Special {
  enum class Kind { proc, devpts, mqueue, cgroup2 } kind = Kind::proc;
};

/// A file made for this sandbox, on the root tmpfs or a tmpfs of the view.
struct File {
  std::string content;
  std::uint32_t mode = 0644;
};

/// A small host file copied at launch (at most 64 KiB; a larger one stops the run).
struct Copy {
  std::string source;
  std::uint32_t mode = 0644;
};

struct Directory {
  std::uint32_t mode = 0755;
};

struct Symlink {
  std::string to;
};

/// A host device node, bound with device access.
struct Device {
  std::string source;
};

/// Something empty and unreadable laid over what the entries before it put there (`hide`, /proc's leaks), or a file of
/// the sandbox's own (ids of the machine).
struct Mask {
  bool directory = false;
  std::string content;  ///< what the file says instead, to read only
};

/// What the entries before it put there, made read-only (/proc/sys, `protect`).
struct Seal {};

using ViewKind = std::variant<Bind, Overlay, Tmpfs, Special, File, Copy, Directory, Symlink, Device, Mask, Seal>;

/// One thing at one path inside.
struct ViewEntry {
  std::string target;  ///< absolute, normalised, no trailing slash except "/"
  ViewKind what;
  bool optional = false;  ///< a target or source that is absent at launch is skipped
  bool usual = false;     ///< of usual_view(): what no profile has replaced
  bool ahead = false;     ///< a listed bind that nothing but what is usual need be set up before
  std::string why;        ///< a few words for people: "system", "toolchain nvm", "project"
  Origin origin;
};

/// The root: a tmpfs of its own, read-only once set up, which holds every mount point.
struct RootPlan {
  Tmpfs tmpfs{.size = 16 << 20, .inodes = 65536};
};

// --- state on the host ----------------------------------------------------------------------------

/// What snug makes before the launch: in its own state directory, and stubs in the project's git directory. The only
/// host paths a plan ever creates.
struct Preparation {
  enum class Kind {
    directory,      ///< kept
    skeleton_file,  ///< written once if absent, kept
    mount_point,    ///< an empty directory in the stored home, removed at the end of the last run that uses it
    mount_file,     ///< the same, an empty file
    scratch,        ///< a directory removed with all it holds when the run ends
    stub,           ///< a file that must not be absent in a writable host directory; removed, unless it holds something
                    ///< else than `content`, at the end of the last run that uses it
    mirror,         ///< a directory that holds those of the host's `content` as the user's own, and copies of the files
                    ///< that package tools write in place; kept, and brought up to date
    shallow_copy,   ///< a directory that holds copies of the files and links of the host's `content`, and its
                    ///< directories, empty
  } kind = Kind::directory;
  std::string path;
  std::string content;  ///< skeleton_file, stub; mirror, shallow_copy: the host's directory
  std::uint32_t mode = 0700;
};

/// The stored home: a plain directory bound at the home's path. Runs of one (project, profile) share it; mount
/// points in it are made before and removed after under a lock in `directory`.
struct StoredHome {
  std::string directory;  ///< $XDG_STATE_HOME/snug/homes/KEY: lock, format number, `files/`
  std::string files;      ///< directory + "/files": what is bound
};

/// Where the changes to an overlaid project go and stay until somebody has decided about them (changes/capture.h).
struct CapturePlan {
  std::string directory;  ///< STATE/captures/PROJECT-HASH/NAME, or what --changes names: record, lock, upper/, work/
  std::string project;    ///< what its changes are relative to: the project, or "/" where all is captured
  std::string place;      ///< where it is found again: the project, else "/"
  bool users_directory = false;  ///< `directory` is the user's own
  bool is_new = false;           ///< its name was free when the plan was made: another run may have taken it since
  struct Part {
    std::string path, upper;  ///< of the host; of the capture, relative to its directory
  };
  std::vector<Part> parts;           ///< empty: the project, with "upper"
  std::vector<std::string> between;  ///< layers between upper and the host's directory, the top one first
  std::vector<std::string> protect;  ///< patterns relative to the project: their changes are looked at by name
  Sourced<OnEnd> on_success, on_failure;
};

// --- what is watched while it runs ----------------------------------------------------------------

/// A host path whose wall is a mount on what stands there: it is lost when the host puts something else there.
struct Watch {
  enum class Loss {
    shown,     ///< what was hidden can be read
    writable,  ///< what was read-only can be written
    made,      ///< nothing is there, and what is made there counts on the host
  } loss = Loss::shown;
  std::string path;  ///< on the host, without symbolic links
  std::string why;
  Origin origin;
};

/// Where the end of a run looks for what git on the host would run and no mount can cover: repositories made or
/// changed inside, index entries that lead into them, todo lists of a rebase.
struct GitSearch {
  std::string project;
  std::string git;     ///< the project's own git directory (index, rebase), where it is writable; else empty
  std::string common;  ///< the same, or the main repository's if that is a worktree's (config, hooks)
  std::vector<std::string> expected;  ///< what `protect` names and may have been absent when a killed run started
  std::string record;                 ///< a file of snug's state that says since when nobody has looked
  Origin origin;
};

// --- the network ----------------------------------------------------------------------------------

/// What a filtered network lets through (network.mode = "filtered"). Everything else is refused.
struct FilterPlan {
  std::vector<Sourced<NetworkRule>> allow, deny;  ///< groups replaced by their rules; deny wins
  std::optional<UpstreamProxy> proxy;  ///< through which the host reaches them; printing leaves credentials out
};

// --- the rest -------------------------------------------------------------------------------------

struct Variable {
  enum class From { passed, set, snug } from = From::set;
  std::string name;
  std::string value;  ///< of a passed variable too; printing leaves those out
  Origin origin;
};

struct CommandPlan {
  std::vector<std::string> argv;        ///< never empty
  std::vector<std::string> candidates;  ///< absolute paths inside, tried in order as execvp(3) does
  bool interactive_shell = false;
  std::string workdir;  ///< absolute, inside
  Origin workdir_origin;
};

struct RlimitPlan {
  std::string name;  ///< "nofile"
  std::uint64_t soft = 0, hard = 0;
  Origin origin;
  bool at_most = false;  ///< a lower one that holds already stays
};

/// A limit on what the run uses as a whole, and who holds it.
template <class T>
struct Held {
  Sourced<T> limit;
  bool by_group = false;  ///< a control group; else bounds of the processes (limits.cpp)
  bool full = true;       ///< for all processes together, and for good: `require` may name it
};

struct LimitsPlan {
  std::optional<Held<std::uint64_t>> memory;     ///< bytes
  std::optional<Held<std::uint64_t>> processes;  ///< and threads; the sandbox's own first process not among them
  std::optional<Held<double>> cpus;
  std::optional<ControlGroups> group;  ///< set if any of them is by_group: where it is made
  bool any() const { return memory || processes || cpus; }
};

struct SeccompPlan {
  SeccompPolicy policy = SeccompPolicy::standard;
  std::vector<Sourced<std::string>> allow, deny;
  std::vector<SeccompRule> rules;
  bool nested = false;  ///< the filter allows making namespaces and mounts
  Origin policy_origin;
};

/// A loss or a fact the user must be able to see: "group docker (998) is kept: ...".
struct Note {
  enum class Level { information, warning } level = Level::information;
  std::string text;
  Origin origin;
};

/// One answer of the host that the plan rests on. words.h puts it into words: few runs print it.
struct HostAnswer {
  struct LinkTarget {
    std::string to;  ///< empty: no link is there
  };
  struct Listing {
    std::size_t entries = 0;
  };
  struct Contents {
    std::optional<std::size_t> bytes;  ///< none: nothing could be read
  };
  std::string path;
  std::variant<FileStatus, LinkTarget, Listing, Contents> answer;
};

struct Plan {
  std::string profile_name;
  std::string profile_file;  ///< empty: compiled in
  Sourced<ProjectMode> project_mode;
  std::string project;         ///< absolute, without symbolic links; empty with project = "none"
  std::string project_reason;  ///< "git work tree", "directory of snug.toml", "current directory"
  Identity identity;
  NamespacePlan namespaces;
  Sourced<std::string> hostname;
  Sourced<NetworkMode> network;
  bool name_service = false;  ///< programs' questions for names are answered, by the rules or all with "no"
  std::vector<Sourced<std::uint16_t>> host_ports;  ///< of the host's loopback, reached at the sandbox's own
  std::vector<PublishEntry> publish;
  std::optional<FilterPlan> filter;  ///< set with network.mode = "filtered"
  RootPlan root;
  std::vector<ViewEntry> view;  ///< parents before children; what is laid over comes after
  std::optional<StoredHome> stored_home;
  std::vector<Preparation> preparations;
  std::optional<CapturePlan> capture;
  std::vector<Watch> watches;
  std::optional<GitSearch> git_search;
  std::vector<Variable> environment;  ///< sorted by name, no duplicates
  CommandPlan command;
  std::vector<RlimitPlan> rlimits;
  LimitsPlan limits;
  std::optional<Sourced<std::chrono::milliseconds>> timeout;
  std::optional<Sourced<std::uint64_t>> disk;  ///< bytes that new layers may hold; each tmpfs is no larger
  bool measured = false;                       ///< what it uses is told at the end (--stats)
  SeccompPlan seccomp;
  int landlock_abi = 0;  ///< of this kernel; 0: no Landlock, the mounts stand alone (a note says so)
  std::vector<Note> notes;
  std::deque<HostAnswer> host_answers;
};

}  // namespace snug
