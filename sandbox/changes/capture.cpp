#include "changes/capture.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/fields.h"
#include "sys/directory.h"
#include "sys/errno.h"
#include "sys/replace_file.h"

namespace snug {
namespace {

constexpr std::string_view record_kind = "snug capture 1";
constexpr std::size_t longest_record = 8 << 20;  // an argument list is at most 6 MiB (MAX_ARG_STRLEN, 3/4 of 8 MiB)

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

Fields to_fields(const Capture& capture) {
  Fields fields{{"project", capture.project}, {"began", std::to_string(capture.began)}, {"profile", capture.profile}};
  for (const std::string& word : capture.command) fields.emplace_back("command", word);
  for (const std::string& pattern : capture.protect) fields.emplace_back("protect", pattern);
  if (capture.status) fields.emplace_back("status", std::to_string(*capture.status));
  return fields;
}

// A key of a later version that means nothing here changes nothing of what the others mean.
void take_field(Capture& capture, const std::string& key, const std::string& value) {
  if (key == "project") capture.project = value;
  if (key == "began") capture.began = number(value).value_or(0);
  if (key == "profile") capture.profile = value;
  if (key == "command") capture.command.push_back(value);
  if (key == "protect") capture.protect.push_back(value);
  if (key == "status") {
    if (const auto status = number(value)) capture.status = static_cast<int>(*status);
  }
}

Error foreign(const std::string& directory) {
  return {.what = "cannot use the capture " + quote_for_display(directory),
          .why = "its record is damaged or of a newer version"};
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  const DirectoryStream stream = open_directory(directory);
  while (const dirent* entry = stream ? readdir(stream.get()) : nullptr) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

}  // namespace

std::string Capture::name() const { return std::string(base_name(directory)); }

Result<void> write_capture(const Capture& capture) {
  return replace_file(join(capture.directory, "record"), join_fields(record_kind, to_fields(capture)));
}

Result<Capture> read_capture(const std::string& directory) {
  const auto text = read_whole(join(directory, "record"), longest_record);
  if (!text) return text.error();
  const auto fields = split_fields(record_kind, *text);
  if (!fields) return foreign(directory);
  Capture capture{.directory = directory};
  for (const auto& [key, value] : *fields) take_field(capture, key, value);
  if (!capture.project.starts_with('/') || capture.began <= 0) return foreign(directory);
  return capture;
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
  if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return sys_error("lock " + quote_for_display(path));
  return Error{.what = "cannot use the capture " + quote_for_display(capture.name()),
               .why = "its run has not ended, or another snug is at work on it",
               .fix = "end that first, or wait for it"};
}

}  // namespace snug
