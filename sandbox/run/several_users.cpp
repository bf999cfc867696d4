#include "run/several_users.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/paths.h"
#include "base/quote.h"
#include "host/subids.h"
#include "run/small_file.h"
#include "sys/errno.h"
#include "sys/open.h"
#include "sys/own_files.h"

namespace snug {
namespace {

constexpr const char* kMark = "several-users";

/// All numbers as the kernel has them but for the caller's, which stay what they are.
Result<IdMaps> maps_for_files() {
  const Subids subids = find_subids();
  if (!subids.usable()) return Error{.what = subids.why, .fix = subids.fix};
  return IdMaps{.uids = map_around(geteuid(), geteuid(), subids.uids),
                .gids = map_around(getegid(), getegid(), subids.gids),
                .newuidmap = subids.newuidmap,
                .newgidmap = subids.newgidmap};
}

Error cannot_reach(const Error& cause) {
  return {.what = "cannot reach files that belong to your other user numbers (subids)",
          .why = cause.what + (cause.why.empty() ? "" : ": " + cause.why),
          .fix = cause.fix.empty() ? "`snug doctor` says what is there" : cause.fix};
}

/// What is bound to be written, and the tops of layers.
std::vector<std::string> written_by(const Plan& plan) {
  std::vector<std::string> paths;
  for (const ViewEntry& entry : plan.view) {
    const auto* bind = std::get_if<Bind>(&entry.what);
    const auto* overlay = std::get_if<Overlay>(&entry.what);
    if (bind != nullptr && bind->access == Access::write && !bind->socket) paths.push_back(bind->source);
    if (overlay != nullptr && !overlay->upper.empty()) paths.push_back(overlay->upper);
  }
  return paths;
}

/// A top that was given away would keep its owner out for good: what is below can be reached by another run.
Result<void> take_back(const std::string& path) {
  const Fd file = open_without_links(path, O_PATH | O_NOFOLLOW);
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0 || info.st_uid == geteuid()) return {};
  if (fchownat(file.get(), "", geteuid(), getegid(), AT_EMPTY_PATH) == 0) return {};
  return sys_error("take back " + quote_for_display(path));
}

}  // namespace

Result<void> remember_several_users(const Plan& plan, const std::string& state_directory) {
  if (!plan.identity.maps) return {};
  const std::string path = join(state_directory, kMark);
  const auto lock = lock_directory(state_directory);
  if (!lock) return lock.error();
  const Fd mark(open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  return mark ? Result<void>() : sys_error("make " + quote_for_display(path));
}

Result<void> take_rights_over_stored_files(bool several) {
  if (!several) return take_rights_over_own_files(), Result<void>();
  const auto taken = take_rights_over_files_of(maps_for_files);
  return taken ? taken : Result<void>(cannot_reach(taken.error()));
}

Result<void> take_rights_over_stored_files(const std::string& state_directory) {
  return take_rights_over_stored_files(access(join(state_directory, kMark).c_str(), F_OK) == 0);
}

std::vector<std::string> take_back(const Plan& plan) {
  std::vector<std::string> problems;
  if (!plan.identity.maps) return problems;
  if (auto taken = take_rights_over_stored_files(true); !taken) problems.push_back(to_text(taken.error()));
  for (const std::string& path : written_by(plan)) {
    if (auto back = take_back(path); !back) problems.push_back(to_text(back.error()));
  }
  return problems;
}

}  // namespace snug
