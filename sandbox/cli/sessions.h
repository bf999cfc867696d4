// The running sandboxes of the user who calls, for the commands that list them or ask them for something.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/request.h"
#include "sessions/control.h"
#include "sessions/record.h"

namespace snug {

/// Where the records of this user's runs lie, the place for new ones first.
std::vector<std::string> places_of_sessions(const Caller& caller);

struct RunningSandbox {
  SessionRecord record;
  std::string place;
};

/// The oldest first.
std::vector<RunningSandbox> running_sandboxes(const Caller& caller);

/// What to tell of a word that is the beginning of several ids.
Error ambiguous(const std::string& word, const std::vector<SessionRecord>& records);

/// The one with the name `word`, else with an id that begins so. Errors: none, or several.
Result<RunningSandbox> choose_sandbox(const std::vector<RunningSandbox>& running, const std::string& word);

/// The same of those that run now, once its command has been started. The error names one that has ended.
Result<RunningSandbox> find_sandbox(const Caller& caller, const std::string& word);

/// What its snug answers.
Result<std::string> ask(const RunningSandbox& sandbox, const ControlRequest& request);

/// Its name if it has one, else its id.
const std::string& label_of(const SessionRecord& record);

}  // namespace snug
