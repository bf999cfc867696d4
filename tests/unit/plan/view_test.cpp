// What stands where: system, /etc, kernel directories, home, project.
#include "plan/captures.h"
#include "support/planning.h"

using namespace snug;

TEST_CASE("merged-usr links stay links and /usr is read-only") {
  Planning planning;
  const Plan plan = planning.plan();
  REQUIRE(what_at<Symlink>(plan, "/bin"));
  CHECK(what_at<Symlink>(plan, "/bin")->to == "usr/bin");
  REQUIRE(what_at<Bind>(plan, "/usr"));
  CHECK(what_at<Bind>(plan, "/usr")->access == Access::read);
  CHECK(entry_at(plan, "/libx32") == nullptr);
}

TEST_CASE("an empty root holds nothing of the system") {
  Planning planning;
  planning.toml = "filesystem.root = \"empty\"";
  planning.request.command = {"/home/ann/web/tool"};
  const Plan plan = planning.plan();
  CHECK(entry_at(plan, "/usr") == nullptr);
  CHECK(entry_at(plan, "/etc/shells") == nullptr);
  CHECK(what_at<File>(plan, "/etc/passwd"));
}

TEST_CASE("a root directory gives its top-level entries, but for those snug makes") {
  Planning planning;
  planning.host.add(
      "d /srv/root/usr/bin\nf /srv/root/usr/bin/sh\nl /srv/root/bin -> usr/bin\nd /srv/root/proc\nd /srv/root/tmp\n"
      "d /srv/root/etc\nf /srv/root/etc/services\nl /srv/root/etc/protocols -> /home/ann/.netrc\n"
      "l /srv/root/etc/shells -> ../usr/bin/sh\n");
  planning.toml = "filesystem.root = \"/srv/root\"";
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/usr")->source == "/srv/root/usr");
  CHECK(what_at<Symlink>(plan, "/bin")->to == "usr/bin");
  CHECK(what_at<Special>(plan, "/proc"));
  CHECK(what_at<Copy>(plan, "/etc/services")->source == "/srv/root/etc/services");
  CHECK(entry_at(plan, "/etc/protocols") == nullptr);
  CHECK(plan.command.argv.front() == "/bin/sh");
}

TEST_CASE("etc minimal shows nothing secret, and copies small files but binds large ones") {
  Planning planning;
  const Plan plan = planning.plan();
  for (const char* secret : {"/etc/shadow", "/etc/ssh", "/etc/npmrc", "/etc/sudoers"})
    CHECK_FALSE(entry_at(plan, secret));
  CHECK(what_at<Copy>(plan, "/etc/services"));
  CHECK(what_at<Bind>(plan, "/etc/mime.types"));
  CHECK(what_at<Copy>(plan, "/etc/localtime")->source == "/usr/share/zoneinfo/Europe/Vienna");
  CHECK(what_at<Mask>(plan, "/etc/ssl/private"));
  CHECK(what_at<File>(plan, "/etc/passwd")->content ==
        "ann:x:1000:1000::/home/ann:/bin/bash\nroot:x:0:0::/root:/bin/sh\n"
        "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n");
}

TEST_CASE("the machine's id is not the host's, and differs from project to project") {
  Planning here, there;
  there.host.add("d /home/ann/other uid=1000");
  there.caller().cwd = "/home/ann/other";
  const Plan first = here.plan(), second = there.plan();
  const std::string a = what_at<File>(first, "/etc/machine-id")->content;
  const std::string b = what_at<File>(second, "/etc/machine-id")->content;
  CHECK(a.size() == 33);
  CHECK(a != b);
}

