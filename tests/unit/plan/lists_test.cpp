// filesystem.read, write, overlay, tmpfs, mount, and the links on the way to them.
#include <chrono>

#include "support/planning.h"

using namespace snug;

TEST_CASE("listed paths are shown at their own places") {
  Planning planning;
  planning.host.add("d /srv/data uid=1000");
  planning.toml = "filesystem.read = [\"~/.gitconfig\"]\nfilesystem.write = [\"/srv/data\"]";
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/srv/data")->access == Access::write);
  const auto* file = what_at<Bind>(plan, "/home/ann/.gitconfig");
  REQUIRE(file);
  CHECK_FALSE(file->directory);
  CHECK(prepares(plan, Preparation::Kind::mount_file, "/files/.gitconfig"));
  CHECK(entry_at(plan, "/home/ann/.gitconfig")->origin.line == 2);
}

TEST_CASE("an absent path is an error that names its line and how to skip it; with '?' it is skipped") {
  Planning planning;
  planning.toml = "filesystem.read = [\"/srv/none\"]";
  const std::string errors = planning.errors();
  CHECK(errors.find("snug.toml:2") != std::string::npos);
  CHECK(errors.find("\"/srv/none?\"") != std::string::npos);
  planning.toml = "filesystem.read = [\"/srv/none?\"]";
  CHECK(planning.errors() == "");
}

TEST_CASE("all mistakes are reported at once") {
  Planning planning;
  planning.toml = "filesystem.read = [\"/a\", \"/b\"]\nfilesystem.write = [\"/proc\"]";
  CHECK(planning.outcome().errors.size() == 3);
}

TEST_CASE("paths that must not be shown or written") {
  struct Row {
    const char* list;
    const char* because;
  };
  const Row row =
      GENERATE(Row{"read = [\"/\"]", "one of its own"}, Row{"read = [\"/proc/sys\"]", "one of its own"},
               Row{"write = [\"/sys/kernel\"]", "one of its own"}, Row{"read = [\"/dev/null\"]", "character device"},
               Row{"write = [\"~\"]", "snug's own"}, Row{"write = [\"~/.config\"]", "snug's own"},
               Row{"write = [\"~/.config/snug\"]", "snug's own"}, Row{"overlay = [\"~/.local\"]", "snug's own state"},
               Row{"read = [\"/srv/sock\"]", "network.sockets"}, Row{"read = [\"/srv/no\"]", "may not reach"},
               Row{"overlay = [\"~/.gitconfig\"]", "no directory"});
  Planning planning;
  planning.host.add("s /srv/sock\nu /srv/no\nd /home/ann/.config/snug uid=1000");
  planning.toml = "filesystem." + std::string(row.list);
  const std::string errors = planning.errors();
  INFO(row.list << ": " << errors);
  CHECK(errors.find(row.because) != std::string::npos);
}

TEST_CASE("relative paths belong to the file that says them") {
  Planning planning;
  planning.host.add("d /srv/shared/lib uid=1000");
  planning.file = "/srv/shared/team.toml";
  planning.toml = "filesystem.read = [\"./lib\"]";
  CHECK(what_at<Bind>(planning.plan(), "/srv/shared/lib"));
}

TEST_CASE("relative paths of an option belong to the current directory") {
  Planning planning;
  planning.caller().cwd = "/home/ann/web/src";
  planning.host.add("d /home/ann/web/src/gen uid=1000");
  planning.options = {{"filesystem.read", "\"./gen\"", Override::How::append, "--read"}};
  CHECK(what_at<Bind>(planning.plan(), "/home/ann/web/src/gen")->access == Access::read);
}

TEST_CASE("of two rules on one path the stricter holds, and the plan says how to take it out") {
  Planning planning;
  planning.host.add("d /srv/x uid=1000");
  planning.toml = "filesystem.write = [\"/srv/x\"]\nfilesystem.read = [\"/srv/x\"]";
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/srv/x")->access == Access::read);
  CHECK(has_note(plan, "\"!/srv/x\""));
}

