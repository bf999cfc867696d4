// A plan as JSON, for programs. Paths and values are bytes: those that are not UTF-8 have every byte that is no part
// of a well-formed character replaced by U+FFFD, and a sibling key NAME_base64 holds the bytes as they are.
#include <nlohmann/json.hpp>

#include "base/json_bytes.h"
#include "base/quote.h"
#include "plan/print.h"
#include "plan/words.h"
#include "profile/words.h"

namespace snug {
namespace {

using Json = nlohmann::ordered_json;

Json bytes_list(const std::vector<std::string>& list) {
  Json array = Json::array();
  for (const std::string& bytes : list) {
    Json item;
    put(item, "text", bytes);
    array.push_back(item.size() == 1 ? item["text"] : item);
  }
  return array;
}

Json json_of(const Origin& origin) {
  constexpr const char* kinds[] = {"builtin", "file", "option", "environment"};
  Json json{{"kind", kinds[static_cast<int>(origin.kind)]}};
  if (!origin.source.empty()) put(json, "source", origin.source.str());
  if (origin.line > 0) json["line"] = origin.line;
  if (origin.column > 0) json["column"] = origin.column;
  if (!origin.key.empty()) put(json, "key", origin.key.str());
  return json;
}

/// The members of an entry that its kind adds.
struct EntryMembers {
  Json& json;

