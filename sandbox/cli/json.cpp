#include "cli/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace snug {
namespace {

using nlohmann::ordered_json;

// Paths may hold bytes that are no UTF-8; JSON cannot.
std::string to_string(const ordered_json& json) {
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

const char* state_name(Check::State state) {
  switch (state) {
    case Check::State::ok:
      return "ok";
    case Check::State::degraded:
      return "degraded";
    case Check::State::missing:
      break;
  }
  return "missing";
}

}  // namespace

std::string doctor_to_json(const DoctorReport& report) {
  ordered_json json{{"schema", 1}, {"ok", can_run(report)}, {"surroundings", report.surroundings}};
  json["checks"] = ordered_json::array();
  for (const auto& check : report.checks) {
    json["checks"].push_back({{"id", check.id},
                              {"title", check.title},
                              {"state", state_name(check.state)},
                              {"detail", check.detail},
                              {"fix", check.fix}});
  }
  return to_string(json);
}

std::string mistakes_to_json(const std::string& file, const std::vector<Diagnostic>& mistakes) {
  ordered_json json{{"schema", 1}, {"file", file}};
  json["mistakes"] = ordered_json::array();
  for (const auto& m : mistakes) {
    json["mistakes"].push_back({{"file", m.file}, {"line", m.line}, {"column", m.column}, {"message", m.message}});
  }
  return to_string(json);
}

std::string profiles_to_json(const std::vector<ListedProfile>& profiles) {
  ordered_json json{{"schema", 1}, {"profiles", ordered_json::array()}};
  for (const auto& profile : profiles) {
    json["profiles"].push_back({{"name", profile.name},
                                {"file", profile.file.empty() ? ordered_json() : ordered_json(profile.file)},
                                {"description", profile.description},
                                {"mistakes", profile.mistakes}});
  }
  return to_string(json);
}

}  // namespace snug
