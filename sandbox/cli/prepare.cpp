#include "cli/prepare.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/capture.h"
#include "cli/choose_profile.h"
#include "cli/log.h"
#include "cli/mistakes.h"
#include "cli/print.h"
#include "cli/profile_files.h"
#include "cli/surroundings.h"
#include "cli/trust.h"
#include "host/control_groups.h"
#include "host/probe.h"
#include "plan/build.h"
#include "plan/captures.h"
#include "plan/likely.h"
#include "sys/errno.h"
#include "sys/limits.h"

namespace snug {
namespace {

/// A profile as it may be used, and the files it was read from.
struct Loaded {
  LoadOutcome outcome;
  std::vector<std::string> paths;
};

// The project's snug.toml, too, where another profile is used.
std::vector<std::string> paths_of(const std::vector<Document>& documents, const ProjectChoice& project) {
  std::vector<std::string> paths{project.path + "/snug.toml"};
  for (const Document& document : documents) {
    const ProfileText& text = document.text;
    if (!text.path.empty()) paths.push_back(text.path);
    if (!text.real_path.empty() && text.real_path != text.path) paths.push_back(text.real_path);
  }
  return paths;
}

void tell(Notices notices, const Error& error) {
  if (notices != Notices::silent) print_error(error);
}

void tell(Notices notices, const std::string& message) {
  if (notices != Notices::silent) print_message(message);
}

// In this order: a profile with mistakes cannot be approved.
std::optional<Loaded> load(const ChosenProfile& chosen, const Invocation& invocation, const Caller& caller,
                           Notices notices) {
  const LoadContext context = load_context(caller, chosen.project.path);
  auto documents = read_closure(chosen.texts, context.find, context.known.home);
  ProjectSide side = find_project_side(documents, chosen, caller);
  Loaded loaded{.outcome = {}, .paths = paths_of(documents, chosen.project)};
  loaded.outcome = load_documents(std::move(documents), invocation.overrides, context);
  const auto mistakes = mistakes_in(loaded.outcome);
  for (const auto& mistake : mistakes) tell(notices, to_text(mistake));
  if (!mistakes.empty()) return std::nullopt;
  add_raised_limits(loaded.outcome.profile, side);
  std::vector<std::string> lines;
  const auto trusted = check_trust(side, caller, lines);
  for (const auto& line : lines) tell(notices, line);
  if (!trusted) return tell(notices, trusted.error()), std::nullopt;
  return loaded;
}

std::string absolute_value(const Invocation& invocation, const std::string& option, const std::string& cwd) {
  const auto word = invocation.value(option);
  return word ? absolute_from(cwd, *word) : "";
}

Result<std::string> real_directory(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), free);
  struct stat info {};
  if (!real || stat(real.get(), &info) != 0) return sys_error("--lower: find " + quote_for_display(path));
  if (!S_ISDIR(info.st_mode)) return Error{.what = "--lower: " + quote_for_display(path) + " is no directory"};
  return std::string(real.get());
}

Result<Capture> find_capture(const std::string& name, const Caller& caller, const std::string& project) {
  auto capture = read_capture(join(captures_of(caller.state_dir, project), name));
  if (capture && name.find('/') == std::string::npos) return capture;
  return Error{.what = "no capture " + quote_for_display(name) + " of this project", .fix = "snug diff --list"};
}

/// Upper directories of the capture NAME and of those it was made over itself.
Result<std::vector<std::string>> layers_of(const std::string& name, const Caller& caller, const std::string& project) {
  const auto capture = find_capture(name, caller, project);
  if (!capture) return capture.error();
  if (!capture->parts.empty()) {
    return Error{.what = "cannot lay a capture over " + quote_for_display(name),
                 .why = "it has captured more than one directory",
                 .fix = "go on with it: --onto " + name};
  }
  std::vector<std::string> layers{capture->sides().upper};
  layers.insert(layers.end(), capture->between.begin(), capture->between.end());
  return layers;
}

/// One that is gone on with lies over what it lay over before.
std::vector<std::string> layers_before(const Invocation& invocation, const Caller& caller, const std::string& project) {
  const auto name = invocation.value("--onto"), directory = invocation.value("--changes");
  auto capture = name        ? find_capture(*name, caller, project)
                 : directory ? read_capture(absolute_from(caller.cwd, *directory))
                             : Error{};
  return capture ? std::move(capture->between) : std::vector<std::string>();
}

/// What --lower and --over name, the top one first: those captures lie over the directories.
Result<std::vector<std::string>> layers_between(const Invocation& invocation, const Caller& caller,
                                                const std::string& project) {
  std::vector<std::string> layers;
  if (const auto name = invocation.value("--over")) {
    auto below = layers_of(*name, caller, project);
    if (!below) return below;
    layers = std::move(*below);
  }
  const std::vector<std::string> words = invocation.all_values("--lower");
  if (layers.empty() && words.empty()) return layers_before(invocation, caller, project);
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    auto real = real_directory(absolute_from(caller.cwd, *word));
    if (!real) return std::move(real).error();
    layers.push_back(std::move(*real));
  }
  return layers;
}

