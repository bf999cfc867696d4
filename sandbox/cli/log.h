// -v: one line on stderr per decision. Nothing is set up, and nothing costs time, unless asked for.
#pragma once

#include <string_view>

namespace snug {

void start_log();

/// Was start_log() called? For lines that take work to word.
bool logs_decisions();

/// Does nothing before start_log().
void log_decision(std::string_view line);

}  // namespace snug
