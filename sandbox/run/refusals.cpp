#include "run/refusals.h"

#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>

#include "seccomp/filter.h"

namespace snug {

std::optional<std::string> Refusals::answer(int listener) {
  seccomp_notif call{};                                                           // the kernel wants it zeroed
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) return std::nullopt;  // ENOENT: the caller was killed
  seccomp_notif_resp response{};
  response.id = call.id;
  response.error = -EPERM;
  // ENOENT here: a signal took the caller away meanwhile. It was refused either way.
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
  if (++counts_[call.data.nr] > 1) return std::nullopt;
  return name_of_call(call.data.nr);
}

std::vector<RefusedCall> Refusals::counted() const {
  std::vector<RefusedCall> calls;
  for (const auto& [number, count] : counts_) calls.push_back({name_of_call(number), count});
  std::stable_sort(calls.begin(), calls.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
  return calls;
}

}  // namespace snug
