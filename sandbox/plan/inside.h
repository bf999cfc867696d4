// What a process inside finds at a path of a finished view, and what the kernel weighs there: mount, owner, mode. Walks
// the entries as the launch lays them. Leaves verdicts and their wording to why.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/host_files.h"
#include "plan/plan.h"

namespace snug {

/// What stands at one path inside.
struct Found {
  std::string path;  ///< inside, without symbolic links as far as it was walked
  FileStatus status;
  const ViewEntry* mount = nullptr;    ///< the mount it lies in; null: the root's own tmpfs
  const ViewEntry* content = nullptr;  ///< what snug puts there that is no mount: a file, directory or link
  const ViewEntry* seal = nullptr;     ///< makes that mount read-only here
  std::string host_path;               ///< the host file behind it, if any
  bool made = false;                   ///< snug makes it for the run: it belongs to the command

  bool exists() const { return status.kind != FileKind::absent && status.kind != FileKind::unreadable; }
  bool directory() const { return status.kind == FileKind::directory; }
  /// The entry that decides: what snug put there, else the mount.
  const ViewEntry* entry() const { return content ? content : mount; }
};

/// Where a path leads.
struct Walk {
  Found end;
  Found parent;           ///< the directory `end` lies in
  bool blocked = false;   ///< `end` is a directory on the way that may not be entered, or no directory
  bool loop = false;      ///< more than 40 symbolic links
  std::string left;       ///< what could not be walked behind `end`, relative
  std::size_t links = 0;  ///< symbolic links followed
};

/// What a mount of the host allows, which every bind of it inherits.
struct HostMount {
  std::string point;
  bool read_only = false, no_exec = false, is_tmpfs = false;
};

/// Where `path` lies; one without a point if that is not known.
const HostMount& mount_of(const std::vector<HostMount>& mounts, std::string_view path);

class Inside {
 public:
  /// Borrows both.
  Inside(const Plan& plan, HostView& host);

  /// Precondition: `path` is absolute. ".." is taken after the links before it were followed, as the kernel does.
  Walk walk(std::string_view path);
  /// At a path without symbolic links.
  Found at(const std::string& path);

  /// Do owner, group and mode give the command these bits (4 read, 2 write, 1 execute)?
  bool permits(const Found& found, std::uint32_t bits) const;
  /// Is the file's owner known inside, so that an overlay can copy it?
  bool owner_has_a_name(const Found& found) const;
  /// The host's mount that holds a path there.
  const HostMount& host_mount(std::string_view host_path) const;
  /// The first entry strictly below `path`, or null.
  const ViewEntry* first_below(std::string_view path) const;

  HostFiles& host() { return host_; }

 private:
  FileStatus own(FileKind kind, std::uint32_t mode) const;
  FileStatus status_in(Found& found);
  FileStatus status_of_host(Found& found);
  FileStatus status_in_overlay(const Overlay& overlay, Found& found);
  FileStatus status_in_special(const Special& special, Found& found);
  FileStatus status_in_proc(Found& found);
  bool is_own_link(const Found& found) const;
  std::string read_link(const Found& found);

  const Plan& plan_;
  HostFiles host_;
  std::vector<HostMount> host_mounts_;
};

/// Does the entry put a mount at its target?
bool is_mount(const ViewKind& what);

/// The mounts in the text of /proc/self/mountinfo, in order.
std::vector<HostMount> host_mounts_of(std::string_view text);

}  // namespace snug
