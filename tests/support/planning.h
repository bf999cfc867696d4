// A caller, a machine and a profile: everything one build_plan needs, with the defaults most tests want.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "plan/build.h"
#include "plan/print.h"
#include "profile/load.h"
#include "support/catch.h"
#include "support/fake_host.h"
#include "support/invented_caller.h"
#include "support/invented_hosts.h"

struct Planning {
  FakeHost host;
  snug::HostFacts facts = invented::facts;
  snug::Request request{.caller = invented::ann_calling};
  std::string toml;  ///< the profile file's text; empty: the default profile alone
  std::string file = "/home/ann/web/snug.toml";
  std::vector<snug::Override> options;

  explicit Planning(const std::string& machine = invented::debian) : host(machine) {}

  snug::Caller& caller() { return request.caller; }

  snug::Profile profile() const {
    std::vector<snug::ProfileText> texts;
    if (!toml.empty()) texts.push_back({file, "version = 1\n" + toml});
    snug::LoadOutcome loaded = snug::load_profile(texts, options);
    for (const auto& diagnostic : loaded.diagnostics) FAIL(snug::to_text(diagnostic));
    if (toml.empty()) loaded.profile.name = "default";
    return loaded.profile;
  }

  snug::PlanOutcome outcome() { return snug::build_plan(profile(), facts, host, request); }

  snug::Plan plan() {
    snug::PlanOutcome made = outcome();
    for (const auto& error : made.errors) FAIL_CHECK(snug::to_text(error));
    return std::move(made.plan);
  }

  /// All errors as text; empty if the plan is good.
  std::string errors() {
    std::string text;
    for (const auto& error : outcome().errors) text += snug::to_text(error) + "\n";
    return text;
  }
};

inline const snug::ViewEntry* entry_at(const snug::Plan& plan, const std::string& target) {
  const auto entry = std::find_if(plan.view.rbegin(), plan.view.rend(),
                                  [&](const snug::ViewEntry& candidate) { return candidate.target == target; });
  return entry == plan.view.rend() ? nullptr : &*entry;
}

template <class Kind>
const Kind* what_at(const snug::Plan& plan, const std::string& target) {
  const snug::ViewEntry* entry = entry_at(plan, target);
  return entry ? std::get_if<Kind>(&entry->what) : nullptr;
}

inline const snug::Variable* variable(const snug::Plan& plan, const std::string& name) {
  for (const auto& candidate : plan.environment) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

inline bool has_note(const snug::Plan& plan, const std::string& words) {
  return std::any_of(plan.notes.begin(), plan.notes.end(),
                     [&](const snug::Note& note) { return note.text.find(words) != std::string::npos; });
}

inline bool prepares(const snug::Plan& plan, snug::Preparation::Kind kind, const std::string& ending) {
  return std::any_of(plan.preparations.begin(), plan.preparations.end(),
                     [&](const snug::Preparation& made) { return made.kind == kind && made.path.ends_with(ending); });
}
