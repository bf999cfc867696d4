#include <map>

#include "base/paths.h"
#include "base/quote.h"
#include "cli/answer.h"
#include "cli/choose_profile.h"
#include "cli/commands.h"
#include "cli/prepare.h"
#include "cli/print.h"
#include "cli/surroundings.h"
#include "host/probe.h"
#include "plan/host_files.h"
#include "plan/sensitive.h"
#include "run/allowed_lines.h"

namespace snug {
namespace {

// --- what is never allowed ------------------------------------------------------------------------------

Error refuse(const Answer& answer, std::string why, std::string fix = "") {
  return Error{
      .what = "cannot allow " + quote_for_display(answer.what.word), .why = std::move(why), .fix = std::move(fix)};
}

std::optional<Error> refuse_place(const Prepared& prepared, HostView& host, const Answer& answer) {
  HostFiles files(host);
  const std::string path = files.resolve(answer.what.text).path;
  const std::string home = files.resolve(prepared.caller.home).path;
  if (is_below(home, path)) {
    return refuse(answer,
                  path == home ? "it is your whole home, with every key and token in it" : "your whole home lies in it",
                  "name what the command needs of it");
  }
  for (const std::string& own : {prepared.caller.config_dir, prepared.caller.state_dir}) {
    const std::string real = files.resolve(own).path;
    if (is_below(path, real)) return refuse(answer, "snug's own configuration and state are never shown inside");
    if (is_below(real, path)) {
      return refuse(answer, "snug's own configuration or state (" + quote_for_display(real) + ") lies in it",
                    "name what the command needs of it");
    }
  }
  return {};
}

Error refuse_host(const Answer& answer) {
  return refuse(answer, answer.verdict.reason + ", and this version does not write rules for hosts",
                "for one run: snug run --net filtered --allow " + answer.what.text +
                    " CMD\nfor good: network.mode = \"filtered\" and network.allow in a profile");
}

// --- what it opens --------------------------------------------------------------------------------------

std::string what_it_opens(const Prepared& prepared, HostView& host, const Answer& answer, const ProfileLine& line) {
  if (answer.what.kind == WhatKind::variable) {
    return names_a_secret(answer.what.text) ? "its name says that it holds a secret, which the command can then read"
                                            : "";
  }
  if (answer.what.kind == WhatKind::call) return "until now " + answer.verdict.reason;
  HostFiles files(host);
  const Access access = line.key == "filesystem.write" ? Access::write : Access::read;
  const std::string home = files.resolve(prepared.caller.home).path;
  const SensitivePlace* const place = sensitive_place(files.resolve(answer.what.text).path, home, access);
  return place ? "~/" + std::string(place->path) + ": " + place->opens : "";
}

// --- finding the line -----------------------------------------------------------------------------------

/// What a run with these lines besides would answer.
Result<Answer> answer_with(const Invocation& invocation, const std::vector<ProfileLine>& lines, HostView& host,
                           const What& what, Deed deed) {
  Invocation planning = invocation;
  planning.words.clear();  // they are no command
  for (const ProfileLine& line : lines) {
    planning.overrides.push_back(
        {.key = line.key, .value = toml_quote(line.element), .how = Override::How::append, .option = "snug allow"});
  }
  const auto prepared = prepare(planning, Notices::keep);
  if (!prepared) return Error{.what = "nothing is written: with that line no sandbox could be set up"};
  return answer_for(*prepared, host, what, deed);
}

/// Nothing more to add: it is the host's file and not another one that the command may make at that path; it is the
/// call with all its arguments.
bool is_allowed_whole(const Verdict& verdict) { return verdict.allowed && !verdict.add; }

/// The line that does it; nothing: it is allowed already.
struct Found {
  std::optional<ProfileLine> line;
  Answer answer;
};

std::optional<ProfileLine> line_for(const Answer& answer, Deed deed) {
  if (answer.verdict.add) return answer.verdict.add;
  // Hidden by a pattern: a literal path beats that.
  const bool hidden = answer.path && answer.path->rule == "hidden" && answer.path->origin.kind != OriginKind::builtin;
  if (!hidden) return {};
  return ProfileLine{deed == Deed::write ? "filesystem.write" : "filesystem.read", answer.what.text};
}

Result<Found> find_line(const Invocation& invocation, const Prepared& prepared, HostView& host, const std::string& word,
                        const std::vector<ProfileLine>& before) {
  const Deed deed = deed_asked(invocation);
  const auto what = understand(word, invocation, prepared, host);
  if (!what) return what.error();
  const auto now = answer_with(invocation, before, host, *what, deed);
  if (!now) return now.error();
  if (what->kind == WhatKind::path) {
    if (auto refusal = refuse_place(prepared, host, *now)) return *refusal;
  }
  if (is_allowed_whole(now->verdict)) return Found{.line = {}, .answer = *now};
  if (what->kind == WhatKind::host) return refuse_host(*now);
  const auto line = line_for(*now, deed);
  if (!line) return refuse(*now, now->verdict.reason, now->verdict.fix);
  auto lines = before;
  lines.push_back(*line);
  const auto then = answer_with(invocation, lines, host, *what, deed);
  if (!then) return then.error();
  // What is not set now cannot be seen to be passed on.
  const bool tried = what->kind != WhatKind::variable || prepared.caller.environment.contains(what->text);
  if (tried && !is_allowed_whole(then->verdict))
    return refuse(*now, then->verdict.reason, then->verdict.fix.empty() ? now->verdict.fix : then->verdict.fix);
  return Found{.line = line, .answer = *now};
}

// --- printing -------------------------------------------------------------------------------------------

using Lines = std::vector<std::string_view>;

Lines split_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

/// The lines that differ, "-" before and "+" after: one change stands in one place.
std::string difference(const FileChange& change) {
  Lines before = split_lines(change.before), after = split_lines(change.after);
  const auto [b, a] = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  before.erase(before.begin(), b);
  after.erase(after.begin(), a);
  while (!before.empty() && !after.empty() && before.back() == after.back()) before.pop_back(), after.pop_back();
  std::string text = change.path + "\n";
  const auto add = [&text](char mark, std::string_view line) {
    text.append(1, mark).append(line);
    if (!text.ends_with('\n')) text += '\n';
  };
  for (const auto line : before) add('-', line);
  for (const auto line : after) add('+', line);
  return printable(text);
}

void tell_line(const Prepared& prepared, HostView& host, const Found& found) {
  if (!found.line) {
    const Verdict& verdict = found.answer.verdict;
    const std::string from = verdict.origin.kind == OriginKind::builtin ? "" : " (" + to_text(verdict.origin) + ")";
    return print_message(quote_for_display(found.answer.what.word) + " is allowed already: " + verdict.reason + from);
  }
  const std::string opens = what_it_opens(prepared, host, found.answer, *found.line);
  if (!opens.empty()) print_message("warning: " + to_text(*found.line) + ": " + opens);
}

void tell_written(const FileChange& change) {
  for (const ProfileLine& line : change.lines)
    print_message("added " + to_text(line) + " to " + quote_for_display(change.path));
  print_message("from the next run on; to take it back: snug allow --undo");
}

// --- the command ----------------------------------------------------------------------------------------

int refuse_session() {
  print_error({.what = "--session: a running sandbox cannot be given more",
               .why = "its files and its system call filter are fixed when it starts",
               .fix = "leave --session out and start it again; or for one run: snug run --read PATH CMD"});
  return status_usage;
}

/// The user's own file for the project, and what it is about.
struct UsersFile {
  Caller caller;
  std::string path, project;
};

Result<AllowedLines> open_lines(const UsersFile& file) {
  return AllowedLines::open(file.path, file.caller.state_dir, file.project);
}

/// Without a plan: what was allowed may be what keeps one from being made.
Result<UsersFile> find_users_file(const Invocation& invocation) {
  auto caller = read_caller();
  if (!caller) return caller.error();
  const auto host = real_host_view();
  auto chosen = choose_profile(invocation.profile, *caller, *host);
  if (!chosen) return chosen.error();
  return UsersFile{std::move(*caller), std::move(chosen->user_file), std::move(chosen->project.path)};
}

int fail(const Error& error) { return print_error(error), status_found; }

int show(const FileChange& change) { return print_data(difference(change)) ? 0 : status_usage; }

int undo(const Invocation& invocation) {
  const auto users = find_users_file(invocation);
  if (!users) return print_error(users.error()), status_usage;
  const auto file = open_lines(*users);
  if (!file) return fail(file.error());
  const auto change = file->undo();
  if (!change) return fail(change.error());
  if (invocation.has("--show")) return show(*change);
  if (auto written = file->commit_undone(*change); !written) return fail(written.error());
  for (const ProfileLine& line : change->lines) {
    print_message("took " + to_text(line) + " out of " + quote_for_display(change->path));
  }
  if (change->lines.empty()) print_message("what was added last has been taken out already");
  return 0;
}

int write_lines(const Invocation& invocation, const Prepared& prepared, const std::vector<ProfileLine>& lines) {
  const auto file = open_lines({prepared.caller, prepared.user_file, prepared.plan.project});
  if (!file) return fail(file.error());
  const auto change = file->add(lines);
  if (!change) return fail(change.error());
  if (invocation.has("--show")) return show(*change);
  if (auto written = file->commit_added(*change); !written) return fail(written.error());
  if (!change->lines.empty()) tell_written(*change);
  return 0;
}

/// All or nothing: with one word that cannot be allowed, none is.
int allow_words(const Invocation& invocation, const Prepared& prepared) {
  const auto host = real_host_view();
  std::vector<ProfileLine> lines;
  for (const std::string& word : invocation.words) {
    const auto found = find_line(invocation, prepared, *host, word, lines);
    if (!found) return fail(found.error());
    tell_line(prepared, *host, *found);
    if (found->line) lines.push_back(*found->line);
  }
  return lines.empty() ? 0 : write_lines(invocation, prepared, lines);
}

}  // namespace

int allow_command(const Invocation& invocation) {
  if (invocation.has("--session")) return refuse_session();
  if (invocation.has("--undo")) return undo(invocation);
  Invocation planning = invocation;
  planning.words.clear();
  const auto prepared = prepare(planning);
  if (!prepared) return status_usage;
  return allow_words(invocation, *prepared);
}

}  // namespace snug
