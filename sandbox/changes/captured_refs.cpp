#include "changes/captured_refs.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "changes/bases.h"
#include "changes/below.h"

namespace snug {
namespace {

constexpr std::uint64_t longest_ref = 4096, longest_list = std::uint64_t{16} << 20;
constexpr std::size_t most_refs = 100'000, longest_name = 1000;

bool is_id(std::string_view text) { return (text.size() == 40 || text.size() == 64) && is_hex(text); }

/// Empty where there is none, or too long a one.
std::string read_file(const Below& view, const std::string& path, std::uint64_t limit) {
  const auto file = view.open_file_at(path);
  return file ? read_text(file->get(), limit).value_or("") : "";
}

std::string read_ref(const Below& view, const std::string& path) {
  const std::string text = read_file(view, path, longest_ref);
  return text.substr(0, text.find('\n'));
}

std::string_view take_until(std::string_view& text, char end) {
  const std::string_view taken = text.substr(0, text.find(end));
  text.remove_prefix(std::min(text.size(), taken.size() + 1));
  return taken;
}

// "ID refs/heads/NAME"; what an annotated tag is of follows as "^ID".
void read_packed_refs(const Below& view, std::string_view top, Refs& refs) {
  const std::string text = read_file(view, ".git/packed-refs", longest_list);
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = take_until(rest, '\n');
    const std::string_view id = take_until(line, ' ');
    if (is_id(id) && line.starts_with(top)) refs[std::string(line.substr(top.size()))] = id;
  }
}

void read_loose_refs(const Below& view, std::string_view top, Refs& refs) {
  const std::string place = ".git/" + std::string(top.substr(0, top.size() - 1));
  std::vector<std::string> left{""};
  while (!left.empty() && refs.size() < most_refs) {
    const std::string here = std::move(left.back());
    left.pop_back();
    const auto directory = view.open_below(here.empty() ? place : place + "/" + here);
    const auto names = directory ? directory->names() : Result(std::vector<std::string>());
    if (!names) continue;
    for (const std::string& name : *names) {
      const std::string path = here.empty() ? name : here + "/" + name;
      const auto node = directory->node(name);
      if (node && node->kind == NodeKind::directory && path.size() < longest_name) left.push_back(path);
      if (!node || node->kind != NodeKind::file) continue;
      const std::string id = read_ref(view, place + "/" + path);
      if (is_id(id)) refs[path] = id;
    }
  }
}

Refs read_refs(const Below& view, std::string_view top) {
  Refs refs;
  read_packed_refs(view, top, refs);
  read_loose_refs(view, top, refs);
  return refs;
}

// "OLD NEW NAME <MAIL> TIME ZONE\tTEXT", the newest last.
std::set<std::string> read_stashes(const Below& view) {
  std::set<std::string> ids;
  const std::string text = read_file(view, ".git/logs/refs/stash", longest_list);
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = take_until(rest, '\n');
    take_until(line, ' ');
    const std::string_view id = take_until(line, ' ');
    if (is_id(id)) ids.emplace(id);
  }
  return ids;
}

}  // namespace

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

Result<CapturedRefs> captured_refs(const Capture& capture) {
  const Sides sides = capture.sides();
  std::vector<std::string> layers{sides.upper};
  layers.insert(layers.end(), sides.between.begin(), sides.between.end());
  layers.push_back(sides.lower);
  const auto view = Below::open_layers(layers);
  if (!view) return view.error();
  const auto host = Below::open_layers({sides.lower});
  if (!host) return host.error();
  CapturedRefs refs{.branches = read_refs(*view, "refs/heads/"), .tags = read_refs(*view, "refs/tags/")};
  const std::string head = read_ref(*view, ".git/HEAD");
  if (is_id(head)) refs.branches["HEAD"] = head;
  const std::set<std::string> stashes = read_stashes(*view), known = read_stashes(*host);
  std::ranges::set_difference(stashes, known, std::inserter(refs.new_stashes, refs.new_stashes.end()));
  return refs;
}

}  // namespace snug
