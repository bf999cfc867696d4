#include "base/paths.h"

#include <algorithm>

namespace snug {
namespace {

// Takes the first component off `rest`; empty at the end.
std::string_view next_component(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
  const std::string_view component = rest.substr(0, rest.find('/'));
  rest.remove_prefix(component.size());
  return component;
}

void drop_last_component(std::string& path) { path.resize(path.empty() ? 0 : path.rfind('/')); }

}  // namespace

std::string normalise(std::string_view absolute) {
  std::string result;
  result.reserve(absolute.size());
  while (true) {
    const std::string_view component = next_component(absolute);
    if (component.empty()) break;
    if (component == ".") continue;
    if (component == "..") {
      drop_last_component(result);
    } else {
      result.append("/").append(component);
    }
  }
  return result.empty() ? "/" : result;
}

std::string join(std::string_view directory, std::string_view below) {
  while (directory.ends_with('/')) directory.remove_suffix(1);
  while (below.starts_with('/')) below.remove_prefix(1);
  std::string result(directory);
  if (!below.empty()) result.append("/").append(below);
  return result.empty() ? "/" : result;
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == 0 || slash == std::string_view::npos) return "/";
  return path.substr(0, slash);
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string readable_name(std::string_view path) {
  std::string word;
  for (const char c : base_name(path).substr(0, 32)) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    word += plain ? c : '_';
  }
  return word;
}

bool is_below(std::string_view path, std::string_view ancestor) {
  if (ancestor == "/") return path.starts_with('/');
  if (!path.starts_with(ancestor)) return false;
  return path.size() == ancestor.size() || path[ancestor.size()] == '/';
}

bool has_dot_dot(std::string_view path) {
  while (true) {
    const std::string_view component = next_component(path);
    if (component.empty()) return false;
    if (component == "..") return true;
  }
}

}  // namespace snug