TEST_CASE("the same rule twice is no tie") {
  Planning planning;
  planning.host.add("d /srv/x uid=1000");
  planning.toml = "filesystem.read = [\"/srv/x\", \"/srv/x\"]";
  CHECK_FALSE(has_note(planning.plan(), "stricter"));
}

TEST_CASE("a listed path takes the place of what snug puts there") {
  Planning planning;
  planning.toml = "filesystem.write = [\"/opt\"]\nfilesystem.tmpfs = [{ path = \"/tmp\", size = \"8G\" }]";
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/opt")->access == Access::write);
  CHECK(what_at<Tmpfs>(plan, "/tmp")->size == 8ULL << 30);
  CHECK(what_at<Tmpfs>(plan, "/tmp")->mode == 01777);
}

TEST_CASE("a home that is listed is the host's") {
  Planning planning;
  planning.toml = "filesystem.read = [\"~\"]\nfilesystem.git = \"write\"";
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/home/ann")->source == "/home/ann");
  CHECK_FALSE(plan.stored_home);
  for (const auto& made : plan.preparations) CHECK_FALSE(is_below(made.path, "/home/ann/.local/state/snug/homes"));
}

TEST_CASE("an overlay of a listed directory is kept beside a stored home, else thrown away") {
  Planning planning;
  planning.host.add("d /home/ann/.cargo/registry uid=1000");
  planning.toml = "filesystem.overlay = [\"~/.cargo/registry\"]";
  const Plan kept = planning.plan();
  CHECK_FALSE(what_at<Overlay>(kept, "/home/ann/.cargo/registry")->discard);
  CHECK(
      what_at<Overlay>(kept, "/home/ann/.cargo/registry")->upper.starts_with(kept.stored_home->directory + "/layers/"));
  CHECK(prepares(kept, Preparation::Kind::mount_point, "/files/.cargo/registry"));
  CHECK(prepares(kept, Preparation::Kind::mount_point, "/files/.cargo"));
  planning.toml += "\nfilesystem.home = \"tmpfs\"";
  CHECK(what_at<Overlay>(planning.plan(), "/home/ann/.cargo/registry")->discard);
}

// --- [[filesystem.mount]] ---------------------------------------------------------------------------

TEST_CASE("a mount shows a source somewhere else") {
  Planning planning;
  planning.host.add("d /srv/data uid=1000");
  planning.toml = R"(
[[filesystem.mount]]
type = "bind"
source = "/srv/data"
target = "/data"
access = "write"
exec = false
[[filesystem.mount]]
type = "file"
target = "/etc/motd"
content = "hello\n"
mode = 0o600
[[filesystem.mount]]
type = "symlink"
source = "/data/x"
target = "/link"
[[filesystem.mount]]
type = "directory"
target = "/made"
[[filesystem.mount]]
type = "device"
source = "/dev/fuse"
[[filesystem.mount]]
type = "tmpfs"
target = "/var/run/scratch"
size = "1M"
)";
  planning.host.add("c /dev/fuse");
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/data")->source == "/srv/data");
  CHECK_FALSE(what_at<Bind>(plan, "/data")->exec);
  CHECK(what_at<File>(plan, "/etc/motd")->content == "hello\n");
  CHECK(what_at<Symlink>(plan, "/link")->to == "/data/x");
  CHECK(what_at<Directory>(plan, "/made"));
  CHECK(what_at<Device>(plan, "/dev/fuse"));
  CHECK(what_at<Tmpfs>(plan, "/run/scratch"));  // a target's links are followed as they are inside
}

TEST_CASE("nothing is ever made in a host directory") {
  Planning planning;
  planning.host.add(
      "d /srv/data uid=1000\nd /srv/host uid=1000\nd /srv/host/there uid=1000\nf /srv/host/file uid=1000");
  const auto mount_at = [](const std::string& target) {
    return "filesystem.read = [\"/srv/host\"]\n[[filesystem.mount]]\ntype = \"bind\"\nsource = \"/srv/data\"\ntarget = "
           "\"" +
           target + "\"";
  };
  planning.toml = mount_at("/srv/host/there");
  CHECK(planning.errors() == "");
  planning.toml = mount_at("/srv/host/missing");
  CHECK(planning.errors().find("nothing at \"/srv/host/missing\"") != std::string::npos);
  planning.toml = mount_at("/srv/host/file");
  CHECK(planning.errors().find("is a file") != std::string::npos);
  planning.toml = "[[filesystem.mount]]\ntype = \"file\"\ncontent = \"x\"\ntarget = \"/usr/new\"";
  CHECK(planning.errors().find("makes nothing") != std::string::npos);
}

