#include "changes/apply.h"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <sstream>

#include "changes/host_links.h"
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

std::vector<Change> changes_with_links(const Layer& layer);

void apply_all(const Layer& layer) {
  const auto report = apply_changes(layer.capture, changes_with_links(layer));
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
  layer.on_host("noted/f", "1");
  layer.attribute(layer.host("noted"), "user.note", "old");
  layer.inside("noted/f", "1");
  layer.attribute(layer.upper("noted"), "user.note", "new");
  layer.on_host("shared", "old");
  fs::create_hard_link(layer.host("shared"), layer.host("dir/shared"));
  layer.inside("shared", "new");
  layer.copied_up("shared");
  fs::create_symlink("added", layer.upper("link"));
  REQUIRE(::mkfifo(layer.upper("fifo").c_str(), 0640) == 0);
}

const std::vector<std::string> filled = {
    "added",    "added/closed", "added/closed/file", "dir",    "dir/shared", "fifo",         "link",   "mode",
    "modified", "noted",        "noted/f",           "shared", "to-dir",     "to-dir/in-it", "to-file"};

/// As the command line does: what the scan found, and names that follow.
std::vector<Change> changes_with_links(const Layer& layer) {
  std::vector<Change> changes = layer.changes();
  const std::vector<Change> all = changes;
  std::vector<Change*> chosen;
  for (Change& change : changes) chosen.push_back(&change);
  auto more = follow_links(layer.capture.sides(), all, chosen);
  REQUIRE(more);
  changes.insert(changes.end(), more->begin(), more->end());
  return changes;
}

bool is_one_file(const Layer& layer) {
  struct stat a {
  }, b{};
  return ::lstat(layer.host("shared").c_str(), &a) == 0 && ::lstat(layer.host("dir/shared").c_str(), &b) == 0 &&
         a.st_ino == b.st_ino;
}

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
  CHECK(in_short(layer.changes()) == std::vector<std::string>{});
  CHECK_FALSE(apply_unfinished(layer.capture));
}

