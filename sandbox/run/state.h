// snug's own state on the host for one run: directories, the stored home, mount points in it, scratch layers. Made
// before the launch, put right again after it, also after a run that was killed.
//
// What is below StoredHome::files was written by the sandboxed side: it is reached through no symbolic link. All else
// lies in the state directory, which is never writable from inside.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "plan/plan.h"
#include "run/stub.h"

namespace snug {

/// Holds the locks of a run. Destroying it does what finish() does.
///
/// Files on disk, all 0700 or 0600:
///   HOME/lock      shared lock while a run uses the stored home; exclusive while mount points are removed
///   HOME/format    "1 0.1.0": format number, first version that reads it
///   HOME/journal   mount points made: "d" or "f", path below files/, NUL; written before each is made
///   HOME/files/    the home
///   SCRATCH.lock   "snug scratch PID", exclusive lock while SCRATCH is in use; marks it as removable
///   LAYER/lock     "snug layer PID", exclusive lock while the overlay LAYER/upper is in use; the layer is kept
///   mirror/lock    shared lock while a run lies over copies of the system's directories (mirror.h)
///   CAPTURE/lock   the same of a capture and all its layers (changes/capture.h)
///
/// Owners: this process's own ids, except where real root runs the command as a stand-in: below files/ the ids the
/// idmapped bind shows as the command's, layers the command's kernel ids (an overlay cannot be idmapped).
class RunState {
 public:
  /// Does all of plan.preparations, in order. On an Error nothing is left locked and no scratch is left.
  static Result<RunState> prepare(const Plan& plan);

  RunState(RunState&&) noexcept = default;
  RunState& operator=(RunState&&) = delete;
  ~RunState() { finish(); }

  /// Removes scratch layers, and mount points if no other run uses the home. Returns what could not be removed, one
  /// text each. Precondition: no command of this run is left. A second call does nothing.
  std::vector<std::string> finish();

 private:
  struct Ids {
    bool differ = false;  ///< from this process's own
    uid_t uid = 0;
    gid_t gid = 0;
  };
  struct Scratch {
    std::string path;
    Fd lock;
  };

  RunState() = default;
  Result<void> open_home(const Plan& plan);
  Result<void> make(const Preparation& preparation);
  Result<void> make_in_home(const Preparation& preparation, std::string_view below);
  Result<Fd> home_directory(std::string_view below, Preparation::Kind kind);
  Result<void> make_home_directory(int parent, std::string_view below, Preparation::Kind kind);
  Result<void> make_mount_file(int parent, std::string_view below);
  Result<void> make_skeleton_file(int parent, std::string_view below, const Preparation& preparation);
  Result<void> add_to_journal(char kind, std::string_view below);
  Result<void> make_scratch(const Preparation& preparation);
  Result<void> use_mirror(const Preparation& preparation);
  Result<void> make_stub(const Preparation& preparation);
  Result<void> lock_capture(const std::string& directory);
  Result<void> share_capture(const std::string& layer);
  Result<void> lock_layer(const Overlay& overlay);
  bool in_scratch(std::string_view path) const;
  Error in_the_way(std::string_view below, int code) const;

  StoredHome home_;
  Ids home_ids_, command_ids_;
  Fd home_lock_, journal_, files_;
  std::vector<Scratch> scratch_;
  std::vector<HostStub> stubs_;
  std::vector<Fd> layer_locks_;
};

/// Makes the directory of the plan's capture, where that is a new one. If another run has taken its name since the plan
/// was made, the plan goes on with the next that is free.
Result<void> claim_capture(Plan& plan);

}  // namespace snug
