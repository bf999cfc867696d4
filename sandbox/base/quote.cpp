#include "base/quote.h"

#include <algorithm>
#include <cstdint>

namespace snug {
namespace {

struct Range {
  char32_t first, last;
};

// What a terminal obeys, reorders or does not show. Bidirectional controls let a path look like another one
// (CVE-2021-42574); the rest of the format characters are invisible.
constexpr Range hidden[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x061c, 0x061c},    {0x180e, 0x180e},
    {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},   {0xfeff, 0xfeff},    {0xfff9, 0xfffb},
    {0xe000, 0xf8ff}, {0xfdd0, 0xfdef}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
};

bool is_hidden(char32_t code) {
  for (const Range& range : hidden) {
    if (code >= range.first && code <= range.last) return true;
  }
  return (code & 0xfffe) == 0xfffe;
}

// The lead byte says how long a sequence is and which code points may be written that long.
struct Shape {
  unsigned char mask, lead;
  std::size_t size;
  char32_t smallest;
};
constexpr Shape shapes[] = {
    {0x80, 0x00, 1, 0},
    {0xe0, 0xc0, 2, 0x80},
    {0xf0, 0xe0, 3, 0x800},
    {0xf8, 0xf0, 4, 0x10000},
};

bool is_scalar_value(char32_t code) { return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff); }

Character decode(std::string_view bytes, const Shape& shape) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  const Character invalid{lead, 1, false};
  if (bytes.size() < shape.size) return invalid;
  char32_t code = lead & static_cast<unsigned char>(~shape.mask);
  for (std::size_t i = 1; i < shape.size; ++i) {
    const auto next = static_cast<unsigned char>(bytes[i]);
    if ((next & 0xc0) != 0x80) return invalid;
    code = (code << 6) | (next & 0x3f);
  }
  if (code < shape.smallest || !is_scalar_value(code)) return invalid;
  return {code, shape.size, true};
}

void append_hex(std::string& text, std::uint32_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) text += "0123456789ABCDEF"[(value >> shift) & 0xf];
}

void append_escape(std::string& text, const Character& character) {
  if (!character.valid) {
    text += "\\x";
    append_hex(text, character.code, 2);
  } else if (character.code == '\n') {
    text += "\\n";
  } else if (character.code == '\t') {
    text += "\\t";
  } else {
    const bool is_long = character.code > 0xffff;
    text += is_long ? "\\U" : "\\u";
    append_hex(text, character.code, is_long ? 8 : 4);
  }
}

void append_json_unit(std::string& text, char32_t unit) {
  constexpr char digits[] = "0123456789abcdef";
  text += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) text += digits[unit >> shift & 15];
}

// In UTF-16, as JSON has it (RFC 8259, 7).
void append_json_escape(std::string& text, char32_t code) {
  if (code < 0x10000) return append_json_unit(text, code);
  append_json_unit(text, 0xd800 + ((code - 0x10000) >> 10));
  append_json_unit(text, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

}  // namespace

Character first_character(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  for (const Shape& shape : shapes) {
    if ((lead & shape.mask) == shape.lead) return decode(bytes, shape);
  }
  return {lead, 1, false};
}

void append_utf8(std::string& text, char32_t code) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xc0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xe0 | (code >> 12));
    tail(6), tail(0);
  } else {
    text += static_cast<char>(0xf0 | (code >> 18));
    tail(12), tail(6), tail(0);
  }
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const Character character = first_character(bytes);
    if (!character.valid) return false;
    bytes.remove_prefix(character.size);
  }
  return true;
}

std::string replace_invalid(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const Character character = first_character(bytes);
    if (character.valid) {
      text += bytes.substr(0, character.size);
    } else {
      append_utf8(text, 0xFFFD);
    }
    bytes.remove_prefix(character.size);
  }
  return text;
}

std::string base64(std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0);
    for (std::size_t i = 0; i < 4; ++i) text += i <= count ? digits[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

std::string escape_for_display(std::string_view bytes) {
  const auto shows_itself = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::ranges::all_of(bytes, shows_itself)) return std::string(bytes);  // nearly every path
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Character character = first_character(bytes);
    if (!character.valid || is_hidden(character.code)) {
      append_escape(text, character);
    } else {
      if (character.code == '"' || character.code == '\\') text += '\\';
      text += bytes.substr(0, character.size);
    }
    bytes.remove_prefix(character.size);
  }
  return text;
}

std::string json_for_display(std::string_view json) {
  const auto shows = [](char c) { return c < 0x7f && c >= 0; };
  if (std::ranges::all_of(json, shows)) return std::string(json);
  std::string text;
  text.reserve(json.size());
  while (!json.empty()) {
    const Character character = first_character(json);
    if (character.valid && character.code >= 0x7f && is_hidden(character.code)) {
      append_json_escape(text, character.code);
    } else {
      text += json.substr(0, character.size);
    }
    json.remove_prefix(character.size);
  }
  return text;
}

std::string quote_for_display(std::string_view bytes) { return '"' + escape_for_display(bytes) + '"'; }

std::string quote_for_shell(std::string_view bytes) {
  const auto is_plain = [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || std::string_view("_-./:@%+,").find(c) != std::string_view::npos;
  };
  if (!bytes.empty() && std::all_of(bytes.begin(), bytes.end(), is_plain)) return std::string(bytes);
  std::string text = "'";
  for (const char c : bytes) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace snug
