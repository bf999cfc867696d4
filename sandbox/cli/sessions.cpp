#include "cli/sessions.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <thread>

#include "base/quote.h"
#include "base/suggest.h"
#include "cli/surroundings.h"
#include "sessions/directory.h"
#include "sessions/kept.h"

namespace snug {
namespace {

// One with a name is listed before its command starts.
constexpr std::chrono::milliseconds kBetweenTries(10);
constexpr int kTries = 200;

constexpr std::size_t kMostListed = 8;

Error not_running(const std::vector<RunningSandbox>& running, const std::string& word) {
  std::vector<std::string_view> known;
  for (const RunningSandbox& sandbox : running) known.push_back(label_of(sandbox.record));
  const std::string_view near = nearest_word(word, known);
  Error error{.what = "no running sandbox is called " + quote_for_display(word)};
  if (!near.empty()) error.what += "; did you mean \"" + std::string(near) + "\"?";
  error.fix = "`snug ps` lists those that run";
  return error;
}

Error not_running_any_more(const SessionRecord& record) {
  const std::string& label = label_of(record);
  return {.what = "sandbox " + label + " has ended",
          .fix = "snug logs " + label + " shows what it printed, snug ps --all " + label + " how it ended"};
}

bool begins_none(const std::vector<RunningSandbox>& running, const std::string& word) {
  return std::ranges::none_of(running, [&](const RunningSandbox& one) { return one.record.id.starts_with(word); });
}

// A detached one is known for a while after its end.
Error with_what_ended(const Caller& caller, const std::string& word, Error error) {
  const std::vector<KeptRun> runs = kept_runs(place_of_kept(caller.state_dir));
  const auto ended = std::ranges::find_if(runs, [&](const KeptRun& run) {
    return !run.runs && (run.record.name == word || run.record.id.starts_with(word));
  });
  return ended == runs.end() || word.empty() ? std::move(error) : not_running_any_more(ended->record);
}

}  // namespace

Error ambiguous(const std::string& word, const std::vector<SessionRecord>& records) {
  std::string list;
  for (std::size_t i = 0; i < std::min(records.size(), kMostListed); ++i) {
    list += (i == 0 ? "" : ", ") + records[i].id + (records[i].name.empty() ? "" : " (" + records[i].name + ")");
  }
  if (records.size() > kMostListed) list += " and " + std::to_string(records.size() - kMostListed) + " more";
  return {.what = "several sandboxes have an id that begins with " + quote_for_display(word) + ": " + list,
          .fix = "give more of the id"};
}

std::vector<std::string> places_of_sessions(const Caller& caller) {
  const auto variable = caller.environment.find("XDG_RUNTIME_DIR");
  const auto runtime = variable == caller.environment.end() ? std::nullopt : clean_absolute(variable->second);
  return session_places(runtime.value_or(""), caller.state_dir);
}

std::vector<RunningSandbox> running_sandboxes(const Caller& caller) {
  std::vector<RunningSandbox> running;
  for (const std::string& place : places_of_sessions(caller)) {
    const auto directory = SessionDirectory::open(place);
    if (!directory) continue;
    for (SessionRecord& record : directory->list()) running.push_back({std::move(record), place});
  }
  std::ranges::stable_sort(running, {}, [](const RunningSandbox& sandbox) { return sandbox.record.snug.start_time; });
  return running;
}

Result<RunningSandbox> choose_sandbox(const std::vector<RunningSandbox>& running, const std::string& word) {
  const RunningSandbox* last = nullptr;
  std::vector<SessionRecord> found;
  for (const RunningSandbox& sandbox : running) {
    if (sandbox.record.name == word && !word.empty()) return sandbox;
    if (word.empty() || !sandbox.record.id.starts_with(word)) continue;
    last = &sandbox;
    found.push_back(sandbox.record);
  }
  if (found.empty()) return not_running(running, word);
  if (found.size() > 1) return ambiguous(word, found);
  return *last;
}

Result<RunningSandbox> find_sandbox(const Caller& caller, const std::string& word) {
  for (int tries = 0; tries < kTries; ++tries) {
    const auto running = running_sandboxes(caller);
    auto sandbox = choose_sandbox(running, word);
    if (!sandbox) return begins_none(running, word) ? with_what_ended(caller, word, sandbox.error()) : sandbox;
    if (sandbox->record.init.pid != 0) return sandbox;
    std::this_thread::sleep_for(kBetweenTries);
  }
  return Error{.what = "sandbox " + quote_for_display(word) + " is still being set up"};
}

Result<std::string> ask(const RunningSandbox& sandbox, const ControlRequest& request) {
  const auto directory = SessionDirectory::open(sandbox.place);
  const std::string who = "sandbox " + label_of(sandbox.record);
  if (!directory) return Error{.what = who + " has ended"};
  return ask(directory->fd(), sandbox.record.id + ".sock", who, request);
}

const std::string& label_of(const SessionRecord& record) { return record.name.empty() ? record.id : record.name; }

}  // namespace snug
