#include "run/allowed_lines.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/catch.h"
#include "support/golden.h"

using namespace snug;
namespace fs = std::filesystem;

namespace {

struct Place {
  std::string top;
  Place() {
    char name[] = "/tmp/snug-allowed-XXXXXX";
    top = mkdtemp(name);
  }
  ~Place() { fs::remove_all(top); }

  std::string file() const { return top + "/config/projects/web.toml"; }
  AllowedLines open() const {
    auto lines = AllowedLines::open({file(), top + "/state", "/home/ann/web"});
    if (!lines) FAIL(to_text(lines.error()));
    return std::move(*lines);
  }
  void add(const std::vector<ProfileLine>& lines) const {
    const auto file = open();
    const auto change = file.add(lines);
    REQUIRE(change);
    REQUIRE(file.commit_added(*change));
  }
  std::size_t undo() const {
    const auto file = open();
    const auto change = file.undo();
    if (!change) return 0;
    REQUIRE(file.commit_undone(*change));
    return change->lines.size();
  }
  std::string text() const { return read_text_file(file()); }
};

const ProfileLine read_a{"filesystem.read", "~/a"}, pass_b{"environment.pass", "B"}, read_c{"filesystem.read", "~/c"};
const ProfileLine set_mode{"network.mode", "filtered", ProfileLine::How::set}, allow_x{"network.allow", "x.test"};

}  // namespace

TEST_CASE("the first line makes the file, for nobody else to read") {
  const Place place;
  place.add({read_a});
  CHECK(place.text().starts_with("# What \"/home/ann/web\" may use besides its profile."));
  CHECK(place.text().ends_with("\nversion = 1\n\n[filesystem]\nread = [\"~/a\"]\n"));
  struct stat info {};
  REQUIRE(stat(place.file().c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
}

TEST_CASE("changes are taken back one after the other, the last one first") {
  const Place place;
  place.add({read_a});
  const std::string first = place.text();
  place.add({pass_b, read_c});
  CHECK(place.undo() == 2);
  CHECK(place.text() == first);
  CHECK(place.undo() == 1);
  CHECK(place.text().ends_with("version = 1\n"));
  CHECK_FALSE(place.open().undo());
}

TEST_CASE("a value that is set comes back as it was before") {
  const Place place;
  place.add({set_mode, allow_x});
  CHECK(place.text().ends_with("\n[network]\nmode = \"filtered\"\nallow = [\"x.test\"]\n"));
  CHECK(place.undo() == 2);
  CHECK(place.text().find("network") == std::string::npos);
  std::ofstream(place.file()) << "version = 1\n[network]\nmode = \"host\"  # mine\n";
  place.add({set_mode});
  CHECK(place.text() == "version = 1\n[network]\nmode = \"filtered\"  # mine\n");
  CHECK(place.undo() == 1);
  CHECK(place.text() == "version = 1\n[network]\nmode = \"host\"  # mine\n");
}

TEST_CASE("a value that somebody has set to another meanwhile stays") {
  const Place place;
  place.add({set_mode});
  std::ofstream(place.file()) << "version = 1\nnetwork.mode = \"none\"\n";
  CHECK(place.undo() == 0);
  CHECK(place.text() == "version = 1\nnetwork.mode = \"none\"\n");
}

TEST_CASE("what a person took out meanwhile is no trouble, and what one wrote stays") {
  const Place place;
  place.add({read_a});
  place.add({pass_b});
  std::ofstream(place.file()) << "version = 1\n# mine\n[environment]\npass = [\n  \"B\", # why\n  \"MINE\",\n]\n";
  CHECK(place.undo() == 1);
  CHECK(place.text() == "version = 1\n# mine\n[environment]\npass = [\n  \"MINE\",\n]\n");
  place.undo();
  CHECK(place.text() == "version = 1\n# mine\n[environment]\npass = [\n  \"MINE\",\n]\n");
}

TEST_CASE("a file that is no TOML is left alone") {
  const Place place;
  place.add({read_a});
  std::ofstream(place.file()) << "version = \n";
  const auto change = place.open().add({pass_b});
  REQUIRE_FALSE(change);
  CHECK(change.error().what.find("web.toml") != std::string::npos);
  CHECK(place.text() == "version = \n");
}

TEST_CASE("a file that is a symbolic link stays one") {
  const Place place;
  fs::create_directories(place.top + "/config/projects");
  std::ofstream(place.top + "/dotfile") << "version = 1\n";
  fs::create_symlink(place.top + "/dotfile", place.file());
  place.add({read_a});
  CHECK(fs::is_symlink(place.file()));
  CHECK(read_text_file(place.top + "/dotfile").find("~/a") != std::string::npos);
}

TEST_CASE("many at once lose nothing") {
  const Place place;
  constexpr int processes = 6, each = 12;
  for (int process = 0; process < processes; ++process) {
    if (fork() != 0) continue;
    for (int i = 0; i < each; ++i) {
      const auto file = AllowedLines::open({.file = place.file(), .journals = place.top + "/state"});
      if (!file) _exit(1);
      const auto change = file->add({{"environment.pass", "V" + std::to_string(process) + "_" + std::to_string(i)}});
      if (!change || !file->commit_added(*change)) _exit(1);
    }
    _exit(0);
  }
  for (int process = 0; process < processes; ++process) {
    int status = 0;
    REQUIRE(wait(&status) > 0);
    CHECK(status == 0);
  }
  for (int process = 0; process < processes; ++process) {
    for (int i = 0; i < each; ++i) {
      CHECK(place.text().find("\"V" + std::to_string(process) + "_" + std::to_string(i) + "\"") != std::string::npos);
    }
  }
  for (int i = 0; i < processes * each; ++i) CHECK(place.undo() == 1);
  CHECK(place.text().find("environment") == std::string::npos);
  const fs::directory_iterator left(place.top + "/config/projects");
  CHECK(std::distance(begin(left), end(left)) == 1);  // no half-written file stays
}
