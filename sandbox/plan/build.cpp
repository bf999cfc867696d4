#include "plan/build.h"

#include "plan/planner.h"

namespace snug {
namespace {

void gather(Planner& planner) {
  Plan& plan = planner.plan;
  std::vector<Note>& ties = planner.layout.notes();
  plan.notes.insert(plan.notes.end(), ties.begin(), ties.end());
  plan.host_answers = planner.host.take_answers();
}

/// Everything that only copies a value over.
void copy_header(Planner& planner) {
  Plan& plan = planner.plan;
  plan.profile_name = planner.profile.name;
  plan.profile_file = planner.profile.file;
  plan.hostname = planner.profile.hostname;
  if (plan.hostname.value.empty()) plan.hostname.value = "snug";
  plan.network = planner.profile.network.mode;
  plan.project_mode = planner.profile.filesystem.project;
}

// Where the host could not be looked at, all else that is wrong may come of that.
PlanOutcome outcome_of(Planner& planner, const HostView& host) {
  if (auto shortage = host.shortage()) planner.errors = {*std::move(shortage)};
  return {.plan = std::move(planner.plan), .errors = std::move(planner.errors)};
}

}  // namespace

PlanOutcome build_plan(const Profile& profile, const HostFacts& facts, HostView& host, const Request& request) {
  Planner planner{.profile = profile, .facts = facts, .request = request, .host = HostFiles(host)};
  copy_header(planner);
  refuse_nesting(planner);
  decide_identity(planner);
  find_project(planner);
  if (!planner.errors.empty()) return outcome_of(planner, host);  // the rest hangs on these

  describe_namespaces(planner);
  decide_network(planner);
  add_system(planner);
  if (!owns_system(planner)) add_etc(planner);
  add_kernel_directories(planner);
  if (request.everything) {
    add_everything(planner);
  } else {
    add_home(planner);
    add_project(planner);
    add_toolchains(planner);
  }
  add_lists(planner);
  add_sockets(planner);
  add_git(planner);                   // after the lists: they may have replaced the project
  add_hidden_and_protected(planner);  // last: they take away from all of the above
  refuse_control_sockets(planner);
  protect_profiles(planner);
  hide_services(planner);
  show_links(planner);
  hold_in_place(planner);  // knows all that is protected
  set_path(planner);
  choose_command(planner);
  set_environment(planner);
  write_accounts(planner);
  copy_limits(planner);
  list_watches(planner);
  order_view(planner);  // takes what is laid out
  gather(planner);
  return outcome_of(planner, host);
}

}  // namespace snug
