#include "support/planning.h"

using namespace snug;

namespace {

/// One rule about where the project is, as somebody stands somewhere on a machine with these files besides.
struct Standing {
  const char* rule;
  const char* files;
  const char* cwd;
  const char* profile_file;  ///< the snug.toml that is used; empty: none
  const char* project;
  const char* reason;
};

const Standing standings[] = {
    {"the work tree around the current directory", "", "/home/ann/web/src", "", "/home/ann/web", "git work tree"},
    {"the directory of the snug.toml that is used", "d /srv/app/sub uid=1000\nd /srv/app uid=1000", "/srv/app/sub",
     "/srv/app/snug.toml", "/srv/app", "directory of snug.toml"},
    {"without a work tree the current directory", "d /home/ann/notes/x uid=1000", "/home/ann/notes/x", "",
     "/home/ann/notes/x", "current directory"},
    {"the search for a work tree stops at the home", "d /home/ann/.git uid=1000\nd /home/ann/notes uid=1000",
     "/home/ann/notes", "", "/home/ann/notes", "current directory"},
    {"and where another file system begins",
     "d /srv/.git uid=1000\nd /srv/disk uid=1000 dev=9\nd /srv/disk/p uid=1000 dev=9", "/srv/disk/p", "", "/srv/disk/p",
     "current directory"},
    {"a .git that another user left above does not count", "d /tmp/.git uid=6666\nd /tmp/p uid=1000", "/tmp/p", "",
     "/tmp/p", "current directory"},
    {"an image's /usr/src/app is a project like any other", "d /usr/src/app uid=1000", "/usr/src/app", "",
     "/usr/src/app", "current directory"},
};

}  // namespace

TEST_CASE("the project is where it is looked for, and the command starts where one stands") {
  for (const Standing& standing : standings) {
    INFO(standing.rule);
    Planning planning;
    planning.host.add(standing.files);
    planning.caller().cwd = standing.cwd;
    planning.request.profile_file = standing.profile_file;
    const Plan plan = planning.plan();
    CHECK(plan.project == standing.project);
    CHECK(plan.project_reason == standing.reason);
    CHECK(plan.command.workdir == standing.cwd);
  }
}

TEST_CASE("places that are never a project") {
  struct Row {
    const char* cwd;
    const char* because;
  };
  const Row row = GENERATE(Row{"/", "root of the system"}, Row{"/home", "your home lies in it"},
                           Row{"/home/ann", "it is your home"}, Row{"/usr/lib", "system directory"},
                           Row{"/etc/ssl", "system directory"}, Row{"/tmp", "system directory"},
                           Row{"/home/ann/.config", "configuration"}, Row{"/home/ann/.local", "state"},
                           Row{"/home/ann/.local/state/snug/x", "state"}, Row{"/srv/bob", "uid 1001"});
  Planning planning;
  planning.host.add("d /srv/bob uid=1001\nd /home/ann/.local uid=1000\nd /home/ann/.local/state/snug/x uid=1000");
  planning.caller().cwd = row.cwd;
  const std::string errors = planning.errors();
  INFO(row.cwd << ": " << errors);
  CHECK(errors.find(row.because) != std::string::npos);
  CHECK(errors.find("--project none") != std::string::npos);
  CHECK(errors.find("-p DIR/snug.toml") != std::string::npos);
}

TEST_CASE("root may use what belongs to root or to the user behind sudo") {
  Planning planning;
  planning.caller().uid = planning.caller().gid = 0;
  planning.caller().sudo_uid = planning.caller().sudo_gid = 1000;
  CHECK(planning.errors() == "");
  planning.host.add("d /srv/bob uid=1001");
  planning.caller().cwd = "/srv/bob";
  CHECK(planning.errors().find("uid 1001") != std::string::npos);
}

TEST_CASE("project none needs no project, wherever one stands") {
  Planning planning;
  planning.caller().cwd = "/";
  planning.toml = "filesystem.project = \"none\"";
  const Plan plan = planning.plan();
  CHECK(plan.project.empty());
  CHECK(plan.command.workdir == "/");
  CHECK(entry_at(plan, "/home/ann/web") == nullptr);
}

TEST_CASE("with project none a directory that is not visible gives way to the home") {
  Planning planning;
  planning.toml = "filesystem.project = \"none\"";
  CHECK(planning.plan().command.workdir == "/home/ann");
}

TEST_CASE("a deleted current directory is an error, not a guess") {
  Planning planning;
  planning.caller().cwd = "";
  CHECK(planning.errors().find("cd to a directory that exists") != std::string::npos);
}

TEST_CASE("two profiles in one project have two stored homes") {
  Planning first, second;
  second.toml = "description = \"another\"";
  const Plan a = first.plan(), b = second.plan();
  REQUIRE(a.stored_home);
  REQUIRE(b.stored_home);
  CHECK(a.stored_home->directory != b.stored_home->directory);
  CHECK(a.stored_home->directory == first.plan().stored_home->directory);
}
