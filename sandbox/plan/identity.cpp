// Who the command is, inside and to the kernel, and the groups that cannot be dropped.
#include <algorithm>

#include "base/quote.h"
#include "base/units.h"
#include "plan/planner.h"

namespace snug {
namespace {

constexpr std::uint32_t nobody = 65534;

struct GroupWarning {
  const char* name;
  const char* opens;
};

// What membership opens wherever the matching socket, device or file is in reach.
constexpr GroupWarning group_warnings[] = {
    {"adm", "the system's logs"},
    {"disk", "every byte of every disk"},
    {"docker", "full control of this machine"},
    {"incus-admin", "full control of this machine"},
    {"input", "every key pressed"},
    {"kmem", "the kernel's memory"},
    {"kvm", "virtual machines"},
    {"libvirt", "full control of this machine by its virtual machines"},
    {"lxd", "full control of this machine"},
    {"podman", "containers of the service's user"},
    {"render", "the graphics card"},
    {"shadow", "the password hashes"},
    {"systemd-journal", "the system's logs"},
    {"video", "the screen and the cameras"},
};

std::string warning_of(const std::string& group) {
  for (const GroupWarning& row : group_warnings) {
    if (group == row.name) return group + ": " + row.opens;
  }
  return "";
}

std::string group_name(const Caller& caller, std::uint32_t gid) {
  const auto name = caller.group_names.find(gid);
  return name == caller.group_names.end() ? "" : name->second;
}

void keep_groups(Planner& planner) {
  const Caller& caller = planner.caller();
  std::vector<std::uint32_t> groups = caller.groups;
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  for (const std::uint32_t gid : groups) {
    if (gid == caller.gid) continue;
    const std::string name = group_name(caller, gid);
    planner.plan.identity.kept_groups.push_back({.gid = gid, .name = name, .warning = warning_of(name)});
  }
}

void be_own(Planner& planner) {
  const Caller& caller = planner.caller();
  Identity& identity = planner.plan.identity;
  identity.kind = Identity::Kind::own;
  identity.outside_uid = caller.uid;
  identity.outside_gid = caller.gid;
  identity.user_name = caller.user_name;
  identity.group_name = group_name(caller, caller.gid);
  keep_groups(planner);
}

void be_stand_in(Planner& planner) {
  const Caller& caller = planner.caller();
  Identity& identity = planner.plan.identity;
  identity.kind = Identity::Kind::stand_in;
  identity.outside_uid = caller.sudo_uid.value_or(nobody);
  identity.outside_gid = caller.sudo_gid.value_or(nobody);
  const auto sudo_user = caller.environment.find("SUDO_USER");
  const bool known = caller.sudo_uid && sudo_user != caller.environment.end();
  identity.user_name = known ? sudo_user->second : "nobody";
  identity.group_name = caller.sudo_gid ? group_name(caller, *caller.sudo_gid) : "nogroup";
}

void be_host_root(Planner& planner) {
  Identity& identity = planner.plan.identity;
  identity.kind = Identity::Kind::host_root;
  identity.user_name = identity.group_name = "root";
  planner.note(Note::Level::warning,
               "the command runs as uid 0 of the host: file permissions of the host do not stop it, only what the view "
               "leaves out",
               planner.profile.user.origin);
}

/// What `id` says inside.
void choose_inside_ids(Identity& identity, const UserChoice& choice) {
  identity.inside_uid = identity.outside_uid;
  identity.inside_gid = identity.outside_gid;
  if (choice.kind == UserChoice::Kind::root) {
    identity.inside_uid = identity.inside_gid = 0;
    identity.user_name = identity.group_name = "root";
  } else if (choice.kind == UserChoice::Kind::number) {
    identity.inside_uid = identity.inside_gid = choice.number;
  }
}

std::string names_of(const std::vector<Identity::Group>& groups) {
  std::string names;
  for (const Identity::Group& group : groups) {
    names += (names.empty() ? "" : ", ") + (group.name.empty() ? std::to_string(group.gid) : group.name);
  }
  return names;
}

/// Debian's "nobody", the highest that packages use.
constexpr std::uint64_t all_of_a_system = 65536;

bool is_promised(const Planner& planner) {
  return std::ranges::any_of(planner.profile.require, [](const auto& promise) { return promise.value == "subids"; });
}

void refuse_promise(Planner& planner) {
  if (!is_promised(planner)) return;
  planner.fail("cannot promise subids", planner.profile.subids.origin, "nothing asks for them",
               "write subids = \"auto\", or take it out of require");
}

void say_too_small(Planner& planner, const Origin& origin) {
  const IdMaps& maps = planner.plan.identity.maps->value;
  const std::uint64_t first = std::min(first_unmapped(maps.uids), first_unmapped(maps.gids));
  if (first >= all_of_a_system) return;
  const std::string what = "subids = \"auto\": inside there are no numbers from " + std::to_string(first) +
                           " on, and nothing can belong to them";
  if (!is_promised(planner)) return planner.note(Note::Level::warning, what, origin);
  planner.fail("cannot promise subids", origin, what,
               "give " + planner.caller().user_name + " a range of 65536 in /etc/subuid and /etc/subgid");
}

void say_what_it_means(Planner& planner, const Origin& origin) {
  const Identity& identity = planner.plan.identity;
  if (!identity.owns_all) {
    return planner.note(Note::Level::information,
                        "the other user numbers only show whose a file is: to change to them or to give files to them "
                        "the command must be root inside, user = \"root\"",
                        origin);
  }
  if (identity.kept_groups.empty()) return;
  planner.note(Note::Level::warning,
               "the command may give up your groups (" + names_of(identity.kept_groups) +
                   "): a file that is closed to such a group and open to all others can then be read",
               origin);
}

/// More numbers than the caller's own. Only programs with rights may map them, and for an ordinary user.
void give_subids(Planner& planner) {
  const auto& mode = planner.profile.subids;
  if (mode.value == SubidMode::none) return refuse_promise(planner);
  Identity& identity = planner.plan.identity;
  if (identity.kind != Identity::Kind::own) {
    return planner.fail("cannot give several user numbers to a command that root starts", mode.origin,
                        "the ranges of /etc/subuid are for ordinary users",
                        "start snug as one, or write subids = \"none\"");
  }
  const Subids subids = planner.facts.subids.value_or(Subids{.why = "nobody has looked for them"});
  if (!subids.usable()) {
    return planner.fail("cannot have several user numbers", mode.origin, subids.why,
                        subids.fix + (subids.fix.empty() ? "" : "\n") + "or write subids = \"none\"");
  }
  identity.maps = {{.uids = map_around(identity.inside_uid, identity.outside_uid, subids.uids),
                    .gids = map_around(identity.inside_gid, identity.outside_gid, subids.gids),
                    .newuidmap = subids.newuidmap,
                    .newgidmap = subids.newgidmap},
                   mode.origin};
  identity.owns_all = identity.inside_uid == 0;
  say_too_small(planner, mode.origin);
  say_what_it_means(planner, mode.origin);
}

/// A name that cannot break a line of /etc/passwd.
std::string account_name(const std::string& name, const char* otherwise) {
  const bool fits = !name.empty() && name.size() <= 64 && name.find_first_of(":\n\r/ ") == std::string::npos;
  return fits ? name : otherwise;
}

}  // namespace

void refuse_nesting(Planner& planner) {
  if (!planner.facts.inside_snug) return;
  planner.fail("already inside snug (profile " + escape_for_display(planner.facts.inside_profile) + ")",
               planner.profile.nested.origin, "the outer sandbox does not let its command make namespaces",
               "write nested = true in the outer profile: it allows it, with the losses `snug plan` lists");
}

void decide_identity(Planner& planner) {
  const Sourced<UserChoice>& user = planner.profile.user;
  const Caller& caller = planner.caller();
  const bool wants_host_root = user.value.kind == UserChoice::Kind::host_root;
  Identity& identity = planner.plan.identity;
  identity.origin = user.origin;
  identity.home = caller.home;
  planner.home = caller.home.starts_with('/') ? planner.host.resolve(caller.home).path : "";
  if (planner.home.empty()) {
    planner.fail("cannot tell where your home is", {}, "neither HOME nor the password database names an absolute path",
                 "export HOME=/absolute/path");
  }
  const bool is_root = caller.uid == 0 && planner.facts.initial_user_namespace;
  if (wants_host_root && !is_root) {
    planner.fail("cannot run as root of the host", user.origin, "you are not root",
                 "write user = \"root\" to be root inside only");
    return;
  }
  if (!is_root) {
    be_own(planner);
  } else if (wants_host_root) {
    be_host_root(planner);
  } else {
    be_stand_in(planner);
  }
  choose_inside_ids(identity, user.value);
  identity.user_name = account_name(identity.user_name, "user");
  identity.group_name = account_name(identity.group_name, identity.user_name.c_str());
  give_subids(planner);
}

namespace {

/// No clock goes below 0 (the kernel's ERANGE).
void refuse_negative(Planner& planner, const std::optional<Sourced<std::chrono::nanoseconds>>& offset,
                     std::chrono::nanoseconds now, const std::string& clock) {
  if (!offset || now + offset->value >= std::chrono::nanoseconds(0)) return;
  const auto most = std::chrono::duration_cast<std::chrono::minutes>(now);
  planner.fail("cannot put the clock \"" + clock + "\" back by " + duration_to_text(-offset->value), offset->origin,
               "it would stand before its start: it counts from the machine's start and has come to " +
                   duration_to_text(most) + " only",
               "write \"-" + duration_to_text(most) + "\" at most, or one ahead: \"3d\"");
}

void refuse_time_before_the_start(Planner& planner) {
  const NamespacesSection& namespaces = planner.profile.namespaces;
  const auto& clocks = planner.facts.clocks;
  if (!clocks) return;
  refuse_negative(planner, namespaces.monotonic, clocks->monotonic, "monotonic");
  refuse_negative(planner, namespaces.boottime, clocks->boottime, "boottime");
}

}  // namespace

void describe_namespaces(Planner& planner) {
  const Profile& profile = planner.profile;
  NamespacePlan& namespaces = planner.plan.namespaces;
  namespaces.network = profile.network.mode.value != NetworkMode::host;
  namespaces.nested = profile.nested.value;
  if (const auto& offset = profile.namespaces.monotonic) namespaces.monotonic = offset->value;
  if (const auto& offset = profile.namespaces.boottime) namespaces.boottime = offset->value;
  namespaces.time = profile.namespaces.monotonic || profile.namespaces.boottime;
  refuse_time_before_the_start(planner);
  if (namespaces.nested) {
    planner.note(Note::Level::warning,
                 "nested = true leaves /proc unmasked and lets the command make namespaces and mounts of its own",
                 profile.nested.origin);
  }
}

}  // namespace snug
