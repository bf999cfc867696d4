#include <nlohmann/json.hpp>

#include "base/json_bytes.h"
#include "cli/sessions_text.h"

namespace snug {
namespace {

using Json = nlohmann::ordered_json;

Json words_to_json(const std::vector<std::string>& words) {
  Json list = Json::array();
  for (const std::string& word : words) list.push_back(replace_invalid(word));
  return list;
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
  json["pid"] = record.snug.pid;
  json["init_pid"] = record.init.pid;
  json["memory"] = sandbox.memory;
  json["processes"] = sandbox.processes.size();
  return json;
}

}  // namespace

std::string sandboxes_to_json(const std::vector<SeenSandbox>& sandboxes, std::int64_t now) {
  Json json{{"schema", 1}, {"sandboxes", Json::array()}};
  for (const SeenSandbox& sandbox : sandboxes) json["sandboxes"].push_back(json_of(sandbox, now));
  return json.dump(2) + "\n";
}

}  // namespace snug
