// The control group of one run: made, bounded, the sandbox's first process put into it, and removed when all is over.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "base/result.h"
#include "plan/plan.h"

namespace snug {

/// Holds nothing unless it was made. Destroying it removes the group, which is empty by then.
class ControlGroup {
 public:
  ControlGroup() = default;
  /// Precondition: `plan.limits.group`. `process` is this process's child, and has no children yet. `stop`: has
  /// somebody lost patience? On an Error nothing is left.
  static Result<ControlGroup> make(const Plan& plan, pid_t process, const std::function<bool()>& stop);

  ControlGroup(ControlGroup&& other) noexcept { *this = std::move(other); }
  ControlGroup& operator=(ControlGroup&& other) noexcept;
  ~ControlGroup() { remove(); }

  /// Absolute; empty: there is none.
  const std::string& directory() const noexcept { return directory_; }

 private:
  Result<void> ask_systemd(const Plan& plan, pid_t process, const std::function<bool()>& stop);
  Result<void> divide_own(const Plan& plan, pid_t process);
  Result<void> step_aside(const std::string& own);
  static Result<void> give_controllers(const std::string& directory, const LimitsPlan& limits);
  Result<void> bound(const LimitsPlan& limits) const;
  Result<void> check(const LimitsPlan& limits) const;
  void remove() noexcept;

  std::string directory_;
  bool made_ = false;       // by this process, which removes it
  std::string left_group_;  // from which this process has stepped aside
};

}  // namespace snug
