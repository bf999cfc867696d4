#include <nlohmann/json.hpp>

#include "base/json_bytes.h"
#include "cli/sessions_text.h"
#include "cli/status_lines.h"

namespace snug {
namespace {

using Json = nlohmann::ordered_json;

Json words_to_json(const std::vector<std::string>& words) {
  Json list = Json::array();
  for (const std::string& word : words) list.push_back(replace_invalid(word));
  return list;
}

Json json_of(const Process& process) {
  Json json{{"pid", process.pid}, {"parent", process.parent}, {"inside_pid", process.inside_pid}};
  json["command"] = words_to_json(process.command);
  json["memory"] = process.memory;
  return json;
}

Json pid_to_json(pid_t pid) { return pid == 0 ? Json(nullptr) : Json(pid); }

Json json_of(const RunEnd& end) {
  return {{"status", end.status},
          {"signal", end.signal == 0 ? Json(nullptr) : Json(end.signal)},
          {"timed_out", end.timed_out},
          {"when", end.when}};
}

Json json_of(const SeenSandbox& sandbox, std::int64_t now) {
  const SessionRecord& record = sandbox.record;
  Json json{{"id", record.id}};
  json["name"] = record.name.empty() ? Json(nullptr) : Json(record.name);
  put(json, "profile", record.profile);
  if (record.project.empty()) {
    json["project"] = nullptr;
  } else {
    put(json, "project", record.project);
  }
  json["command"] = words_to_json(record.command);
  json["network"] = record.network;
  json["detached"] = record.detached;
  json["started"] = record.started;
  json["age"] = std::max<std::int64_t>(now - record.started, 0);
  json["pid"] = pid_to_json(record.snug.pid);
  json["init_pid"] = pid_to_json(record.init.pid);
  json["memory"] = sandbox.memory;
  json["processes"] = sandbox.processes.size();
  json["running"] = !sandbox.over;
  if (sandbox.over) json["end"] = sandbox.end ? json_of(*sandbox.end) : Json(nullptr);
  return json;
}

}  // namespace

std::string started_to_json(const SessionRecord& record) {
  Json json{{"schema", 1}, {"event", "started"}, {"id", record.id}};
  json["name"] = record.name.empty() ? Json(nullptr) : Json(record.name);
  json["pid"] = record.snug.pid;
  json["init_pid"] = record.init.pid;
  return json.dump() + "\n";
}

Json json_of(const RunUsage& usage) {
  const auto known = [](const auto& number) { return number ? Json(*number) : Json(nullptr); };
  return {{"wall_ms", usage.wall.count()},
          {"cpu_us", usage.cpu.count()},
          {"memory", known(usage.memory)},
          {"memory_together", usage.memory_together},
          {"processes_started", known(usage.started)},
          {"processes_at_once", known(usage.at_once)},
          {"written", known(usage.written)},
          {"sent", known(usage.sent)},
          {"received", known(usage.received)}};
}

std::string ended_to_json(const RunOutcome& outcome) {
  Json json{{"schema", 1}, {"event", "ended"}, {"status", outcome.status}};
  json["signal"] = outcome.signal == 0 ? Json(nullptr) : Json(outcome.signal);
  json["timed_out"] = outcome.timed_out;
  if (outcome.usage) json["used"] = json_of(*outcome.usage);
  return json.dump() + "\n";
}

std::string detail_to_json(const SeenSandbox& sandbox, const SandboxDetail& detail, std::int64_t now) {
  Json json{{"schema", 1}};
  json.update(json_of(sandbox, now));
  json["namespaces"] = detail.namespaces;
  json["processes"] = Json::array();
  for (const Process& process : detail.processes) json["processes"].push_back(json_of(process));
  json["listening"] = detail.listening;
  json["connections"] = detail.connections;
  json["plan"] = detail.plan.empty() ? Json(nullptr) : Json::parse(detail.plan, nullptr, false);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string sandboxes_to_json(const std::vector<SeenSandbox>& sandboxes, std::int64_t now) {
  Json json{{"schema", 1}, {"sandboxes", Json::array()}};
  for (const SeenSandbox& sandbox : sandboxes) json["sandboxes"].push_back(json_of(sandbox, now));
  return json.dump(2) + "\n";
}

}  // namespace snug
