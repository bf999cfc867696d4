// Watches a terminal's output for the modes that outlive the program that set them (alternate screen, mouse,
// bracketed paste, hidden cursor...), to undo them when the program was killed. Bytes are only looked at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace snug {

class ModeScanner {
 public:
  /// Reads on; sequences may be split anywhere between calls.
  void scan(std::string_view output) noexcept;

  /// Is the alternate screen on?
  bool alternate_screen() const noexcept;

  /// What puts the terminal back as it was before the first scan, as far as known; empty if nothing is left on.
  std::string reset_sequence() const;

  /// Forgets everything, as after writing reset_sequence().
  void forget() noexcept { *this = {}; }

 private:
  enum class State : std::uint8_t { ground, escape, control };

  const char* skip_to_escape(const char* at, const char* end) noexcept;
  void after_escape(char c) noexcept;
  void in_control(char c) noexcept;
  void finish_control(char final) noexcept;
  void set_private_modes(std::string_view numbers, bool on) noexcept;
  void change_keyboard(char kind) noexcept;

  State state_ = State::ground;
  std::uint8_t length_ = 0;            // of parameters_
  std::array<char, 32> parameters_{};  // longer ones set no mode we know
  std::uint32_t changed_ = 0;          // bit i: kModes[i] is not at its default
  std::uint8_t kitty_depth_ = 0;       // pushes of the kitty keyboard protocol
  bool keypad_ = false;                // ESC =
  bool modify_other_keys_ = false;     // CSI > 4 ; n m
};

}  // namespace snug
