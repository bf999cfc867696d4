#include "cli/changes_text.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <optional>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/below.h"
#include "cli/print.h"
#include "sys/open.h"
#include "sys/programs.h"

namespace snug {
namespace {

constexpr std::uint64_t large_file = 4 << 20;
constexpr std::size_t longest_patch = 64 << 20;

constexpr std::string_view red = "\x1b[31m", green = "\x1b[32m", cyan = "\x1b[36m", bold = "\x1b[1m", plain = "\x1b[m";

std::string painted(std::string_view text, std::string_view paint, Colour colour) {
  if (colour == Colour::never || paint.empty()) return std::string(text);
  return std::string(paint).append(text).append(plain);
}

std::string octal(std::uint32_t mode) {
  std::array<char, 16> text;
  std::snprintf(text.data(), text.size(), "%03o", mode);
  return text.data();
}

// A name that a terminal or a line cannot show as it is stands between quotes, as git does it.
std::string shown_path(const std::string& path) {
  std::string escaped = escape_for_display(path);
  return escaped.size() == path.size() ? escaped : '"' + escaped + '"';
}

std::string letter_of(const Change& change) {
  constexpr const char* letters[] = {"A", "M", "D"};
  return letters[static_cast<int>(change.kind)];
}

std::string_view paint_of(const Change& change) {
  constexpr std::array<std::string_view, 3> paints = {green, cyan, red};
  return paints[static_cast<std::size_t>(change.kind)];
}

// What a line says besides the letter and the path.
std::vector<std::string> remarks_of(const SeenChange& seen) {
  const Change& change = seen.change;
  std::vector<std::string> remarks;
  if (!seen.renamed_from.empty()) remarks.push_back("was " + shown_path(seen.renamed_from));
  if (!seen.ignored_by.empty()) remarks.push_back("git ignores it");
  if (change.differences.kind) {
    remarks.push_back(std::string(kind_name(change.before.kind)) + " -> " + kind_name(change.after.kind));
  }
  if (change.differences.mode)
    remarks.push_back("mode " + octal(change.before.mode) + " -> " + octal(change.after.mode));
  if (change.differences.attributes) remarks.push_back("extended attributes");
  if (change.after.kind == NodeKind::symlink) remarks.push_back("-> " + shown_path(change.after.target));
  if (change.whole) remarks.push_back("too deep to look into");
  if (change.drifted) remarks.push_back("CHANGED ON THE HOST MEANWHILE");
  if (!seen.review.empty()) remarks.push_back("look at it: " + std::string(seen.review));
  return remarks;
}

// --- patches ---------------------------------------------------------------------------------------------------

std::string mode_text(const Node& node) {
  return (node.kind == NodeKind::symlink ? "120" : "100") + octal(node.kind == NodeKind::symlink ? 0 : node.mode);
}

std::string header_of(const SeenChange& seen) {
  const Change& change = seen.change;
  const std::string path = shown_path(change.path);
  if (!seen.renamed_from.empty()) {
    const std::string old = shown_path(seen.renamed_from);
    return "diff --snug a/" + old + " b/" + path + "\nsimilarity index 100%\nrename from " + old + "\nrename to " +
           path + "\n";
  }
  std::string text = "diff --snug a/" + path + " b/" + path + "\n";
  if (change.before.kind == NodeKind::absent) return text + "new file mode " + mode_text(change.after) + "\n";
  if (change.after.kind == NodeKind::absent) return text + "deleted file mode " + mode_text(change.before) + "\n";
  if (change.differences.mode) {
    text += "old mode " + mode_text(change.before) + "\nnew mode " + mode_text(change.after) + "\n";
  }
  return text;
}

/// The sides of a file for diff(1): descriptors, so that no name is looked up again.
Fd nothing() { return Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

Fd open_before(const Sides& sides, const Change& change) {
  if (change.before.kind != NodeKind::file) return nothing();
  const auto below = Below::open(sides);
  auto file = below ? below->open_file_at(change.path) : below.error();
  return file ? std::move(*file) : Fd();
}

Fd open_after(const Sides& sides, const Change& change) {
  if (change.after.kind != NodeKind::file) return nothing();
  const Fd directory(open(sides.upper.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return open_beneath(directory.get(), change.path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
}

std::string label(char side, const Change& change, const Node& node) {
  if (node.kind != NodeKind::file) return "/dev/null";
  return std::string(1, side) + "/" + shown_path(change.path);
}

std::string device_of(const Fd& fd) { return "/dev/fd/" + std::to_string(fd.get()); }

std::string text_difference(const Sides& sides, const Change& change) {
  const Fd before = open_before(sides, change), after = open_after(sides, change);
  if (!before || !after) return "cannot be read\n";
  const auto patch = output_of({"diff", "-u", "--label", label('a', change, change.before), "--label",
                                label('b', change, change.after), device_of(before), device_of(after)},
                               longest_patch, {before.get(), after.get()});
  if (!patch) return to_text(patch.error()) + "\n";
  if (!patch->starts_with("Binary files")) return *patch;
  return "binary, " + std::to_string(change.before.size) + " -> " + std::to_string(change.after.size) + " bytes\n";
}

std::string body_of(const Sides& sides, const Change& change) {
  const bool files = change.before.kind == NodeKind::file || change.after.kind == NodeKind::file;
  if (change.before.kind == NodeKind::symlink) return "-" + shown_path(change.before.target) + "\n";
  if (change.after.kind == NodeKind::symlink) return "+" + shown_path(change.after.target) + "\n";
  if (!files || (change.kind == Change::Kind::modified && !change.differences.content && !change.differences.kind)) {
    return "";
  }
  if (change.before.size > large_file || change.after.size > large_file) {
    return "large, " + std::to_string(change.before.size) + " -> " + std::to_string(change.after.size) + " bytes\n";
  }
  return text_difference(sides, change);
}

std::string_view paint_of_line(std::string_view line) {
  if (line.starts_with("diff ") || line.starts_with("+++") || line.starts_with("---")) return bold;
  if (line.starts_with("@@")) return cyan;
  if (line.starts_with("+")) return green;
  return line.starts_with("-") ? red : std::string_view();
}

// --- the pager -------------------------------------------------------------------------------------------------

/// As git: only on a terminal, $GIT_PAGER, $PAGER or less, which ends by itself where one screen is enough.
std::optional<Pager> start_pager() {
  if (isatty(STDOUT_FILENO) != 1) return std::nullopt;
  const char* chosen = std::getenv("GIT_PAGER");
  if (chosen == nullptr) chosen = std::getenv("PAGER");
  const std::string command = chosen == nullptr ? "less" : chosen;
  if (command.empty() || command == "cat") return std::nullopt;
  setenv("LESS", "FRX", 0);
  auto pager = Pager::start(command);
  return pager ? std::optional(std::move(*pager)) : std::nullopt;
}

}  // namespace

std::string to_line(const SeenChange& seen, Colour colour) {
  const Change& change = seen.change;
  const bool directory = is_directory(change);
  std::string path = change.path.empty() ? "." : shown_path(change.path);
  if (directory && !change.differences.kind) path += "/";
  std::string remarks;
  for (const std::string& remark : remarks_of(seen)) remarks += (remarks.empty() ? "  (" : "; ") + remark;
  return painted(letter_of(change), paint_of(change), colour) + "  " + path + (remarks.empty() ? "" : remarks + ")") +
         "\n";
}

std::string paint_patch(std::string_view text, Colour colour) {
  std::string painted_text;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    painted_text += painted(printable(line), paint_of_line(line), colour) + "\n";
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return painted_text;
}

void show_patch(const OpenCapture& open, const std::vector<SeenChange>& changes, Colour colour,
                const std::function<bool(std::string_view)>& show) {
  for (const SeenChange& seen : changes) {
    const Change& change = seen.change;
    const bool directory = is_directory(change);
    const std::string text =
        directory ? "" : header_of(seen) + body_of(open.parts[seen.part].capture.sides(), in_part(open, seen));
    if (directory && change.kind == Change::Kind::added) continue;  // what is in it says it
    if (!show(directory ? to_line(seen, colour) : paint_patch(text, colour))) return;
  }
}

bool show_paged(const OpenCapture& open, const std::vector<SeenChange>& changes,
                const std::vector<IgnoredDirectory>& ignored) {
  std::optional<Pager> pager = start_pager();
  const Colour colour = colour_for(STDOUT_FILENO);
  bool good = true;
  const auto show = [&](std::string_view text) { return good = pager ? pager->write(text) : print_data(text); };
  show_patch(open, changes, colour, show);
  for (const IgnoredDirectory& directory : ignored) {
    if (good) show(to_line(directory, colour));
  }
  return good || pager;  // who leaves a pager early has seen enough
}

std::vector<IgnoredDirectory> take_ignored(std::vector<SeenChange>& changes) {
  std::map<std::string, IgnoredDirectory> directories;
  for (const SeenChange& seen : changes) {
    if (seen.ignored_by.empty()) continue;
    IgnoredDirectory& directory = directories[seen.ignored_by];
    ++directory.changes;
    if (!seen.review.empty()) ++directory.to_look_at;
  }
  std::erase_if(directories, [](const auto& one) { return one.second.changes < 2; });
  std::erase_if(changes, [&](const SeenChange& seen) { return directories.contains(seen.ignored_by); });
  std::vector<IgnoredDirectory> list;
  for (auto& [path, directory] : directories) {
    directory.path = path;
    list.push_back(std::move(directory));
  }
  return list;
}

std::string to_line(const IgnoredDirectory& directory, Colour colour) {
  std::string text = painted("I", cyan, colour) + "  " + shown_path(directory.path) + "/  (git ignores it; " +
                     std::to_string(directory.changes) + " changes";
  if (directory.to_look_at > 0) text += ", " + std::to_string(directory.to_look_at) + " to look at";
  return text + ": snug diff " + printable(quote_for_shell(directory.path)) + ")\n";
}

std::string to_line(const Capture& capture) {
  const std::time_t seconds = capture.began / 1'000'000'000;
  std::tm local{};
  localtime_r(&seconds, &local);
  std::array<char, 32> when;
  std::strftime(when.data(), when.size(), "%Y-%m-%d %H:%M", &local);
  std::string command = "a shell";
  if (!capture.command.empty()) command.clear();
  for (const std::string& word : capture.command) command += (command.empty() ? "" : " ") + shown_path(word);
  const std::string end = capture.status ? " (status " + std::to_string(*capture.status) + ")" : " (not ended)";
  return capture.name() + "  " + when.data() + "  " + command + end + "\n";
}

}  // namespace snug
