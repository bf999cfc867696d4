#include <algorithm>

#include "base/paths.h"
#include "base/quote.h"
#include "cli/answer.h"
#include "cli/choose_profile.h"
#include "cli/commands.h"
#include "cli/difference.h"
#include "cli/prepare.h"
#include "cli/print.h"
#include "cli/sessions.h"
#include "cli/surroundings.h"
#include "host/probe.h"
#include "net/special.h"
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
  for (const std::string& own : {prepared.caller.config_dir, prepared.caller.state_dir, prepared.caller.runtime_dir}) {
    if (own.empty()) continue;
    const std::string real = files.resolve(own).path;
    if (is_below(path, real)) return refuse(answer, "snug's own configuration and state are never shown inside");
    if (is_below(real, path)) {
      return refuse(answer, "snug's own configuration or state (" + quote_for_display(real) + ") lies in it",
                    "name what the command needs of it");
    }
  }
  return {};
}

// --- what it opens --------------------------------------------------------------------------------------

std::string what_a_rule_opens(const NetworkRule& rule) {
  if (rule.who == NetworkRule::Who::anyone) return "whatever can be read inside can be sent anywhere";
  const SpecialRange* const special = rule.who == NetworkRule::Who::range ? special_range(rule.range.base) : nullptr;
  return special ? std::string(special->what) + ": what answers there may trust whoever reaches it" : "";
}

/// "": nothing worth a warning.
std::string what_it_opens(const Prepared& prepared, HostView& host, const Answer& answer, const ProfileLine& line) {
  if (line.key == "filesystem.read" || line.key == "filesystem.write") {
    HostFiles files(host);
    const Access access = line.key == "filesystem.write" ? Access::write : Access::read;
    const std::string home = files.resolve(prepared.caller.home).path;
    const SensitivePlace* const place = sensitive_place(files.resolve(answer.what.text).path, home, access);
    return place ? "~/" + std::string(place->path) + ": " + place->opens : "";
  }
  if (line.key == "environment.pass" && names_a_secret(answer.what.text))
    return "its name says that it holds a secret, which the command can then read";
  if (line.key == "seccomp.allow" || line.key == "seccomp.deny") return "until now " + answer.verdict.reason;
  return line.key == "network.allow" ? what_a_rule_opens(answer.what.rule) : "";
}

// --- finding the lines ----------------------------------------------------------------------------------

using ProfileLines = std::vector<ProfileLine>;

Override to_override(const ProfileLine& line) {
  const auto how = line.how == ProfileLine::How::set ? Override::How::replace : Override::How::append;
  return {.key = line.key, .value = toml_quote(line.element), .how = how, .option = "snug allow"};
}

/// As a run with these lines besides would be; nothing if they keep it from being set up.
std::optional<Prepared> prepare_with(const Invocation& invocation, const ProfileLines& lines, Notices notices) {
  Invocation planning = invocation;
  planning.words.clear();  // they are no command
  for (const ProfileLine& line : lines) planning.overrides.push_back(to_override(line));
  return prepare(planning, notices);
}

/// Nothing more to add: it is the host's file and not another one that the command may make at that path; it is the
/// call with all its arguments, the host at both usual ports.
bool is_allowed_whole(const Verdict& verdict) { return verdict.allowed && verdict.add.empty(); }

/// The lines that do it; none: it is allowed already.
struct Found {
  ProfileLines lines;
  Answer answer;  ///< without them
};

/// An entry of hide or protect as the user's own file can name it.
std::string place_of(const PathEntry& entry) {
  const std::string& file = entry.origin.source.str();
  const bool beside = entry.path.starts_with("./") && entry.origin.kind == OriginKind::file && file.starts_with('/');
  return beside ? join(parent_of(file), entry.path.substr(2)) : entry.path;
}

bool same_place(const Origin& a, const Origin& b) {
  return a.kind == b.kind && a.source.str() == b.source.str() && a.line == b.line && a.column == b.column;
}

