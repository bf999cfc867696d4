#include "changes/journal.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/fields.h"
#include "sys/errno.h"
#include "sys/replace_file.h"

namespace snug {
namespace {

constexpr std::string_view journal_kind = "snug apply 2";
constexpr std::size_t longest_journal = std::size_t{1} << 30;
constexpr std::array<std::string_view, 5> kinds = {"make_directory", "put", "exchange", "remove", "set_mode"};

std::string path_of(const Capture& capture) { return join(capture.directory, "journal"); }

constexpr unsigned flag_directory = 1, flag_from_layer = 2, flag_stays = 4;

unsigned flags_of(const ApplyStep& step) {
  return (step.directory ? flag_directory : 0) | (step.from_layer ? flag_from_layer : 0) |
         (step.stays ? flag_stays : 0);
}

// "NUMBER FLAGS INODE OLD_INODE MODE OLD_MODE MTIME PATH"
std::string to_text(const ApplyStep& step) {
  return std::to_string(step.number) + " " + std::to_string(flags_of(step)) + " " + std::to_string(step.inode) + " " +
         std::to_string(step.old_inode) + " " + std::to_string(step.mode) + " " + std::to_string(step.old_mode) + " " +
         std::to_string(step.mtime_ns) + " " + step.path;
}

std::optional<ApplyStep> to_step(std::string_view kind, std::string_view text) {
  ApplyStep step;
  std::size_t index = 0;
  while (index < kinds.size() && kinds[index] != kind) ++index;
  if (index == kinds.size()) return std::nullopt;
  step.kind = static_cast<ApplyStep::Kind>(index);
  unsigned flags = 0;
  const bool good = take_number(text, step.number) && take_number(text, flags) && take_number(text, step.inode) &&
                    take_number(text, step.old_inode) && take_number(text, step.mode) &&
                    take_number(text, step.old_mode) && take_number(text, step.mtime_ns);
  step.directory = (flags & flag_directory) != 0;
  step.from_layer = (flags & flag_from_layer) != 0;
  step.stays = (flags & flag_stays) != 0;
  step.path = text;
  return good ? std::optional(step) : std::nullopt;
}

Error damaged(const Capture& capture) {
  return {.what = "cannot use the journal " + quote_for_display(path_of(capture)),
          .why = "it is damaged or of a newer version"};
}

}  // namespace

Result<void> write_journal(const Capture& capture, const Journal& journal) {
  Fields fields{{"phase", journal.phase == Journal::Phase::doing ? "doing" : "done"}};
  for (const ApplyStep& step : journal.steps) {
    fields.emplace_back(kinds[static_cast<std::size_t>(step.kind)], to_text(step));
  }
  return replace_file(path_of(capture), join_fields(journal_kind, fields));
}

Result<std::optional<Journal>> read_journal(const Capture& capture) {
  struct stat info {};
  if (lstat(path_of(capture).c_str(), &info) != 0 && errno == ENOENT) return std::optional<Journal>();
  const auto text = read_whole(path_of(capture), longest_journal);
  if (!text) return text.error();
  const auto fields = split_fields(journal_kind, *text);
  if (!fields || fields->empty() || fields->front().first != "phase") return damaged(capture);
  Journal journal{.phase = fields->front().second == "done" ? Journal::Phase::done : Journal::Phase::doing};
  for (std::size_t i = 1; i < fields->size(); ++i) {
    auto step = to_step((*fields)[i].first, (*fields)[i].second);
    if (!step) return damaged(capture);
    journal.steps.push_back(std::move(*step));
  }
  return std::optional(std::move(journal));
}

Result<void> remove_journal(const Capture& capture) {
  if (unlink(path_of(capture).c_str()) != 0 && errno != ENOENT) return sys_error("remove " + path_of(capture));
  return {};
}

}  // namespace snug
