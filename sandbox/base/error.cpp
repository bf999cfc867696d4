#include "base/error.h"

#include <cstring>

namespace snug {
namespace {

// A second line of a field lines up under the first.
void add_field(std::string& text, const char* label, const std::string& value) {
  if (value.empty()) return;
  const std::string lead = std::string("\n  ") + label + ": ";
  text += lead;
  for (const char c : value) {
    text += c;
    if (c == '\n') text.append(lead.size() - 1, ' ');
  }
}

}  // namespace

std::string to_text(const Error& error) {
  std::string text = error.what;
  if (!error.why.empty()) {
    text += ": " + error.why;
  } else if (error.code != 0) {
    text += std::string(": ") + std::strerror(error.code);
  }
  add_field(text, "needed by", error.needed_by);
  add_field(text, "fix", error.fix);
  return text;
}

}  // namespace snug
