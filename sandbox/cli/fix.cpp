#include "cli/fix.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/paths.h"
#include "base/quote.h"
#include "host/read.h"
#include "plan/why.h"
#include "profile/edit.h"
#include "run/small_file.h"
#include "sys/errno.h"
#include "sys/replace_file.h"

namespace snug {
namespace {

constexpr std::size_t largest_file = 1 << 20;

// --- one repair -----------------------------------------------------------------------------------------

/// The text whose line opens it, if it is one of those that may be changed; else the profile itself.
ProfileText& text_to_change(ChosenProfile& chosen, const Finding& finding) {
  const auto found = std::ranges::find_if(chosen.texts, [&](const ProfileText& text) {
    return finding.origin.kind == OriginKind::file && !text.file.empty() && text.file == finding.origin.source.str();
  });
  return found == chosen.texts.end() ? chosen.texts.front() : *found;
}

/// What another file says is taken out by a line of this one.
Result<std::string> repaired(const std::string& text, const Repair& repair) {
  if (repair.kind == Repair::Kind::add) return add_to_list(text, repair.key, repair.element);
  auto without = remove_from_list(text, repair.key, repair.element);
  return without ? without : add_to_list(text, repair.key, "!" + repair.element);
}

bool is_same(const Finding& a, const Finding& b) { return a.id == b.id && a.what == b.what; }

bool has(const std::vector<Finding>& advice, const Finding& finding) {
  return std::ranges::any_of(advice, [&](const Finding& other) { return is_same(other, finding); });
}

/// Why `after` is no better than `before` was; empty if it is.
std::string why_not(const Report& before, const Report& after, const Finding& finding) {
  if (!after.mistakes.empty()) return to_text(after.mistakes.front());
  if (has(after.advice, finding)) return "that line does not change it";
  if (after.notes.size() > before.notes.size()) return to_text(after.notes.back());
  const auto fresh =
      std::ranges::find_if(after.advice, [&](const Finding& other) { return !has(before.advice, other); });
  return fresh == after.advice.end() ? "" : "then " + fresh->what;
}

std::string in_words(const Repair& repair) {
  const bool add = repair.kind == Repair::Kind::add;
  return (add ? "added " : "took out ") + to_text(ProfileLine{repair.key, repair.element});
}

/// A shipped profile has no file.
bool may_change(const ProfileText& text) { return !text.file.empty(); }

class Mender {
 public:
  Mender(const ChosenProfile& chosen, const Caller& caller)
      : now_(chosen), caller_(caller), mending_{.report = examine(chosen, caller)} {
    mending_.was_trusted = mending_.report.trusted;
  }

  Mending mend() {
    const std::vector<Finding> found = mending_.report.advice;
    for (const Finding& finding : found) {
      // One before may have mended it, too.
      if (finding.repair && has(mending_.report.advice, finding)) try_on(finding);
    }
    return std::move(mending_);
  }

  const ChosenProfile& now() const { return now_; }

 private:
  void leave(const Finding& finding, const std::string& why) {
    mending_.not_mended.push_back(finding.what + ": " + why);
  }

  void try_on(const Finding& finding) {
    ChosenProfile then = now_;
    ProfileText& text = text_to_change(then, finding);
    if (!may_change(text)) return leave(finding, "a shipped profile cannot be changed");
    auto changed = repaired(text.text, *finding.repair);
    if (!changed) return leave(finding, changed.error().what);
    text.text = std::move(*changed);
    Report report = examine(then, caller_);
    if (const std::string why = why_not(mending_.report, report, finding); !why.empty()) return leave(finding, why);
    mending_.report = std::move(report);
    mending_.mended.push_back(in_words(*finding.repair) + ": " + finding.what);
    now_ = std::move(then);
  }

  ChosenProfile now_;
  const Caller& caller_;
  Mending mending_;
};

// --- writing --------------------------------------------------------------------------------------------

Error cannot_write(const std::string& path, std::string why, std::string fix = "") {
  return {.what = "cannot change " + quote_for_display(path), .why = std::move(why), .fix = std::move(fix)};
}

/// The mode it has, if it is this user's own and holds what was read.
Result<mode_t> mode_of(const MendedFile& file, const std::string& real, const Caller& caller) {
  struct stat info {};
  if (lstat(real.c_str(), &info) != 0) return sys_error("read " + quote_for_display(real));
  if (!S_ISREG(info.st_mode)) return cannot_write(real, "it is no regular file");
  if (info.st_uid != caller.uid) return cannot_write(real, "it belongs to uid " + std::to_string(info.st_uid));
  if (info.st_nlink != 1) return cannot_write(real, "it has more names than this one, which would stay as they are");
  if (read_file(real, largest_file) != file.before)
    return cannot_write(real, "it has changed meanwhile", "snug check --fix");
  return info.st_mode & 07777;
}

}  // namespace

Mending mend(const ChosenProfile& chosen, const Caller& caller) {
  Mender mender(chosen, caller);
  Mending mending = mender.mend();
  for (std::size_t i = 0; i < chosen.texts.size(); ++i) {
    const ProfileText &before = chosen.texts[i], &after = mender.now().texts[i];
    if (before.text != after.text) mending.files.push_back({before.path, before.text, after.text});
  }
  return mending;
}

Result<void> write_mended(const std::vector<MendedFile>& files, const Caller& caller) {
  std::vector<std::pair<std::string, mode_t>> places;
  std::vector<Fd> locks;
  for (const MendedFile& file : files) {
    const std::string real = behind_links(file.path);
    auto lock = lock_directory(std::string(parent_of(real)));  // as `snug allow` does
    if (!lock) return lock.error();
    locks.push_back(std::move(*lock));
    const auto mode = mode_of(file, real, caller);
    if (!mode) return mode.error();
    places.emplace_back(real, *mode);
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (auto written = replace_file(places[i].first, files[i].after, places[i].second); !written) return written;
  }
  return {};
}

}  // namespace snug
