// Tries what a sandbox needs, each in a child of its own that ends at once: namespaces, mounts and filters die with
// it. Words nothing.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace snug {

/// The step that was refused, by the names of host/refusals.h, and its errno; or an empty step.
struct Attempt {
  std::string step;
  int code = 0;
  bool ok() const { return step.empty(); }
};

/// A directory for the attempts on the file system that holds (or will hold) `state_dir`; removed with all it holds.
class Scratch {
 public:
  static Result<Scratch> make(const std::string& state_dir);
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch();
  const std::string& path() const { return path_; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// A user namespace with both id maps, rights in it (a mount, the loopback brought up).
Attempt try_user_namespace();
/// Mount, network, process, IPC, host name and cgroup namespaces.
Attempt try_namespaces();
Attempt try_time_namespace();
/// Below: precondition: try_user_namespace() is ok. `directory`: a Scratch's path.
Attempt try_mount_calls(const std::string& directory);
Attempt try_overlay(const std::string& directory);
Attempt try_proc(const std::string& directory);
Attempt try_devpts(const std::string& directory);
/// As real root only.
Attempt try_idmap(const std::string& directory);
/// These need no namespace.
Attempt try_seccomp();
Attempt try_memory_file();
Attempt try_landlock();

}  // namespace snug