TEST_CASE("a mount below a file is an error") {
  Planning planning;
  planning.toml = "filesystem.tmpfs = [\"/etc/shells/x\"]";
  CHECK(planning.errors().find("not a directory") != std::string::npos);
}

// --- links -------------------------------------------------------------------------------------------

TEST_CASE("a link on the way is made anew where it is not visible already") {
  Planning planning;
  planning.host.add("d /data/tools-2 uid=1000\nl /data/tools -> tools-2\nl /shortcut -> data/tools");
  planning.toml = "filesystem.read = [\"/shortcut\"]";
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/data/tools-2"));
  CHECK(what_at<Symlink>(plan, "/data/tools")->to == "tools-2");
  CHECK(what_at<Symlink>(plan, "/shortcut")->to == "data/tools");
}

TEST_CASE("a link in the stored home's place is shown as the file it leads to") {
  Planning planning;
  planning.host.add("f /home/ann/dots/gitconfig uid=1000\nl /home/ann/.gitrc -> dots/gitconfig");
  planning.toml = "filesystem.read = [\"~/.gitrc\"]";
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/home/ann/.gitrc")->source == "/home/ann/dots/gitconfig");
  CHECK(what_at<Bind>(plan, "/home/ann/dots/gitconfig"));
}

TEST_CASE("links that lead round in a circle are an error") {
  Planning planning;
  planning.host.add("l /a -> b\nl /b -> a");
  planning.toml = "filesystem.read = [\"/a\"]";
  CHECK(planning.errors().find("circle") != std::string::npos);
}

TEST_CASE("a link that code inside can make decides nothing") {
  Planning planning;
  planning.host.add("l /home/ann/web/data -> /home/ann/.ssh");
  const std::string list =
      GENERATE("filesystem.read = [\"/home/ann/web/data\"]", "filesystem.overlay = [\"/home/ann/web/data\"]",
               "[[filesystem.mount]]\ntype = \"bind\"\nsource = \"/home/ann/web/data\"\ntarget = \"/x\"",
               "filesystem.root = \"/home/ann/web/data\"");
  planning.toml = list;
  INFO(list);
  CHECK(planning.errors().find("writable inside") != std::string::npos);
}

TEST_CASE("a link within the project that stays there is followed") {
  Planning planning;
  planning.host.add("d /home/ann/web/real uid=1000\nl /home/ann/web/data -> real");
  planning.toml = "filesystem.read = [\"/home/ann/web/data\"]";
  CHECK(what_at<Bind>(planning.plan(), "/home/ann/web/real")->access == Access::read);
}

// --- cost --------------------------------------------------------------------------------------------

TEST_CASE("a thousand listed paths cost a thousand times one") {
  std::string machine = invented::debian, list;
  for (int i = 0; i < 1000; ++i) {
    const std::string path = (i % 2 ? "/srv/many/" : "/home/ann/many/") + std::to_string(i);
    machine += "d " + path + " uid=1000\n";
    list += "\"" + path + "\", ";
  }
  Planning planning(machine);
  const auto few = [] {
    Planning one;
    (void)one.plan();
    return one.host.questions;
  }();
  planning.toml = "filesystem.read = [" + list + "]";
  const Profile profile = planning.profile();
  const auto start = std::chrono::steady_clock::now();
  const PlanOutcome made = build_plan(profile, planning.facts, planning.host, planning.request);
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(made.errors.empty());
  CHECK(planning.host.questions < few + 1100);
  CHECK(took < std::chrono::milliseconds(200));  // 6 ms when written; a square would take seconds
}
