#include "run/capture_record.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "base/quote.h"
#include "changes/capture.h"
#include "sys/errno.h"

namespace snug {
namespace {

/// The time as files are stamped with it: what was changed before has an earlier one, what is changed later the same or
/// a later one. Since Linux 6.13 the second stamp of a file that was looked at in between is exact, and none after it
/// is earlier (Documentation/filesystems/multigrain-ts.rst); before, stamps are as coarse as the clock's tick, and a
/// file changed within the tick before counts as changed since.
Result<std::int64_t> stamp(const std::string& directory) {
  const Fd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat info {};
  for (int i = 0; i < 2; ++i) {
    if (!fd || futimens(fd.get(), nullptr) != 0 || fstat(fd.get(), &info) != 0) {
      return sys_error("prepare " + quote_for_display(directory));
    }
  }
  return std::int64_t{info.st_ctim.tv_sec} * 1'000'000'000 + info.st_ctim.tv_nsec;
}

/// The overlay shows the upper directory's mode as the project's.
Result<void> copy_mode(const std::string& project, const std::string& upper) {
  struct stat info {};
  if (stat(project.c_str(), &info) == 0 && chmod(upper.c_str(), info.st_mode & 0777) == 0) return {};
  return sys_error("prepare " + quote_for_display(upper));
}

Error other_project(const Plan& plan, const std::string& project) {
  return {.what = "cannot go on with the capture " + plan.capture->directory,
          .why = "it lies over another directory: " + project};
}

}  // namespace

Result<void> begin_capture(const Plan& plan) {
  if (!plan.capture) return {};
  const auto began = stamp(plan.capture->directory);
  if (!began) return began.error();
  Capture capture{.directory = plan.capture->directory, .project = plan.project, .began = *began};
  // Goes on with what is there: what the host changed since the first of its runs has drifted.
  if (auto before = read_capture(plan.capture->directory)) {
    if (before->project != plan.project) return other_project(plan, before->project);
    capture = std::move(*before);
  } else if (auto copied = copy_mode(plan.project, capture.sides().upper); !copied) {
    return copied;
  }
  capture.profile = plan.profile_name;
  capture.command = plan.command.interactive_shell ? std::vector<std::string>{} : plan.command.argv;
  capture.protect = plan.capture->protect;
  capture.status.reset();
  return write_capture(capture);
}

void end_capture(const Plan& plan, int status) {
  if (!plan.capture) return;
  auto capture = read_capture(plan.capture->directory);
  if (!capture) return;
  capture->status = status;
  static_cast<void>(write_capture(*capture));
}

}  // namespace snug
