// A capture on disk: the layers that a run's changes went to, and what is known of that run. Owns the names and the
// format; what differs is scan.h's, taking it over apply.h's.
//
// STATE/captures/PROJECT-HASH/NAME/, or the directory that --changes names
//   lock          held exclusively by the run that writes to it, and by whoever reads, applies or discards it
//   record        what Capture holds (fields.h)
//   upper/        what was written: the project's, or of a capture of everything "upper/home/user/..."
//   inner/        the same of directories that need a layer of their own within another's
//   work/         the overlays', one directory each
//   copies/       files that lie beside a mount of the host, where an overlay cannot lie over their directory
//   journal       an apply that has not ended (apply.h)
//   applied       what an apply of a part left on the host (applied.h)
//   bases         what files were that the capture modifies (bases.h)
//   parts/N/      of a capture with several parts: the journal of each
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "changes/scan.h"
#include "sys/replace_file.h"

namespace snug {

/// One directory of the host that a capture lies over, with an upper directory of its own: they can be on different
/// file systems, and none has to be the user's.
struct CapturePart {
  std::string path;        ///< absolute: the host's directory
  std::string upper;       ///< relative to the capture's directory: "upper/home/user"
  bool top_is_own = true;  ///< false: the mode of `path` itself is no change; the user may not write there
};

struct Capture {
  std::string directory;  ///< absolute
  std::string project;    ///< absolute: what paths of its changes are relative to; "/" of one of everything
  std::string place;      ///< absolute: the directory in which it is found again, that of its run's project
  /// Empty: it lies over `project`, and "upper" is its upper directory. Otherwise what it lies over instead: none has
  /// to be `project` itself, and one may lie below another, which then shows nothing there.
  std::vector<CapturePart> parts;
  /// Layers it was made over, absolute, the top one first: uppers of captures that were not applied yet, and what
  /// --lower named. They lie between its upper and the host's directory. Only without parts. Those that are gone by
  /// now, because they were applied or discarded, read_capture() leaves out.
  std::vector<std::string> between;
  std::int64_t began = 0;            ///< nanoseconds since the epoch
  std::string profile;               ///< its name
  std::vector<std::string> command;  ///< empty: a shell
  std::vector<std::string> protect;  ///< the profile's patterns, relative to the project
  std::optional<int> status;         ///< the command's; none: it runs, or was killed together with snug

  bool users_directory = false;  ///< the user made the directory (--changes): it stays when all that is in it goes
  /// The boot in which changes were last written and not yet brought to the disk; empty: all is on the disk.
  std::string unsynced_boot;

  bool several_users = false;  ///< files in it, or in a layer below, may belong to several user numbers (subids)

  std::string name() const;
  /// Precondition: it has no parts, or comes from parts_of().
  Sides sides() const;
};

/// What scan.h, apply.h and journal.h take: for each part a capture by itself, with the part's directory as `project`,
/// to which the paths of its changes are relative, and a directory (and so a journal) of its own. A capture without
/// parts is the only one. Lock and record are those of `capture`.
std::vector<Capture> parts_of(const Capture& capture);

/// What the paths of a part's changes are to begin with to be relative to the whole: "home/user/", or "".
std::string prefix_of(const Capture& capture, const Capture& part);

/// Is what was captured as it was written? Changes are on the disk when a run has ended; one that was killed is made up
/// for here, as long as the machine has not been started anew. Errors: it has, without them being brought to the disk:
/// files may be empty or cut short.
Result<void> bring_to_disk(Capture& capture);

/// Of this boot of the machine; empty where the kernel does not say.
std::string boot_id();

Result<void> write_capture(const Capture& capture, OnDisk when = OnDisk::now);
Result<Capture> read_capture(const std::string& directory);

/// The capture whose upper directory `layer` is; nothing where it is a directory of the user's.
std::optional<Capture> capture_of_layer(const std::string& layer);

/// The captures among those in `directory` that were made over `capture`.
std::vector<Capture> captures_over(const Capture& capture, const std::string& directory);

/// All in `directory` that can be read, oldest first.
std::vector<Capture> list_captures(const std::string& directory);

/// Keeps a capture from being used by anybody else. Errors: a run or another command holds it.
Result<Fd> lock_capture(const Capture& capture);

}  // namespace snug
