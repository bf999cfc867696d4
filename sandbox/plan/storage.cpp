// What a plan makes in snug's state directory: directories that stay, and layers of overlays.
#include "base/paths.h"
#include "base/quote.h"
#include "base/sha256.h"
#include "plan/planner.h"

namespace snug {
namespace {

std::string layer_directory(Planner& planner, const std::string& what, LayerLife life) {
  const std::string name = sha256_hex(what).substr(0, 32);
  if (life == LayerLife::kept) {
    const std::string directory = join(planner.plan.stored_home->directory, "layers/" + name);
    prepare_directory(planner, directory);
    return directory;
  }
  const std::string scratch = join(planner.state_dir, "scratch");
  prepare_directory(planner, scratch);
  const std::string directory = join(scratch, planner.key + "-" + name);
  prepare(planner, {.kind = Preparation::Kind::scratch, .path = directory});
  return directory;
}

}  // namespace

void prepare(Planner& planner, Preparation preparation) {
  if (planner.prepared.insert(preparation.path).second) planner.plan.preparations.push_back(std::move(preparation));
}

void prepare_directory(Planner& planner, const std::string& path) {
  if (path == "/" || planner.prepared.contains(path)) return;
  if (!is_below(path, planner.state_dir) && planner.host.exists(path)) return;
  prepare_directory(planner, std::string(parent_of(path)));
  prepare(planner, {.kind = Preparation::Kind::directory, .path = path});
}

bool can_be_overlaid(Planner& planner, const std::string& lower, const Origin& origin) {
  const std::string name = "cannot lay an overlay over " + quote_for_display(lower);
  if (!planner.facts.overlay) {
    planner.fail(name, origin, "this kernel has no overlay mounts for ordinary users (Linux 5.11 and later do)",
                 "use read or write instead, or a newer kernel; see `snug doctor`");
    return false;
  }
  if (planner.plan.identity.kind == Identity::Kind::stand_in) {
    planner.fail(name, origin, "as root, host files are reached by idmapped mounts, which an overlay refuses",
                 "run snug as an ordinary user, or with --user host-root");
    return false;
  }
  if (is_below(planner.state_dir, lower) && !planner.request.everything) {
    planner.fail(name, origin, "snug's own state lies in it", "name a directory further down");
    return false;
  }
  return true;
}

std::optional<Overlay> make_overlay(Planner& planner, const std::string& lower, const std::string& what, LayerLife life,
                                    const Origin& origin) {
  if (!can_be_overlaid(planner, lower, origin)) return {};
  const std::string directory = layer_directory(planner, what, life);
  const Overlay overlay{.lowers = {lower},
                        .upper = join(directory, "upper"),
                        .work = join(directory, "work"),
                        .discard = life == LayerLife::scratch,
                        .host = lower,
                        .unsynced = life == LayerLife::scratch};
  prepare_directory(planner, overlay.upper);
  prepare_directory(planner, overlay.work);
  return overlay;
}

}  // namespace snug
