#include "cli/surroundings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/catch.h"

using namespace snug;

namespace {

const std::string passwd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "broken line\n"
    "short:x:7\n"
    "ada:x:1000:1000:Ada,,,:/home/ada:/usr/bin/zsh\n"
    "twin:x:1000:1000::/home/twin:/bin/sh\n"
    "last:x:1001:1001::/home/last:";

Identification ada() { return {.uid = 1000, .gid = 1000, .account = find_account(passwd, 1000), .cwd = "/w"}; }

Caller caller_of(Environment environment) {
  auto made = make_caller(ada(), std::move(environment));
  REQUIRE(made);
  return *made;
}

}  // namespace

TEST_CASE("an account is the first whole line with the uid") {
  const auto account = find_account(passwd, 1000);
  REQUIRE(account);
  CHECK(account->name == "ada");
  CHECK(account->home == "/home/ada");
  CHECK(account->shell == "/usr/bin/zsh");
  CHECK(find_account(passwd, 1001)->shell.empty());
  CHECK_FALSE(find_account(passwd, 7));
  CHECK_FALSE(find_account(passwd, 10));
  CHECK_FALSE(find_account("", 0));
}

TEST_CASE("a group is found by its number") {
  CHECK(find_group("root:x:0:\ndocker:x:998:ada\n", 998) == "docker");
  CHECK_FALSE(find_group("root:x:0:\n", 1));
}

TEST_CASE("the name service is asked only where it knows more than the files") {
  const auto asks = [](const std::string& line, bool userdb = false) {
    return asks_beyond_files("# passwd: ldap\nhosts: dns\n" + line + "\n", "passwd", userdb);
  };
  CHECK_FALSE(asks("passwd:\tfiles"));
  CHECK_FALSE(asks("passwd: files systemd # and ldap"));
  CHECK_FALSE(asks("passwd: files [!UNAVAIL=return]"));
  CHECK_FALSE(asks("group: files ldap"));
  CHECK(asks("passwd: files systemd", true));
  CHECK(asks("passwd: files sss"));
  CHECK(asks("  passwd: compat"));
  CHECK_FALSE(asks_beyond_files("", "passwd", true));
}

TEST_CASE("the environment goes before the password database") {
  const auto caller = caller_of({{"HOME", "/h//x/./"}, {"SHELL", "/bin/fish"}, {"XDG_STATE_HOME", "/s"}});
  CHECK(caller.home == "/h/x");
  CHECK(caller.shell == "/bin/fish");
  CHECK(caller.state_dir == "/s/snug");
  CHECK(caller.config_dir == "/h/x/.config/snug");
  CHECK(caller.user_name == "ada");
  CHECK(caller.cwd == "/w");
  CHECK(caller.environment.at("HOME") == "/h//x/./");
}

TEST_CASE("what the environment says in relative paths counts as unset") {
  const auto caller = caller_of({{"HOME", "h"}, {"SHELL", "zsh"}, {"XDG_STATE_HOME", "s"}, {"XDG_CONFIG_HOME", ""}});
  CHECK(caller.home == "/home/ada");
  CHECK(caller.shell == "/usr/bin/zsh");
  CHECK(caller.state_dir == "/home/ada/.local/state/snug");
  CHECK(caller.config_dir == "/home/ada/.config/snug");
}

TEST_CASE("what lasts for a session lies with it, or is named by the boot") {
  CHECK(caller_of({{"HOME", "/h"}, {"XDG_RUNTIME_DIR", "/run/user/7"}}).runtime_dir == "/run/user/7/snug");
  CHECK(caller_of({{"HOME", "/h"}, {"XDG_RUNTIME_DIR", "run"}}).runtime_dir.empty());
  const Identification booted{.uid = 4242, .gid = 4242, .cwd = "/", .boot_id = "12-ab"};
  CHECK(make_caller(booted, {{"HOME", "/h"}})->runtime_dir == "/h/.local/state/snug/boot-12-ab");
  CHECK(make_caller(booted, {{"HOME", "/h"}, {"XDG_RUNTIME_DIR", "/r"}})->runtime_dir == "/r/snug");
}

TEST_CASE("a uid without an account needs HOME") {
  const Identification stranger{.uid = 4242, .gid = 4242, .cwd = "/"};
  const auto refused = make_caller(stranger, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what == "cannot tell the home directory of uid 4242");
  const auto made = make_caller(stranger, {{"HOME", "/"}});
  REQUIRE(made);
  CHECK(made->user_name == "4242");
  CHECK(made->shell == "/bin/sh");
  CHECK(made->state_dir == "/.local/state/snug");
}

TEST_CASE("only root's SUDO_UID counts") {
  const Environment environment{{"HOME", "/root"}, {"SUDO_UID", "1000"}, {"SUDO_GID", "x1"}};
  CHECK_FALSE(make_caller(ada(), environment)->sudo_uid);
  const auto root = make_caller({.uid = 0, .gid = 0, .cwd = "/"}, environment);
  CHECK(root->sudo_uid == 1000u);
  CHECK_FALSE(root->sudo_gid);
}

TEST_CASE("a clean path is absolute and has no dots") {
  CHECK(clean_absolute("/") == "/");
  CHECK(clean_absolute("///a///b/.//") == "/a/b");
  CHECK(clean_absolute("/a..b/...") == "/a..b/...");
  CHECK_FALSE(clean_absolute("/a/../b"));
  CHECK_FALSE(clean_absolute("a"));
  CHECK_FALSE(clean_absolute(""));
}

TEST_CASE("this process has a caller") {
  const auto caller = read_caller();
  REQUIRE(caller);
  CHECK(caller->cwd.front() == '/');
  CHECK_FALSE(caller->environment.empty());
}

TEST_CASE("a state directory that somebody else may change is not used") {
  std::string top = (std::filesystem::temp_directory_path() / "snug-state-XXXXXX").string();
  REQUIRE(mkdtemp(top.data()) != nullptr);
  Caller caller;
  caller.uid = geteuid();
  caller.state_dir = top + "/state/snug";
  const auto usable = [&](mode_t above, mode_t own) {
    std::filesystem::create_directories(caller.state_dir);
    return chmod((top + "/state").c_str(), above) == 0 && chmod(caller.state_dir.c_str(), own) == 0 &&
           check_state_directory(caller).ok();
  };
  CHECK(check_state_directory(caller));  // nothing is there yet
  CHECK(usable(0755, 0700));
  CHECK(usable(0775, 0755));   // a group of one's own
  CHECK(usable(01777, 0700));  // as /tmp
  CHECK_FALSE(usable(0777, 0700));
  CHECK_FALSE(usable(0755, 0777));
  CHECK_FALSE(usable(0755, 01777));
  CHECK(usable(0755, 0700));
  if (geteuid() == 0) {  // else there are none of somebody else's
    REQUIRE(chown(caller.state_dir.c_str(), 4243, 4243) == 0);
    CHECK_FALSE(check_state_directory(caller));
    caller.sudo_uid = 4243;
    CHECK(check_state_directory(caller));
  }
  caller.uid = geteuid() + 1;
  caller.sudo_uid.reset();
  CHECK_FALSE(check_state_directory(caller));
  std::filesystem::remove_all(top);
}
