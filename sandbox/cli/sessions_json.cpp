#include <nlohmann/json.hpp>

#include "base/json_bytes.h"
#include "base/paths.h"
#include "base/quote.h"
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

Json parse_plan(const std::string& plan) {
  Json json = plan.empty() ? Json(nullptr) : Json::parse(plan, nullptr, false);
  return json.is_object() ? json : Json(nullptr);
}

Json known(const std::optional<std::uint64_t>& number) { return number ? Json(*number) : Json(nullptr); }

Json used_memory(const Use& use, bool by_group) { return by_group ? known(use.group_memory) : Json(use.largest_data); }

Json used_processes(const Use& use, bool by_group) { return by_group ? known(use.group_tasks) : Json(use.tasks); }

/// The kernel has no number of what is used at a moment.
Json used_cpus(const Use&, bool) { return nullptr; }

struct HeldRow {
  const char* name;
  Json (*used)(const Use& use, bool by_group);
};

constexpr HeldRow held_rows[] = {{"memory", used_memory}, {"processes", used_processes}, {"cpus", used_cpus}};

/// Each limit of the plan with who holds it and what of it is used.
Json limits_in_use(const Json& plan, const SandboxDetail& detail, std::int64_t age) {
  Json limits = Json::object();
  const Json planned = plan.value("limits", Json::object());
  for (const HeldRow& row : held_rows) {
    const auto held = planned.find(row.name);
    if (held == planned.end()) continue;
    const bool by_group = held->value("by", "") == "cgroup";
    limits[row.name] = {{"limit", held->value("value", Json(nullptr))},
                        {"by", held->value("by", "")},
                        {"full", held->value("full", false)},
                        {"used", row.used(detail.use, by_group)}};
    if (row.used == used_cpus) limits[row.name]["time_us"] = known(detail.use.group_cpu_us);
  }
  if (const auto disk = planned.find("disk"); disk != planned.end()) {
    limits["disk"] = {{"limit", disk->value("value", Json(nullptr))},
                      {"by", "snug"},
                      {"used", detail.held ? Json(detail.held->bytes) : Json(nullptr)}};
  }
  if (const auto timeout = plan.find("timeout"); timeout != plan.end() && timeout->is_object()) {
    limits["timeout"] = {
        {"limit", timeout->value("milliseconds", Json(nullptr))}, {"by", "snug"}, {"used", age * 1000}};
  }
  return limits;
}

Json json_of(const Tally& held) { return {{"count", held.count}, {"bytes", held.bytes}, {"complete", held.complete}}; }

}  // namespace

std::vector<std::string> uppers_in_plan(const std::string& text) {
  std::vector<std::string> uppers;
  const Json plan = parse_plan(text);
  const auto capture = plan.find("capture");
  if (capture == plan.end() || !capture->is_object()) return uppers;
  const std::string directory = capture->value("directory", "");
  if (directory.empty()) return uppers;
  for (const Json& part : capture->value("parts", Json::array())) {
    uppers.push_back(join(directory, part.value("upper", "upper")));
  }
  if (uppers.empty()) uppers.push_back(join(directory, "upper"));
  return uppers;
}

std::string started_to_json(const SessionRecord& record) {
  Json json{{"schema", 1}, {"event", "started"}, {"id", record.id}};
  json["name"] = record.name.empty() ? Json(nullptr) : Json(record.name);
  json["pid"] = record.snug.pid;
  json["init_pid"] = record.init.pid;
  return json_for_display(json.dump()) + "\n";
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
  return json_for_display(json.dump()) + "\n";
}

std::string detail_to_json(const SeenSandbox& sandbox, const SandboxDetail& detail, std::int64_t now) {
  Json json{{"schema", 1}};
  json.update(json_of(sandbox, now));
  json["namespaces"] = detail.namespaces;
  json["processes"] = Json::array();
  for (const Process& process : detail.processes) json["processes"].push_back(json_of(process));
  json["listening"] = detail.listening;
  json["listening_udp"] = detail.listening_udp;
  json["connections"] = detail.connections;
  const Json plan = parse_plan(detail.plan);
  json["changes"] = detail.held ? json_of(*detail.held) : Json(nullptr);
  json["limits"] = plan.is_null() ? Json(nullptr) : limits_in_use(plan, detail, now - sandbox.record.started);
  json["plan"] = plan;
  return json_for_display(json.dump(2, ' ', false, Json::error_handler_t::replace)) + "\n";
}

std::string sandboxes_to_json(const std::vector<SeenSandbox>& sandboxes, std::int64_t now) {
  Json json{{"schema", 1}, {"sandboxes", Json::array()}};
  for (const SeenSandbox& sandbox : sandboxes) json["sandboxes"].push_back(json_of(sandbox, now));
  return json_for_display(json.dump(2)) + "\n";
}

}  // namespace snug
