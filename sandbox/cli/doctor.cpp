#include "host/doctor.h"

#include <unistd.h>

#include <cstring>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/print.h"
#include "cli/surroundings.h"

namespace snug {
namespace {

struct StateStyle {
  const char* word;
  const char* colour;
};

StateStyle style_of(Check::State state) {
  switch (state) {
    case Check::State::ok:
      return {"ok      ", "\x1b[32m"};
    case Check::State::degraded:
      return {"degraded", "\x1b[33m"};
    case Check::State::missing:
      break;
  }
  return {"missing ", "\x1b[31m"};
}

// `text` behind `lead`, its second and later lines under its first.
std::string hanging(std::string lead, const std::string& text) {
  const std::string margin = "\n" + std::string(lead.size(), ' ');
  for (const char c : text) {
    if (c == '\n') {
      lead += margin;
    } else {
      lead += c;
    }
  }
  return lead + "\n";
}

std::string check_to_text(const Check& check, Colour colour) {
  const auto style = style_of(check.state);
  std::string text = hanging("          ", check.title + ": " + printable(check.detail));
  const std::string word = colour == Colour::always ? style.colour + std::string(style.word) + "\x1b[0m" : style.word;
  text.replace(0, std::strlen(style.word), word);
  return check.fix.empty() ? text : text + hanging("          fix: ", printable(check.fix));
}

std::string report_to_text(const DoctorReport& report, Colour colour) {
  std::string text;
  if (!report.surroundings.empty()) text += "running in " + report.surroundings + "\n";
  for (const auto& check : report.checks) text += check_to_text(check, colour);
  text += can_run(report) ? "sandboxes can run here\n" : "sandboxes cannot run here until what is missing is mended\n";
  return text;
}

}  // namespace

int doctor_command(const Invocation& invocation) {
  const auto caller = read_caller();
  if (!caller) return print_error(caller.error()), status_usage;
  const auto report = run_doctor(caller->state_dir);
  const auto text = invocation.json ? doctor_to_json(report) : report_to_text(report, colour_for(STDOUT_FILENO));
  if (!print_data(text)) return status_usage;
  return can_run(report) ? 0 : status_found;
}

}  // namespace snug
