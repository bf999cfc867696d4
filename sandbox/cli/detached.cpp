#include "cli/detached.h"

#include <signal.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/quote.h"
#include "base/suggest.h"
#include "cli/print.h"
#include "cli/sessions.h"

namespace snug {
namespace {

bool is_called(const SessionRecord& record, const std::string& word) {
  return record.name == word || record.id.starts_with(word);
}

Error not_detached(const std::string& word) {
  return {.what = "sandbox " + quote_for_display(word) + " is not detached",
          .why = "what it prints, and how it ends, goes to whoever started it",
          .fix = "snug run --detach CMD; another command beside it: snug exec " + word};
}

Error not_known(const std::vector<KeptRun>& runs, const std::string& word) {
  std::vector<std::string_view> known;
  for (const KeptRun& run : runs) known.push_back(label_of(run.record));
  const std::string_view near = nearest_word(word, known);
  Error error{.what = "no detached sandbox is called " + quote_for_display(word)};
  if (!near.empty()) error.what += "; did you mean \"" + std::string(near) + "\"?";
  error.fix = "`snug ps --all` lists those that run, and those that ended";
  return error;
}

// Of one name the last is meant, and one that runs is the last. `runs`: the last first.
const KeptRun* with_name(const std::vector<KeptRun>& runs, const std::string& word) {
  const auto named = std::ranges::find_if(runs, [&](const KeptRun& run) { return run.record.name == word; });
  return named == runs.end() ? nullptr : &*named;
}

std::vector<SessionRecord> records_of(const std::vector<KeptRun>& runs) {
  std::vector<SessionRecord> records;
  for (const KeptRun& run : runs) records.push_back(run.record);
  return records;
}

}  // namespace

Result<KeptRun> find_detached(const Caller& caller, const std::string& word) {
  const auto running = running_sandboxes(caller);
  const bool other = std::ranges::any_of(running, [&](const RunningSandbox& sandbox) {
    return !word.empty() && !sandbox.record.detached && is_called(sandbox.record, word);
  });
  const std::vector<KeptRun> runs = kept_runs(place_of_kept(caller.state_dir));
  if (word.empty()) return not_known(runs, word);
  if (const KeptRun* named = with_name(runs, word); named != nullptr && (named->runs || !other)) return *named;
  std::vector<KeptRun> found;
  std::ranges::copy_if(runs, std::back_inserter(found),
                       [&](const KeptRun& r) { return r.record.id.starts_with(word); });
  if (found.size() == 1) return found[0];
  if (found.size() > 1) return ambiguous(word, records_of(found));
  return other ? not_detached(word) : not_known(runs, word);
}

KeptRun look_again(const Caller& caller, const KeptRun& run) {
  const std::vector<KeptRun> runs = kept_runs(place_of_kept(caller.state_dir));
  const auto same = std::ranges::find_if(runs, [&](const KeptRun& other) { return other.record.id == run.record.id; });
  return same == runs.end() ? run : *same;
}

int status_of_ended(const KeptRun& run) {
  if (run.end) return run.end->status;
  print_message("the snug around " + label_of(run.record) + " was killed, and everything in the sandbox with it");
  return 128 + SIGKILL;
}

}  // namespace snug
