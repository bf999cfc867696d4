// Symbolic links on the way to what the view shows. The real file is shown at its real path; where the link itself is
// not visible already, it is made anew, so that the path the user wrote works inside as outside.
#include <unordered_set>

#include "base/paths.h"
#include "base/quote.h"
#include "plan/planner.h"

namespace snug {
namespace {

bool is_stored_home(const Planner& planner, const Bind& bind) {
  return planner.plan.stored_home && bind.source == planner.plan.stored_home->files;
}

/// Host directories in which code inside can make links.
std::unordered_set<std::string> writable_sources(const Planner& planner) {
  std::unordered_set<std::string> sources;
  for (const auto& [path, spot] : planner.layout.spots()) {
    const auto* bind = spot.base ? std::get_if<Bind>(&spot.base->entry.what) : nullptr;
    if (bind && bind->access == Access::write) sources.insert(bind->source);
  }
  return sources;
}

/// The one of `sources` that holds `path`, or "".
std::string around(const std::unordered_set<std::string>& sources, const std::string& path) {
  for (std::string at = path;; at = parent_of(at)) {
    if (sources.contains(at)) return at;
    if (at == "/") return "";
  }
}

/// A link that code inside can repoint must not decide what the next run shows.
bool is_trusted(Planner& planner, const std::unordered_set<std::string>& writable, const Followed& followed) {
  for (const MetLink& link : followed.real.links) {
    const std::string holder = around(writable, link.at);
    if (holder.empty() || is_below(followed.real.path, holder)) continue;
    planner.fail("cannot follow the symbolic link " + quote_for_display(link.at), followed.origin,
                 "it lies in " + quote_for_display(holder) +
                     ", which is writable inside, and leads out of it: code in the sandbox could point it anywhere",
                 "write the real path: " + quote_for_display(followed.real.path));
    return false;
  }
  return true;
}

/// A stored home holds no stubs, so there the real file itself stands where the link would be.
void show_in_stored_home(Planner& planner, const MetLink& link, const Followed& followed) {
  if (!followed.entry || !followed.real.exists()) return;
  ViewEntry entry = *followed.entry;
  entry.target = normalise(join(link.at, link.rest));
  planner.layout.place(std::move(entry), Rank::listed);
}

void show_link(Planner& planner, const MetLink& link, const Followed& followed) {
  const Piece* holder = planner.layout.holder_of(link.at);
  if (holder) {
    const ViewKind& what = holder->entry.what;
    if (const auto* bind = std::get_if<Bind>(&what)) {
      if (is_stored_home(planner, *bind)) show_in_stored_home(planner, link, followed);
      return;  // other binds show the link itself
    }
    if (holder->entry.target == link.at || !makes_directory(what)) return;
    if (std::holds_alternative<Overlay>(what) || std::holds_alternative<Special>(what)) return;
  }
  if (planner.layout.anything_below(link.at)) return;
  planner.layout.place({.target = link.at, .what = Symlink{link.to}, .why = "link", .origin = followed.origin},
                       Rank::builtin);
}

}  // namespace

void show_links(Planner& planner) {
  if (planner.followed.empty()) return;
  const auto writable = writable_sources(planner);
  for (const Followed& followed : planner.followed) {
    if (!is_trusted(planner, writable, followed) || !followed.make_links) continue;
    for (const MetLink& link : followed.real.links) show_link(planner, link, followed);
  }
}

}  // namespace snug
