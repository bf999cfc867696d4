#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>

#include "cli/print.h"

namespace snug {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds patience{300}, between{80};
constexpr std::size_t width = 30;

}  // namespace

ProgressBar::~ProgressBar() {
  if (visible_) show_status("");
}

void ProgressBar::show(std::size_t done, std::size_t total) {
  const auto now = std::chrono::steady_clock::now();
  if (now - began_ < patience || now - shown_ < between || isatty(STDERR_FILENO) != 1) return;
  shown_ = now;
  visible_ = true;
  const std::size_t filled = total == 0 ? width : std::min(width, done * width / total);
  show_status(what_ + " [" + std::string(filled, '#') + std::string(width - filled, ' ') + "] " + std::to_string(done) +
              "/" + std::to_string(total));
}

}  // namespace snug
