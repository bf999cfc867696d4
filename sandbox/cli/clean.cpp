// snug clean: what is stored, and removing it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string_view>

#include "base/quote.h"
#include "base/units.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/print.h"
#include "cli/surroundings.h"
#include "run/several_users.h"
#include "run/stored.h"

namespace snug {
namespace {

struct KindRow {
  Stored::Kind kind;
  const char* word;  ///< as it is typed
  const char* one;
};

constexpr KindRow kinds[] = {
    {Stored::Kind::home, "homes", "home"},
    {Stored::Kind::capture, "captures", "capture"},
    {Stored::Kind::log, "logs", "log"},
    {Stored::Kind::mirror, "mirror", "the system's directories, for captures as root:"},
    {Stored::Kind::left, "left", "left by a killed run"},
};

const KindRow& row_of(Stored::Kind kind) {
  return *std::ranges::find_if(kinds, [&](const KindRow& row) { return row.kind == kind; });
}

/// What is to be removed.
struct Wanted {
  std::vector<Stored::Kind> which;
  std::chrono::seconds older{0};
  std::uint64_t larger = 0;
};

Error unknown_word(const std::string& word) {
  return {.what = "clean: there is nothing called " + quote_for_display(word),
          .fix = "homes, captures, logs, mirror or left"};
}

Result<Wanted> read_wanted(const Invocation& invocation) {
  Wanted wanted;
  for (const std::string& word : invocation.words) {
    const auto* row = std::ranges::find_if(kinds, [&](const KindRow& one) { return word == one.word; });
    if (row == std::end(kinds)) return unknown_word(word);
    wanted.which.push_back(row->kind);
  }
  if (const auto age = invocation.value("--older")) {
    const auto duration = parse_duration(*age);
    if (!duration || duration->count() < 0)
      return Error{.what = "--older: how long, such as 30d", .fix = "--older 30d"};
    wanted.older = std::chrono::duration_cast<std::chrono::seconds>(*duration);
  }
  if (const auto size = invocation.value("--larger")) {
    const auto bytes = parse_size(*size);
    if (!bytes) return Error{.what = "--larger: " + bytes.error().what, .fix = "--larger 500M"};
    wanted.larger = *bytes;
  }
  // Nobody misses what is left of a killed run; anything else has to be named.
  const bool chosen = !wanted.which.empty() || invocation.value("--older") || invocation.value("--larger");
  if (!chosen) wanted.which = {Stored::Kind::left};
  return wanted;
}

bool is_wanted(const Stored& stored, const Wanted& wanted) {
  const std::int64_t age = std::time(nullptr) - stored.last_used;
  return !stored.in_use &&
         (wanted.which.empty() || std::ranges::find(wanted.which, stored.kind) != wanted.which.end()) &&
         age >= wanted.older.count() && stored.bytes >= wanted.larger;
}

/// "1.5G": for people, not exact.
std::string rounded(std::uint64_t bytes) {
  constexpr std::string_view units = "BKMGT";
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < units.size(); value /= 1024) ++unit;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 || value >= 10 ? "%.0f%c" : "%.1f%c", value, units[unit]);
  return text;
}

std::string age_of(const Stored& stored) {
  const std::int64_t seconds = std::max<std::int64_t>(0, std::time(nullptr) - stored.last_used);
  if (seconds < 3600) return std::to_string(seconds / 60) + " min";
  if (seconds < 2 * 86400) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " days";
}

std::string line_of(const Stored& stored) {
  std::string line = rounded(stored.bytes);
  line.insert(0, line.size() < 6 ? 6 - line.size() : 0, ' ');
  std::string age = age_of(stored);
  age.insert(0, age.size() < 10 ? 10 - age.size() : 0, ' ');
  line += age + "  " + row_of(stored.kind).one + " " + printable(stored.name);
  if (!stored.project.empty()) line += " of " + quote_for_display(stored.project);
  return line + (stored.in_use ? " (in use)" : "");
}

struct Outcome {
  std::vector<Stored> all;
  std::vector<bool> removed;
  bool failed = false;
};

bool agreed(const std::vector<Stored>& all, const Wanted& wanted, const Invocation& invocation) {
  std::size_t count = 0;
  std::uint64_t bytes = 0;
  bool matters = false;
  for (const Stored& stored : all) {
    if (!is_wanted(stored, wanted)) continue;
    ++count;
    bytes += stored.bytes;
    matters = matters || stored.kind != Stored::Kind::left;
    if (matters && !invocation.json && !invocation.has("--yes")) print_message(line_of(stored));
  }
  if (!matters || invocation.has("--yes")) return true;
  return can_ask() && ask("remove " + std::to_string(count) + ", " + rounded(bytes) + " in all?");
}

Outcome remove_wanted(std::vector<Stored> all, const Wanted& wanted) {
  Outcome outcome{.all = std::move(all), .removed = {}};
  for (const Stored& stored : outcome.all) {
    bool gone = false;
    if (is_wanted(stored, wanted)) {
      const auto done = remove_stored(stored);
      gone = static_cast<bool>(done);
      if (!done) print_error(done.error());
      outcome.failed = outcome.failed || !done;
    }
    outcome.removed.push_back(gone);
  }
  return outcome;
}

bool print_outcome(const Outcome& outcome, bool as_json, std::string_view done) {
  if (as_json) return print_data(stored_to_json(outcome.all, outcome.removed));
  std::string text;
  for (std::size_t i = 0; i < outcome.all.size(); ++i) {
    text += line_of(outcome.all[i]) + (outcome.removed[i] ? std::string(done) : "") + "\n";
  }
  if (text.empty()) print_message("nothing is stored");
  return print_data(text);
}

}  // namespace

int clean_command(const Invocation& invocation) {
  const auto caller = read_caller(CurrentDirectory::does_not_count);
  if (!caller) return print_error(caller.error()), status_usage;
  const auto wanted = read_wanted(invocation);
  if (!wanted) return print_error(wanted.error()), status_usage;
  // Directories in a layer may be closed to their owner, or not be theirs.
  if (const auto taken = take_rights_over_stored_files(caller->state_dir); !taken) print_error(taken.error());
  std::vector<Stored> all = list_stored(caller->state_dir);
  if (invocation.has("--dry-run")) {
    Outcome outcome{.all = std::move(all), .removed = {}};
    for (const Stored& stored : outcome.all) outcome.removed.push_back(is_wanted(stored, *wanted));
    return print_outcome(outcome, invocation.json, ", would be removed") ? 0 : status_usage;
  }
  if (!agreed(all, *wanted, invocation)) {
    print_error({.what = "nothing was removed", .fix = "snug clean --yes ...     removes without asking"});
    return status_found;
  }
  const Outcome outcome = remove_wanted(std::move(all), *wanted);
  if (!print_outcome(outcome, invocation.json, ", removed")) return status_usage;
  return outcome.failed ? status_found : 0;
}

}  // namespace snug
