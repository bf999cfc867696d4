#include "base/paths.h"

#include "base/quote.h"
#include "plan/planner.h"

namespace snug {
namespace {

/// Where "./x" starts: the directory of the file that says it, the current one for an option.
std::string directory_of(const Planner& planner, const Origin& origin) {
  const std::string& cwd = planner.caller().cwd;
  if (origin.kind != OriginKind::file || origin.source.empty()) return cwd;
  const std::string& file = origin.source;
  if (file.starts_with('/')) return std::string(parent_of(normalise(file)));
  if (file.starts_with("~/")) return std::string(parent_of(normalise(join(planner.caller().home, file.substr(2)))));
  return std::string(parent_of(normalise(join(cwd, file))));
}

bool starts_at_dot(std::string_view path) {
  return path == "." || path == ".." || path.starts_with("./") || path.starts_with("../");
}

}  // namespace

Origin builtin() { return {}; }

void Planner::fail(std::string what, const Origin& origin, std::string why, std::string fix) {
  errors.push_back(
      {.what = std::move(what), .why = std::move(why), .needed_by = to_text(origin), .fix = std::move(fix)});
}

void Planner::note(Note::Level level, std::string text, const Origin& origin) {
  plan.notes.push_back({.level = level, .text = std::move(text), .origin = origin});
}

const std::vector<HostMount>& Planner::host_mounts() {
  constexpr std::size_t most = 8 << 20;
  if (!mounts) mounts = host_mounts_of(host.read_small("/proc/self/mountinfo", most).value_or(""));
  return *mounts;
}

std::string expand(Planner& planner, const std::string& path, const Origin& origin, const std::string& relative_to) {
  if (path.starts_with('/')) return path;
  if (path == "~") return planner.caller().home;
  if (path.starts_with("~/")) return join(planner.caller().home, path.substr(2));
  if (starts_at_dot(path)) return join(directory_of(planner, origin), path);
  if (origin.kind == OriginKind::option) return join(planner.caller().cwd, path);
  if (!relative_to.empty()) return join(relative_to, path);
  planner.fail("cannot tell where " + quote_for_display(path) + " is", origin,
               "a path starts with \"/\", \"~/\" or \"./\"", "write \"./" + escape_for_display(path) + "\"");
  return "";
}

std::string inside_path(Planner& planner, const std::string& path) {
  // What exists is followed; the rest is text. A component that is missing ends the walk, so the tail is kept here.
  const std::string text = normalise(path);
  for (std::string head = text;; head = parent_of(head)) {
    const Seen seen = planner.layout.look(head, planner.host);
    if (seen.exists()) return normalise(join(seen.path, text.substr(head.size())));
    if (head == "/") return text;
  }
}

bool visible(Planner& planner, const std::string& path) { return planner.layout.look(path, planner.host).exists(); }

std::optional<IdMap> idmap_for(const Planner& planner, std::uint32_t uid, std::uint32_t gid) {
  const Identity& identity = planner.plan.identity;
  if (identity.kind != Identity::Kind::stand_in) return {};
  if (uid == identity.outside_uid && gid == identity.outside_gid) return {};
  return IdMap{.disk_uid = uid, .disk_gid = gid};
}

ViewEntry shown(const Resolved& real, Access access, std::string why, Origin origin) {
  return {.target = real.path,
          .what = Bind{.source = real.path, .access = access, .directory = real.directory()},
          .why = std::move(why),
          .origin = std::move(origin)};
}

}  // namespace snug
