#include "changes/applied.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>

#include "base/paths.h"
#include "changes/fields.h"
#include "changes/side.h"
#include "sys/replace_file.h"

namespace snug {
namespace {

constexpr std::string_view applied_kind = "snug applied 1";
constexpr std::size_t longest_applied = std::size_t{256} << 20;

std::string file_of(const Capture& capture) { return join(capture.directory, "applied"); }

// "INODE CTIME PATH"
std::string to_text(const std::string& path, const HostStamp& stamp) {
  return std::to_string(stamp.inode) + " " + std::to_string(stamp.ctime_ns) + " " + path;
}

HostStamps read_stamps(const Capture& capture) {
  HostStamps stamps;
  const auto text = read_whole(file_of(capture), longest_applied);
  const auto fields = text ? split_fields(applied_kind, *text) : std::nullopt;
  if (!fields) return stamps;
  for (const auto& field : *fields) {
    std::string_view rest = field.second;
    HostStamp stamp;
    if (take_number(rest, stamp.inode) && take_number(rest, stamp.ctime_ns)) stamps[std::string(rest)] = stamp;
  }
  return stamps;
}

Result<void> write_stamps(const Capture& capture, const HostStamps& stamps) {
  Fields fields;
  for (const auto& [path, stamp] : stamps) fields.emplace_back("stamp", to_text(path, stamp));
  return replace_file(file_of(capture), join_fields(applied_kind, fields));
}

/// What stands at a path of the host; nothing if nothing does.
std::optional<Node> host_node(Workplace& workplace, const std::string& path) {
  const auto where = path.empty() ? Result(Place{workplace.project(), "."}) : workplace.place(path);
  if (!where) return std::nullopt;
  const auto node = node_at(where->parent, where->name);
  return node && node->kind != NodeKind::absent ? std::optional(*node) : std::nullopt;
}

// Somebody who wrote to it since it was put there gave it another time.
bool is_as_put(const ApplyStep& step, const Node& node) {
  const bool put = step.kind == ApplyStep::Kind::put || step.kind == ApplyStep::Kind::exchange;
  return put && !step.directory && node.inode == step.inode && node.mtime_ns == step.mtime_ns;
}

}  // namespace

Sides sides_of(const Capture& capture) {
  Sides sides = capture.sides();
  sides.applied = read_stamps(capture);
  return sides;
}

std::set<std::string> unchanged_directories(const Capture& capture, Workplace& workplace,
                                            const std::vector<Change>& changes) {
  const Sides sides = sides_of(capture);
  std::set<std::string> unchanged, seen;
  for (const Change& change : changes) {
    std::string directory(directory_of(change.path));
    if (!seen.insert(directory).second) continue;
    const auto node = host_node(workplace, directory);
    if (node && !changed_since_began(sides, directory, *node)) unchanged.insert(std::move(directory));
  }
  return unchanged;
}

Result<void> remember_applied(const Capture& capture, Workplace& workplace, const std::vector<ApplyStep>& steps,
                              const std::set<std::string>& directories) {
  HostStamps stamps = read_stamps(capture);
  for (const ApplyStep& step : steps) {
    const auto node = step.stays ? host_node(workplace, step.path) : std::nullopt;
    if (node && is_as_put(step, *node)) stamps[step.path] = {node->inode, node->ctime_ns};
  }
  for (const std::string& directory : directories) {
    const auto node = host_node(workplace, directory);
    if (node) stamps[directory] = {node->inode, node->ctime_ns};
  }
  return write_stamps(capture, stamps);
}

}  // namespace snug
