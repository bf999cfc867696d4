#include "plan/layout.h"

#include <algorithm>
#include <cstring>

#include "base/paths.h"
#include "base/quote.h"
#include "plan/pending_path.h"
#include "plan/words.h"

namespace snug {
namespace {

bool is_users(Rank rank) { return rank == Rank::section || rank == Rank::listed; }

/// How much an entry takes from a writable bind of the host.
int strictness(const ViewKind& what) {
  if (const auto* bind = std::get_if<Bind>(&what)) return bind->access == Access::write ? 1 : 3;
  return std::holds_alternative<Overlay>(what) ? 2 : 4;
}

Note tie_note(const ViewEntry& winner, const ViewEntry& loser) {
  const std::string path = quote_for_display(winner.target);
  return Note{.level = Note::Level::warning,
              .text = path + " is " + effect_word(winner.what) + " (" + to_text(winner.origin) + ") and not " +
                      effect_word(loser.what) + " (" + to_text(loser.origin) +
                      "): the stricter of two rules on one path holds; to take it out, write " +
                      quote_for_display("!" + winner.target) + " in that list",
              .origin = winner.origin};
}

FileKind kind_of(const ViewKind& what) {
  if (makes_directory(what)) return FileKind::directory;
  if (std::holds_alternative<Symlink>(what)) return FileKind::symlink;
  return std::holds_alternative<Device>(what) ? FileKind::character_device : FileKind::regular;
}

/// How many characters the two share at the start. Paths share long ones: eight at a time.
std::size_t common_start(std::string_view a, std::string_view b) {
  const std::size_t size = std::min(a.size(), b.size());
  std::size_t at = 0;
  while (at + 8 <= size && std::memcmp(a.data() + at, b.data() + at, 8) == 0) at += 8;
  while (at < size && a[at] == b[at]) ++at;
  return at;
}

bool is_mask(const std::optional<Piece>& piece) { return piece && std::holds_alternative<Mask>(piece->entry.what); }

}  // namespace

bool TreeOrder::operator()(std::string_view a, std::string_view b) const {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
  const std::size_t at = common_start(a, b);
  if (at == std::min(a.size(), b.size())) return a.size() < b.size();
  return rank(a[at]) < rank(b[at]);
}

bool makes_directory(const ViewKind& what) {
  if (const auto* bind = std::get_if<Bind>(&what)) return bind->directory;
  if (const auto* mask = std::get_if<Mask>(&what)) return mask->directory;
  return std::holds_alternative<Overlay>(what) || std::holds_alternative<Tmpfs>(what) ||
         std::holds_alternative<Special>(what) || std::holds_alternative<Directory>(what);
}

std::string host_path_of(const ViewEntry& entry, std::string_view path) {
  const std::string_view below = path.substr(std::min(path.size(), entry.target.size()));
  if (const auto* bind = std::get_if<Bind>(&entry.what))
    return below.empty() ? bind->source : join(bind->source, below);
  if (const auto* overlay = std::get_if<Overlay>(&entry.what)) {
    if (overlay->lowers.empty()) return "";
    const std::string& shown = overlay->host.empty() ? overlay->lowers.back() : overlay->host;
    return below.empty() ? shown : join(shown, below);
  }
  return "";
}

Spot& Layout::spot_at(const std::string& path) {
  if (const auto known = by_path_.find(path); known != by_path_.end()) return *known->second;
  // Lists are often in order: the next one then belongs right behind the last.
  const auto place = spots_.try_emplace(next_, path);
  next_ = std::next(place);
  by_path_.emplace(place->first, &place->second);
  return place->second;
}

Spots::iterator Layout::erase(Spots::const_iterator spot) {
  by_path_.erase(spot->first);
  const auto behind = spots_.erase(spot);
  next_ = behind;
  return behind;
}

void Layout::place(ViewEntry entry, Rank rank, bool spare) {
  Spot& spot = spot_at(entry.target);
  Piece fresh{std::move(entry), rank, spare};
  if (!spot.base) {
    spot.base = std::move(fresh);
  } else if (is_users(rank) && is_users(spot.base->rank)) {
    settle_tie(*spot.base, std::move(fresh));
  } else if (rank >= spot.base->rank) {
    spot.base = std::move(fresh);
  }
}

void Layout::settle_tie(Piece& standing, Piece fresh) {
  const int had = strictness(standing.entry.what);
  const int wants = strictness(fresh.entry.what);
  if (had != wants) {
    notes_.push_back(had > wants ? tie_note(standing.entry, fresh.entry) : tie_note(fresh.entry, standing.entry));
  }
  if (wants >= had) standing = std::move(fresh);
}

void Layout::cover(ViewEntry entry, Rank rank) {
  Spot& spot = spot_at(entry.target);
  if (rank == Rank::pattern && spot.base && spot.base->rank == Rank::listed) return;  // a literal beats a glob
  if (is_mask(spot.cover)) return;
  const bool hides = std::holds_alternative<Mask>(entry.what);
  if (spot.base && is_users(rank) && is_users(spot.base->rank)) notes_.push_back(tie_note(entry, spot.base->entry));
  if (hides && rank != Rank::builtin) {
    spot.base.reset();
    remove_builtins_below(entry.target);
  }
  spot.cover = Piece{std::move(entry), rank};
}

void Layout::remove_builtins_below(const std::string& path) {
  for (auto spot = spots_.upper_bound(path); spot != spots_.end() && is_below(spot->first, path);) {
    auto& [base, cover] = spot->second;
    if (base && base->rank == Rank::builtin) base.reset();
    if (cover && cover->rank == Rank::builtin) cover.reset();
    spot = base || cover ? std::next(spot) : erase(spot);
  }
}

const Spot* Layout::find(std::string_view path) const {
  const auto spot = by_path_.find(path);
  return spot == by_path_.end() ? nullptr : spot->second;
}

const Piece* Layout::holder_of(std::string_view path) const {
  for (;; path = parent_of(path)) {
    if (const Spot* spot = find(path)) {
      if (is_mask(spot->cover)) return &*spot->cover;
      if (spot->base) return &*spot->base;
    }
    if (path == "/") return nullptr;
  }
}

const Piece* Layout::holder_above(std::string_view path) const {
  return path == "/" ? nullptr : holder_of(parent_of(path));
}

bool Layout::anything_below(std::string_view path) const {
  const auto next = spots_.upper_bound(path);
  return next != spots_.end() && is_below(next->first, path);
}

Seen Layout::look(std::string_view path, HostFiles& host) const {
  PendingPath pending(path);
  Seen seen{.path = "/", .kind = FileKind::directory};
  std::size_t links = 0;
  while (!pending.empty()) {
    const std::string part = pending.pop();
    if (part == ".") continue;
    const std::string next = part == ".." ? std::string(parent_of(seen.path)) : join(seen.path, part);
    const Piece* holder = holder_of(next);
    Seen step{.path = next, .kind = FileKind::absent, .holder = holder};
    if (holder) step.host_path = host_path_of(holder->entry, next);
    if (holder && holder->entry.target == next) {
      const bool hidden = std::holds_alternative<Mask>(holder->entry.what) && !anything_below(next);
      step.kind = hidden ? FileKind::absent : kind_of(holder->entry.what);
    } else if (!step.host_path.empty()) {
      step.kind = host.status(step.host_path).kind;
    }
    // The way to a deeper entry: on a tmpfs, or a mount point the stored home gets for the run.
    const bool on_the_way = next == "/" || anything_below(next);
    if (step.kind == FileKind::absent && on_the_way) step.kind = FileKind::directory;
    if (step.kind == FileKind::symlink) {
      const auto* made = holder->entry.target == next ? std::get_if<Symlink>(&holder->entry.what) : nullptr;
      const std::string to = made ? made->to : host.read_link(step.host_path);
      if (to.empty() || ++links > most_links) return Seen{.path = next};
      if (to.front() == '/') seen = Seen{.path = "/", .kind = FileKind::directory};
      pending.push(to);
      continue;
    }
    seen = std::move(step);
    if (seen.kind == FileKind::absent) return seen;
    if (seen.kind != FileKind::directory && !pending.empty()) return Seen{.path = seen.path};
  }
  return seen;
}

}  // namespace snug
