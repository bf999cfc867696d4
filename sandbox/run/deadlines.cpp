#include "run/deadlines.h"

#include <algorithm>
#include <limits>

namespace snug {

void Deadlines::add(std::span<const Rung> ladder, Clock::time_point now) {
  for (const Rung& rung : ladder) due_.push_back({now + rung.after, rung});
  std::stable_sort(due_.begin(), due_.end(), [](const Due& a, const Due& b) { return a.time < b.time; });
}

int Deadlines::wait(Clock::time_point now) const noexcept {
  if (due_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_.front().time - now).count();
  return static_cast<int>(std::clamp<long long>(left, 0, std::numeric_limits<int>::max()));
}

std::optional<Rung> Deadlines::take(Clock::time_point now) {
  if (due_.empty() || due_.front().time > now) return std::nullopt;
  const Rung rung = due_.front().rung;
  due_.erase(due_.begin());
  return rung;
}

}  // namespace snug
