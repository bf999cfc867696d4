#include <nlohmann/json.hpp>

#include "base/json_bytes.h"
#include "base/quote.h"
#include "cli/changes_text.h"

namespace snug {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Node& node) {
  if (node.kind == NodeKind::absent) return nullptr;
  Json json{{"kind", kind_name(node.kind)}, {"mode", node.mode}};
  if (node.kind == NodeKind::file) json["size"] = node.size;
  if (node.kind == NodeKind::symlink) put(json, "target", node.target);
  json["mtime_ns"] = node.mtime_ns;
  return json;
}

Json json_of(const Differences& differences) {
  Json list = Json::array();
  if (differences.kind) list.push_back("kind");
  if (differences.content) list.push_back("content");
  if (differences.mode) list.push_back("mode");
  if (differences.attributes) list.push_back("attributes");
  return list;
}

Json json_of(const SeenChange& seen) {
  constexpr const char* kinds[] = {"added", "modified", "deleted"};
  const Change& change = seen.change;
  Json json{{"kind", kinds[static_cast<int>(change.kind)]}};
  put(json, "path", change.path);
  json["before"] = json_of(change.before);
  json["after"] = json_of(change.after);
  if (change.kind == Change::Kind::modified) json["differences"] = json_of(change.differences);
  json["drifted"] = change.drifted;
  json["review"] = seen.review.empty() ? Json(nullptr) : Json(seen.review);
  if (seen.renamed_from.empty()) {
    json["renamed_from"] = nullptr;
  } else {
    put(json, "renamed_from", seen.renamed_from);
  }
  json["ignored"] = !seen.ignored_by.empty();
  return json;
}

Json json_of(const Capture& capture) {
  Json json;
  put(json, "name", capture.name());
  put(json, "project", capture.project);
  put(json, "profile", capture.profile);
  json["command"] = Json::array();
  for (const std::string& word : capture.command) json["command"].push_back(replace_invalid(word));
  json["began_ns"] = capture.began;
  json["status"] = capture.status ? Json(*capture.status) : Json(nullptr);
  return json;
}

}  // namespace

std::string changes_to_json(const Capture* capture, const std::vector<SeenChange>& changes) {
  Json json{{"schema", 1},
            {"capture", capture == nullptr ? Json(nullptr) : json_of(*capture)},
            {"empty", changes.empty()},
            {"changes", Json::array()}};
  for (const SeenChange& seen : changes) json["changes"].push_back(json_of(seen));
  return json_for_display(json.dump(2)) + "\n";
}

std::string captures_to_json(const std::vector<Capture>& captures) {
  Json json{{"schema", 1}, {"captures", Json::array()}};
  for (const Capture& capture : captures) json["captures"].push_back(json_of(capture));
  return json_for_display(json.dump(2)) + "\n";
}

}  // namespace snug
