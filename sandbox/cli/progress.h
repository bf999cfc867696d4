// How far a long work is, on the terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace snug {

/// A bar on standard error, if that is a terminal, once the work lasts. Goes when it does.
class ProgressBar {
 public:
  explicit ProgressBar(std::string what) : what_(std::move(what)), began_(std::chrono::steady_clock::now()) {}
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::size_t done, std::size_t total);

 private:
  std::string what_;
  std::chrono::steady_clock::time_point began_, shown_{};
  bool visible_ = false;
};

}  // namespace snug
