#include "launch/sources.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string>

#include "launch/early.h"
#include "launch/wording.h"
#include "sys/errno.h"
#include "sys/open.h"

namespace snug {
namespace {

// A user namespace that only carries an id map: on disk -> shown.
Result<Fd> make_map(const IdMap& map, const Identity& identity) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  const long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) {
    for (;;) pause();
  }
  if (pid < 0) return describe_clone(errno);
  const Fd process(pidfd);
  const auto written = write_id_maps(static_cast<pid_t>(pid), {map.disk_uid, identity.outside_uid},
                                     {map.disk_gid, identity.outside_gid});
  Fd space(open(("/proc/" + std::to_string(pid) + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  const int code = errno;  // of the open; ending the process changes it
  end_child(process.get());
  if (!written) return written.error();
  if (!space) return sys_error("open an id map", code);
  return space;
}

Result<Fd> open_path(const std::string& path, bool directory) {
  Fd fd = open_without_links(path, O_PATH | (directory ? O_DIRECTORY : 0));
  if (!fd) return sys_error("open " + path);
  return fd;
}

Result<Fd> clone_tree(int path) {
  Fd fd(static_cast<int>(
      syscall(SYS_open_tree, path, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE)));
  if (!fd) return sys_error("clone the mount");
  return fd;
}

Error idmap_error(const ViewEntry& entry, int code) {
  return {.what = "cannot show the owner of " + entry.target + " as the sandbox's user",
          .code = code,
          .why = code == EINVAL
                     ? "its file system does not support idmapped mounts (overlay and network file systems do not)"
                     : "",
          .needed_by = "running as root: the command runs under another user id",
          .fix = "start snug as an ordinary user, or run as uid 0 of the host with --user host-root"};
}

Result<void> map_ids(const ViewEntry& entry, const IdMap& map, const Identity& identity, int tree) {
  auto space = make_map(map, identity);
  if (!space) return space.error();
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(space->get());
  if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0) {
    return idmap_error(entry, errno);
  }
  return {};
}

Result<Fd> prepare(const ViewEntry& entry, const Identity& identity) {
  const auto* device = std::get_if<Device>(&entry.what);
  const auto* bind = std::get_if<Bind>(&entry.what);
  auto path = open_path(bind != nullptr ? bind->source : device->source, bind != nullptr && bind->directory);
  if (!path) return path;
  auto tree = clone_tree(path->get());
  if (!tree) return tree;
  if (bind != nullptr && bind->idmap) {
    if (auto mapped = map_ids(entry, *bind->idmap, identity, tree->get()); !mapped) return mapped.error();
  }
  return tree;
}

bool has_host_source(const ViewEntry& entry) {
  return std::holds_alternative<Bind>(entry.what) || std::holds_alternative<Device>(entry.what);
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

bool is_absent(int code) { return code == ENOENT || code == ENOTDIR; }

constexpr std::size_t kCopyLimit = 64 << 10;

}  // namespace

// Holds a whole copy, so that one call reads it and a second one finds its end. Its pages cost when they are used.
struct CopyReader::Buffer {
  std::array<char, kCopyLimit + 1> bytes;
};

CopyReader::CopyReader() : buffer_(new Buffer) {}
CopyReader::~CopyReader() = default;

// O_NONBLOCK: what the planner saw as a file may be a pipe by now.
Result<std::optional<std::string_view>> CopyReader::read(const ViewEntry& entry) {
  const Fd fd = open_without_links(std::get<Copy>(entry.what).source, O_RDONLY | O_NONBLOCK);
  if (!fd && entry.optional && is_absent(errno)) return std::optional<std::string_view>();
  if (!fd) return describe_source(entry, errno);
  auto& bytes = buffer_->bytes;
  std::size_t size = 0;
  ssize_t got = 0;
  while ((got = ::read(fd.get(), bytes.data() + size, bytes.size() - size)) > 0) size += static_cast<std::size_t>(got);
  if (got < 0) return describe_source(entry, errno);
  if (size > kCopyLimit) return describe_source(entry, EFBIG);
  return std::optional(std::string_view(bytes.data(), size));
}

Result<PreparedSources> prepare_sources(const Plan& plan) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  if (plan.view.size() > before.rlim_cur / 2) raise_descriptor_limit();
  PreparedSources sources;
  for (std::size_t i = 0; i < plan.view.size(); ++i) {
    const ViewEntry& entry = plan.view[i];
    if (!has_host_source(entry)) continue;
    auto fd = prepare(entry, plan.identity);
    if (!fd && entry.optional && is_absent(fd.error().code)) continue;
    if (!fd) {
      Error error = fd.error();
      if (error.needed_by.empty()) error.needed_by = to_text(entry.origin);
      return error;
    }
    sources.by_entry[i] = fd->get();
    sources.owners.push_back(std::move(fd).value());
  }
  return sources;
}

}  // namespace snug
