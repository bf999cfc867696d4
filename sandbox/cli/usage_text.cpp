#include "cli/usage_text.h"

#include <cstdio>

#include "cli/sessions_text.h"

namespace snug {
namespace {

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", seconds);
  return text;
}

std::string line(std::string name, const std::string& text) {
  name.resize(11, ' ');
  return name + text;
}

std::string memory_line(const RunUsage& usage) {
  return memory_to_text(*usage.memory) + " at the most, " +
         (usage.memory_together ? "all together" : "of the largest process");
}

std::string processes_line(const RunUsage& usage) {
  std::string text;
  if (usage.started) text = std::to_string(*usage.started) + " started";
  if (usage.at_once) text += (text.empty() ? "" : ", ") + std::to_string(*usage.at_once) + " at once";
  return text + ", threads among them";
}

}  // namespace

std::vector<std::string> usage_to_lines(const RunUsage& usage) {
  std::vector<std::string> lines{line("wall", seconds_text(std::chrono::duration<double>(usage.wall).count())),
                                 line("cpu", seconds_text(std::chrono::duration<double>(usage.cpu).count()))};
  if (usage.memory) lines.push_back(line("memory", memory_line(usage)));
  if (usage.started || usage.at_once) lines.push_back(line("processes", processes_line(usage)));
  if (usage.written) lines.push_back(line("written", memory_to_text(*usage.written) + " to disks"));
  lines.push_back(line(
      "network", usage.sent ? memory_to_text(*usage.sent) + " sent, " + memory_to_text(*usage.received) + " received"
                            : "the host's, not counted"));
  return lines;
}

}  // namespace snug
