#include "changes/bases.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <string_view>
#include <utility>

#include "base/paths.h"
#include "changes/below.h"
#include "changes/fields.h"
#include "changes/git.h"
#include "changes/side.h"
#include "sys/errno.h"
#include "sys/open.h"
#include "sys/replace_file.h"
#include "sys/write.h"

namespace snug {
namespace {

constexpr std::string_view bases_kind = "snug bases 1";

std::string file_of(const Capture& capture) { return join(capture.directory, "bases"); }

/// A base with what the capture had at its path when it was kept.
struct Kept {
  Base base;
  std::uint64_t inode = 0;
  std::int64_t ctime_ns = 0;
};
using KeptBases = std::map<std::string, Kept>;

bool fits(const Kept& kept, const Change& change) {
  return kept.inode == change.after.inode && kept.ctime_ns == change.after.ctime_ns;
}

/// "MODE INODE CTIME"
std::string stamp_of(const Kept& kept) {
  return std::to_string(kept.base.mode) + " " + std::to_string(kept.inode) + " " + std::to_string(kept.ctime_ns);
}

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return problem == std::errc{};
}

bool take_stamp(std::string_view text, Kept& kept) {
  return take_number(text, kept.base.mode) && take_number(text, kept.inode) && take_number(text, kept.ctime_ns);
}

// "path", "stamp" and "text" of each in turn.
KeptBases read_kept(const Capture& capture) {
  KeptBases bases;
  const auto text = read_whole(file_of(capture), 2 * longest_bases);
  auto fields = text ? split_fields(bases_kind, *text) : std::nullopt;
  for (std::size_t i = 0; fields && i + 2 < fields->size(); i += 3) {
    Kept kept{.base = {.text = std::move((*fields)[i + 2].second)}};
    if (take_stamp((*fields)[i + 1].second, kept)) bases.emplace((*fields)[i].second, std::move(kept));
  }
  return bases;
}

Result<void> write_kept(const Capture& capture, const KeptBases& bases) {
  Fields fields;
  for (const auto& [path, kept] : bases) {
    fields.emplace_back("path", path);
    fields.emplace_back("stamp", stamp_of(kept));
    fields.emplace_back("text", kept.base.text);
  }
  return replace_file(file_of(capture), join_fields(bases_kind, fields));
}

bool can_have_base(const Change& change) {
  return change.kind == Change::Kind::modified && change.before.kind == NodeKind::file &&
         change.after.kind == NodeKind::file && change.differences.content;
}

/// Nothing if it was changed while it was read.
std::optional<Kept> keep_now(const Below& below, const Change& change) {
  const auto file = below.open_file_at(change.path);
  auto text = file ? read_text(file->get(), longest_base) : std::nullopt;
  struct stat now {};
  if (!text || fstat(file->get(), &now) != 0) return std::nullopt;
  const auto ctime = std::int64_t{now.st_ctim.tv_sec} * 1'000'000'000 + now.st_ctim.tv_nsec;
  if (now.st_ino != change.before.inode || ctime != change.before.ctime_ns) return std::nullopt;
  return Kept{{std::move(*text), change.before.mode}, change.after.inode, change.after.ctime_ns};
}

/// `text` as a file that only its descriptor names.
Fd unnamed_file(std::string_view text) {
  Fd file(memfd_create("text", MFD_CLOEXEC));
  return file && write_all(file.get(), text) ? std::move(file) : Fd();
}

std::string name_of(const Fd& file) { return "/dev/fd/" + std::to_string(file.get()); }

/// Nothing if the two contradict each other.
Result<std::optional<std::string>> merge_texts(std::string_view host, std::string_view base, std::string_view capture) {
  const Fd ours = unnamed_file(host), old = unnamed_file(base), theirs = unnamed_file(capture);
  if (!ours || !old || !theirs) return sys_error("make a file in memory");
  Program program = git_program({"merge-file", "-q", "-p", name_of(ours), name_of(old), name_of(theirs)});
  program.kept = {ours.get(), old.get(), theirs.get()};
  auto end = run_program(program);
  if (!end) return std::move(end).error();
  return end->status == 0 ? std::optional(std::move(end->output)) : std::nullopt;
}

/// Of three permissions the one that was changed.
std::optional<std::uint32_t> merge_modes(std::uint32_t host, std::uint32_t base, std::uint32_t capture) {
  if (capture == base || capture == host) return host;
  return host == base ? std::optional(capture) : std::nullopt;
}

bool same_attributes(const Capture& capture, const std::string& path) {
  const Sides sides = capture.sides();
  const auto upper = SideDirectory::open_top(sides.upper), lower = SideDirectory::open_top(sides.lower);
  const auto a = upper ? upper->attributes(path) : Result<Attributes>(upper.error());
  const auto b = lower ? lower->attributes(path) : Result<Attributes>(lower.error());
  return a && b && *a == *b;
}

}  // namespace

