// Symbolic links on the way to what the view shows. The real file is shown at its real path; where the link itself is
// not visible already, it is made anew, so that the path the user wrote works inside as outside.
#include "base/paths.h"
#include "base/quote.h"
#include "plan/planner.h"

namespace snug {
namespace {

bool is_stored_home(const Planner& planner, const Bind& bind) {
  return planner.plan.stored_home && bind.source == planner.plan.stored_home->files;
}

/// A link that code inside can repoint must not decide what the next run shows.
void refuse_if_writable(Planner& planner, const Bind& holder, const MetLink& link, const Followed& followed) {
  const bool stays_inside = is_below(followed.real.path, holder.source);
  if (holder.access == Access::read || stays_inside || !followed.entry) return;
  planner.fail("cannot follow the symbolic link " + quote_for_display(link.at), followed.entry->origin,
               "it lies in " + quote_for_display(holder.source) +
                   ", which is writable inside, and leads out of it: code in the sandbox could point it anywhere",
               "write the real path: " + quote_for_display(followed.real.path));
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
      if (is_stored_home(planner, *bind)) return show_in_stored_home(planner, link, followed);
      return refuse_if_writable(planner, *bind, link, followed);
    }
    if (holder->entry.target == link.at || !makes_directory(what)) return;
    if (std::holds_alternative<Overlay>(what) || std::holds_alternative<Special>(what)) return;
  }
  if (planner.layout.anything_below(link.at)) return;
  const Origin origin = followed.entry ? followed.entry->origin : Origin{};
  planner.layout.place({.target = link.at, .what = Symlink{link.to}, .why = "link", .origin = origin}, Rank::builtin);
}

}  // namespace

void show_links(Planner& planner) {
  for (const Followed& followed : planner.followed) {
    for (const MetLink& link : followed.real.links) show_link(planner, link, followed);
  }
}

}  // namespace snug
