// Questions to the person at the terminal.
#pragma once

#include <string>
#include <string_view>

namespace snug {

/// Is somebody there: are standard input and standard error terminals?
bool can_ask();

/// "QUESTION [y/N] " on stderr; true for yes. The end of the input is no.
bool ask(const std::string& question);

/// The letter of `choices` that was chosen, in lower case; `otherwise` for an empty line or the end of the input.
char ask_letter(const std::string& question, std::string_view choices, char otherwise);

}  // namespace snug
