#include "changes/apply.h"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <sstream>

#include "support/layer.h"

using namespace snug;
using snug::test::in_short;
using snug::test::Layer;
namespace fs = std::filesystem;

namespace {

std::string read(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct stat status(const std::string& path) {
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info;
}

void apply_all(const Layer& layer) {
  const auto report = apply_changes(layer.capture, layer.changes());
  if (!report) FAIL(to_text(report.error()));
}

std::vector<std::string> names(const std::string& directory) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    found.push_back(fs::relative(entry.path().parent_path(), directory) / entry.path().filename());
  }
  for (std::string& name : found) name = name.starts_with("./") ? name.substr(2) : name;
  std::sort(found.begin(), found.end());
  return found;
}

/// A bit of everything.
void fill(const Layer& layer) {
  layer.on_host("modified", "old");
  layer.on_host("deleted", "old");
  layer.on_host("dir/deleted/deep", "old");
  layer.on_host("mode", "1", 0644);
  layer.on_host("to-dir", "old");
  layer.on_host("to-file/in-it", "old");
  layer.inside("modified", "new");
  layer.deleted("deleted");
  layer.deleted("dir/deleted");
  layer.inside("mode", "1", 0750);
  layer.inside("to-dir/in-it", "new");
  layer.inside("to-file", "new");
  layer.inside("added/closed/file", "new", 0600);
  fs::create_symlink("added", layer.upper("link"));
  REQUIRE(::mkfifo(layer.upper("fifo").c_str(), 0640) == 0);
}

const std::vector<std::string> filled = {"added",  "added/closed", "added/closed/file", "dir",    "fifo",
                                         "link",   "mode",         "modified",          "to-dir", "to-dir/in-it",
                                         "to-file"};

}  // namespace

TEST_CASE("applying makes the host's directory what the command saw, and leaves nothing else") {
  Layer layer;
  fill(layer);
  apply_all(layer);
  CHECK(names(layer.host("")) == filled);
  CHECK(read(layer.host("modified")) == "new");
  CHECK((status(layer.host("mode")).st_mode & 07777) == 0750);
  CHECK((status(layer.host("added/closed/file")).st_mode & 07777) == 0600);
  CHECK(S_ISFIFO(status(layer.host("fifo")).st_mode));
  CHECK(fs::read_symlink(layer.host("link")) == "added");
  CHECK(in_short(layer.changes()).empty());
  CHECK_FALSE(apply_unfinished(layer.capture));
}

TEST_CASE("an applied layer is empty: nothing of it comes back when the host moves on") {
  Layer layer;
  fill(layer);
  apply_all(layer);
  layer.on_host("deleted", "made again by the host");
  layer.on_host("modified", "edited by the host");
  CHECK(in_short(layer.changes()).empty());
}

TEST_CASE("what is applied in part within a directory made anew does not count as deleted") {
  Layer layer;
  layer.on_host("d/a", "old");
  layer.on_host("d/b", "old");
  layer.opaque("d");
  layer.inside("d/a", "new");
  layer.inside("d/b", "new");
  auto changes = layer.changes();
  REQUIRE(in_short(changes) == std::vector<std::string>{"M d/a content", "M d/b content"});
  changes.pop_back();
  REQUIRE(apply_changes(layer.capture, changes));
  CHECK(in_short(layer.changes()) == std::vector<std::string>{"M d/b content"});
}

TEST_CASE("applying keeps times, attributes, holes and the names of one file") {
  Layer layer;
  layer.inside("f", "text");
  layer.attribute(layer.upper("f"), "user.note", "hello");
  fs::create_hard_link(layer.upper("f"), layer.upper("g"));
  const timespec times[2] = {{.tv_sec = 12345}, {.tv_sec = 12345}};
  ::utimensat(AT_FDCWD, layer.upper("f").c_str(), times, 0);
  layer.inside("sparse", "");
  fs::resize_file(layer.upper("sparse"), 64 << 20);
  apply_all(layer);
  CHECK(status(layer.host("f")).st_ino == status(layer.host("g")).st_ino);
  CHECK(status(layer.host("f")).st_mtim.tv_sec == 12345);
  char value[8];
  CHECK(::lgetxattr(layer.host("f").c_str(), "user.note", value, sizeof value) == 5);
  CHECK(status(layer.host("sparse")).st_size == 64 << 20);
  CHECK(status(layer.host("sparse")).st_blocks < 100);
}