/// Whether an element says just what was asked about, so that nothing else comes free with it.
bool is_just_this(const Answer& answer, const Prepared& prepared, HostView& host, const std::string& key,
                  const std::string& element) {
  if (key == "environment.unset" || key == "seccomp.deny") return element == answer.what.text;
  if (key == "network.deny") {
    const auto rule = parse_network_rule(element);
    return rule && rule->who == answer.what.rule.who && rule->name == answer.what.rule.name &&
           rule->range == answer.what.rule.range;
  }
  const What& what = answer.what;
  const auto place = understand(element, WhatKind::path, {}, prepared.plan.project, prepared.caller.home);
  HostFiles files(host);
  return place && files.resolve(place->text).path == files.resolve(what.text).path;
}

/// "!x" for the element x that decides, where a list of a profile holds it.
std::optional<ProfileLine> take_out(const Answer& answer, const Prepared& prepared, HostView& host) {
  const Origin& origin = answer.path ? answer.path->verdict(answer.deed).origin : answer.verdict.origin;
  const Profile& profile = prepared.profile;
  const auto out = [&](const char* key, const std::string& element) -> std::optional<ProfileLine> {
    if (!is_just_this(answer, prepared, host, key, element)) return {};
    return ProfileLine{key, "!" + element};
  };
  for (const auto& [key, list] : {std::pair{"filesystem.hide", &profile.filesystem.hide},
                                  std::pair{"filesystem.protect", &profile.filesystem.protect}}) {
    for (const PathEntry& entry : *list) {
      if (same_place(entry.origin, origin)) return out(key, place_of(entry));
    }
  }
  for (const auto& [key, list] :
       {std::pair{"network.deny", &profile.network.deny}, std::pair{"environment.unset", &profile.environment.unset},
        std::pair{"seccomp.deny", &profile.seccomp.deny}}) {
    for (const Sourced<std::string>& entry : *list) {
      if (same_place(entry.origin, origin)) return out(key, entry.value);
    }
  }
  return {};
}

/// Ways to come nearer, the narrowest first.
std::vector<ProfileLines> next_lines(const Answer& answer, const Prepared& prepared, HostView& host) {
  std::vector<ProfileLines> ways;
  if (!answer.verdict.add.empty()) ways.push_back(answer.verdict.add);
  // A literal path beats the pattern, or the directory, that hides or protects it.
  const bool covered = answer.path && (answer.path->rule == "hidden" || answer.path->rule == "read-only") &&
                       answer.path->origin.kind != OriginKind::builtin;
  if (covered) {
    const char* const key = answer.deed == Deed::write ? "filesystem.write" : "filesystem.read";
    ways.push_back({{key, answer.what.text}});
  }
  if (auto line = take_out(answer, prepared, host)) ways.push_back({*std::move(line)});
  return ways;
}

/// Looks for the lines that allow one thing by asking what a run with them would answer.
class Search {
 public:
  Search(const Invocation& invocation, const Prepared& prepared, HostView& host, const What& what, ProfileLines before)
      : invocation_(invocation),
        prepared_(prepared),
        host_(host),
        what_(what),
        deed_(deed_asked(invocation)),
        before_(std::move(before)) {}

  Result<Found> run() {
    auto now = ask({});
    if (!now) return now.error();
    if (what_.kind == WhatKind::path) {
      if (auto refusal = refuse_place(prepared_, host_, *now)) return *refusal;
    }
    ProfileLines lines;
    if (!is_allowed_whole(now->verdict) && !reach(*now, lines, most_steps)) return failure(*now);
    return Found{.lines = std::move(lines), .answer = *std::move(now)};
  }

 private:
  static constexpr int most_steps = 3;  // "!x" in hide, then the path in read

  ProfileLines with_those_before(const ProfileLines& lines) const {
    ProfileLines all = before_;
    all.insert(all.end(), lines.begin(), lines.end());
    return all;
  }

  Result<Answer> ask(const ProfileLines& lines) const {
    const auto prepared = prepare_with(invocation_, with_those_before(lines), Notices::silent);
    if (!prepared) return Error{.what = "nothing is written: with that line no sandbox could be set up"};
    return answer_for(*prepared, host_, what_, deed_);
  }