TEST_CASE("an applied layer is empty: nothing of it comes back when the host moves on") {
  Layer layer;
  fill(layer);
  apply_all(layer);
  layer.on_host("deleted", "made again by the host");
  layer.on_host("modified", "edited by the host");
  CHECK(in_short(layer.changes()) == std::vector<std::string>{});
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

namespace {

/// What is there, with all that an apply or an abort has to give back; times of directories apart.
std::vector<std::string> described(const std::string& directory) {
  std::vector<std::string> lines;
  for (const std::string& name : names(directory)) {
    const struct stat info = status(directory + name);
    std::string line = name + " " + std::to_string(info.st_mode) + " ";
    if (S_ISREG(info.st_mode)) line += read(directory + name);
    char value[64];
    const ssize_t size = ::lgetxattr((directory + name).c_str(), "user.note", value, sizeof value);
    if (size > 0) line += " note " + std::string(value, static_cast<std::size_t>(size));
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

TEST_CASE("an apply killed at any point can be ended or taken back") {
  const bool end = GENERATE(true, false);
  const bool keep = GENERATE(true, false);
  bool ended = false, between[4] = {};
  for (std::size_t point = 1; !ended; ++point) {
    Layer layer;
    fill(layer);
    const auto before = described(layer.host(""));
    layer.copied_up("shared");  // its host was just read
    const auto changes = changes_with_links(layer);
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      std::size_t passed = 0;
      ApplyOptions options{.keep = keep};
      options.progress = [&](ApplyPhase phase, std::size_t, std::size_t) {
        if (++passed != point) return;
        static_cast<void>(!::write(pipe[1], &phase, sizeof phase));
        ::raise(SIGKILL);
      };
      ::_exit(apply_changes(layer.capture, changes, options) ? 0 : 1);
    }
    ::close(pipe[1]);
    ApplyPhase phase{};
    const bool told = ::read(pipe[0], &phase, sizeof phase) == sizeof phase;
    ::close(pipe[0]);
    int state = 0;
    REQUIRE(::waitpid(child, &state, 0) == child);
    ended = WIFEXITED(state);
    CHECK(told == !ended);
    if (ended) {
      CHECK(WEXITSTATUS(state) == 0);
      CHECK(described(layer.host("")).size() == filled.size());
      break;
    }
    between[static_cast<int>(phase)] = true;
    INFO("killed at point " << point << ", phase " << static_cast<int>(phase));
    const bool written_down = phase != ApplyPhase::copying;
    CHECK(apply_unfinished(layer.capture) == written_down);
    if (written_down) CHECK_FALSE(apply_changes(layer.capture, changes));
    if (!written_down) {
      const auto now = described(layer.host(""));
      for (const std::string& line : before) CHECK(std::find(now.begin(), now.end(), line) != now.end());
      REQUIRE(apply_changes(layer.capture, changes, {.keep = keep}));
      CHECK(names(layer.host("")) == filled);
    } else if (end || phase == ApplyPhase::forgetting) {
      if (!end) CHECK_FALSE(abort_apply(layer.capture));
      const auto report = resume_apply(layer.capture);
      if (!report) FAIL(to_text(report.error()));
      CHECK(in_short(layer.changes()) == std::vector<std::string>{});
      CHECK(names(layer.host("")) == filled);
    } else {
      const auto back = abort_apply(layer.capture);
      if (!back) FAIL(to_text(back.error()));
      CHECK(described(layer.host("")) == before);
      layer.copied_up("shared");
      CHECK(in_short(changes_with_links(layer)) == in_short(changes));
    }
    CHECK_FALSE(apply_unfinished(layer.capture));
    CHECK(is_one_file(layer));
  }
  for (const bool seen : between) CHECK(seen);
}

namespace {

/// An apply that is killed when it has put `steps` paths in place.
void kill_after(const Layer& layer, std::size_t steps) {
  const auto changes = changes_with_links(layer);
  const pid_t child = ::fork();
  if (child == 0) {
    ApplyOptions options;
    options.progress = [&](ApplyPhase phase, std::size_t done, std::size_t) {
      if (phase == ApplyPhase::placing && done == steps) ::raise(SIGKILL);
    };
    ::_exit(apply_changes(layer.capture, changes, options) ? 0 : 1);
  }
  int state = 0;
  REQUIRE(::waitpid(child, &state, 0) == child);
  REQUIRE(WIFSIGNALED(state));
  REQUIRE(apply_unfinished(layer.capture));
}

void three_directories(const Layer& layer) {
  for (const std::string directory : {"a/", "b/", "c/"}) {
    layer.on_host(directory + "f", "old");
    layer.inside(directory + "f", "new");
    layer.inside(directory + "made/g", "new");
    layer.deleted(directory + "gone");
    layer.on_host(directory + "gone", "old");
  }
}

}  // namespace

TEST_CASE("what the host removes while an apply is interrupted keeps it from nothing else, and stays captured") {
  const bool by_link = GENERATE(false, true);
  for (std::size_t steps = 1; steps <= 12; ++steps) {
    Layer layer;
    three_directories(layer);
    kill_after(layer, steps);
    fs::rename(layer.host("b"), layer.root + "/elsewhere");
    if (by_link) fs::create_symlink(layer.root + "/elsewhere", layer.host("b"));
    const auto elsewhere = described(layer.root + "/elsewhere/");
    INFO("killed after " << steps << " steps, a link " << by_link);

    const auto report = resume_apply(layer.capture);
    if (!report) FAIL(to_text(report.error()));
    CHECK_FALSE(apply_unfinished(layer.capture));
    for (const std::string directory : {"a/", "c/"}) {
      CHECK(read(layer.host(directory + "f")) == "new");
      CHECK(read(layer.host(directory + "made/g")) == "new");
      CHECK_FALSE(fs::exists(layer.host(directory + "gone")));
    }
    CHECK(described(layer.root + "/elsewhere/") == elsewhere);
    CHECK(names(layer.host("")).size() == (by_link ? 9 : 8));
    const std::size_t placed =
        std::clamp<std::size_t>(steps, 4, 8) - 4;  // of "b", whose directory "made" is told always
    CHECK(report->left.size() == 4 - placed + (placed >= 3 ? 1 : 0));
    for (const std::string& change : in_short(layer.changes())) CHECK(change.find(" b") != std::string::npos);
    CHECK(read(layer.upper("b/made/g")) == (placed == 4 ? "" : "new"));
  }
}

TEST_CASE("an apply that cannot be taken back because the host moved on can be ended") {
  Layer layer;
  three_directories(layer);
  kill_after(layer, 12);
  fs::rename(layer.host("b"), layer.root + "/elsewhere");
  const auto back = abort_apply(layer.capture);
  REQUIRE_FALSE(back);
  CHECK(back.error().fix.find("--continue") != std::string::npos);
  REQUIRE(resume_apply(layer.capture));
  CHECK(read(layer.host("a/f")) == "new");
  CHECK(read(layer.host("c/f")) == "new");
}

TEST_CASE("a directory that the host has not can be forgotten with all in it") {
  Layer layer;
  layer.inside("d/e/f", "new");
  layer.deleted("d/gone");
  layer.inside("kept", "new");
  const auto changes = layer.changes();
  REQUIRE(makes_directory(changes.front()));
  CHECK(forget_tree(layer.capture, changes.front()));
  CHECK(in_short(layer.changes()) == std::vector<std::string>{"A kept"});
}

TEST_CASE("files that can go to the host as they are go there without a copy, and without the overlay's marks") {
  Layer layer;
  layer.on_host("f", "old");
  layer.inside("f", "new");
  layer.attribute(layer.upper("f"), "user.overlay.origin", "");
  layer.attribute(layer.upper("f"), "user.note", "kept");
  layer.inside("g", "new");
  layer.attribute(layer.upper("g"), "user.overlay.overlay.x", "the program's");
  const auto inode = status(layer.upper("f")).st_ino;
  apply_all(layer);
  CHECK(status(layer.host("f")).st_ino == inode);
  CHECK(::lgetxattr(layer.host("f").c_str(), "user.overlay.origin", nullptr, 0) < 0);
  CHECK(::lgetxattr(layer.host("f").c_str(), "user.note", nullptr, 0) == 4);
  CHECK(::lgetxattr(layer.host("g").c_str(), "user.overlay.x", nullptr, 0) == 13);
  CHECK_FALSE(fs::exists(layer.upper("f")));
}

TEST_CASE("a layer that is to be kept keeps all, and holds no change afterwards") {
  Layer layer;
  fill(layer);
  REQUIRE(apply_changes(layer.capture, changes_with_links(layer), {.keep = true}));
  CHECK(names(layer.host("")) == filled);
  CHECK(read(layer.upper("modified")) == "new");
  CHECK(in_short(layer.changes()) == std::vector<std::string>{});
}

TEST_CASE("a text put instead of the capture's can leave the rest to be taken over") {
  Layer layer;
  layer.on_host("f", "1");
  layer.inside("f", "1 2 3", 0755);
  REQUIRE(apply_changes(layer.capture, layer.changes(), {.instead = {{"f", {.text = "1 2", .layer_keeps = true}}}}));
  CHECK(read(layer.host("f")) == "1 2");
  CHECK(in_short(layer.changes()) == std::vector<std::string>{"M f content"});
  REQUIRE(apply_changes(layer.capture, layer.changes(), {.instead = {{"f", {.text = "merged"}}}}));
  CHECK(read(layer.host("f")) == "merged");
  CHECK(in_short(layer.changes()) == std::vector<std::string>{});
}