TEST_CASE("the boot's id is not the host's, changes with it, and differs from project to project") {
  Planning here, there, later;
  there.host.add("d /home/ann/other uid=1000");
  there.caller().cwd = "/home/ann/other";
  later.host.add("f /proc/sys/kernel/random/boot_id \"another\"");
  const std::string path = "/proc/sys/kernel/random/boot_id";
  const Plan first = here.plan(), second = there.plan(), third = later.plan();
  REQUIRE(what_at<Mask>(first, path));
  const std::string a = what_at<Mask>(first, path)->content;
  CHECK(a.size() == 37);
  CHECK(a[14] == '4');
  CHECK(a != what_at<Mask>(second, path)->content);
  CHECK(a != what_at<Mask>(third, path)->content);
  CHECK(plan_to_text(first, Colour::never).find("this boot's id, for this sandbox") != std::string::npos);
}

TEST_CASE("etc host does not name the machine either") {
  Planning planning;
  planning.host.add("f /etc/machine-id \"of-the-host\"\nf /etc/hostid \"abcd\"");
  planning.toml = "filesystem.etc = \"host\"";
  const Plan plan = planning.plan();
  REQUIRE(what_at<Mask>(plan, "/etc/machine-id"));
  CHECK(what_at<Mask>(plan, "/etc/machine-id")->content.size() == 33);
  CHECK(what_at<Mask>(plan, "/etc/hostid")->content.empty());
}

TEST_CASE("etc host is one bind, with the resolver it points to while the network is the host's") {
  Planning planning;
  planning.toml = "filesystem.etc = \"host\"\nnetwork.mode = \"host\"";
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/etc")->access == Access::read);
  CHECK(entry_at(plan, "/etc/passwd") == nullptr);
  CHECK(what_at<Copy>(plan, "/run/systemd/resolve/stub-resolv.conf"));
}

TEST_CASE("nested leaves /proc as it is") {
  Planning planning;
  planning.toml = "nested = true";
  const Plan plan = planning.plan();
  CHECK(plan.namespaces.nested);
  CHECK(plan.seccomp.nested);
  CHECK(entry_at(plan, "/proc/sys") == nullptr);
  CHECK(entry_at(plan, "/proc/kcore") == nullptr);
  CHECK(entry_at(plan, "/proc/sys/kernel/random/boot_id") == nullptr);
  CHECK(has_note(plan, "nested = true"));
}

TEST_CASE("a cgroup of one's own only where cgroup v2 is") {
  Planning planning;
  CHECK_FALSE(entry_at(planning.plan(), "/sys/fs/cgroup"));
  planning.facts.cgroup2 = true;
  CHECK(what_at<Special>(planning.plan(), "/sys/fs/cgroup"));
}

TEST_CASE("every tmpfs has a size and an inode limit") {
  Planning planning;
  planning.toml = "filesystem.home = \"tmpfs\"\nfilesystem.tmpfs = [\"/scratch\"]\nfilesystem.hide = [\"/opt\"]";
  for (const ViewEntry& entry : planning.plan().view) {
    const auto* tmpfs = std::get_if<Tmpfs>(&entry.what);
    if (!tmpfs) continue;
    INFO(entry.target);
    CHECK(tmpfs->size > 0);
    CHECK(tmpfs->inodes > 0);
  }
}

TEST_CASE("a project in a stored home gets a mount point there, and only there") {
  Planning planning;
  const Plan plan = planning.plan();
  CHECK(prepares(plan, Preparation::Kind::mount_point, "/files/web"));
  CHECK(prepares(plan, Preparation::Kind::skeleton_file, "/files/.bashrc"));
  CHECK(prepares(plan, Preparation::Kind::skeleton_file, "/files/.zshrc"));
  for (const Preparation& made : plan.preparations) {
    if (made.kind == Preparation::Kind::stub) continue;
    CHECK(made.path.starts_with("/home/ann/.local/state/snug"));
  }
}

TEST_CASE("directories above the state directory are made where they are missing") {
  Planning planning;
  planning.caller().state_dir = "/home/ann/.var/state/snug";
  const Plan plan = planning.plan();
  CHECK(plan.preparations.front().path == "/home/ann/.var");
  CHECK_FALSE(prepares(plan, Preparation::Kind::directory, "/home/ann"));
}

