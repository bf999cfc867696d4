#include "sys/replace_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/catch.h"
#include "support/golden.h"

using namespace snug;
namespace fs = std::filesystem;

namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/snug-replace-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  std::string file() const { return path + "/file"; }
  auto files() const { return std::distance(fs::directory_iterator(path), fs::directory_iterator()); }
};

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info.st_mode;
}

}  // namespace

TEST_CASE("a file is made and replaced with the mode asked for, whatever the umask") {
  const Folder folder;
  const mode_t before = umask(0077);
  REQUIRE(replace_file(folder.file(), "one\n", 0644));
  umask(before);
  CHECK((mode_of(folder.file()) & 07777) == 0644);
  REQUIRE(replace_file(folder.file(), "two\n"));
  CHECK(read_text_file(folder.file()) == "two\n");
  CHECK((mode_of(folder.file()) & 07777) == 0600);
  CHECK(folder.files() == 1);
}

TEST_CASE("a symbolic link gives way and what it leads to stays") {
  const Folder folder;
  std::ofstream(folder.path + "/victim") << "mine";
  fs::create_symlink("victim", folder.file());
  REQUIRE(replace_file(folder.file(), "new"));
  CHECK(read_text_file(folder.path + "/victim") == "mine");
  CHECK(S_ISREG(mode_of(folder.file())));
}

TEST_CASE("what cannot be put in place leaves nothing behind and says what") {
  const Folder folder;
  fs::create_directory(folder.file());
  const auto replaced = replace_file(folder.file(), "x");
  REQUIRE_FALSE(replaced);
  CHECK(replaced.error().what.find(folder.file()) != std::string::npos);
  CHECK(folder.files() == 1);
  CHECK_FALSE(replace_file(folder.path + "/absent/file", "x"));
}
