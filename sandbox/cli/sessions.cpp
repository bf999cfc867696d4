#include "cli/sessions.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <thread>

#include "base/quote.h"
#include "base/suggest.h"
#include "cli/surroundings.h"
#include "sessions/directory.h"

namespace snug {
namespace {

// One with a name is listed before its command starts.
constexpr std::chrono::milliseconds kBetweenTries(10);
constexpr int kTries = 200;

std::string list_of(const std::vector<const RunningSandbox*>& sandboxes) {
  std::string list;
  for (const RunningSandbox* sandbox : sandboxes) list += (list.empty() ? "" : ", ") + label_of(sandbox->record);
  return list;
}

Error not_running(const std::vector<RunningSandbox>& running, const std::string& word) {
  std::vector<std::string_view> known;
  for (const RunningSandbox& sandbox : running) known.push_back(label_of(sandbox.record));
  const std::string_view near = nearest_word(word, known);
  Error error{.what = "no running sandbox is called " + quote_for_display(word)};
  if (!near.empty()) error.what += "; did you mean \"" + std::string(near) + "\"?";
  error.fix = "`snug ps` lists those that run";
  return error;
}

}  // namespace

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
  std::vector<const RunningSandbox*> found;
  for (const RunningSandbox& sandbox : running) {
    if (sandbox.record.name == word && !word.empty()) return sandbox;
    if (!word.empty() && sandbox.record.id.starts_with(word)) found.push_back(&sandbox);
  }
  if (found.size() == 1) return *found[0];
  if (found.empty()) return not_running(running, word);
  return Error{.what = "several sandboxes begin with " + quote_for_display(word) + ": " + list_of(found)};
}

Result<RunningSandbox> find_sandbox(const Caller& caller, const std::string& word) {
  for (int tries = 0; tries < kTries; ++tries) {
    auto sandbox = choose_sandbox(running_sandboxes(caller), word);
    if (!sandbox || sandbox->record.init.pid != 0) return sandbox;
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
