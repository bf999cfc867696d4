#include "cli/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/quote.h"
#include "plan/words.h"

namespace snug {
namespace {

using nlohmann::ordered_json;

// Paths may hold bytes that are no UTF-8; JSON cannot.
std::string to_string(const ordered_json& json) {
  return json_for_display(json.dump(2, ' ', false, ordered_json::error_handler_t::replace)) + "\n";
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

ordered_json json_of(const Origin& origin) {
  constexpr const char* kinds[] = {"builtin", "file", "option", "environment"};
  ordered_json json{{"kind", kinds[static_cast<int>(origin.kind)]}};
  if (!origin.source.empty()) json["source"] = origin.source.str();
  if (origin.line > 0) json["line"] = origin.line;
  if (origin.column > 0) json["column"] = origin.column;
  if (!origin.key.empty()) json["key"] = origin.key.str();
  return json;
}

ordered_json json_of(const ProfileLine& line) {
  const bool whole = line.how == ProfileLine::How::set;
  return {{"key", line.key}, {whole ? "value" : "element", line.element}};
}

ordered_json json_of(const Verdict& verdict) {
  ordered_json json{{"allowed", verdict.allowed}, {"reason", verdict.reason}, {"origin", json_of(verdict.origin)}};
  for (const ProfileLine& line : verdict.add) json["add"].push_back(json_of(line));
  if (!verdict.fix.empty()) json["fix"] = verdict.fix;
  return json;
}

void add_path(ordered_json& json, const PathAnswer& path) {
  json["path"] = path.path;
  json["file"] = kind_word(path.kind);
  if (!path.host_path.empty()) json["host_path"] = path.host_path;
  json["rule"] = path.rule;
  json["origin"] = json_of(path.origin);
  for (const Deed deed : {Deed::read, Deed::write, Deed::execute}) json[deed_word(deed)] = json_of(path.verdict(deed));
}

ordered_json json_of(const std::vector<ApprovedFile>& files) {
  auto json = ordered_json::array();
  for (const auto& file : files) json.push_back({{"path", file.path}, {"sha256", file.sha256}});
  return json;
}

ordered_json json_of(const std::vector<Diagnostic>& diagnostics) {
  auto json = ordered_json::array();
  for (const auto& d : diagnostics) {
    json.push_back({{"file", d.file}, {"line", d.line}, {"column", d.column}, {"message", d.message}});
  }
  return json;
}

ordered_json json_of(const RefusalRecord::Host& host) {
  ordered_json json{{"host", host.host}, {"protocol", host.udp ? "udp" : "tcp"}};
  if (host.port != 0) json["port"] = host.port;
  json["when"] = host.when;
  json["reason"] = host.reason;
  if (!host.rule.empty()) json["add"] = {json_of(ProfileLine{"network.allow", host.rule})};
  return json;
}

}  // namespace

std::string answer_to_json(const Answer& answer) {
  ordered_json json{{"schema", 1},
                    {"kind", kind_name(answer.what.kind)},
                    {"what", answer.what.text},
                    {"allowed", answer.verdict.allowed}};
  if (answer.what.rule.protocol == NetworkRule::Protocol::udp) json["protocol"] = "udp";
  if (answer.what.port != 0) json["port"] = answer.what.port;
  if (answer.path) {
    json["deed"] = deed_word(answer.deed);
    add_path(json, *answer.path);
  } else {
    json.update(json_of(answer.verdict));
  }
  json["remarks"] = answer.remarks;
  return to_string(json);
}

std::string record_to_json(const RefusalRecord& record) {
  ordered_json json{{"schema", 1}, {"kind", "run"}, {"allowed", record.empty()}};
  if (record.empty()) return to_string(json);
  json["when"] = record.when;
  json["command"] = record.command;
  const auto told = [](const std::vector<RefusalRecord::Told>& list) {
    auto array = ordered_json::array();
    for (const auto& one : list) array.push_back({{"what", one.what}, {"path", one.path}});
    return array;
  };
  json["calls"] = ordered_json::array();
  for (const auto& call : record.calls) json["calls"].push_back({{"name", call.name}, {"count", call.count}});
  json["hosts"] = ordered_json::array();
  for (const auto& host : record.hosts) json["hosts"].push_back(json_of(host));
  json["came_loose"] = told(record.came_loose);
  json["git"] = told(record.git);
  if (!record.timeout.empty()) json["timeout"] = record.timeout;
  return to_string(json);
}

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

std::string report_to_json(const std::string& file, const std::vector<Diagnostic>& mistakes,
                           const std::vector<Diagnostic>& notes, const std::vector<Finding>& advice) {
  ordered_json json{{"schema", 1}, {"file", file}};
  json["mistakes"] = json_of(mistakes);
  json["notes"] = json_of(notes);
  json["advice"] = ordered_json::array();
  for (const Finding& finding : advice) {
    const Origin& origin = finding.origin;
    json["advice"].push_back({{"id", finding.id},
                              {"file", origin.source.str()},
                              {"line", origin.line},
                              {"column", origin.column},
                              {"what", finding.what},
                              {"why", finding.why},
                              {"fix", finding.fix}});
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

std::string trust_to_json(const ProjectSide& side, bool trusted) {
  return to_string({{"schema", 1},
                    {"profile", side.approval.profile},
                    {"trusted", trusted},
                    {"files", json_of(side.approval.files)},
                    {"asks", json_of(side.widenings)}});
}

std::string approvals_to_json(const std::vector<Approval>& approvals) {
  ordered_json json{{"schema", 1}, {"approved", ordered_json::array()}};
  for (const auto& approval : approvals) {
    json["approved"].push_back({{"profile", approval.profile}, {"files", json_of(approval.files)}});
  }
  return to_string(json);
}

std::string stored_to_json(const std::vector<Stored>& all, const std::vector<bool>& removed) {
  constexpr const char* kinds[] = {"home", "capture", "log", "mirror", "left"};
  ordered_json json{{"schema", 1}, {"items", ordered_json::array()}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Stored& stored = all[i];
    json["items"].push_back({{"kind", kinds[static_cast<int>(stored.kind)]},
                             {"name", stored.name},
                             {"path", stored.path},
                             {"project", stored.project.empty() ? ordered_json() : ordered_json(stored.project)},
                             {"bytes", stored.bytes},
                             {"last_used", stored.last_used},
                             {"in_use", stored.in_use},
                             {"removed", static_cast<bool>(removed[i])}});
  }
  return to_string(json);
}

}  // namespace snug
