#include "changes/capture.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/numbers.h"
#include "base/paths.h"
#include "base/quote.h"
#include "changes/fields.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/retry.h"

namespace snug {
namespace {

constexpr std::string_view record_kind = "snug capture 1";
constexpr std::size_t longest_record = 8 << 20;  // an argument list is at most 6 MiB (MAX_ARG_STRLEN, 3/4 of 8 MiB)

void add_part(Fields& fields, const CapturePart& part) {
  fields.emplace_back("part", part.path);
  fields.emplace_back("part-upper", part.upper);
  if (!part.top_is_own) fields.emplace_back("part-top", "host");
}

Fields to_fields(const Capture& capture) {
  Fields fields{{"project", capture.project}, {"began", std::to_string(capture.began)}, {"profile", capture.profile}};
  if (!capture.place.empty() && capture.place != capture.project) fields.emplace_back("place", capture.place);
  for (const CapturePart& part : capture.parts) add_part(fields, part);
  for (const std::string& layer : capture.between) fields.emplace_back("between", layer);
  if (capture.users_directory) fields.emplace_back("directory", "users");
  if (capture.several_users) fields.emplace_back("several-users", "yes");
  if (!capture.unsynced_boot.empty()) fields.emplace_back("unsynced", capture.unsynced_boot);
  for (const std::string& word : capture.command) fields.emplace_back("command", word);
  for (const std::string& pattern : capture.protect) fields.emplace_back("protect", pattern);
  if (capture.status) fields.emplace_back("status", std::to_string(*capture.status));
  return fields;
}

// A key of a later version that means nothing here changes nothing of what the others mean.
void take_field(Capture& capture, const std::string& key, const std::string& value) {
  if (key == "project") capture.project = value;
  if (key == "place") capture.place = value;
  if (key == "part") capture.parts.push_back({.path = value, .upper = {}});
  if (key == "part-upper" && !capture.parts.empty()) capture.parts.back().upper = value;
  if (key == "part-top" && !capture.parts.empty()) capture.parts.back().top_is_own = false;
  if (key == "between") capture.between.push_back(value);
  if (key == "directory") capture.users_directory = value == "users";
  if (key == "several-users") capture.several_users = true;
  if (key == "unsynced") capture.unsynced_boot = value;
  if (key == "began") capture.began = whole_number<std::int64_t>(value).value_or(0);
  if (key == "profile") capture.profile = value;
  if (key == "command") capture.command.push_back(value);
  if (key == "protect") capture.protect.push_back(value);
  if (key == "status") {
    if (const auto status = whole_number<std::int64_t>(value)) capture.status = static_cast<int>(*status);
  }
}

Error others(const std::string& directory) {
  return {.what = "cannot use the capture " + quote_for_display(directory),
          .why = "there is none, or it is not yours alone"};
}

Error foreign(const std::string& directory) {
  return {.what = "cannot use the capture " + quote_for_display(directory),
          .why = "its record is damaged or of a newer version"};
}

// What it says is joined to paths: a record that was tampered with must not lead out of its directory.
bool is_sound(const Capture& capture) {
  const auto absolute = [](const std::string& path) { return path.starts_with('/') && !has_dot_dot(path); };
  const auto sound = [&](const CapturePart& part) {
    return absolute(part.path) && !part.upper.empty() && part.upper.front() != '/' && !has_dot_dot(part.upper);
  };
  return absolute(capture.project) && absolute(capture.place) && capture.began > 0 &&
         std::ranges::all_of(capture.between, absolute) && std::ranges::all_of(capture.parts, sound);
}

Error doubtful(const Capture& capture) {
  return {.what = "the capture " + quote_for_display(capture.name()) + " may be damaged",
          .why = "the machine stopped before its files were on the disk: some may be empty or cut short",
          .fix = "throw it away: snug discard --from " + capture.name()};
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  const DirectoryStream stream = open_directory(directory);
  while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

/// As it was written down, whatever has become of the layers below it.
Result<Capture> read_record(const std::string& directory) {
  // Somebody else's would name directories and commands of theirs.
  struct stat info {};
  const bool own = lstat(directory.c_str(), &info) == 0 && info.st_uid == geteuid() && (info.st_mode & 022) == 0;
  if (!own) return others(directory);
  const auto text = read_whole(join(directory, "record"), longest_record);
  if (!text) return text.error();
  const auto fields = split_fields(record_kind, *text);
  if (!fields) return foreign(directory);
  Capture capture{.directory = directory};
  for (const auto& [key, value] : *fields) take_field(capture, key, value);
  if (capture.place.empty()) capture.place = capture.project;
  return is_sound(capture) ? Result<Capture>(std::move(capture)) : foreign(directory);
}

/// A name of a capture is given again once it is free: one that began later is not what the command saw.
bool still_stands(const std::string& layer, std::int64_t began) {
  if (access(layer.c_str(), F_OK) != 0) return false;
  const auto below = capture_of_layer(layer);
  return !below || below->began < began;
}

}  // namespace

std::string Capture::name() const { return std::string(base_name(directory)); }

Sides Capture::sides() const {
  if (parts.empty()) return {.upper = join(directory, "upper"), .between = between, .lower = project, .began = began};
  const CapturePart& part = parts.front();
  return {.upper = part.upper, .lower = part.path, .began = began, .top_is_own = part.top_is_own};
}

std::vector<Capture> parts_of(const Capture& capture) {
  if (capture.parts.empty()) return {capture};
  std::vector<Capture> parts;
  for (const CapturePart& part : capture.parts) {
    Capture alone = capture;
    alone.directory = join(capture.directory, "parts/" + std::to_string(parts.size()));
    alone.project = part.path;
    alone.parts = {part};
    alone.parts.front().upper = join(capture.directory, part.upper);
    parts.push_back(std::move(alone));
  }
  return parts;
}

std::string prefix_of(const Capture& capture, const Capture& part) {
  if (part.project.size() <= capture.project.size()) return "";
  return part.project.substr(capture.project == "/" ? 1 : capture.project.size() + 1) + "/";
}

std::string boot_id() {
  char id[64] = {};
  const Fd file(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  const ssize_t got = file ? read(file.get(), id, sizeof id - 1) : 0;
  const std::string_view text(id, got > 0 ? static_cast<std::size_t>(got) : 0);
  return std::string(text.substr(0, text.find('\n')));
}

Result<void> bring_to_disk(Capture& capture) {
  if (capture.unsynced_boot.empty()) return {};
  if (capture.unsynced_boot != boot_id()) return doubtful(capture);
  const Fd directory(open(capture.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || syncfs(directory.get()) != 0) return sys_error("write " + quote_for_display(capture.directory));
  capture.unsynced_boot.clear();
  return write_capture(capture);
}

Result<void> write_capture(const Capture& capture, OnDisk when) {
  return replace_file(join(capture.directory, "record"), join_fields(record_kind, to_fields(capture)), 0600, when);
}

Result<Capture> read_capture(const std::string& directory) {
  auto capture = read_record(directory);
  if (!capture) return capture;
  std::erase_if(capture->between, [&](const std::string& layer) { return !still_stands(layer, capture->began); });
  return capture;
}

std::optional<Capture> capture_of_layer(const std::string& layer) {
  auto capture = read_record(std::string(parent_of(layer)));
  const bool is_its = capture && capture->parts.empty() && layer == join(capture->directory, "upper");
  return is_its ? std::optional(std::move(*capture)) : std::nullopt;
}

std::vector<Capture> captures_over(const Capture& capture, const std::string& directory) {
  std::vector<Capture> captures = list_captures(directory);
  const std::string layer = join(capture.directory, "upper");
  std::erase_if(captures,
                [&](const Capture& above) { return std::ranges::find(above.between, layer) == above.between.end(); });
  return captures;
}

std::vector<Capture> list_captures(const std::string& directory) {
  std::vector<Capture> captures;
  for (const std::string& name : names_in(directory)) {
    if (auto capture = read_capture(join(directory, name))) captures.push_back(std::move(*capture));
  }
  std::ranges::sort(captures, {}, &Capture::began);
  return captures;
}

Result<Fd> lock_capture(const Capture& capture) {
  const std::string path = join(capture.directory, "lock");
  Fd lock(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) return sys_error("open " + quote_for_display(path));
  if (lock_file(lock.get(), LOCK_EX | LOCK_NB)) return lock;
  if (errno != EWOULDBLOCK) return sys_error("lock " + quote_for_display(path));
  return Error{.what = "cannot use the capture " + quote_for_display(capture.name()),
               .why = "its run has not ended, or another snug is at work on it",
               .fix = "end that first, or wait for it"};
}

}  // namespace snug
