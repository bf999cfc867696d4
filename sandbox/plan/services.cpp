// Programs of the host that listen on unix sockets in a directory the view shows. A mount cannot keep anybody from
// connecting, read-only or not; Landlock can from version 9 on. Before, those that listen when the run starts are
// covered.
#include <unordered_map>

#include "base/paths.h"
#include "base/quote.h"
#include "plan/planner.h"

namespace snug {
namespace {

constexpr int landlock_that_holds_sockets = 9;  // LANDLOCK_ACCESS_FS_RESOLVE_UNIX

using Shown = std::unordered_multimap<std::string_view, const ViewEntry*>;

/// Host directories of the view, by their path on the host.
Shown shown_directories(const Planner& planner) {
  Shown shown;
  for (const auto& [path, spot] : planner.layout.spots()) {
    const auto* bind = spot.base ? std::get_if<Bind>(&spot.base->entry.what) : nullptr;
    if (bind && bind->directory) shown.emplace(bind->source, &spot.base->entry);
  }
  return shown;
}

/// Where a socket may lie: a relative name is from the directory its program was in then.
std::vector<std::string> places_of(const Planner& planner, const std::string& name) {
  if (name.front() == '/') {
    const std::string& home = planner.caller().home;
    std::string path = normalise(name);
    if (home != planner.home && is_below(path, home)) return {path, join(planner.home, path.substr(home.size()))};
    return {std::move(path)};
  }
  if (planner.plan.project.empty()) return {};
  return {normalise(join(planner.plan.project, name)), normalise(join(planner.plan.project, join(".git", name)))};
}

bool is_there(Planner& planner, const std::string& path, const BoundSocket& socket) {
  constexpr std::uint64_t low_half = 0xffffffff;  // the kernel tells no more of the number
  const FileStatus& status = planner.host.status(path);
  return status.kind == FileKind::socket && (status.inode & low_half) == (socket.inode & low_half);
}

void cover(Planner& planner, const std::string& inside, const Origin& origin) {
  const Piece* holder = planner.layout.holder_of(inside);
  if (!holder || holder->entry.target == inside) return;  // asked for by name, or hidden already
  planner.layout.cover({.target = inside,
                        .what = Mask{},
                        .optional = true,
                        .why = "a program on the host listens there",
                        .origin = origin},
                       Rank::pattern);
  pin_directories_above(planner, inside);
}

void hide_socket(Planner& planner, const Shown& shown, const std::string& path, const BoundSocket& socket) {
  for (std::string above(parent_of(path)); above != "/"; above = parent_of(above)) {
    const auto [first, last] = shown.equal_range(above);
    if (first != last && !is_there(planner, path, socket)) return;
    for (auto entry = first; entry != last; ++entry) {
      cover(planner, join(entry->second->target, path.substr(above.size())), entry->second->origin);
    }
  }
}

}  // namespace

void hide_services(Planner& planner) {
  if (planner.facts.landlock_abi >= landlock_that_holds_sockets && !planner.profile.nested.value) return;
  const BoundSockets sockets = planner.host.bound_sockets();
  if (!sockets.complete) {
    planner.note(
        Note::Level::information,
        "this kernel does not list the sockets of programs on the host: those in a directory that is shown can "
        "be reached");
  }
  if (sockets.list.empty()) return;
  const Shown shown = shown_directories(planner);
  for (const BoundSocket& socket : sockets.list) {
    for (const std::string& place : places_of(planner, socket.name)) hide_socket(planner, shown, place, socket);
  }
}

}  // namespace snug
