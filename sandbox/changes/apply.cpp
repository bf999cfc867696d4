#include "changes/apply.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/fd.h"
#include "base/quote.h"
#include "changes/applied.h"
#include "changes/journal.h"
#include "changes/layer_forget.h"
#include "changes/prepare.h"
#include "changes/workplace.h"

namespace snug {
namespace {

using Steps = std::vector<ApplyStep>;

/// Tells how far one phase is.
class Progress {
 public:
  Progress(const ApplyOptions& options, ApplyPhase phase, std::size_t total)
      : options_(options), phase_(phase), total_(total) {}

  void step() {
    if (options_.progress) options_.progress(phase_, ++done_, total_);
  }

 private:
  const ApplyOptions& options_;
  ApplyPhase phase_;
  std::size_t done_ = 0, total_;
};

Result<void> carry_out_all(Workplace& workplace, const Steps& steps, const ApplyOptions& options) {
  Progress progress(options, ApplyPhase::placing, steps.size());
  for (const ApplyStep& step : steps) {
    if (auto carried = workplace.carry_out(step); !carried) return carried;
    progress.step();
  }
  auto finished = workplace.finish_nodes(steps);
  Progress(options, ApplyPhase::finishing, 1).step();
  return finished;
}

void forget(const Workplace& workplace, const Steps& steps, const ApplyOptions& options) {
  Progress progress(options, ApplyPhase::forgetting, steps.size());
  LayerForgetter forgetter(workplace.upper());
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (!step->stays) static_cast<void>(forgetter.forget(step->path));
    progress.step();
  }
}

Result<ApplyReport> commit(const Capture& capture, Workplace& workplace, Journal journal, const ApplyOptions& options,
                           const std::set<std::string>& unchanged) {
  journal.phase = Journal::Phase::done;
  if (auto synced = workplace.sync(); !synced) return std::move(synced).error();
  if (auto written = write_journal(capture, journal); !written) return std::move(written).error();
  workplace.strip_marks(journal.steps);
  forget(workplace, journal.steps, options);
  if (auto removed = workplace.remove_staging(); !removed) return std::move(removed).error();
  auto remembered = remember_applied(capture, workplace, journal.steps, unchanged, options.over);
  if (!remembered) return std::move(remembered).error();
  if (auto removed = remove_journal(capture); !removed) return std::move(removed).error();
  return ApplyReport{.applied = journal.steps.size()};
}

Result<void> roll_back(const Capture& capture, Workplace& workplace, const Steps& steps) {
  if (auto taken = workplace.take_back(steps); !taken) return taken;
  if (auto removed = workplace.remove_staging(); !removed) return removed;
  return remove_journal(capture);
}

/// What the host has made of its own meanwhile is taken out of `steps`: the layer keeps its change. Told one text each.
template <class Do>
Result<void> try_each(Steps& steps, std::vector<std::string>& left, Do carry_out) {
  Steps done;
  for (ApplyStep& step : steps) {
    const Result<void> carried = carry_out(step);
    if (carried) {
      done.push_back(std::move(step));
    } else if (!is_the_hosts(carried.error())) {
      return carried;
    } else {
      left.push_back(quote_for_display(step.path) + ": " + carried.error().why + "; it stays captured");
    }
  }
  steps = std::move(done);
  return {};
}

/// As carry_out_all(), where nobody knows for how long the host was at work.
Result<std::vector<std::string>> carry_out_rest(Workplace& workplace, Steps& steps) {
  std::vector<std::string> left;
  auto carried = try_each(steps, left, [&](const ApplyStep& step) { return workplace.carry_out(step); });
  if (!carried) return std::move(carried).error();
  std::ranges::reverse(steps);  // as finish_nodes() does it
  auto finished = try_each(steps, left, [&](const ApplyStep& step) { return workplace.finish_node(step); });
  if (!finished) return std::move(finished).error();
  std::ranges::reverse(steps);
  return left;
}

Error unfinished(const Capture& capture) {
  return {.what = "an apply of the capture " + quote_for_display(capture.name()) + " did not end",
          .fix = "snug apply --continue    end it\nsnug apply --abort       take it back"};
}

/// The journal of an apply that did not end, with the place it worked in open.
struct Unfinished {
  Journal journal;
  Workplace workplace;
};

Result<Unfinished> open_unfinished(const Capture& capture) {
  auto journal = read_journal(capture);
  if (!journal) return std::move(journal).error();
  if (!*journal) return Error{.what = "no apply of this capture is unfinished"};
  auto workplace = Workplace::open(capture);
  if (!workplace) return std::move(workplace).error();
  Unfinished unfinished{std::move(**journal), std::move(*workplace)};
  if (unfinished.journal.phase == Journal::Phase::doing) {
    if (auto opened = unfinished.workplace.open_staging(); !opened) return std::move(opened).error();
  }
  return unfinished;
}

/// Everything is ready and written down.
Result<StagedSteps> get_ready(const Capture& capture, Workplace& workplace, const std::vector<Change>& changes,
                              const ApplyOptions& options) {
  if (auto made = workplace.make_staging(); !made) return std::move(made).error();
  auto prepared = prepare_steps(capture, workplace, changes, options);
  if (!prepared) return prepared;
  if (auto synced = workplace.sync(); !synced) return std::move(synced).error();
  if (auto written = write_journal(capture, {.steps = prepared->steps}); !written) return std::move(written).error();
  return prepared;
}

}  // namespace

