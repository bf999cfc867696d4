#include "cli/git_links.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "changes/bases.h"
#include "changes/below.h"
#include "run/git_index.h"

namespace snug {
namespace {

constexpr std::uint64_t longest_index = std::uint64_t{64} << 20;

bool is_index(std::string_view path) { return path == ".git/index" || path.ends_with("/.git/index"); }

std::optional<std::string> read_at(const std::string& top, const std::string& path) {
  const auto side = Below::open_layers({top});
  const auto file = side ? side->open_file_at(path) : Result<Fd>(side.error());
  return file ? read_bytes(file->get(), longest_index) : std::nullopt;
}

/// As the host's configuration says; only where there is none, as the capture's, which waits to be looked at itself.
GitHash hash_of(const Sides& sides, const std::string& index) {
  const std::string config = index.substr(0, index.size() - std::string_view("index").size()) + "config";
  auto text = read_at(sides.lower, config);
  if (!text) text = read_at(sides.upper, config);
  return text && text->find("sha256") != std::string::npos ? GitHash::sha256 : GitHash::sha1;
}

std::string_view reason_for(const Sides& sides, const std::string& path) {
  const GitHash hash = hash_of(sides, path);
  const auto bytes = read_at(sides.upper, path);
  const GitLinks inside = bytes ? links_in_index(*bytes, hash) : GitLinks{.complete = false};
  if (!inside.complete) return "what git's index holds cannot be told";
  const std::vector<std::string> known = links_in_index(read_at(sides.lower, path).value_or(""), hash).paths;
  const bool more = std::ranges::any_of(
      inside.paths, [&](const std::string& link) { return std::ranges::find(known, link) == known.end(); });
  return more ? "by it git enters a repository within this one" : "";
}

}  // namespace

void review_git_links(const OpenCapture& open, std::vector<SeenChange>& changes) {
  for (SeenChange& seen : changes) {
    const bool asked = seen.review.empty() && seen.change.after.kind == NodeKind::file && is_index(seen.change.path);
    if (asked) seen.review = reason_for(open.parts[seen.part].capture.sides(), in_part(open, seen).path);
  }
}

}  // namespace snug
