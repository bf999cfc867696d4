// The system's programs and libraries: /usr, merged-usr links, /opt, and what NixOS puts elsewhere.
#include <algorithm>
#include <iterator>

#include "base/paths.h"
#include "base/quote.h"
#include "plan/planner.h"
#include "plan/words.h"

namespace snug {
namespace {

/// Top-level places of root = "host". On NixOS the store holds everything; not all of /nix, because
/// /nix/var/nix/daemon-socket would let the command build, with network, as the daemon.
constexpr const char* host_places[] = {"/usr",      "/bin",    "/sbin", "/lib",       "/lib32",
                                       "/lib64",    "/libx32", "/opt",  "/nix/store", "/nix/var/nix/profiles",
                                       "/gnu/store"};

/// Links below /run that systems need to find their programs; the rest of /run stays outside.
constexpr const char* run_links[] = {"/run/current-system", "/run/opengl-driver"};

/// Names in a root directory that snug makes itself.
constexpr std::string_view made_by_snug[] = {"dev", "etc", "home", "proc", "run", "sys", "tmp"};

void add_link(Planner& planner, const std::string& target, const std::string& to) {
  const Origin& origin = planner.profile.filesystem.root.origin;
  planner.layout.place({.target = target, .what = Symlink{to}, .why = "system", .origin = origin}, Rank::builtin);
}

/// Shows `source` at `target` as it is: a link stays a link.
void add_place(Planner& planner, const std::string& source, const std::string& target) {
  const FileStatus& status = planner.host.status(source);
  if (status.kind == FileKind::symlink) {
    add_link(planner, target, planner.host.read_link(source));
  } else if (status.kind == FileKind::directory || status.kind == FileKind::regular) {
    const Bind bind{.source = source, .directory = status.kind == FileKind::directory};
    const Origin& origin = planner.profile.filesystem.root.origin;
    planner.layout.place({.target = target, .what = bind, .why = "system", .origin = origin}, Rank::builtin);
  }
}

void add_host_root(Planner& planner) {
  for (const char* place : host_places) add_place(planner, place, place);
  const bool nix = planner.layout.find("/nix/store") || planner.layout.find("/gnu/store");
  if (!nix) return;
  for (const char* link : run_links) add_place(planner, link, link);
}

void add_root_directory(Planner& planner) {
  const Sourced<RootChoice>& root = planner.profile.filesystem.root;
  const std::string written = expand(planner, root.value.directory, root.origin);
  const Resolved real = planner.host.resolve(written);
  if (!real.directory()) {
    planner.fail("cannot use " + quote_for_display(written) + " as the root", root.origin,
                 std::string("it is ") + (real.exists() ? "no directory" : "absent"),
                 "name a directory that holds usr, bin, lib ...");
    return;
  }
  planner.followed.push_back({.real = real, .origin = root.origin, .entry = {}, .make_links = false});
  for (const std::string& name : planner.host.list(real.path)) {
    const bool own = std::find(std::begin(made_by_snug), std::end(made_by_snug), name) != std::end(made_by_snug);
    if (!own) add_place(planner, join(real.path, name), "/" + name);
  }
}

}  // namespace

void add_system(Planner& planner) {
  switch (planner.profile.filesystem.root.value.kind) {
    case RootChoice::Kind::host:
      return add_host_root(planner);
    case RootChoice::Kind::directory:
      return add_root_directory(planner);
    case RootChoice::Kind::empty:
      return;
  }
}

}  // namespace snug