bool forget_change(const Capture& capture, const Change& change) {
  const Fd upper(open(capture.sides().upper.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return upper && LayerForgetter(upper.get()).forget(change.path);
}

bool forget_tree(const Capture& capture, const Change& change) {
  const Fd upper(open(capture.sides().upper.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return upper && LayerForgetter(upper.get()).forget_tree(change.path);
}

bool apply_unfinished(const Capture& capture) {
  const auto journal = read_journal(capture);
  return !journal || journal->has_value();
}

void remove_staged(const Capture& capture) {
  if (auto workplace = Workplace::open(capture)) static_cast<void>(workplace->remove_staging());
}

Result<ApplyReport> apply_changes(const Capture& capture, const std::vector<Change>& changes,
                                  const ApplyOptions& options) {
  if (apply_unfinished(capture)) return unfinished(capture);
  auto workplace = Workplace::open(capture);
  if (!workplace) return std::move(workplace).error();
  const auto unchanged = unchanged_directories(capture, *workplace, changes);
  auto prepared = get_ready(capture, *workplace, changes, options);
  if (!prepared) {
    static_cast<void>(workplace->remove_staging());
    return std::move(prepared).error();
  }
  if (auto done = carry_out_all(*workplace, prepared->steps, options); !done) {
    if (auto back = roll_back(capture, *workplace, prepared->steps); !back) return unfinished(capture);
    return std::move(done).error();
  }
  auto report = commit(capture, *workplace, {.steps = std::move(prepared->steps)}, options, unchanged);
  if (report) report->left = std::move(prepared->left);
  if (report || !apply_unfinished(capture)) return report;
  Error stopped = report.error();  // all is in place, and a full disk keeps that from being written down
  stopped.fix = unfinished(capture).fix;
  return stopped;
}

Result<ApplyReport> resume_apply(const Capture& capture) {
  auto unfinished = open_unfinished(capture);
  if (!unfinished) return std::move(unfinished).error();
  Result<std::vector<std::string>> left(std::vector<std::string>{});
  if (unfinished->journal.phase == Journal::Phase::doing) {
    left = carry_out_rest(unfinished->workplace, unfinished->journal.steps);
    if (!left) return std::move(left).error();
  }
  // Who changed what since it was interrupted nobody knows.
  for (ApplyStep& step : unfinished->journal.steps) step.mtime_ns = step.directory ? step.mtime_ns : -1;
  auto report = commit(capture, unfinished->workplace, std::move(unfinished->journal), {}, {});
  if (report) report->left = std::move(*left);
  return report;
}

Result<void> abort_apply(const Capture& capture) {
  auto unfinished = open_unfinished(capture);
  if (!unfinished) return std::move(unfinished).error();
  if (unfinished->journal.phase == Journal::Phase::done) {
    return Error{.what = "the apply is done: only its old files were still to be removed",
                 .fix = "snug apply --continue"};
  }
  auto back = roll_back(capture, unfinished->workplace, unfinished->journal.steps);
  if (back || !is_the_hosts(back.error())) return back;
  Error stopped = back.error();
  stopped.fix = "snug apply --continue     leaves that to the host and ends the rest";
  return stopped;
}

}  // namespace snug
