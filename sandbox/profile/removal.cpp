#include "profile/removal.h"

#include <algorithm>

#include "base/paths.h"
#include "base/quote.h"
#include "base/suggest.h"
#include "profile/addresses.h"
#include "profile/bytes.h"
#include "profile/variables.h"

namespace snug {
namespace {

/// Where the file of `origin` lies, absolute if that is known; "" for what no file says.
std::string directory_of(const Origin& origin, const KnownValues& known) {
  if (origin.kind != OriginKind::file) return known.cwd;
  const std::string& file = origin.source;
  if (file.starts_with('/')) return std::string(parent_of(file));
  if (file.starts_with("~/")) return std::string(parent_of(join(known.home, file.substr(2))));
  return std::string(parent_of(join(known.cwd, file)));
}

std::string place_of(const std::string& path, const Origin& origin, const KnownValues& known) {
  if (path == "~" || path.starts_with("~/")) return normalise(join("/" + known.home, path.substr(1)));
  if (path == "." || path.starts_with("./")) return normalise(join("/" + directory_of(origin, known), path.substr(1)));
  return path.starts_with('/') ? normalise(path) : path;
}

bool same_place(const std::string& path, const Origin& origin, std::string name, const Field& item) {
  if (name.ends_with('?')) name.pop_back();
  const KnownValues& known = item.source().variables->known();
  return place_of(path, origin, known) == place_of(name, item.origin(), known);
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string removal_name(const PathEntry& element) { return element.path; }
std::string removal_name(const TmpfsEntry& element) { return element.path; }
std::string removal_name(const MountEntry& element) { return element.target; }
std::string removal_name(const PublishEntry& element) { return std::to_string(element.host_port); }
std::string removal_name(const SocketEntry& element) { return element.path; }
std::string removal_name(const SeccompRule& element) { return element.syscall; }
std::string removal_name(const Sourced<std::string>& element) { return element.value; }
std::string removal_name(const Sourced<std::uint16_t>& element) { return std::to_string(element.value); }

bool is_meant(const PathEntry& element, const std::string& name, const Field& item) {
  return same_place(element.path, element.origin, name, item);
}

bool is_meant(const TmpfsEntry& element, const std::string& name, const Field& item) {
  return same_place(element.path, element.origin, name, item);
}

bool is_meant(const MountEntry& element, const std::string& name, const Field& item) {
  return same_place(element.target, element.origin, name, item);
}

// "!8080" is that port of the host whatever it leads to, "!127.0.0.1:3000:80" just that.
bool is_meant(const PublishEntry& element, const std::string& name, const Field&) {
  const Result<Published> published = parse_published(name);
  if (!published || published->host_port != element.host_port) return false;
  return is_number(name) || (published->address == element.address && published->sandbox_port == element.sandbox_port);
}

bool is_meant(const SocketEntry& element, const std::string& name, const Field& item) {
  return same_place(element.path, element.origin, name, item);
}

bool is_meant(const SeccompRule& element, const std::string& name, const Field&) { return element.syscall == name; }

bool is_meant(const Sourced<std::string>& element, const std::string& name, const Field&) {
  return element.value == name;
}

bool is_meant(const Sourced<std::uint16_t>& element, const std::string& name, const Field&) {
  return std::to_string(element.value) == name;
}

bool is_removal(const Field& item) { return item.is(Value::Type::text) && item.value().text.starts_with('!'); }

std::optional<std::string> removed_name(const Field& item) {
  std::optional<std::string> text = item.text();
  if (!text) return {};
  text->erase(0, 1);
  if (text->empty()) return item.fail("\"!\" alone takes nothing out; write \"!\" and what"), std::nullopt;
  return text;
}

void note_nothing_removed(const Field& item, const std::string& name, const std::vector<std::string>& names) {
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string_view near = nearest_word(name, known);
  std::string message = quote_for_display("!" + name) + " takes nothing out: nothing before it says so";
  if (!near.empty()) message += "; did you mean " + quote_for_display("!" + std::string(near)) + "?";
  item.note(message);
}

}  // namespace snug
