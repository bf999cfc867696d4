#include "host/probe.h"

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "host/read.h"
#include "support/catch.h"

using namespace snug;
namespace fs = std::filesystem;

namespace {

struct Scratch {
  Scratch() {
    char name[] = "/tmp/snug-host-test-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Scratch() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::string path;
};

}  // namespace

TEST_CASE("the facts of this machine agree with uname") {
  const auto facts = probe_facts();
  utsname names{};
  REQUIRE(uname(&names) == 0);
  CHECK(facts.kernel_release == names.release);
  CHECK(
      facts.kernel_release.starts_with(std::to_string(facts.kernel_major) + "." + std::to_string(facts.kernel_minor)));
  CHECK(facts.machine == names.machine);
  CHECK(facts.hostname == names.nodename);
}

TEST_CASE("the first user namespace is the one that maps every id") {
  const auto map = read_file("/proc/self/uid_map", 128);
  REQUIRE(map);
  const bool all = map->find("4294967295") != std::string::npos;
  CHECK(probe_facts().initial_user_namespace == (all || getuid() != 0));
}

TEST_CASE("the view tells kinds apart and follows no link") {
  const Scratch scratch;
  const auto view = real_host_view();
  std::ofstream(scratch / "file") << "text";
  fs::create_directory(scratch / "directory");
  fs::create_symlink("nowhere", scratch / "link");
  REQUIRE(mkfifo((scratch / "fifo").c_str(), 0600) == 0);
  REQUIRE(chmod((scratch / "file").c_str(), 0640) == 0);

  const auto file = view->status(scratch / "file");
  CHECK(file.kind == FileKind::regular);
  CHECK(file.mode == 0640);
  CHECK(file.size == 4);
  CHECK(file.uid == getuid());
  CHECK(file.inode != 0);
  CHECK(view->status(scratch / "directory").kind == FileKind::directory);
  CHECK(view->status(scratch / "link").kind == FileKind::symlink);
  CHECK(view->status(scratch / "fifo").kind == FileKind::fifo);
  CHECK(view->status("/dev/null").kind == FileKind::character_device);
  CHECK(view->status(scratch / "nothing").kind == FileKind::absent);
  CHECK(view->status(scratch / "file/below").kind == FileKind::absent);
  CHECK(view->status(scratch / std::string(300, 'n')).kind == FileKind::unreadable);
}

TEST_CASE("the view reads links, names and small files") {
  const Scratch scratch;
  const auto view = real_host_view();
  std::ofstream(scratch / "file") << "0123456789";
  fs::create_symlink("some/where", scratch / "link");
  REQUIRE(mkfifo((scratch / "fifo").c_str(), 0600) == 0);

  CHECK(view->read_link(scratch / "link") == "some/where");
  CHECK_FALSE(view->read_link(scratch / "file"));
  CHECK_FALSE(view->read_link(scratch / "nothing"));

  auto names = view->list(scratch.path);
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"fifo", "file", "link"});
  CHECK(view->list(scratch / "file").empty());

  CHECK(view->read_small(scratch / "file", 64) == "0123456789");
  CHECK(view->read_small(scratch / "file", 4) == "0123");
  CHECK_FALSE(view->read_small(scratch / "nothing", 64));
  CHECK_FALSE(view->read_small(scratch.path, 64));
  CHECK_FALSE(view->read_small(scratch / "fifo", 64));
  CHECK_FALSE(view->read_small("/dev/zero", 64));

  CHECK(view->filesystem_type("/proc") == 0x9fa0);
  CHECK(view->filesystem_type(scratch / "nothing") == 0);
}

TEST_CASE("a file of /proc, whose size is 0, is read whole") {
  const auto status = read_file("/proc/self/status", 1 << 16);
  REQUIRE(status);
  CHECK(status->find("Pid:") != std::string::npos);
}
