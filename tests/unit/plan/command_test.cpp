// Identity, environment, command and limits.
#include "support/planning.h"

using namespace snug;

TEST_CASE("only listed variables pass, and snug says who and where one is") {
  Planning planning;
  planning.caller().environment["LC_TIME"] = "de_AT.UTF-8";
  planning.caller().environment["TMPDIR"] = "/home/ann/tmp";
  const Plan plan = planning.plan();
  CHECK(variable(plan, "TERM")->from == Variable::From::passed);
  CHECK(variable(plan, "LC_TIME")->value == "de_AT.UTF-8");
  CHECK_FALSE(variable(plan, "AWS_SECRET_ACCESS_KEY"));
  CHECK_FALSE(variable(plan, "TMPDIR"));
  CHECK(variable(plan, "HOME")->value == "/home/ann");
  CHECK(variable(plan, "USER")->value == "ann");
  CHECK(variable(plan, "container")->value == "snug");
  CHECK(variable(plan, "SNUG_PROFILE")->value == "default");
  CHECK(variable(plan, "PWD")->value == "/home/ann/web");
  CHECK(variable(plan, "XDG_RUNTIME_DIR")->value == "/run/user/1000");
  CHECK(std::is_sorted(plan.environment.begin(), plan.environment.end(),
                       [](const Variable& a, const Variable& b) { return a.name < b.name; }));
}

TEST_CASE("set beats what passes and what snug says, and unset takes away") {
  Planning planning;
  planning.toml = "environment.set = { TERM = \"dumb\", PATH = \"/x\" }\nenvironment.unset = [\"LANG\"]";
  const Plan plan = planning.plan();
  CHECK(variable(plan, "TERM")->value == "dumb");
  CHECK(variable(plan, "PATH")->value == "/x");
  CHECK_FALSE(variable(plan, "LANG"));
}

TEST_CASE("nothing a profile sets can hide that one is inside") {
  Planning planning;
  Profile profile = planning.profile();
  profile.environment.set["container"] = {.value = "none"};
  profile.environment.unset.push_back({.value = "SNUG_PROFILE"});
  const Plan plan = build_plan(profile, planning.facts, planning.host, planning.request).plan;
  CHECK(variable(plan, "container")->value == "snug");
  CHECK(variable(plan, "SNUG_PROFILE")->value == "default");
}

TEST_CASE("environment.path comes first in PATH, before what is visible of the caller's") {
  Planning planning;
  planning.toml = "environment.path = [\"./node_modules/.bin\"]";
  planning.caller().environment["PATH"] = "relative:/srv/gone:/usr/bin::/usr/bin";
  const std::string path = variable(planning.plan(), "PATH")->value;
  CHECK(path.starts_with("/home/ann/web/node_modules/.bin:/usr/bin:"));
  CHECK(path.find("gone") == std::string::npos);
  CHECK(path.find("relative") == std::string::npos);
}

TEST_CASE("a command is looked for as execvp does, with the PATH inside") {
  Planning planning;
  planning.request.command = {"make", "-j2"};
  CHECK(planning.plan().command.candidates ==
        std::vector<std::string>{"/usr/local/bin/make", "/usr/bin/make", "/bin/make", "/usr/games/make",
                                 "/usr/local/sbin/make", "/usr/sbin/make", "/sbin/make"});
  planning.request.command = {"./configure"};
  CHECK(planning.plan().command.candidates == std::vector<std::string>{"/home/ann/web/./configure"});
}

TEST_CASE("the interactive shell is the profile's, else the user's, else bash") {
  Planning planning;
  planning.host.add("f /usr/bin/zsh\nf /home/ann/.local/bin/fish");
  planning.caller().shell = "/usr/bin/zsh";
  Plan plan = planning.plan();
  CHECK(plan.command.interactive_shell);
  CHECK(plan.command.candidates == std::vector<std::string>{"/usr/bin/zsh"});
  CHECK(variable(plan, "SHELL")->value == "/usr/bin/zsh");
  planning.caller().shell = GENERATE("/home/ann/.local/bin/fish", "/usr/sbin/nologin");
  plan = planning.plan();
  CHECK(plan.command.argv == std::vector<std::string>{"/bin/bash"});
  planning.toml = "shell = [\"sh\", \"-e\"]";
  plan = planning.plan();
  CHECK(plan.command.argv == std::vector<std::string>{"sh", "-e"});
  CHECK(plan.command.candidates == std::vector<std::string>{"/usr/bin/sh"});
}

TEST_CASE("a shell the profile names must be there") {
  Planning planning;
  planning.toml = "shell = [\"fish\"]";
  CHECK(planning.errors().find("fish") != std::string::npos);
}

TEST_CASE("a working directory that is not visible is an error") {
  Planning planning;
  planning.host.add("d /srv/other uid=1000");
  planning.toml = "workdir = \"/srv/other\"";
  CHECK(planning.errors().find("not visible inside") != std::string::npos);
  planning.toml = "workdir = \"./src\"";
  CHECK(planning.plan().command.workdir == "/home/ann/web/src");
}