  void operator()(const Bind& bind) const {
    put(json, "source", bind.source);
    json["access"] = bind.access == Access::write ? "write" : "read";
    json["exec"] = bind.exec;
    json["directory"] = bind.directory;
    if (bind.socket) json["socket"] = true;
    if (bind.idmap) json["idmap"] = {{"disk_uid", bind.idmap->disk_uid}, {"disk_gid", bind.idmap->disk_gid}};
  }
  void operator()(const Overlay& overlay) const {
    json["lowers"] = bytes_list(overlay.lowers);
    put(json, "upper", overlay.upper);
    put(json, "work", overlay.work);
    json["discard"] = overlay.discard;
  }
  void operator()(const Tmpfs& tmpfs) const {
    json["size"] = tmpfs.size;
    json["inodes"] = tmpfs.inodes;
    json["mode"] = octal(tmpfs.mode);
    json["exec"] = tmpfs.exec;
  }
  void operator()(const Special& special) const { json["filesystem"] = effect_word(special); }
  void operator()(const File& file) const {
    put(json, "content", file.content);
    json["mode"] = octal(file.mode);
  }
  void operator()(const Copy& copy) const {
    put(json, "source", copy.source);
    json["mode"] = octal(copy.mode);
  }
  void operator()(const Directory& directory) const { json["mode"] = octal(directory.mode); }
  void operator()(const Symlink& link) const { put(json, "to", link.to); }
  void operator()(const Device& device) const { put(json, "source", device.source); }
  void operator()(const Mask& mask) const {
    json["directory"] = mask.directory;
    if (!mask.content.empty()) put(json, "content", mask.content);
  }
  void operator()(const Seal&) const {}
};

constexpr const char* entry_types[] = {"bind",      "overlay", "tmpfs",  "special", "file", "copy",
                                       "directory", "symlink", "device", "mask",    "seal"};

Json json_of(const ViewEntry& entry) {
  Json json;
  put(json, "target", entry.target);
  json["type"] = entry_types[entry.what.index()];
  std::visit(EntryMembers{json}, entry.what);
  if (entry.optional) json["optional"] = true;
  put(json, "why", entry.why);
  json["origin"] = json_of(entry.origin);
  return json;
}

Json json_of(const std::vector<IdRange>& map) {
  Json list = Json::array();
  for (const IdRange& range : map) {
    list.push_back({{"inside", range.inside}, {"outside", range.outside}, {"count", range.count}});
  }
  return list;
}

Json json_of(const Sourced<IdMaps>& maps) {
  Json json{{"uids", json_of(maps.value.uids)}, {"gids", json_of(maps.value.gids)}};
  put(json, "newuidmap", maps.value.newuidmap);
  put(json, "newgidmap", maps.value.newgidmap);
  json["origin"] = json_of(maps.origin);
  return json;
}

Json json_of(const Identity& identity) {
  constexpr const char* kinds[] = {"own", "stand-in", "host-root"};
  Json json{{"kind", kinds[static_cast<int>(identity.kind)]},
            {"outside_uid", identity.outside_uid},
            {"outside_gid", identity.outside_gid},
            {"inside_uid", identity.inside_uid},
            {"inside_gid", identity.inside_gid}};
  put(json, "user", identity.user_name);
  put(json, "group", identity.group_name);
  put(json, "home", identity.home);
  put(json, "shell", identity.shell);
  json["kept_groups"] = Json::array();
  for (const Identity::Group& group : identity.kept_groups) {
    Json item{{"gid", group.gid}};
    put(item, "name", group.name);
    if (!group.warning.empty()) put(item, "warning", group.warning);
    json["kept_groups"].push_back(item);
  }
  json["origin"] = json_of(identity.origin);
  if (identity.maps) json["maps"] = json_of(*identity.maps);
  return json;
}

Json json_of(const NamespacePlan& namespaces) {
  Json names = Json::array({"user", "mount", "pid", "ipc", "uts", "cgroup"});
  if (namespaces.network) names.push_back("network");
  if (namespaces.time) names.push_back("time");
  Json json{{"new", names}, {"nested", namespaces.nested}};
  if (namespaces.time) {
    json["monotonic_ns"] = namespaces.monotonic.count();
    json["boottime_ns"] = namespaces.boottime.count();
  }
  return json;
}

Json json_of(const Preparation& made) {
  constexpr const char* kinds[] = {"directory", "skeleton-file", "mount-point", "mount-file",
                                   "scratch",   "stub",          "mirror",      "shallow-copy"};
  Json json{{"kind", kinds[static_cast<int>(made.kind)]}};
  put(json, "path", made.path);
  json["mode"] = octal(made.mode);
  return json;
}

Json json_of(const Watch& watch) {
  constexpr const char* losses[] = {"shown", "writable", "made"};
  Json json{{"loss", losses[static_cast<int>(watch.loss)]}};
  put(json, "path", watch.path);
  put(json, "why", watch.why);
  json["origin"] = json_of(watch.origin);
  return json;
}

Json json_of(const GitSearch& search) {
  Json json;
  put(json, "project", search.project);
  if (!search.git.empty()) put(json, "git", search.git);
  if (!search.common.empty()) put(json, "common", search.common);
  if (!search.expected.empty()) json["expected"] = bytes_list(search.expected);
  put(json, "record", search.record);
  json["origin"] = json_of(search.origin);
  return json;
}

Json json_of(const Variable& variable) {
  constexpr const char* sources[] = {"passed", "set", "snug"};
  Json json;
  put(json, "name", variable.name);
  json["from"] = sources[static_cast<int>(variable.from)];
  if (variable.from != Variable::From::passed) put(json, "value", variable.value);
  json["origin"] = json_of(variable.origin);
  return json;
}

Json json_of(const CommandPlan& command) {
  Json json{{"argv", bytes_list(command.argv)}, {"candidates", bytes_list(command.candidates)}};
  json["interactive_shell"] = command.interactive_shell;
  put(json, "workdir", command.workdir);
  json["workdir_origin"] = json_of(command.workdir_origin);
  return json;
}

Json json_of(const Sourced<std::string>& text) {
  Json json;
  put(json, "value", text.value);
  json["origin"] = json_of(text.origin);
  return json;
}

Json json_of(const SeccompRule& rule) {
  constexpr const char* actions[] = {"allow", "errno", "kill", "log"};
  Json json;
  put(json, "syscall", rule.syscall);
  json["argument"] = rule.argument;
  const char* compare = rule.compare == SeccompRule::Compare::equals ? "equals" : "masked";
  if (const auto* number = std::get_if<std::uint64_t>(&rule.value)) {
    json[compare] = *number;
  } else {
    put(json, compare, std::get<std::string>(rule.value));
  }
  if (rule.compare == SeccompRule::Compare::masked) json["mask"] = rule.mask;
  json["action"] = actions[static_cast<int>(rule.action)];
  if (!rule.error.empty()) put(json, "error", rule.error);
  json["origin"] = json_of(rule.origin);
  return json;
}

Json json_of(const RlimitPlan& limit) {
  return {{"name", limit.name}, {"soft", limit.soft}, {"hard", limit.hard}, {"origin", json_of(limit.origin)}};
}

template <class T>
Json json_of(const Held<T>& held) {
  return {{"value", held.limit.value},
          {"by", held.by_group ? "cgroup" : "process"},
          {"full", held.full},
          {"origin", json_of(held.limit.origin)}};
}

Json json_of(const ControlGroups& group) {
  constexpr const char* places[] = {"nowhere", "beside", "below", "systemd"};
  Json json{{"from", places[static_cast<int>(group.from)]}};
  if (!group.directory.empty()) put(json, "directory", group.directory);
  return json;
}

Json limits_json(const Plan& plan) {
  Json json = Json::object();
  if (plan.limits.memory) json["memory"] = json_of(*plan.limits.memory);
  if (plan.limits.processes) json["processes"] = json_of(*plan.limits.processes);
  if (plan.limits.cpus) json["cpus"] = json_of(*plan.limits.cpus);
  if (plan.limits.group) json["cgroup"] = json_of(*plan.limits.group);
  if (plan.disk) json["disk"] = {{"value", plan.disk->value}, {"origin", json_of(plan.disk->origin)}};
  return json;
}

Json json_of(const Note& note) {
  Json json{{"level", note.level == Note::Level::warning ? "warning" : "information"}};
  put(json, "text", note.text);
  json["origin"] = json_of(note.origin);
  return json;
}

Json json_of(const HostAnswer& answer) {
  Json json;
  put(json, "question", question_words(answer));
  put(json, "answer", answer_words(answer));
  return json;
}

template <class List>
Json to_array(const List& list) {
  Json array = Json::array();
  for (const auto& item : list) array.push_back(json_of(item));
  return array;
}

Json json_of(const SeccompPlan& seccomp) {
  constexpr const char* policies[] = {"default", "strict", "off"};
  return {{"policy", policies[static_cast<int>(seccomp.policy)]},
          {"policy_origin", json_of(seccomp.policy_origin)},
          {"allow", to_array(seccomp.allow)},
          {"deny", to_array(seccomp.deny)},
          {"rules", to_array(seccomp.rules)}};
}

Json on_end_json(const Sourced<OnEnd>& end) {
  constexpr const char* words[] = {"ask", "apply", "keep", "discard"};
  return {{"value", words[static_cast<int>(end.value)]}, {"origin", json_of(end.origin)}};
}

Json json_of(const CapturePlan& capture) {
  Json json;
  put(json, "directory", capture.directory);
  put(json, "project", capture.project);
  json["parts"] = Json::array();
  for (const CapturePlan::Part& part : capture.parts) {
    Json one;
    put(one, "path", part.path);
    put(one, "upper", part.upper);
    json["parts"].push_back(std::move(one));
  }
  json["layers_below"] = bytes_list(capture.between);
  json["protect"] = bytes_list(capture.protect);
  json["on_success"] = on_end_json(capture.on_success);
  json["on_failure"] = on_end_json(capture.on_failure);
  return json;
}

Json project_json(const Plan& plan) {
  constexpr const char* modes[] = {"write", "read", "overlay", "none"};
  Json json{{"mode", modes[static_cast<int>(plan.project_mode.value)]}};
  put(json, "path", plan.project);
  json["reason"] = plan.project_reason;
  json["origin"] = json_of(plan.project_mode.origin);
  return json;
}

Json rules_json(const std::vector<Sourced<NetworkRule>>& rules) {
  Json list = Json::array();
  for (const auto& rule : rules) list.push_back({{"rule", to_text(rule.value)}, {"origin", json_of(rule.origin)}});
  return list;
}

Json proxy_json(const UpstreamProxy& proxy) {
  Json json{{"host", proxy.host}, {"port", proxy.port}, {"credentials", !proxy.credentials.empty()}};
  json["origin"] = json_of(proxy.origin);
  json["exceptions"] = Json::array();
  for (const ProxyException& exception : proxy.exceptions) json["exceptions"].push_back(to_text(exception));
  return json;
}

Json network_json(const Plan& plan) {
  constexpr const char* modes[] = {"none", "filtered", "host"};
  Json json{{"mode", modes[static_cast<int>(plan.network.value)]}, {"origin", json_of(plan.network.origin)}};
  json["name_service"] = plan.name_service;
  json["host_ports"] = Json::array();
  for (const auto& port : plan.host_ports) {
    json["host_ports"].push_back({{"port", port.value}, {"origin", json_of(port.origin)}});
  }
  json["publish"] = Json::array();
  for (const PublishEntry& entry : plan.publish) {
    json["publish"].push_back({{"address", entry.address},
                               {"host_port", entry.host_port},
                               {"sandbox_port", entry.sandbox_port},
                               {"origin", json_of(entry.origin)}});
  }
  if (!plan.filter) return json;
  json["allow"] = rules_json(plan.filter->allow);
  json["deny"] = rules_json(plan.filter->deny);
  if (plan.filter->proxy) json["proxy"] = proxy_json(*plan.filter->proxy);
  return json;
}

Json values_of(const std::vector<Sourced<std::string>>& words) {
  Json list = Json::array();
  for (const auto& word : words) list.push_back(replace_invalid(word.value));
  return list;
}

}  // namespace

std::string plan_to_json(const Plan& plan) {
  Json json{{"schema", 1}};
  put(json, "profile", plan.profile_name);
  put(json, "profile_file", plan.profile_file);
  json["project"] = project_json(plan);
  json["identity"] = json_of(plan.identity);
  json["namespaces"] = json_of(plan.namespaces);
  json["hostname"] = json_of(plan.hostname);
  json["network"] = network_json(plan);
  EntryMembers{json["root"]}(plan.root.tmpfs);
  json["view"] = to_array(plan.view);
  if (plan.stored_home) put(json, "stored_home", plan.stored_home->directory);
  json["preparations"] = to_array(plan.preparations);
  if (plan.capture) json["capture"] = json_of(*plan.capture);
  json["watches"] = to_array(plan.watches);
  if (plan.git_search) json["git_search"] = json_of(*plan.git_search);
  json["environment"] = to_array(plan.environment);
  json["command"] = json_of(plan.command);
  json["rlimits"] = to_array(plan.rlimits);
  if (plan.limits.any() || plan.disk) json["limits"] = limits_json(plan);
  if (plan.timeout)
    json["timeout"] = {{"milliseconds", plan.timeout->value.count()}, {"origin", json_of(plan.timeout->origin)}};
  json["seccomp"] = json_of(plan.seccomp);
  json["landlock"] = {{"abi", plan.landlock_abi}};
  json["notes"] = to_array(plan.notes);
  json["host_answers"] = to_array(plan.host_answers);
  return json_for_display(json.dump(2)) + "\n";
}

// A person outside runs what is under "ask"; nothing inside can.
std::string info_to_json(const Profile& profile, const std::string& project) {
  Json json{{"schema", 1}};
  put(json, "profile", profile.name);
  json["project"] = nullptr;
  if (!project.empty()) put(json, "project", project);
  json["project_mode"] = word_of(project_words, profile.filesystem.project.value);
  json["home"] = word_of(home_words, profile.filesystem.home.value);
  json["network"] = {{"mode", word_of(network_words, profile.network.mode.value)}};
  json["network"]["allow"] = values_of(profile.network.allow);
  json["network"]["deny"] = values_of(profile.network.deny);
  json["ask"] = {{"host", "snug allow HOST[:PORT]"},
                 {"read", "snug allow PATH"},
                 {"write", "snug allow --write PATH"},
                 {"variable", "snug allow NAME"},
                 {"system_call", "snug allow CALL"},
                 {"publish", "snug publish [ADDR:]PORT[:PORT]"},
                 {"why", "snug why WHAT"}};
  return json_for_display(json.dump(2)) + "\n";
}

}  // namespace snug
