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

// Somebody who wrote to it since gave it another time. A directory is known by what is in it.
bool is_as_left(const ApplyStep& step, const Node& node) {
  switch (step.kind) {
    case ApplyStep::Kind::put:
    case ApplyStep::Kind::exchange:
      return node.inode == step.inode && (step.directory || node.mtime_ns == step.mtime_ns);
    case ApplyStep::Kind::set_mode:
      return !step.directory && node.inode == step.old_inode && node.mtime_ns == step.mtime_ns;
    default:
      return step.directory && node.kind == NodeKind::directory;
  }
}

HostStamps stamps_left(Workplace& workplace, const std::vector<ApplyStep>& steps,
                       const std::set<std::string>& directories) {
  HostStamps left;
  for (const ApplyStep& step : steps) {
    const auto node = host_node(workplace, step.path);
    if (node && is_as_left(step, *node)) left[step.path] = {node->inode, node->ctime_ns};
  }
  for (const std::string& directory : directories) {
    const auto node = host_node(workplace, directory);
    if (node) left[directory] = {node->inode, node->ctime_ns};
  }
  return left;
}

Result<void> add_stamps(const Capture& capture, HostStamps stamps) {
  stamps.merge(read_stamps(capture));
  return write_stamps(capture, stamps);
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
  const auto look_at = [&](std::string directory) {
    if (!seen.insert(directory).second) return;
    const auto node = host_node(workplace, directory);
    if (node && !changed_since_began(sides, directory, *node)) unchanged.insert(std::move(directory));
  };
  for (const Change& change : changes) {
    look_at(std::string(directory_of(change.path)));
    const bool stays = change.before.kind == NodeKind::directory && change.after.kind == NodeKind::directory;
    if (stays) look_at(change.path);
  }
  return unchanged;
}

Result<void> remember_applied(const Capture& capture, Workplace& workplace, const std::vector<ApplyStep>& steps,
                              const std::set<std::string>& directories, const std::vector<Capture>& over) {
  const HostStamps left = stamps_left(workplace, steps, directories);
  if (auto added = add_stamps(capture, left); !added) return added;
  for (const Capture& above : over) {
    if (auto added = add_stamps(above, left); !added) return added;
  }
  return {};
}

}  // namespace snug
