#include "run/allowed_lines.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <variant>

#include "base/paths.h"
#include "base/quote.h"
#include "host/read.h"
#include "profile/bytes.h"
#include "profile/document.h"
#include "profile/edit.h"
#include "run/small_file.h"
#include "sys/errno.h"
#include "sys/replace_file.h"

namespace snug {
namespace {

constexpr std::size_t largest_file = 1 << 20;
constexpr std::size_t most_changes = 100;

using How = ProfileLine::How;
using Change = std::vector<WrittenLine>;

std::string fresh_text(const UsersLines& which) {
  const std::string where = which.project.empty() ? "runs without a project" : quote_for_display(which.project);
  return "# What " + where + " may use besides its profile" +
         (which.for_a_session ? " until you log out. `snug allow --session`" : ". `snug allow`") +
         " adds to it; it is yours to change.\nversion = 1\n";
}

Error in_file(Error error, const std::string& path) {
  error.what = quote_for_display(path) + ": " + error.what;
  return error;
}

// --- the journal: for each change a TOML list of [key, element] and [key, value, "set", value before] -------

std::string line_to_toml(const WrittenLine& written) {
  const ProfileLine& line = written.line;
  std::string text = "[" + toml_quote(line.key) + ", " + toml_quote(line.element);
  if (line.how == How::set) text += ", \"set\"";
  if (written.before) text += ", " + toml_quote(*written.before);
  return text + "]";
}

std::string change_to_toml(const Change& change) {
  std::string text;
  for (const WrittenLine& line : change) text += (text.empty() ? "" : ", ") + line_to_toml(line);
  return "[" + text + "]";
}

std::optional<WrittenLine> line_from(const Value& value) {
  std::vector<std::string> words;
  for (const Value& item : value.items) words.push_back(utf8_to_bytes(item.text));
  if (words.size() < 2 || words.size() > 4) return {};
  const How how = words.size() > 2 ? How::set : How::append;
  WrittenLine line{.line = {words[0], words[1], how}};
  if (words.size() == 4) line.before = words[3];
  return line;
}

Change change_from(const Value& value) {
  Change change;
  for (const Value& item : value.items) {
    if (auto line = line_from(item)) change.push_back(std::move(*line));
  }
  return change;
}

// --- one line -----------------------------------------------------------------------------------------------

Result<std::string> written(const std::string& text, const ProfileLine& line) {
  return line.how == How::set ? set_text(text, line.key, line.element) : add_to_list(text, line.key, line.element);
}

/// Errors: somebody has changed it meanwhile.
Result<std::string> taken_back(const std::string& text, const WrittenLine& written) {
  const auto& [line, before] = written;
  if (line.how == How::append) return remove_from_list(text, line.key, line.element);
  if (text_of(text, line.key) != line.element) return Error{.what = line.key + " has another value now"};
  return before ? set_text(text, line.key, *before) : remove_text(text, line.key);
}

}  // namespace

Result<AllowedLines> AllowedLines::open(const UsersLines& which) {
  AllowedLines lines;
  auto lock = lock_directory(std::string(parent_of(which.file)));
  if (!lock) return lock.error();
  lines.lock_ = std::move(*lock);
  lines.path_ = which.file;
  lines.journal_path_ = join(join(which.journals, "allowed"), base_name(which.file));
  lines.fresh_text_ = fresh_text(which);
  return lines;
}

Result<std::string> AllowedLines::text() const {
  struct stat info {};
  if (stat(path_.c_str(), &info) != 0 && errno == ENOENT) return std::string();
  auto text = read_file(path_, largest_file + 1);
  if (!text) return sys_error("read " + quote_for_display(path_));
  if (text->size() > largest_file) return Error{.what = quote_for_display(path_) + " is larger than 1 MiB"};
  return std::move(*text);
}

Result<FileChange> AllowedLines::add(const std::vector<ProfileLine>& lines) const {
  auto before = text();
  if (!before) return before.error();
  FileChange change{.path = path_, .before = *before, .after = before->empty() ? fresh_text_ : *before};
  for (const ProfileLine& line : lines) {
    auto after = written(change.after, line);
    if (!after) return in_file(after.error(), path_);
    if (*after != change.after) change.lines.push_back({line, text_of(change.after, line.key)});
    change.after = std::move(*after);
  }
  return change;
}

Result<FileChange> AllowedLines::undo() const {
  const auto changes = journal();
  if (changes.empty()) {
    return Error{.what = "there is no change to take back", .why = "`snug allow` has written none for this project"};
  }
  auto before = text();
  if (!before) return before.error();
  FileChange change{.path = path_, .before = *before, .after = *before};
  for (auto line = changes.back().rbegin(); line != changes.back().rend(); ++line) {
    auto after = taken_back(change.after, *line);
    if (!after) continue;
    change.lines.push_back(*line);
    change.after = std::move(*after);
  }
  return change;
}

Result<void> AllowedLines::commit_added(const FileChange& change) const {
  if (change.lines.empty()) return {};
  auto changes = journal();
  changes.push_back(change.lines);
  // The journal first: a line it has and the file has not is passed over when it is taken back.
  if (auto written = write_journal(changes); !written) return written;
  return replace_file(behind_links(path_), change.after);
}

Result<void> AllowedLines::commit_undone(const FileChange& change) const {
  auto changes = journal();
  if (!changes.empty()) changes.pop_back();
  if (change.after != change.before) {
    if (auto written = replace_file(behind_links(path_), change.after); !written) return written;
  }
  return write_journal(changes);
}

std::vector<Change> AllowedLines::journal() const {
  const auto text = read_file(journal_path_, largest_file);
  const auto parsed = parse_document(text.value_or(""));
  const Value* const document = std::get_if<Value>(&parsed);
  std::vector<Change> changes;
  if (!document) return changes;
  for (const Member& member : document->members) {
    if (member.key != "changes") continue;
    for (const Value& change : member.value.items) changes.push_back(change_from(change));
  }
  return changes;
}

Result<void> AllowedLines::write_journal(const std::vector<Change>& changes) const {
  std::string text = "# The changes of `snug allow`, for --undo.\nchanges = [\n";
  const std::size_t first = changes.size() > most_changes ? changes.size() - most_changes : 0;
  for (std::size_t i = first; i < changes.size(); ++i) text += "  " + change_to_toml(changes[i]) + ",\n";
  const auto lock = lock_directory(std::string(parent_of(journal_path_)));
  if (!lock) return lock.error();
  return replace_file(journal_path_, text + "]\n");
}

}  // namespace snug