  /// What is not set now cannot be seen to be passed on.
  bool cannot_be_tried(const ProfileLines& lines) const {
    return what_.kind == WhatKind::variable && !prepared_.caller.environment.contains(what_.text) &&
           lines.back().key == "environment.pass";
  }

  bool reach(const Answer& from, ProfileLines& lines, int steps) {
    for (const ProfileLines& way : steps > 0 ? next_lines(from, prepared_, host_) : std::vector<ProfileLines>()) {
      ProfileLines tried = lines;
      for (const ProfileLine& line : way) {
        if (std::ranges::find(tried, line) == tried.end()) tried.push_back(line);
      }
      if (tried.size() == lines.size()) continue;
      const auto then = ask(tried);
      if (!then) {
        impossible_ = tried;
        continue;
      }
      if (!is_allowed_whole(then->verdict) && !cannot_be_tried(tried)) {
        nearest_ = then->verdict;
        if (!reach(*then, tried, steps - 1)) continue;
      }
      lines = std::move(tried);
      return true;
    }
    return false;
  }

  Error failure(const Answer& now) const {
    if (!nearest_ && impossible_) {
      prepare_with(invocation_, with_those_before(*impossible_), Notices::keep);  // says why
      return Error{.what = "nothing is written: with that line no sandbox could be set up"};
    }
    const Verdict& verdict = nearest_ && !nearest_->allowed ? *nearest_ : now.verdict;
    return refuse(now, verdict.reason, verdict.fix.empty() ? now.verdict.fix : verdict.fix);
  }

  const Invocation& invocation_;
  const Prepared& prepared_;
  HostView& host_;
  const What& what_;
  const Deed deed_;
  const ProfileLines before_;
  std::optional<Verdict> nearest_;
  std::optional<ProfileLines> impossible_;
};

Result<Found> find_lines(const Invocation& invocation, const Prepared& prepared, HostView& host,
                         const std::string& word, const ProfileLines& before) {
  const auto what = understand(word, invocation, prepared, host);
  if (!what) return what.error();
  return Search(invocation, prepared, host, *what, before).run();
}

// --- printing -------------------------------------------------------------------------------------------

void tell_lines(const Prepared& prepared, HostView& host, const Found& found) {
  if (found.lines.empty()) {
    const Verdict& verdict = found.answer.verdict;
    const std::string from = verdict.origin.kind == OriginKind::builtin ? "" : " (" + to_text(verdict.origin) + ")";
    return print_message(quote_for_display(found.answer.what.word) + " is allowed already: " + verdict.reason + from);
  }
  for (const ProfileLine& line : found.lines) {
    const std::string opens = what_it_opens(prepared, host, found.answer, line);
    if (!opens.empty()) print_message("warning: " + to_text(line) + ": " + opens);
  }
}

void tell_written(const FileChange& change, bool for_this_session) {
  for (const WrittenLine& written : change.lines)
    print_message("added " + to_text(written.line) + " to " + quote_for_display(change.path));
  print_message(for_this_session
                    ? "from the next run on, until you log out; to take it back: snug allow --session --undo"
                    : "from the next run on; to take it back: snug allow --undo");
}

// --- the command ----------------------------------------------------------------------------------------

/// The user's own file for the project, or with --session the one that lasts as long.
Result<AllowedLines> open_lines(const Invocation& invocation, const Caller& caller, const std::string& user_file,
                                const std::string& session_file, const std::string& project) {
  if (!invocation.has("--session")) return AllowedLines::open({user_file, caller.state_dir, project});
  if (session_file.empty()) {
    return Error{.what = "nothing can be kept for this session alone",
                 .why = "XDG_RUNTIME_DIR is not set, and the boot has no id that can be read",
                 .fix = "leave --session out; or for one run, as an option of it: snug run --help"};
  }
  return AllowedLines::open({session_file, caller.runtime_dir, project, true});
}

std::vector<std::string> rules_of_hosts(const FileChange& change) {
  std::vector<std::string> rules;
  for (const WrittenLine& written : change.lines) {
    if (written.line.key == "network.allow") rules.push_back(written.line.element);
  }
  return rules;
}

