// filesystem.hide and protect: literal paths, and patterns matched once against the project's files.
#include "base/paths.h"
#include "base/quote.h"
#include "plan/glob.h"
#include "plan/planner.h"
#include "plan/words.h"

namespace snug {
namespace {

constexpr std::size_t most_looked_at = 20000;

enum class Cover { hide, protect };

bool can_be_written(const Piece* holder) {
  if (!holder) return false;
  const ViewKind& what = holder->entry.what;
  if (const auto* bind = std::get_if<Bind>(&what)) return bind->access == Access::write;
  return std::holds_alternative<Overlay>(what) || std::holds_alternative<Tmpfs>(what);
}

bool is_stored_home(const Planner& planner, const Piece* holder) {
  const auto* bind = holder ? std::get_if<Bind>(&holder->entry.what) : nullptr;
  return bind && planner.plan.stored_home && bind->source == planner.plan.stored_home->files;
}

/// A link in the project must not carry a mask out of it.
bool leads_out(const Planner& planner, const std::string& written, const std::string& seen) {
  const std::string& project = planner.plan.project;
  return !project.empty() && is_below(written, project) && !is_below(seen, project);
}

void warn(Planner& planner, const std::string& path, const char* text, const Origin& origin) {
  planner.note(Note::Level::warning, quote_for_display(path) + text, origin);
}

void hide(Planner& planner, const std::string& path, const Origin& origin, Rank rank) {
  const Seen seen = planner.layout.look(path, planner.host);
  const bool own_entry = seen.holder && seen.holder->entry.target == seen.path;
  if (!seen.exists() || (is_stored_home(planner, seen.holder) && !own_entry)) return;  // nothing of the host is there
  if (seen.path == "/") {
    planner.fail("cannot hide \"/\"", origin, "nothing would be left", "write root = \"empty\"");
    return;
  }
  if (leads_out(planner, path, seen.path))
    return warn(planner, path, " is a link out of the project and not followed", origin);
  if (planner.request.everything && take_away(planner, seen.path)) return;
  const Mask mask{.directory = seen.kind == FileKind::directory};
  planner.layout.cover({.target = seen.path, .what = mask, .optional = true, .why = "hidden", .origin = origin}, rank);
  // A pattern finds it again wherever it is moved.
  if (rank == Rank::listed) pin_directories_above(planner, seen.path);
}

/// Nothing can be laid over what is absent: the run goes on, and says so once somebody makes it.
void expect(Planner& planner, const std::string& path, const Origin& origin, Rank rank) {
  const Piece* holder = planner.layout.holder_of(path);
  if (rank != Rank::listed || !can_be_written(holder)) return;
  warn(planner, path, " is absent and could be created inside: it is not protected, only watched", origin);
  const std::string on_host = host_path_of(holder->entry, path);
  if (!std::holds_alternative<Bind>(holder->entry.what) || is_stored_home(planner, holder)) return;
  planner.guarded.push_back(on_host);
  planner.plan.watches.push_back({.loss = Watch::Loss::made, .path = on_host, .why = "protected", .origin = origin});
}

void protect(Planner& planner, const std::string& path, const Origin& origin, Rank rank) {
  const Seen seen = planner.layout.look(path, planner.host);
  if (!seen.exists()) {
    return expect(planner, normalise(path), origin, rank);
  }
  if (leads_out(planner, path, seen.path))
    return warn(planner, path, " is a link out of the project and not followed", origin);
  if (!can_be_written(seen.holder)) return;
  if (rank == Rank::listed && !seen.host_path.empty()) planner.guarded.push_back(seen.host_path);
  if (seen.path != normalise(path)) {
    warn(planner, path, " goes through a symbolic link: what it leads to is read-only, the link can be replaced",
         origin);
  }
  planner.layout.cover({.target = seen.path, .what = Seal{}, .optional = true, .why = "protected", .origin = origin},
                       rank);
  pin_directories_above(planner, seen.path);
}

void lay(Planner& planner, Cover cover, const std::string& path, const Origin& origin, Rank rank) {
  if (cover == Cover::hide) return hide(planner, path, origin, rank);
  protect(planner, path, origin, rank);
}

/// "/a/b/*.key" -> {"/a/b", "*.key"}.
struct Pattern {
  std::string top, rest;
};

Pattern split(const std::string& path) {
  std::size_t slash = 0;
  for (std::size_t next = 0; next != std::string::npos; next = path.find('/', next + 1)) {
    const std::size_t end = path.find('/', next + 1);
    if (is_pattern(path.substr(next, end == std::string::npos ? end : end - next))) break;
    slash = end == std::string::npos ? path.size() : end;
  }
  return {path.substr(0, slash), path.substr(std::min(path.size(), slash + 1))};
}

void lay_pattern(Planner& planner, Cover cover, const std::string& path, const Origin& origin, std::size_t& budget) {
  const auto [top, rest] = split(path);
  const Seen seen = planner.layout.look(top.empty() ? "/" : top, planner.host);
  if (seen.kind != FileKind::directory || seen.host_path.empty()) return;
  if (is_stored_home(planner, seen.holder)) return;
  for (const std::string& match : expand_pattern(planner.host, seen.host_path, rest, budget)) {
    lay(planner, cover, join(seen.path, match), origin, Rank::pattern);
  }
  if (budget > 0) return;
  planner.fail("cannot expand the pattern " + quote_for_display(path), origin,
               "there are more than " + std::to_string(most_looked_at) + " files to look at",
               "write the paths themselves, or patterns that start further down: \"./src/**/.env\"");
}

/// "dir/**" covers the directory itself: a mount on a directory cannot come loose by a rename in it.
std::string without_everything_below(std::string path) {
  while (path.ends_with("/**") && path.size() > 3) path.resize(path.size() - 3);
  return path;
}

void lay_list(Planner& planner, Cover cover, const std::vector<PathEntry>& list, std::size_t& budget) {
  for (const PathEntry& entry : list) {
    const bool relative = entry.path.find_first_of("/~.") != 0;
    if (relative && planner.plan.project.empty() && entry.origin.kind != OriginKind::option) continue;
    const std::string base = planner.plan.project;
    const bool hidden_name =
        entry.path.starts_with('.') && !entry.path.starts_with("./") && !entry.path.starts_with("../");
    if (hidden_name && base.empty()) continue;
    const std::string path = without_everything_below(expand(planner, entry.path, entry.origin, base));
    if (path.empty()) continue;
    if (is_pattern(path)) {
      lay_pattern(planner, cover, path, entry.origin, budget);
    } else if (!entry.optional || visible(planner, path)) {
      lay(planner, cover, path, entry.origin, Rank::listed);
    }
  }
}

/// Would a process inside find there what somebody makes on the host after the run has begun?
bool could_appear(Planner& planner, const std::string& path) {
  const Piece* holder = planner.layout.holder_of(path);
  return holder && !is_stored_home(planner, holder) && !is_taken_away(planner, path) &&
         !host_path_of(holder->entry, path).empty() && !planner.layout.look(path, planner.host).exists();
}

/// What other sandboxes print, and where they can be asked, is no part of a view, however much of the home it shows,
/// and neither is what the first of them makes when this one runs already: the directories are made now.
void hide_other_sandboxes(Planner& planner) {
  for (const char* name : {"detached", "running"}) {
    const std::string path = join(planner.state_dir, name);
    if (!could_appear(planner, path)) {
      hide(planner, path, Origin{}, Rank::builtin);
      continue;
    }
    prepare_directory(planner, path);
    planner.layout.cover({.target = path, .what = Mask{.directory = true}, .why = "hidden"}, Rank::builtin);
  }
}

}  // namespace

void pin_directories_above(Planner& planner, const std::string& path) {
  for (std::string above(parent_of(path));; above = parent_of(above)) {
    const Piece* holder = planner.layout.holder_of(above);
    const auto* bind = holder ? std::get_if<Bind>(&holder->entry.what) : nullptr;
    if (!bind || bind->access != Access::write || holder->entry.target == above || is_stored_home(planner, holder)) {
      return;
    }
    Bind itself = *bind;
    itself.source = join(bind->source, above.substr(holder->entry.target.size() + 1));
    planner.layout.place({.target = above,
                          .what = itself,
                          .why = "cannot be replaced: holds what is hidden or protected",
                          .origin = holder->entry.origin},
                         Rank::builtin);
  }
}

void add_hidden_and_protected(Planner& planner) {
  std::size_t budget = most_looked_at;
  lay_list(planner, Cover::hide, planner.profile.filesystem.hide, budget);
  lay_list(planner, Cover::protect, planner.profile.filesystem.protect, budget);
  hide_other_sandboxes(planner);
}

void protect_profiles(Planner& planner) {
  for (const std::string& path : planner.request.profile_paths) {
    const Seen seen = planner.layout.look(path, planner.host);
    if (!seen.exists() || !can_be_written(seen.holder)) continue;
    planner.layout.cover(
        {.target = seen.path, .what = Seal{}, .optional = true, .why = "the profile: it counts in the next run"},
        Rank::builtin);
    pin_directories_above(planner, seen.path);
  }
}

}  // namespace snug
