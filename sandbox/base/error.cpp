#include "base/error.h"

#include <cerrno>
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

std::string fix_of_shortage(int code) {
  switch (code) {
    case EMFILE:
      return "raise the limit of open files: ulimit -n 1024";
    case ENFILE:
      return "end what has so many files open; the machine's limit is /proc/sys/fs/file-max";
    case ENOMEM:
      return "free some memory, or raise this shell's limits (ulimit -v, ulimit -d)";
    default:
      return {};
  }
}

std::string to_text(const Error& error) {
  std::string text = error.what;
  if (!error.why.empty()) {
    text += ": " + error.why;
  } else if (error.code != 0) {
    text += std::string(": ") + std::strerror(error.code);
  }
  add_field(text, "needed by", error.needed_by);
  add_field(text, "fix", error.fix.empty() ? fix_of_shortage(error.code) : error.fix);
  return text;
}

}  // namespace snug
