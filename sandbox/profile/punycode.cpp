#include "profile/punycode.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/quote.h"
#include "profile/ports.h"

namespace snug {
namespace {

using Label = std::vector<char32_t>;

/// Letters that are written as they are, or `shift` further where they are capitals.
struct Letters {
  char32_t first, last, shift;
};
constexpr Letters kLetters[] = {
    {0xc0, 0xd6, 32},    {0xd8, 0xde, 32},    {0xe0, 0xf6, 0},     {0xf8, 0xff, 0},  // Latin-1 without × and ÷
    {0x3ac, 0x3ce, 0},   {0x391, 0x3a1, 32},  {0x3a3, 0x3a9, 32},                    // Greek
    {0x410, 0x42f, 32},  {0x400, 0x40f, 80},  {0x430, 0x45f, 0},                     // Cyrillic
    {0x3041, 0x3096, 0}, {0x30a1, 0x30fa, 0}, {0x30fc, 0x30fc, 0},                   // kana
    {0x4e00, 0x9fff, 0}, {0xac00, 0xd7a3, 0},                                        // CJK, Hangul
};

std::optional<char32_t> small_letter(char32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code - 'A' + 'a' : code;
  // Latin Extended-A: capitals are even up to U+0137 and from U+014A on, odd between.
  const bool extended =
      (code >= 0x100 && code <= 0x12f) || (code >= 0x134 && code <= 0x137) || (code >= 0x14a && code <= 0x177);
  if (extended) return code | 1;
  for (const Letters& letters : kLetters) {
    if (code >= letters.first && code <= letters.last) return code + letters.shift;
  }
  return {};
}

std::optional<Label> small_letters(std::string_view text) {
  Label label;
  while (!text.empty()) {
    const Character character = first_character(text);
    const auto code = character.valid ? small_letter(character.code) : std::nullopt;
    if (!code) return {};
    label.push_back(*code);
    text.remove_prefix(character.size);
  }
  return label;
}

// RFC 3492, section 6.1, with the parameters of section 5.
std::uint32_t adapt(std::uint32_t delta, std::uint32_t points, bool first) {
  delta = first ? delta / 700 : delta / 2;
  delta += delta / points;
  std::uint32_t k = 0;
  for (; delta > 455; k += 36) delta /= 35;
  return k + 36 * delta / (delta + 38);
}

char digit(std::uint32_t value) { return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26)); }

void append_number(std::string& to, std::uint32_t value, std::uint32_t bias) {
  for (std::uint32_t k = 36;; k += 36) {
    const std::uint32_t threshold = k <= bias ? 1 : std::min<std::uint32_t>(k - bias, 26);
    if (value < threshold) break;
    to += digit(threshold + (value - threshold) % (36 - threshold));
    value = (value - threshold) / (36 - threshold);
  }
  to += digit(value);
}

// RFC 3492, section 6.3. A label has at most 63 characters, so nothing overflows.
std::string encode(const Label& label) {
  std::string out;
  for (const char32_t code : label) {
    if (code < 0x80) out += static_cast<char>(code);
  }
  const auto basic = static_cast<std::uint32_t>(out.size());
  std::uint32_t done = basic, delta = 0, bias = 72;
  if (basic > 0) out += '-';
  for (char32_t n = 0x80; done < label.size(); ++n, ++delta) {
    const char32_t next = std::ranges::min(label, {}, [n](char32_t code) { return code < n ? U'\x10ffff' : code; });
    delta += (next - n) * (done + 1);
    n = next;
    for (const char32_t code : label) {
      if (code < n) ++delta;
      if (code != n) continue;
      append_number(out, delta, bias);
      bias = adapt(delta, done + 1, done == basic);
      delta = 0;
      ++done;
    }
  }
  return out;
}

std::string ascii_label(std::string_view text) {
  const auto label = small_letters(text);
  if (!label || label->empty() || label->size() > 63) return {};
  const bool ascii = std::ranges::all_of(*label, [](char32_t code) { return code < 0x80; });
  if (ascii) return std::string(label->begin(), label->end());
  return "xn--" + encode(*label);
}

}  // namespace

std::string ascii_host_name(std::string_view name) {
  const bool ascii = std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) return {};
  std::string form;
  for (const std::string_view part : split(name, '.')) {
    const std::string label = part == "*" && form.empty() ? "*" : ascii_label(part);
    if (label.empty()) return {};
    form += (form.empty() ? "" : ".") + label;
  }
  return form;
}

}  // namespace snug
