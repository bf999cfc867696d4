#include "cli/sessions.h"

#include "cli/surroundings.h"
#include "sessions/directory.h"

namespace snug {

std::vector<std::string> places_of_sessions(const Caller& caller) {
  const auto variable = caller.environment.find("XDG_RUNTIME_DIR");
  const auto runtime = variable == caller.environment.end() ? std::nullopt : clean_absolute(variable->second);
  return session_places(runtime.value_or(""), caller.state_dir);
}

}  // namespace snug
