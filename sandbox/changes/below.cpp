#include "changes/below.h"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "base/quote.h"
#include "changes/open_parents.h"
#include "sys/errno.h"

namespace snug {
namespace {

Error nothing_at(const std::string& path, int code) { return sys_error("read " + quote_for_display(path), code); }

}  // namespace

Result<Below> Below::open(const Sides& sides) {
  std::vector<std::string> layers = sides.between;
  layers.push_back(sides.lower);
  auto below = open_layers(layers);
  if (below) below->stacked_ = !sides.between.empty();
  return below;
}

Result<Below> Below::open_layers(const std::vector<std::string>& layers) {
  Below below;
  below.stacked_ = true;
  for (const std::string& layer : layers) {
    auto top = SideDirectory::open_top(layer);
    if (!top) return std::move(top).error();
    below.layers_.push_back(std::move(*top));
  }
  return below;
}

Result<const SideDirectory*> Below::shower(const std::string& name) const {
  if (!stacked_) return present() ? &layers_.front() : nullptr;
  for (const SideDirectory& layer : layers_) {
    const auto node = layer.node(name);
    if (!node) return node.error();
    if (node->kind == NodeKind::absent) continue;
    return node->kind == NodeKind::whiteout ? nullptr : &layer;
  }
  return static_cast<const SideDirectory*>(nullptr);
}

bool Below::copied_up(const std::string& name) const {
  bool lowest = false;
  for (const SideDirectory& layer : layers_) {
    const auto node = layer.node(name);
    if (node && node->kind == NodeKind::whiteout) break;
    if (node && node->kind != NodeKind::absent) lowest = layer.copied_up(name);
  }
  return lowest;
}

Result<Below> Below::open_below(const std::string& path) const {
  if (!stacked_) return open_alone(path);
  if (path.empty()) return enter(".");
  const std::string_view parent = directory_of(path);
  if (parent.empty()) return enter(path);
  const auto above = open_below(std::string(parent));
  return above ? above->enter(std::string(name_in_directory(path))) : above.error();
}

// One call of the kernel's, however deep it is.
Result<Below> Below::open_alone(const std::string& path) const {
  auto alone = present() ? layers_.front().open_below(path) : nothing_at(path, ENOENT);
  if (!alone) return std::move(alone).error();
  Below below;
  below.layers_.push_back(std::move(*alone));
  return below;
}

Result<Below> Below::enter(const std::string& name) const {
  Below below;
  below.stacked_ = stacked_;
  below.hides_lower_ = hides_lower_;
  for (const SideDirectory& layer : layers_) {
    const auto node = layer.node(name);
    if (!node) return node.error();
    if (node->kind == NodeKind::absent) continue;
    if (node->kind != NodeKind::directory) {
      below.hides_lower_ = true;
      break;
    }
    auto directory = layer.open_below(name);
    if (!directory) return std::move(directory).error();
    const bool last = directory->opaque();
    below.layers_.push_back(std::move(*directory));
    below.hides_lower_ = below.hides_lower_ || last;
    if (last) break;
  }
  return below.present() ? Result(std::move(below)) : nothing_at(name, ENOENT);
}

Result<std::vector<std::string>> Below::names() const {
  std::vector<std::string> names;
  for (const SideDirectory& layer : layers_) {
    auto more = layer.names();
    if (!more || layers_.size() == 1) return more;
    names.insert(names.end(), more->begin(), more->end());
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<Node> Below::node(const std::string& name) const {
  const auto layer = shower(name);
  if (!layer) return layer.error();
  return *layer == nullptr ? Node{} : (*layer)->node(name);
}

Result<Node> Below::itself() const { return present() ? layers_.front().itself() : Node{}; }

Result<Attributes> Below::attributes(const std::string& name) const {
  const auto layer = shower(name);
  if (!layer) return layer.error();
  return *layer == nullptr ? nothing_at(name, ENOENT) : (*layer)->attributes(name);
}

Result<Attributes> Below::own_attributes() const {
  return present() ? layers_.front().own_attributes() : Result(Attributes());
}

Result<Fd> Below::open_file(const std::string& name) const {
  const auto layer = shower(name);
  if (!layer) return layer.error();
  return *layer == nullptr ? nothing_at(name, ENOENT) : (*layer)->open_file(name);
}

Result<Fd> Below::open_file_at(const std::string& path) const {
  const std::string name(name_in_directory(path));
  if (directory_of(path).empty()) return open_file(name);
  const auto directory = open_below(std::string(directory_of(path)));
  return directory ? directory->open_file(name) : directory.error();
}

}  // namespace snug
