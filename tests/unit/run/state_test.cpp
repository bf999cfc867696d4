#include "run/state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/catch.h"
#include "sys/tree.h"

namespace fs = std::filesystem;
using snug::Plan;
using snug::Preparation;
using snug::RunState;
using Kind = snug::Preparation::Kind;

namespace {

struct TestHome {
  std::string root = "/tmp/snug-state-XXXXXX";
  Plan plan;

  TestHome() {
    REQUIRE(::mkdtemp(root.data()) != nullptr);
    plan.stored_home = {.directory = root + "/snug/homes/k", .files = root + "/snug/homes/k/files"};
  }
  ~TestHome() { snug::remove_tree(root); }

  std::string home(const std::string& below = "") const { return plan.stored_home->files + below; }
  std::string state(const std::string& below) const { return root + "/snug" + below; }
  void prepare(Kind kind, const std::string& path, const std::string& content = "") {
    plan.preparations.push_back({.kind = kind, .path = path, .content = content, .mode = 0700});
  }
};

std::string read(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::string refusal(const Plan& plan) {
  const auto state = RunState::prepare(plan);
  REQUIRE_FALSE(state);
  return snug::to_text(state.error());
}

// A run that is killed: its locks go, its clean-up never happens.
void killed_run(const Plan& plan) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto state = RunState::prepare(plan);
    ::_exit(state ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
}

}  // namespace

TEST_CASE("a stored home is made private, with a format number and its skeleton") {
  TestHome test;
  test.prepare(Kind::directory, test.home("/.config"));
  test.prepare(Kind::skeleton_file, test.home("/.config/bash/rc"), "PS1=x\n");
  auto state = RunState::prepare(test.plan);
  REQUIRE(state);
  CHECK(state->finish().empty());
  CHECK(read(test.home("/.config/bash/rc")) == "PS1=x\n");
  CHECK(read(test.state("/homes/k/format")) == "1 0.1.0\n");
  struct stat status {};
  REQUIRE(::stat(test.home().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
}

TEST_CASE("a skeleton file is written once and never over what stands there") {
  TestHome test;
  test.prepare(Kind::skeleton_file, test.home("/rc"), "new");
  fs::create_directories(test.home());
  SECTION("a file") {
    write(test.home("/rc"), "mine");
    CHECK(RunState::prepare(test.plan));
    CHECK(read(test.home("/rc")) == "mine");
  }
  SECTION("a planted symbolic link") {
    fs::create_symlink(test.root + "/victim", test.home("/rc"));
    CHECK(RunState::prepare(test.plan));
    CHECK_FALSE(fs::exists(test.root + "/victim"));
  }
}

TEST_CASE("mount points are there during the run and gone after it") {
  TestHome test;
  test.prepare(Kind::mount_point, test.home("/src/project"));
  test.prepare(Kind::mount_file, test.home("/.gitconfig"));
  test.prepare(Kind::mount_file, test.home("/odd\nname \x1b[31m/file"));
  auto state = RunState::prepare(test.plan);
  REQUIRE(state);
  CHECK(fs::is_directory(test.home("/src/project")));
  CHECK(fs::is_regular_file(test.home("/.gitconfig")));
  CHECK(fs::is_regular_file(test.home("/odd\nname \x1b[31m/file")));
  state->finish();
  CHECK(fs::is_empty(test.home()));
}

TEST_CASE("what was there before, or holds something by now, is not removed") {
  TestHome test;
  fs::create_directories(test.home("/mine"));
  write(test.home("/empty"), "");
  test.prepare(Kind::mount_point, test.home("/mine"));
  test.prepare(Kind::mount_file, test.home("/empty"));
  test.prepare(Kind::mount_point, test.home("/used"));
  test.prepare(Kind::mount_file, test.home("/filled"));
  auto state = RunState::prepare(test.plan);
  REQUIRE(state);
  write(test.home("/used/data"), "x");
  write(test.home("/filled"), "x");
  state->finish();
  for (const char* path : {"/mine", "/empty", "/used/data", "/filled"}) CHECK(fs::exists(test.home(path)));
}

TEST_CASE("mount points stay while another run uses the home; the last one removes them") {
  TestHome test;
  test.prepare(Kind::mount_point, test.home("/p"));
  auto first = RunState::prepare(test.plan);
  auto second = RunState::prepare(test.plan);
  REQUIRE((first && second));
  first->finish();
  CHECK(fs::exists(test.home("/p")));
  second->finish();
  CHECK_FALSE(fs::exists(test.home("/p")));
}

TEST_CASE("the run after a killed one removes what that had made") {
  TestHome test;
  test.prepare(Kind::mount_point, test.home("/a/b"));
  test.prepare(Kind::mount_file, test.home("/a/f"));
  killed_run(test.plan);
  REQUIRE(fs::exists(test.home("/a/f")));
  test.plan.preparations.clear();
  const auto next = RunState::prepare(test.plan);
  REQUIRE(next);
  CHECK(fs::is_empty(test.home()));
}

TEST_CASE("a journal cut short or written by an enemy removes nothing it should not") {
  TestHome test;
  REQUIRE(RunState::prepare(test.plan));
  fs::create_directories(test.root + "/victim");
  fs::create_directories(test.home("/keep"));
  fs::create_directory_symlink(test.root, test.home("/link"));
  fs::create_directories(test.home("/goes"));
  using namespace std::string_literals;
  write(test.state("/homes/k/journal"), "d../../../../victim\0d/tmp\0dlink/victim\0d\0\0x\0dgoes\0dkeep"s);
  REQUIRE(RunState::prepare(test.plan));
  CHECK(fs::exists(test.root + "/victim"));
  CHECK(fs::exists(test.home("/keep")));
  CHECK_FALSE(fs::exists(test.home("/goes")));
}

TEST_CASE("a symbolic link planted where a mount point belongs is refused by name, never followed") {
  TestHome test;
  fs::create_directories(test.home());
  fs::create_directories(test.root + "/victim");
  SECTION("on the way") {
    fs::create_directory_symlink(test.root + "/victim", test.home("/.config"));
    test.prepare(Kind::mount_point, test.home("/.config/a/b"));
  }
  SECTION("at the end") {
    fs::create_directory_symlink(test.root + "/victim", test.home("/.config"));
    test.prepare(Kind::mount_point, test.home("/.config"));
  }
  SECTION("dangling, for a file") {
    fs::create_symlink(test.root + "/victim/new", test.home("/.config"));
    test.prepare(Kind::mount_file, test.home("/.config"));
  }
  SECTION("above a skeleton file") {
    fs::create_directory_symlink("../../../../victim", test.home("/.config"));
    test.prepare(Kind::skeleton_file, test.home("/.config/rc"), "x");
  }
  const std::string text = refusal(test.plan);
  CHECK(text.find("/files/.config\" is a symbolic link") != text.npos);
  CHECK(text.find("fix: move it away: mv ") != text.npos);
  CHECK(fs::is_empty(test.root + "/victim"));
}

TEST_CASE("a file where a directory belongs, and the reverse, are named") {
  TestHome test;
  fs::create_directories(test.home("/dir"));
  write(test.home("/file"), "x");
  SECTION("file on the way") {
    test.prepare(Kind::mount_point, test.home("/file/below"));
    CHECK(refusal(test.plan).find("/files/file\" is in the way: a directory is needed there") != std::string::npos);
  }
  SECTION("directory at the end") {
    test.prepare(Kind::mount_file, test.home("/dir"));
    CHECK(refusal(test.plan).find("/files/dir\" is a directory: a file is needed there") != std::string::npos);
  }
}

TEST_CASE("a home written by a newer snug is refused with the version that reads it") {
  TestHome test;
  fs::create_directories(test.home());
  write(test.state("/homes/k/format"), "7 2.3.0\n");
  const std::string text = refusal(test.plan);
  CHECK(text.find("a newer snug has written it (format 7, this one knows 1)") != text.npos);
  CHECK(text.find("fix: use snug 2.3.0 or later") != text.npos);
  write(test.state("/homes/k/format"), "rubbish");
  CHECK(refusal(test.plan).find("its format file is damaged") != std::string::npos);
}

TEST_CASE("a scratch layer goes at the end with everything in it") {
  TestHome test;
  const std::string layer = test.state("/scratch/one");
  test.prepare(Kind::scratch, layer);
  test.prepare(Kind::directory, layer + "/upper");
  auto state = RunState::prepare(test.plan);
  REQUIRE(state);
  fs::create_directories(layer + "/upper/locked/deep");
  fs::create_directory_symlink("/etc", layer + "/upper/locked/etc");
  write(layer + "/upper/locked/file", "x");
  ::chmod((layer + "/upper/locked/deep").c_str(), 0);
  ::chmod((layer + "/upper/locked").c_str(), 0);
  CHECK(state->finish().empty());
  CHECK(fs::is_empty(test.state("/scratch")));
  CHECK(fs::exists("/etc/passwd"));
}

TEST_CASE("two runs never share a scratch layer") {
  TestHome test;
  test.prepare(Kind::scratch, test.state("/scratch/one"));
  const auto first = RunState::prepare(test.plan);
  REQUIRE(first);
  CHECK(refusal(test.plan).find("process " + std::to_string(::getpid()) + " is running with it") != std::string::npos);
  CHECK(fs::exists(test.state("/scratch/one")));
}

TEST_CASE("two runs never share a kept layer, and the next one finds it as it was") {
  TestHome test;
  const std::string layer = test.state("/layers/cargo");
  for (const char* part : {"/upper", "/work"}) test.prepare(Kind::directory, layer + part);
  test.plan.view.push_back(
      {.target = "/x", .what = snug::Overlay{.lowers = {"/usr"}, .upper = layer + "/upper", .work = layer + "/work"}});
  auto first = RunState::prepare(test.plan);
  REQUIRE(first);
  write(layer + "/upper/kept", "x");
  CHECK(refusal(test.plan).find("process " + std::to_string(::getpid()) + " is running with it") != std::string::npos);
  first->finish();
  CHECK(RunState::prepare(test.plan));
  CHECK(fs::exists(layer + "/upper/kept"));
}

TEST_CASE("scratch layers of killed runs go at the next start; others and strangers' files stay") {
  TestHome test;
  test.prepare(Kind::scratch, test.state("/scratch/dead"));
  killed_run(test.plan);
  fs::create_directories(test.state("/scratch/dead/upper/x"));
  fs::create_directories(test.state("/scratch/notes"));
  write(test.state("/scratch/notes.lock"), "somebody else's\n");
  TestHome living;
  living.prepare(Kind::scratch, test.state("/scratch/living"));
  const auto first = RunState::prepare(living.plan);
  REQUIRE(first);
  CHECK_FALSE(fs::exists(test.state("/scratch/dead")));
  CHECK_FALSE(fs::exists(test.state("/scratch/dead.lock")));
  CHECK(fs::exists(test.state("/scratch/notes")));
  test.plan.preparations[0].path = test.state("/scratch/third");
  const auto third = RunState::prepare(test.plan);
  CHECK(fs::exists(test.state("/scratch/living")));
}

TEST_CASE("a tree is removed however deep it is, and links below it lead nowhere") {
  TestHome test;
  const std::string top = test.root + "/top";
  fs::create_directories(top + "/0");  // the names the remover itself likes to use
  write(top + "/1", "x");
  fs::create_directories(top + "/2/3/4");
  int at = ::open(top.c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC);
  for (int depth = 0; depth < 3000; ++depth) {
    REQUIRE(::mkdirat(at, "d", 0700) == 0);
    const int next = ::openat(at, "d", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    ::close(at);
    at = next;
  }
  ::close(at);
  fs::create_directory_symlink(test.root, top + "/up");
  write(test.root + "/stays", "x");
  CHECK(snug::remove_tree(top));
  CHECK_FALSE(fs::exists(top));
  CHECK(fs::exists(test.root + "/stays"));
  CHECK(snug::remove_tree(top));
}

TEST_CASE("a state directory that cannot be made is explained") {
  TestHome test;
  write(test.root + "/snug", "a file");
  const std::string text = refusal(test.plan);
  CHECK(text.find("Not a directory") != text.npos);
  CHECK(text.find("XDG_STATE_HOME") != text.npos);
}

TEST_CASE("a new capture takes the next number where another run was faster") {
  TestHome test;
  const std::string place = test.state("/captures/web-1");
  for (const char* taken : {"/3", "/4"}) fs::create_directories(place + taken);
  test.plan.capture = snug::CapturePlan{.directory = place + "/3", .is_new = true};
  test.prepare(Kind::directory, place + "/3/upper");
  REQUIRE(snug::claim_capture(test.plan));
  CHECK(test.plan.capture->directory == place + "/5");
  CHECK(test.plan.preparations.back().path == place + "/5/upper");
  CHECK(fs::is_directory(place + "/5"));
}

TEST_CASE("a capture that is gone on with keeps its name") {
  TestHome test;
  fs::create_directories(test.state("/captures/web-1/3"));
  test.plan.capture = snug::CapturePlan{.directory = test.state("/captures/web-1/3")};
  REQUIRE(snug::claim_capture(test.plan));
  CHECK(test.plan.capture->directory == test.state("/captures/web-1/3"));
}