TEST_CASE("a home that is a tmpfs carries the skeleton, and no home is an empty directory") {
  Planning planning;
  planning.toml = "filesystem.home = \"tmpfs\"\nfilesystem.git = \"write\"";
  Plan plan = planning.plan();
  CHECK(what_at<Tmpfs>(plan, "/home/ann")->mode == 0700);
  CHECK(what_at<File>(plan, "/home/ann/.zshrc"));
  CHECK(plan.preparations.empty());
  planning.toml = "filesystem.home = \"none\"";
  plan = planning.plan();
  CHECK(what_at<Directory>(plan, "/home/ann"));
  CHECK(variable(plan, "HOME")->value == "/home/ann");
  CHECK_FALSE(plan.stored_home);
}

TEST_CASE("a home behind a symbolic link is at both paths inside") {
  Planning planning(invented::merged_usr + invented::debian_etc +
                    "l /home -> var/home\nd /var/home/ann uid=1000\nd /var/home/ann/web uid=1000\n");
  planning.caller().cwd = "/var/home/ann/web";
  const Plan plan = planning.plan();
  CHECK(what_at<Bind>(plan, "/var/home/ann"));
  CHECK(what_at<Symlink>(plan, "/home")->to == "var/home");
  CHECK(plan.stored_home->directory.starts_with("/var/home/ann/.local/state/snug/homes/web-"));
}

TEST_CASE("changes to an overlaid project are kept as a capture with the next name") {
  const std::string captures = captures_of("/home/ann/.local/state/snug", "/home/ann/web");
  Planning planning;
  planning.host.add("d " + captures + "/7 uid=1000\n");
  planning.toml = "filesystem.project = \"overlay\"\nfilesystem.protect = [\"./ci\"]";
  const Plan plan = planning.plan();
  REQUIRE(plan.capture);
  CHECK(plan.capture->directory == captures + "/8");
  CHECK(plan.capture->protect == std::vector<std::string>{"ci"});
  const auto* overlay = what_at<Overlay>(plan, "/home/ann/web");
  REQUIRE(overlay);
  CHECK_FALSE(overlay->discard);
  CHECK(overlay->upper == plan.capture->directory + "/upper");
}

TEST_CASE("an overlay project whose changes are discarded keeps the host as it was and says so") {
  Planning planning;
  planning.toml =
      "filesystem.project = \"overlay\"\nchanges.on-success = \"discard\"\nchanges.on-failure = \"discard\"";
  const Plan plan = planning.plan();
  const auto* overlay = what_at<Overlay>(plan, "/home/ann/web");
  REQUIRE(overlay);
  CHECK(overlay->lowers == std::vector<std::string>{"/home/ann/web"});
  CHECK(overlay->discard);
  CHECK(prepares(plan, Preparation::Kind::directory, "/upper"));
  CHECK(overlay->upper.substr(0, overlay->upper.rfind('/')) == overlay->work.substr(0, overlay->work.rfind('/')));
  CHECK(has_note(plan, "thrown away"));
  CHECK(entry_at(plan, "/home/ann/web/.git/config") == nullptr);
}

TEST_CASE("an overlay that this machine cannot have stops the plan") {
  Planning planning;
  planning.toml = "filesystem.project = \"overlay\"";
  planning.facts.overlay = false;
  CHECK(planning.errors().find("overlay mounts") != std::string::npos);
}

TEST_CASE("parents come before children, and what is laid over comes after") {
  Planning planning;
  planning.toml = "filesystem.read = [\"/srv/a\", \"/srv/a-b\", \"/srv/a/b\"]\n";
  planning.host.add("d /srv/a/b\nd /srv/a-b");
  const Plan plan = planning.plan();
  const auto place = [&](const std::string& target) {
    return std::find_if(plan.view.begin(), plan.view.end(), [&](const auto& e) { return e.target == target; });
  };
  CHECK(place("/srv/a") < place("/srv/a/b"));
  CHECK(place("/srv/a/b") < place("/srv/a-b"));
  CHECK(place("/home/ann/web/.git") < place("/home/ann/web/.git/hooks"));
}