void log_choice(const ChosenProfile& chosen) {
  for (const auto& text : chosen.texts) log_decision("profile " + (text.file.empty() ? text.name : text.file));
  if (chosen.texts.empty()) log_decision("profile default, compiled in");
}

void log_overrides(const std::vector<Override>& overrides) {
  for (const auto& o : overrides) log_decision(o.option + " sets " + o.key + " to " + o.value);
}

void log_facts(const HostFacts& facts) {
  log_decision("kernel " + facts.kernel_release + ", Landlock version " + std::to_string(facts.landlock_abi));
}

void guess_binds(EarlyChild& early, const Profile& profile, const Request& request, HostView& host) {
  auto likely = likely_binds(profile, request);
  if (likely.empty()) return;
  HostFiles files(host);
  work_ahead(early, std::move(likely), [&](ViewEntry& entry) { return confirm_likely(entry, files); });
}

std::optional<Plan> build(const Profile& profile, const Request& request, HostView& host, Notices notices) {
  HostFacts facts = probe_facts();
  log_facts(facts);
  const LimitsSection& limits = profile.limits;
  if (limits.memory || limits.processes || limits.cpus) {
    facts.control_groups = find_control_groups({.memory = limits.memory.has_value(),
                                                .processes = limits.processes.has_value(),
                                                .cpus = limits.cpus.has_value()});
  }
  if (profile.subids.value == SubidMode::automatic) facts.subids = find_subids();
  if (profile.namespaces.monotonic || profile.namespaces.boottime) facts.clocks = read_clocks();
  for (const LimitsSection::Rlimit& limit : limits.rlimits) {
    const auto resource = resource_named(limit.name);
    if (resource) facts.hard_limits[limit.name] = own_limit(*resource).hard;
  }
  auto outcome = build_plan(profile, facts, host, request);
  for (const auto& error : outcome.errors) tell(notices, error);
  if (!outcome.errors.empty()) return std::nullopt;
  return std::move(outcome.plan);
}

void add_notes(const std::vector<Diagnostic>& notes, Plan& plan) {
  for (const auto& note : notes) plan.notes.push_back({.text = to_text(note)});
}

Note until_logged_out(const std::string& file) {
  return {.text = quote_for_display(file) + " holds until you log out (snug allow --session)"};
}

void log_plan(const Plan& plan) {
  if (!logs_decisions()) return;
  log_decision("project " + plan.project + " (" + plan.project_reason + ")");
  for (const auto& entry : plan.view) {
    if (entry.origin.kind == OriginKind::builtin) continue;
    log_decision("view " + entry.target + ": " + entry.why + ", " + to_text(entry.origin));
  }
  log_decision("view of " + std::to_string(plan.view.size()) + " entries; `snug plan` lists them all");
}

}  // namespace

std::optional<Prepared> prepare(const Invocation& invocation, Notices notices, EarlyChild* early) {
  auto caller = read_caller();
  if (!caller) return tell(notices, caller.error()), std::nullopt;
  const auto host = real_host_view();
  const auto chosen = choose_profile(invocation.profile, *caller, *host);
  if (!chosen) return tell(notices, chosen.error()), std::nullopt;
  if (notices == Notices::tell) {
    for (const auto& notice : chosen->notices) print_message(notice);
  }
  log_choice(*chosen);
  log_overrides(invocation.overrides);

  auto loaded = load(*chosen, invocation, *caller, notices);
  if (!loaded) return std::nullopt;
  const std::string cwd = caller->cwd;
  auto between = layers_between(invocation, *caller, chosen->project.path);
  if (!between) return tell(notices, between.error()), std::nullopt;
  Request request{.caller = std::move(*caller),
                  .command = invocation.words,
                  .onto = invocation.value("--onto").value_or(""),
                  .everything = invocation.has("--capture"),
                  .measured = invocation.has("--stats"),
                  .changes_dir = absolute_value(invocation, "--changes", cwd),
                  .between = std::move(*between),
                  .profile_file = chosen->file,
                  .project = chosen->project,
                  .profile_paths = std::move(loaded->paths)};
  LoadOutcome& outcome = loaded->outcome;
  if (early != nullptr) guess_binds(*early, outcome.profile, request, *host);
  auto plan = build(outcome.profile, request, *host, notices);
  if (!plan) return std::nullopt;
  add_notes(outcome.notes, *plan);
  if (chosen->has_session_file) plan->notes.push_back(until_logged_out(chosen->session_file));
  log_plan(*plan);
  return Prepared{std::move(*plan), std::move(outcome.profile), std::move(request.caller), chosen->user_file,
                  chosen->session_file};
}

std::optional<Plan> prepare_plan(const Invocation& invocation) {
  auto prepared = prepare(invocation);
  if (!prepared) return std::nullopt;
  return std::move(prepared->plan);
}

}  // namespace snug