TEST_CASE("applying leaves setuid and setgid bits behind, and says so") {
  Layer layer;
  layer.inside("tool", "x", 06755);
  const auto report = apply_changes(layer.capture, layer.changes());
  REQUIRE(report);
  CHECK((status(layer.host("tool")).st_mode & 07777) == 0755);
  CHECK(report->left.size() == 1);
}

TEST_CASE("applying overwrites nothing that the host changed after the look, and touches nothing else") {
  Layer layer;
  layer.on_host("a", "old");
  layer.on_host("z", "old");
  layer.inside("a", "new");
  layer.inside("z", "new");
  const auto changes = layer.changes();
  ::usleep(20000);
  layer.on_host("z", "host's");
  CHECK_FALSE(apply_changes(layer.capture, changes));
  CHECK(read(layer.host("a")) == "old");
  CHECK(read(layer.host("z")) == "host's");
  CHECK(names(layer.host("")) == std::vector<std::string>{"a", "z"});
}

TEST_CASE("a file that appeared on the host meanwhile stops an apply") {
  Layer layer;
  layer.inside("new", "inside");
  const auto changes = layer.changes();
  layer.on_host("new", "host's");
  CHECK_FALSE(apply_changes(layer.capture, changes));
  CHECK(read(layer.host("new")) == "host's");
}

TEST_CASE("applying follows no symbolic link on the way") {
  Layer layer;
  fs::create_directories(layer.root + "/elsewhere");
  layer.on_host("dir/f", "old");
  layer.inside("dir/f", "new");
  const auto changes = layer.changes();
  fs::remove_all(layer.host("dir"));
  fs::create_symlink(layer.root + "/elsewhere", layer.host("dir"));
  Layer::write(layer.root + "/elsewhere/f", "old");
  CHECK_FALSE(apply_changes(layer.capture, changes));
  CHECK(read(layer.root + "/elsewhere/f") == "old");
}

TEST_CASE("an apply killed after any step can be ended or taken back") {
  const bool end = GENERATE(true, false);
  for (std::size_t last = 1;; ++last) {
    Layer layer;
    fill(layer);
    const auto before = names(layer.host(""));
    const auto changes = layer.changes();
    const pid_t child = ::fork();
    if (child == 0) {
      ApplyOptions options;
      options.progress = [last](std::size_t done, std::size_t) {
        if (done == last) ::raise(SIGKILL);
      };
      ::_exit(apply_changes(layer.capture, changes, options) ? 0 : 1);
    }
    int state = 0;
    REQUIRE(::waitpid(child, &state, 0) == child);
    if (WIFEXITED(state)) {
      CHECK(WEXITSTATUS(state) == 0);
      CHECK(last > 8);  // it was killed after each of its steps
      break;
    }
    INFO("killed after step " << last);
    CHECK(apply_unfinished(layer.capture));
    CHECK_FALSE(apply_changes(layer.capture, changes));
    if (end) {
      const auto report = resume_apply(layer.capture);
      if (!report) FAIL(to_text(report.error()));
      CHECK(in_short(layer.changes()).empty());
      CHECK(names(layer.host("")) == filled);
    } else {
      const auto back = abort_apply(layer.capture);
      if (!back) FAIL(to_text(back.error()));
      CHECK(names(layer.host("")) == before);
      CHECK(read(layer.host("modified")) == "old");
      CHECK((status(layer.host("mode")).st_mode & 07777) == 0644);
      CHECK(in_short(layer.changes()) == in_short(changes));
    }
    CHECK_FALSE(apply_unfinished(layer.capture));
  }
}
