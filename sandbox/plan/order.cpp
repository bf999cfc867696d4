// The finished view: what cannot be seen is left out, every entry has a place to stand on, parents come first.
#include <algorithm>
#include <utility>

#include "base/paths.h"
#include "base/quote.h"
#include "plan/planner.h"
#include "plan/words.h"

namespace snug {
namespace {

/// Where only deeper entries show below something hidden.
constexpr Tmpfs bare_tree{.size = 1 << 20, .inodes = 1 << 16, .mode = 0555};

bool has_mask(const Spot& spot) { return spot.cover && std::holds_alternative<Mask>(spot.cover->entry.what); }

bool shows_host(const Piece* holder) {
  return holder &&
         (std::holds_alternative<Bind>(holder->entry.what) || std::holds_alternative<Overlay>(holder->entry.what) ||
          std::holds_alternative<Special>(holder->entry.what));
}

/// Is `piece` what its holder shows at that place anyway?
bool is_repeated(const Piece& piece, const Piece* holder) {
  const auto* own = std::get_if<Bind>(&piece.entry.what);
  const auto* around = holder ? std::get_if<Bind>(&holder->entry.what) : nullptr;
  if (!own || !around) return false;
  return own->access == around->access && own->exec == around->exec &&
         host_path_of(holder->entry, piece.entry.target) == own->source;
}

void drop_repeated(Layout& layout) {
  for (auto spot = layout.spots().begin(); spot != layout.spots().end();) {
    const auto& [path, here] = *spot;
    const bool may_go = here.base && here.base->spare && !here.cover;
    const bool drop = may_go && is_repeated(*here.base, layout.holder_above(path));
    spot = drop ? layout.erase(spot) : std::next(spot);
  }
}

/// A mask below a mask hides nothing more.
void drop_covers_below(Layout& layout, const std::string& path) {
  Spots& spots = layout.spots();
  for (auto spot = spots.upper_bound(path); spot != spots.end() && is_below(spot->first, path);) {
    spot = spot->second.base ? std::next(spot) : layout.erase(spot);
  }
}

void settle_masks(Layout& layout) {
  Spots& spots = layout.spots();
  for (auto spot = spots.begin(); spot != spots.end();) {
    auto& [path, here] = *spot;
    if (!has_mask(here) || here.cover->rank == Rank::builtin) {
      ++spot;
      continue;
    }
    drop_covers_below(layout, path);
    if (layout.anything_below(path)) {
      here.base = Piece{here.cover->entry, here.cover->rank};
      here.base->entry.what = bare_tree;
      here.cover.reset();
    }
    const bool nothing_there = here.cover && !here.base && !shows_host(layout.holder_above(path));
    spot = nothing_there ? layout.erase(spot) : std::next(spot);
  }
}

bool is_stored_home(const Planner& planner, const ViewEntry& holder) {
  const auto* bind = std::get_if<Bind>(&holder.what);
  return bind && planner.plan.stored_home && bind->source == planner.plan.stored_home->files;
}

void refuse_place(Planner& planner, const ViewEntry& entry, std::string why, std::string fix) {
  planner.fail("cannot put a " + std::string(effect_word(entry.what)) + " entry at " + quote_for_display(entry.target),
               entry.origin, std::move(why), std::move(fix));
}

/// Mount points in the stored home exist only while a run uses them. False: `entry` itself is one of those.
bool stand_in_stored_home(Planner& planner, const ViewEntry& entry, const ViewEntry& home) {
  const std::string& files = planner.plan.stored_home->files;
  const std::string path = host_path_of(home, entry.target);
  if (std::holds_alternative<Directory>(entry.what)) {
    prepare_directory(planner, path);
    return false;
  }
  if (!is_mount(entry.what)) {
    refuse_place(planner, entry, "the stored home is a directory on disk, and files there are its own",
                 "write home = \"tmpfs\", or bind a file of the host");
    return false;
  }
  std::vector<std::string> above;
  for (std::string at(parent_of(path)); at != files; at = parent_of(at)) above.push_back(at);
  for (auto at = above.rbegin(); at != above.rend(); ++at) {
    prepare(planner, {.kind = Preparation::Kind::mount_point, .path = *at});
  }
  const auto kind = makes_directory(entry.what) ? Preparation::Kind::mount_point : Preparation::Kind::mount_file;
  prepare(planner, {.kind = kind, .path = path});
  return true;
}

/// Nothing is ever made in a host directory, so what is to be mounted over must be there.
bool stand_on_host(Planner& planner, const ViewEntry& entry, const ViewEntry& holder) {
  const std::string path = host_path_of(holder, entry.target);
  const std::string around = quote_for_display(holder.target);
  if (!is_mount(entry.what)) {
    if (!entry.optional) {
      refuse_place(planner, entry, around + " shows a host directory, in which snug makes nothing",
                   "choose a target outside it, or make that directory a tmpfs");
    }
    return false;
  }
  const FileKind kind = planner.host.status(path).kind;
  const bool fits = makes_directory(entry.what) ? kind == FileKind::directory : kind != FileKind::directory;
  if (kind != FileKind::absent && kind != FileKind::symlink && fits) return true;
  if (entry.optional && kind == FileKind::absent) return false;
  const std::string found = kind == FileKind::absent ? "there is nothing at " + quote_for_display(path) + " to mount on"
                                                     : quote_for_display(path) + " is a " + kind_word(kind);
  refuse_place(planner, entry, around + " shows a host directory, in which snug makes nothing, and " + found,
               "create it on the host, or choose another target");
  return false;
}

/// A sealed tmpfs cannot take mount points any more.
bool is_sealed_tmpfs(const Planner& planner, const ViewEntry& holder) {
  const Spot* spot = planner.layout.find(holder.target);
  return std::holds_alternative<Tmpfs>(holder.what) && spot && spot->cover;
}

/// Can `entry` stand where it is to? Prepares its mount point, or reports.
bool has_place(Planner& planner, const ViewEntry& entry) {
  const Piece* holder = planner.layout.holder_above(entry.target);
  if (!holder) return true;
  const ViewEntry& around = holder->entry;
  if (!makes_directory(around.what)) {
    refuse_place(planner, entry,
                 quote_for_display(around.target) + " is a " + effect_word(around.what) + ", not a directory",
                 "choose another target");
    return false;
  }
  if (is_sealed_tmpfs(planner, around)) {
    refuse_place(planner, entry, "protect makes " + quote_for_display(around.target) + " read-only around it",
                 "take one of the two out");
    return false;
  }
  if (is_stored_home(planner, around)) return stand_in_stored_home(planner, entry, around);
  const bool host = std::holds_alternative<Bind>(around.what) || std::holds_alternative<Overlay>(around.what);
  return host ? stand_on_host(planner, entry, around) : true;
}

bool shows_stored_home(const Planner& planner) {
  const Spot* spot = planner.layout.find(planner.home);
  return spot && spot->base && is_stored_home(planner, spot->base->entry);
}

bool has_one_below(const std::vector<Preparation>& preparations, const std::string& path) {
  return std::any_of(preparations.begin(), preparations.end(),
                     [&](const Preparation& made) { return made.path != path && is_below(made.path, path); });
}

/// A profile may show something else where the home is. Then nothing is made for a home that nobody sees.
void drop_unseen_home(Planner& planner) {
  if (!planner.plan.stored_home || shows_stored_home(planner)) return;
  const std::string files = planner.plan.stored_home->files;
  planner.plan.stored_home.reset();
  std::vector<Preparation>& made = planner.plan.preparations;
  std::erase_if(made, [&](const Preparation& one) { return is_below(one.path, files); });
  for (std::string at(parent_of(files)); at != "/"; at = parent_of(at)) {
    if (has_one_below(made, at)) break;
    std::erase_if(made, [&](const Preparation& one) { return one.path == at; });
  }
}

/// A seal of snug's own over a directory on a tmpfs comes after what is made in it.
bool closes_what_is_below(const Layout& layout, const Spot& spot) {
  const Piece& cover = *spot.cover;
  return !spot.base && cover.rank == Rank::builtin && std::holds_alternative<Seal>(cover.entry.what) &&
         !shows_host(layout.holder_above(cover.entry.target)) && layout.anything_below(cover.entry.target);
}

}  // namespace

void order_view(Planner& planner) {
  Layout& layout = planner.layout;
  drop_repeated(layout);
  settle_masks(layout);
  drop_unseen_home(planner);
  std::vector<ViewEntry*> shown;
  shown.reserve(layout.spots().size() + 1);
  ViewEntry* closing = nullptr;
  for (auto& [path, spot] : layout.spots()) {
    if (closing != nullptr && !is_below(path, closing->target)) shown.push_back(std::exchange(closing, nullptr));
    if (spot.base && has_place(planner, spot.base->entry)) shown.push_back(&spot.base->entry);
    if (!spot.cover) continue;
    ViewEntry& cover = spot.cover->entry;
    if (closes_what_is_below(layout, spot)) {
      closing = &cover;
    } else {
      shown.push_back(&cover);
    }
  }
  if (closing != nullptr) shown.push_back(closing);
  // Only now: what lies deeper was judged by what stands around it.
  planner.plan.view.reserve(shown.size());
  for (ViewEntry* entry : shown) planner.plan.view.push_back(std::move(*entry));
}

}  // namespace snug