TEST_CASE("the ids inside are one's own, root's or a number") {
  Planning planning;
  CHECK(planning.plan().identity.kind == Identity::Kind::own);
  planning.toml = "user = \"root\"";
  Plan plan = planning.plan();
  CHECK(plan.identity.inside_uid == 0);
  CHECK(plan.identity.outside_uid == 1000);
  CHECK(what_at<File>(plan, "/etc/passwd")->content.starts_with("root:x:0:0::/home/ann:/bin/bash\nnobody:"));
  planning.toml = "user = 4242";
  plan = planning.plan();
  CHECK(plan.identity.inside_uid == 4242);
  CHECK(entry_at(plan, "/run/user/4242"));
}

TEST_CASE("host-root is for root only, and the plan begins with what it means") {
  Planning planning;
  planning.toml = "user = \"host-root\"";
  CHECK(planning.errors().find("not root") != std::string::npos);
  planning.caller().uid = planning.caller().gid = 0;
  planning.caller().sudo_uid = 1000;
  const Plan plan = planning.plan();
  CHECK(plan.identity.kind == Identity::Kind::host_root);
  CHECK(plan_to_text(plan, Colour::never).starts_with("  warning: the command runs as uid 0 of the host"));
}

TEST_CASE("root gets a stand-in that reaches the project and the home by idmapped mounts") {
  Planning planning;
  planning.caller().uid = planning.caller().gid = 0;
  planning.caller().sudo_uid = 1000;
  planning.caller().sudo_gid = 1000;
  planning.caller().environment["SUDO_USER"] = "ann";
  const Plan plan = planning.plan();
  CHECK(plan.identity.kind == Identity::Kind::stand_in);
  CHECK(plan.identity.outside_uid == 1000);
  CHECK(plan.identity.user_name == "ann");
  CHECK_FALSE(what_at<Bind>(plan, "/home/ann/web")->idmap);  // on disk it is the stand-in's already
  REQUIRE(what_at<Bind>(plan, "/home/ann")->idmap);          // root made the stored home
  CHECK(what_at<Bind>(plan, "/home/ann")->idmap->disk_uid == 0);
}

TEST_CASE("root's stand-in cannot have an overlay") {
  Planning planning;
  planning.caller().uid = planning.caller().gid = 0;
  planning.caller().sudo_uid = planning.caller().sudo_gid = 1000;
  planning.toml = "filesystem.project = \"overlay\"";
  CHECK(planning.errors().find("--user host-root") != std::string::npos);
}

TEST_CASE("groups that cannot be dropped are named with what they open") {
  Planning planning;
  planning.caller().groups = {1000, 998, 27};
  planning.caller().group_names = {{1000, "ann"}, {998, "docker"}, {27, "sudo"}};
  const auto groups = planning.plan().identity.kept_groups;
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].name == "sudo");
  CHECK(groups[0].warning.empty());
  CHECK(groups[1].warning == "docker: full control of this machine");
}

TEST_CASE("inside a sandbox that forbids it, snug does not start another") {
  Planning planning;
  planning.facts.inside_snug = true;
  planning.facts.inside_profile = "web";
  CHECK(planning.errors().find("already inside snug (profile web)") != std::string::npos);
}

TEST_CASE("a name that would break /etc/passwd is replaced") {
  Planning planning;
  planning.caller().user_name = "ann:x:0:0\nroot";
  CHECK(what_at<File>(planning.plan(), "/etc/passwd")->content.starts_with("user:x:1000:"));
}

TEST_CASE("limits, time offsets and the filter's policy are copied with their lines") {
  Planning planning;
  planning.toml =
      "limits.rlimit = { nofile = 64 }\nlimits.timeout = \"30m\"\nnamespaces.time = { monotonic = \"-3d\" }\n"
      "seccomp.policy = \"off\"";
  const Plan plan = planning.plan();
  const auto nofile =
      std::find_if(plan.rlimits.begin(), plan.rlimits.end(), [](const auto& l) { return l.name == "nofile"; });
  REQUIRE(nofile != plan.rlimits.end());
  CHECK(nofile->soft == 64);
  CHECK(nofile->hard == 64);
  CHECK(nofile->origin.line == 2);
  CHECK(plan.timeout->value == std::chrono::minutes(30));
  CHECK(plan.namespaces.time);
  CHECK(plan.seccomp.policy == SeccompPolicy::off);
  CHECK(plan.seccomp.policy_origin.line == 5);
  CHECK(has_note(plan, "no system-call filter"));
}

TEST_CASE("the plan prints the filter's policy and who chose it") {
  Planning planning;
  CHECK(plan_to_text(planning.plan(), Colour::never).find("system calls: policy default\n") != std::string::npos);
  planning.toml = "seccomp.policy = \"strict\"";
  const std::string text = plan_to_text(planning.plan(), Colour::never);
  CHECK(text.find("system calls: policy strict (without debuggers, ") != std::string::npos);
  CHECK(text.find("(seccomp.policy)") != std::string::npos);
}
