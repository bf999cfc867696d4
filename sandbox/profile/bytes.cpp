#include "profile/bytes.h"

#include "base/quote.h"

namespace snug {
namespace {

constexpr char32_t escape_base = 0x10fe00;
constexpr char escape_lead = '\xf4';  // of an escape's UTF-8

bool is_escape(const Character& character) {
  return character.valid && character.code >= escape_base && character.code <= escape_base + 0xff;
}

// Does `bytes`, which starts with `character`, start with what would come back as something else?
bool needs_escape(const Character& character, std::string_view bytes) {
  return !character.valid || is_escape(character) || bytes.starts_with("${");
}

void append_escaped(std::string& text, std::string_view bytes) {
  for (const char byte : bytes) append_utf8(text, escape_base + static_cast<unsigned char>(byte));
}

void append_unicode_escape(std::string& text, unsigned char control) {
  static constexpr char digits[] = "0123456789ABCDEF";
  text += "\\u00";
  text += digits[control >> 4];
  text += digits[control & 0xf];
}

}  // namespace

std::string bytes_to_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Character character = first_character(bytes);
    const std::string_view piece = bytes.substr(0, character.size);
    if (needs_escape(character, bytes)) {
      append_escaped(text, piece);
    } else {
      text += piece;
    }
    bytes.remove_prefix(character.size);
  }
  return text;
}

std::string utf8_to_bytes(std::string_view text) {
  if (text.find(escape_lead) == std::string_view::npos) return std::string(text);
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    if (is_escape(character)) {
      bytes += static_cast<char>(character.code - escape_base);
    } else {
      bytes += text.substr(0, character.size);
    }
    text.remove_prefix(character.size);
  }
  return bytes;
}

std::string toml_quote(std::string_view bytes) {
  std::string quoted = "\"";
  for (const char c : bytes_to_utf8(bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted.append("\\").append(1, c);
    } else if (byte < 0x20 || byte == 0x7f) {
      append_unicode_escape(quoted, byte);
    } else {
      quoted += c;
    }
  }
  return quoted += '"';
}

}  // namespace snug
