#include "run/modes.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace snug {
namespace {

struct Mode {
  int number;
  bool usual;  ///< on or off in a terminal nobody has changed
};

// DEC private modes. The screen comes first: the others are then reset on the main screen, where they matter.
constexpr Mode kModes[] = {
    {1049, false}, {1047, false}, {47, false},                                  // alternate screen
    {1000, false}, {1001, false}, {1002, false}, {1003, false},                 // mouse reports
    {1004, false}, {1005, false}, {1006, false}, {1015, false}, {1016, false},  // focus, encodings of the mouse
    {2004, false},                                                              // bracketed paste
    {2026, false},                                                              // output held back
    {25, true},                                                                 // cursor shown
    {7, true},                                                                  // lines wrap
    {6, false},    {5, false},                                                  // origin, reverse screen
    {1, false},                                                                 // cursor keys send ESC O
};
constexpr std::uint32_t kAlternateScreen = 0b111;

constexpr char kEscape = '\x1b';
constexpr std::uint8_t kMaxKittyDepth = 32;

int mode_index(int number) {
  for (std::size_t i = 0; i < std::size(kModes); ++i) {
    if (kModes[i].number == number) return static_cast<int>(i);
  }
  return -1;
}

int leading_number(std::string_view text, int otherwise) {
  int value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

void ModeScanner::scan(std::string_view output) noexcept {
  const char* at = output.data();
  const char* const end = at + output.size();
  while (at != end) {
    switch (state_) {
      case State::ground:
        at = skip_to_escape(at, end);
        break;
      case State::escape:
        after_escape(*at++);
        break;
      case State::control:
        in_control(*at++);
        break;
    }
  }
}

const char* ModeScanner::skip_to_escape(const char* at, const char* end) noexcept {
  const void* const found = std::memchr(at, kEscape, static_cast<std::size_t>(end - at));
  if (found == nullptr) return end;
  state_ = State::escape;
  return static_cast<const char*>(found) + 1;
}

void ModeScanner::after_escape(char c) noexcept {
  state_ = State::ground;
  switch (c) {
    case '[':
      state_ = State::control;
      length_ = 0;
      break;
    case kEscape:
      state_ = State::escape;
      break;
    case '=':
      keypad_ = true;
      break;
    case '>':
      keypad_ = false;
      break;
    case 'c':
      forget();
      break;  // full reset
    default:
      break;
  }
}

void ModeScanner::in_control(char c) noexcept {
  if (c == kEscape) {
    state_ = State::escape;
  } else if (c >= '@' && c <= '~') {
    state_ = State::ground;
    finish_control(c);
  } else if (length_ < parameters_.size()) {
    parameters_[length_++] = c;
  } else {
    state_ = State::ground;
  }
}

void ModeScanner::finish_control(char final) noexcept {
  const std::string_view parameters{parameters_.data(), length_};
  if (parameters.starts_with('?') && (final == 'h' || final == 'l')) {
    set_private_modes(parameters.substr(1), final == 'h');
  } else if (final == 'u') {
    change_keyboard(parameters.empty() ? ' ' : parameters.front());
  } else if (final == 'm' && parameters.starts_with(">4")) {
    modify_other_keys_ = parameters.size() > 3 && parameters[3] != '0';
  } else if (final == 'p' && parameters == "!") {
    keypad_ = false;  // soft reset; the cursor and its keys are put right by their own sequences at worst
  }
}

void ModeScanner::set_private_modes(std::string_view numbers, bool on) noexcept {
  while (!numbers.empty()) {
    if (const int i = mode_index(leading_number(numbers, 0)); i >= 0) {
      const std::uint32_t bit = std::uint32_t{1} << i;
      changed_ = on == kModes[i].usual ? changed_ & ~bit : changed_ | bit;
    }
    const auto next = numbers.find(';');
    numbers = next == numbers.npos ? std::string_view{} : numbers.substr(next + 1);
  }
}

void ModeScanner::change_keyboard(char kind) noexcept {
  if (kind == '>' && kitty_depth_ < kMaxKittyDepth) ++kitty_depth_;
  if (kind != '<') return;
  const int popped = leading_number({parameters_.data() + 1, static_cast<std::size_t>(length_ - 1)}, 1);
  kitty_depth_ = popped >= kitty_depth_ ? 0 : static_cast<std::uint8_t>(kitty_depth_ - std::max(popped, 0));
}

bool ModeScanner::alternate_screen() const noexcept { return (changed_ & kAlternateScreen) != 0; }

std::string ModeScanner::reset_sequence() const {
  std::string text;
  if (kitty_depth_ > 0) text += "\x1b[<" + std::to_string(kitty_depth_) + "u";
  if (modify_other_keys_) text += "\x1b[>4;0m";
  for (std::size_t i = 0; i < std::size(kModes); ++i) {
    if ((changed_ >> i & 1) == 0) continue;
    text += "\x1b[?" + std::to_string(kModes[i].number) + (kModes[i].usual ? 'h' : 'l');
  }
  if (keypad_) text += "\x1b>";
  return text;
}

}  // namespace snug
