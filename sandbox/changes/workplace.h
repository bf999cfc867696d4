// The host's directory while an apply works in it: one step of the journal done, or taken back. Which steps there are
// is prepare.h's, when they are written down apply.h's. Nothing here follows a symbolic link or leaves the project.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/result.h"
#include "changes/capture.h"
#include "changes/journal.h"
#include "changes/open_parents.h"

namespace snug {

/// No setuid, no setgid.
constexpr std::uint32_t plain_mode_bits = 01777;

Error changed_meanwhile(const std::string& path);
/// Is it that, or that a directory above the path is gone?
bool is_the_hosts(const Error& error);
Error cannot_apply(const std::string& path, int code);

/// A path as the directory that holds it, borrowed until the next one is asked for, and its name there.
struct Place {
  int parent = -1;
  std::string name;
};

/// The project, the layer, and the staging directory in the project.
class Workplace {
 public:
  static Result<Workplace> open(const Capture& capture);

  int project() const { return project_.get(); }
  int upper() const { return upper_.get(); }
  int staging() const { return staging_.get(); }

  /// Makes it new and empty.
  Result<void> make_staging();
  Result<void> open_staging();
  Result<void> remove_staging();
  /// Everything written so far, in the project and the layer, is on the disk.
  Result<void> sync() const;

  Result<Place> place(const std::string& path);

  /// Does nothing where it was done before.
  Result<void> carry_out(const ApplyStep& step);
  /// Modes, times and attributes of directories last and what lies deepest first: a closed one could not be worked in.
  Result<void> finish_nodes(const std::vector<ApplyStep>& steps);
  /// The same of one step: nothing where it is done already.
  Result<void> finish_node(const ApplyStep& step);

  /// Takes the overlay's mark off nodes that were the layer's own.
  void strip_marks(const std::vector<ApplyStep>& steps);

  /// All of them, whatever was done of them.
  Result<void> take_back(const std::vector<ApplyStep>& steps);

 private:
  Workplace() = default;

  /// Where the staged node of a step waits.
  Result<Place> waiting_place(const ApplyStep& step);
  std::optional<std::uint64_t> waiting_inode(const ApplyStep& step);
  bool done(const ApplyStep& step);

  Result<void> move_out(const ApplyStep& step, const Place& where);
  Result<void> move_in(const ApplyStep& step, const Place& where, std::uint64_t inode);
  Result<void> swap(const ApplyStep& step, const Place& where);
  Result<void> exchange(const ApplyStep& step, const Place& where);
  Result<void> exchange_back(const ApplyStep& step, const Place& where);
  Result<void> remove_directory(const ApplyStep& step);
  Result<void> take_back_one(const ApplyStep& step);
  void reopen_nodes(const std::vector<ApplyStep>& steps) const;
  void restore_directories(const std::vector<ApplyStep>& steps) const;

  Fd project_, upper_, staging_;
  OpenParents parents_{-1}, layer_parents_{-1};
  std::string staging_name_;
};

/// Attributes of one directory as those of another. Where a file system keeps none, none is kept.
void copy_directory_attributes(int from, int to);

/// The modification time of an open node; the time of reading is made the same.
bool set_time(int node, std::int64_t nanoseconds);

}  // namespace snug