std::optional<std::string> read_bytes(int file, std::uint64_t limit) {
  struct stat info {};
  if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  if (static_cast<std::uint64_t>(info.st_size) > limit) return std::nullopt;
  std::string text(static_cast<std::size_t>(info.st_size) + 1, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = pread(file, text.data() + filled, text.size() - filled, static_cast<off_t>(filled));
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled == text.size()) return std::nullopt;  // it grows
  text.resize(filled);
  return text;
}

std::optional<std::string> read_text(int file, std::uint64_t limit) {
  auto text = read_bytes(file, limit);
  return text && text->find('\0') == std::string::npos ? std::move(text) : std::nullopt;
}

std::optional<std::string> read_text(const std::string& top, const std::string& path, std::uint64_t limit) {
  const Fd directory(open(top.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Fd file = open_beneath(directory.get(), path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  return file ? read_text(file.get(), limit) : std::nullopt;
}

Result<void> remember_bases(const Capture& capture, const std::vector<Change>& changes) {
  const auto below = Below::open(capture.sides());
  if (!below) return below.error();
  KeptBases before = read_kept(capture), bases;
  std::uint64_t size = 0;
  bool fresh = false;
  for (const Change& change : changes) {
    if (!can_have_base(change)) continue;
    const auto known = before.find(change.path);
    std::optional<Kept> kept;
    if (known != before.end() && fits(known->second, change)) {
      kept = std::move(known->second);
    } else if (!change.drifted && size + change.before.size <= longest_bases) {
      kept = keep_now(*below, change);
      fresh = fresh || kept;
    }
    if (!kept) continue;
    size += kept->base.text.size();
    bases.emplace(change.path, std::move(*kept));
  }
  return fresh || bases.size() != before.size() ? write_kept(capture, bases) : Result<void>();
}

std::map<std::string, Base> read_bases(const Capture& capture, const std::vector<Change>& changes) {
  KeptBases kept = read_kept(capture);
  std::map<std::string, Base> bases;
  for (const Change& change : changes) {
    const auto found = kept.find(change.path);
    if (found != kept.end() && fits(found->second, change)) bases[change.path] = std::move(found->second.base);
  }
  return bases;
}

Result<std::optional<InsteadOf>> merge_change(const Capture& capture, const Change& change, const Base& base) {
  constexpr auto none = std::optional<InsteadOf>();
  const auto mode = merge_modes(change.before.mode, base.mode, change.after.mode);
  if (!can_have_base(change) || !mode || !same_attributes(capture, change.path)) return none;
  const Sides sides = capture.sides();
  const auto host = read_text(sides.lower, change.path, longest_base);
  const auto captured = read_text(sides.upper, change.path, longest_base);
  if (!host || !captured) return none;
  auto merged = merge_texts(*host, base.text, *captured);
  if (!merged) return std::move(merged).error();
  if (!*merged) return none;
  return std::optional(InsteadOf{.text = std::move(**merged), .mode = mode});
}

}  // namespace snug
