#include "run/capture_record.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/apply.h"
#include "changes/discard.h"
#include "sys/errno.h"
#include "sys/tree.h"

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

/// The overlay shows the upper directory's mode as that of what it lies over.
Result<void> copy_mode(const Capture& part) {
  const Sides sides = part.sides();
  struct stat info {};
  if (stat(sides.lower.c_str(), &info) == 0 && chmod(sides.upper.c_str(), info.st_mode & 07777) == 0) return {};
  return sys_error("prepare " + quote_for_display(sides.upper));
}

/// A part's journal needs its directory.
Result<void> make_parts(const Capture& capture) {
  if (!capture.parts.empty()) mkdir(join(capture.directory, "parts").c_str(), 0700);
  for (const Capture& part : parts_of(capture)) {
    if (!capture.parts.empty() && mkdir(part.directory.c_str(), 0700) != 0 && errno != EEXIST) {
      return sys_error("make " + quote_for_display(part.directory));
    }
    if (auto copied = copy_mode(part); !copied) return copied;
  }
  return {};
}

Error lost_record(const Capture& capture) {
  return {.what = "cannot go on with the capture " + quote_for_display(capture.directory),
          .why = half_discarded(capture.directory) ? "it was discarded, but for some of its files"
                                                   : "it holds changes, and nothing tells what they were made to",
          .fix = "look into " + quote_for_display(capture.directory) + "; throw it away by hand"};
}

/// One whose record a power cut took is not new.
Result<void> make_anew(const Capture& capture) {
  if (!holds_nothing(capture)) return lost_record(capture);
  return make_parts(capture);
}

Error other_project(const Plan& plan, const std::string& project) {
  return {.what = "cannot go on with the capture " + quote_for_display(plan.capture->directory),
          .why = "it lies over another directory: " + quote_for_display(project)};
}

Error other_parts(const Plan& plan) {
  return {.what = "cannot go on with the capture " + quote_for_display(plan.capture->directory),
          .why = "what can be written on this machine, or the layers named, are not what they were when it began",
          .fix = "apply or discard it first"};
}

/// What such an apply moved to the host is no longer in the layer, what is written now its journal does not know: ended
/// or taken back later, it would lose one of them.
Error half_applied(const Capture& capture, const std::string& cannot) {
  const std::string from =
      " --from " + (capture.users_directory ? quote_for_display(capture.directory) : capture.name());
  return {.what = "cannot " + cannot + " " + quote_for_display(capture.directory),
          .why = "an apply of it did not end",
          .fix = "snug apply --continue" + from + "    end it\nsnug apply --abort" + from + "       take it back"};
}

bool same_parts(const Capture& a, const Capture& b) {
  const auto same = [](const CapturePart& x, const CapturePart& y) { return x.path == y.path && x.upper == y.upper; };
  return std::ranges::equal(a.parts, b.parts, same) && a.between == b.between;
}

/// A volatile overlay leaves a mark that keeps it from being mounted again (Documentation/filesystems/overlayfs.rst).
/// What it stands for is said by the record, which tells a killed run from a machine that stopped.
Result<void> forget_volatile_marks(const Plan& plan) {
  for (const ViewEntry& entry : plan.view) {
    const auto* overlay = std::get_if<Overlay>(&entry.what);
    if (overlay == nullptr || !overlay->unsynced || overlay->discard) continue;
    const std::string inner = join(overlay->work, "work");
    chmod(inner.c_str(), 0700);
    if (!remove_tree(join(inner, "incompat"))) return sys_error("prepare " + quote_for_display(overlay->work));
  }
  return {};
}

bool is_unsynced(const Plan& plan) {
  return std::ranges::any_of(plan.view, [](const ViewEntry& entry) {
    const auto* overlay = std::get_if<Overlay>(&entry.what);
    return overlay != nullptr && overlay->unsynced && !overlay->discard;
  });
}

Capture new_capture(const Plan& plan, std::int64_t began) {
  const CapturePlan& planned = *plan.capture;
  Capture capture{.directory = planned.directory,
                  .project = planned.project,
                  .place = planned.place,
                  .between = planned.between,
                  .began = began,
                  .users_directory = planned.users_directory,
                  .several_users = plan.identity.maps.has_value()};
  for (const CapturePlan::Part& part : planned.parts) capture.parts.push_back({.path = part.path, .upper = part.upper});
  return capture;
}

/// Goes on with what is there: what the host changed since the first of its runs has drifted.
Result<Capture> go_on(const Plan& plan, const Capture& fresh, Capture before) {
  if (before.project != fresh.project) return other_project(plan, before.project);
  if (!same_parts(before, fresh)) return other_parts(plan);
  if (std::ranges::any_of(parts_of(before), apply_unfinished)) return half_applied(before, "go on with the capture");
  before.several_users = before.several_users || fresh.several_users;
  if (auto sound = bring_to_disk(before); !sound) return std::move(sound).error();
  if (auto forgotten = forget_volatile_marks(plan); !forgotten) return std::move(forgotten).error();
  return before;
}

Result<void> check_layers(Capture& capture) {
  for (const std::string& layer : capture.between) {
    auto below = capture_of_layer(layer);
    if (!below) continue;  // a directory of the user's
    capture.several_users = capture.several_users || below->several_users;
    if (apply_unfinished(*below)) return half_applied(*below, "lay a capture over");
    if (auto sound = bring_to_disk(*below); !sound) return sound;
  }
  return {};
}

}  // namespace

Result<std::optional<Capture>> begin_capture(const Plan& plan) {
  if (!plan.capture) return std::optional<Capture>();
  const auto began = stamp(plan.capture->directory);
  if (!began) return began.error();
  Capture capture = new_capture(plan, *began);
  if (auto whole = check_layers(capture); !whole) return std::move(whole).error();
  auto before = read_capture(plan.capture->directory);
  if (before) {
    auto goes_on = go_on(plan, capture, std::move(*before));
    if (!goes_on) return std::move(goes_on).error();
    capture = std::move(*goes_on);
  } else if (auto made = make_anew(capture); !made) {
    return std::move(made).error();
  }
  if (is_unsynced(plan)) capture.unsynced_boot = boot_id();
  capture.profile = plan.profile_name;
  capture.command = plan.command.interactive_shell ? std::vector<std::string>{} : plan.command.argv;
  capture.protect = plan.capture->protect;
  capture.status.reset();
  // Of one that is gone on with the disk must not go on saying that all of it is there.
  if (auto written = write_capture(capture, before ? OnDisk::now : OnDisk::later); !written) {
    return std::move(written).error();
  }
  return std::optional(std::move(capture));
}

bool end_capture(Capture& capture, int status) {
  if (is_untouched(capture) && discard_capture(capture)) return false;
  capture.status = status;
  // Writes the record, too, unless there is nothing to bring to the disk.
  if (capture.unsynced_boot.empty() || !bring_to_disk(capture)) static_cast<void>(write_capture(capture));
  return true;
}

}  // namespace snug