/// How a sandbox that runs answers.
struct Answers {
  std::string yes, no;
};

/// Rules of hosts are taken by sandboxes that run; files and calls are fixed when one starts.
void tell_running(const Caller& caller, const std::string& project, const ControlRequest& request,
                  const Answers& answers) {
  for (const RunningSandbox& sandbox : running_sandboxes(caller)) {
    if (sandbox.record.project != project) continue;
    const auto taken = ask(sandbox, request);
    const std::string who = "the sandbox " + label_of(sandbox.record) + " ";
    print_message(taken ? who + answers.yes : who + answers.no + ": " + to_text(taken.error()));
  }
}

void tell_allowed(const Prepared& prepared, const FileChange& change) {
  const ControlRequest request{.kind = ControlRequest::Kind::allow, .words = rules_of_hosts(change)};
  if (request.words.empty()) return;
  tell_running(prepared.caller, prepared.plan.project, request,
               {.yes = "takes it at once", .no = "goes on without it"});
}

void tell_taken_back(const Caller& caller, const std::string& project, const FileChange& change) {
  ControlRequest request{.kind = ControlRequest::Kind::take_back, .words = rules_of_hosts(change)};
  if (request.words.empty()) return;
  request.words.insert(request.words.begin(), change.path);
  tell_running(caller, project, request,
               {.yes = "makes no new connection by it; open ones stay", .no = "goes on as it was"});
}

int fail(const Error& error) { return print_error(error), status_found; }

int show(const FileChange& change) {
  return print_data(difference(change.path, change.before, change.after)) ? 0 : status_usage;
}

/// Without a plan: what was allowed may be what keeps one from being made.
int undo(const Invocation& invocation) {
  const auto caller = read_caller();
  if (!caller) return fail(caller.error());
  const auto host = real_host_view();
  const auto chosen = choose_profile(invocation.profile, *caller, *host);
  if (!chosen) return fail(chosen.error());
  const std::string& project = chosen->project.path;
  const auto file = open_lines(invocation, *caller, chosen->user_file, chosen->session_file, project);
  if (!file) return fail(file.error());
  const auto change = file->undo();
  if (!change) return fail(change.error());
  if (invocation.has("--show")) return show(*change);
  if (auto written = file->commit_undone(*change); !written) return fail(written.error());
  for (const WrittenLine& written : change->lines) {
    print_message("took " + to_text(written.line) + " out of " + quote_for_display(change->path));
  }
  if (change->lines.empty()) print_message("what was added last has been taken out already");
  tell_taken_back(*caller, project, *change);
  return 0;
}

int write_lines(const Invocation& invocation, const Prepared& prepared, const ProfileLines& lines) {
  const auto file =
      open_lines(invocation, prepared.caller, prepared.user_file, prepared.session_file, prepared.plan.project);
  if (!file) return fail(file.error());
  const auto change = file->add(lines);
  if (!change) return fail(change.error());
  if (invocation.has("--show")) return show(*change);
  if (auto written = file->commit_added(*change); !written) return fail(written.error());
  if (change->lines.empty()) return 0;
  tell_written(*change, invocation.has("--session"));
  tell_allowed(prepared, *change);
  return 0;
}

/// All or nothing: with one word that cannot be allowed, none is.
int allow_words(const Invocation& invocation, const Prepared& prepared) {
  const auto host = real_host_view();
  ProfileLines lines;
  for (const std::string& word : invocation.words) {
    const auto found = find_lines(invocation, prepared, *host, word, lines);
    if (!found) return fail(found.error());
    tell_lines(prepared, *host, *found);
    lines.insert(lines.end(), found->lines.begin(), found->lines.end());
  }
  return lines.empty() ? 0 : write_lines(invocation, prepared, lines);
}

}  // namespace

int allow_command(const Invocation& invocation) {
  if (invocation.has("--undo")) return undo(invocation);
  Invocation planning = invocation;
  planning.words.clear();
  const auto prepared = prepare(planning);
  if (!prepared) return status_usage;
  return allow_words(invocation, *prepared);
}

}  // namespace snug
