// What a capture holds so far: counted, bounded in time, never following a link.
#include "changes/tally.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/catch.h"

using namespace snug;
namespace fs = std::filesystem;

namespace {

const auto later = std::chrono::steady_clock::now() + std::chrono::hours(1);

struct Upper {
  Upper() {
    std::string name = fs::temp_directory_path() / "snug-tally-XXXXXX";
    path = mkdtemp(name.data());
  }
  ~Upper() { fs::remove_all(path); }
  void file(const std::string& name, std::size_t size) { std::ofstream(path + "/" + name) << std::string(size, 'x'); }
  std::string path;
};

}  // namespace

TEST_CASE("files and links are counted, directories are not") {
  const Upper one;
  Upper two;
  fs::create_directories(one.path + "/a/b/c");
  std::ofstream(one.path + "/a/b/file") << "12345";
  fs::create_symlink("/etc", one.path + "/a/link");
  two.file("other", 7);
  const Tally found = tally({one.path, two.path, "/nowhere/at/all"}, later);
  CHECK(found.count == 3);
  CHECK(found.bytes == 12);
  CHECK(found.complete);
}

TEST_CASE("what is not looked at in time is said to be missing") {
  Upper upper;
  upper.file("one", 1);
  CHECK_FALSE(tally({upper.path}, std::chrono::steady_clock::now() - std::chrono::seconds(1)).complete);
}

TEST_CASE("what cannot be looked into is said to be missing") {
  if (geteuid() == 0) return;  // nothing is closed to root
  Upper upper;
  fs::create_directory(upper.path + "/closed");
  chmod((upper.path + "/closed").c_str(), 0);
  CHECK_FALSE(tally({upper.path}, later).complete);
  chmod((upper.path + "/closed").c_str(), 0700);
}

TEST_CASE("a top that is a link is not followed") {
  const Upper upper;
  fs::create_symlink("/etc", upper.path + "/upper");
  const Tally found = tally({upper.path + "/upper"}, later);
  CHECK(found.count == 0);
  CHECK_FALSE(found.complete);
}
