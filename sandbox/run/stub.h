// A file that stands in a writable host directory only while runs need it there, so that nothing inside can make one
// of that name. Every run that uses it holds a shared lock on it; the last one removes it.
#pragma once

#include <string>
#include <utility>

#include "base/fd.h"
#include "base/result.h"
#include "plan/plan.h"

namespace snug {

class HostStub {
 public:
  /// Makes the file, or joins the runs that use one with the same content. Follows no symbolic link. An Error where
  /// something else stands there.
  static Result<HostStub> make(const Preparation& preparation);

  /// Removes it unless another run uses it or it holds something else by now. Errors: it is still there.
  Result<void> remove();

 private:
  HostStub(Fd directory, std::string path, std::string content);
  bool create(unsigned mode);
  bool join();
  bool fill() const;
  bool is_still_named() const;
  bool holds_content(bool or_nothing) const;

  Fd directory_, file_;
  std::string path_, name_, content_;
};

}  // namespace snug
