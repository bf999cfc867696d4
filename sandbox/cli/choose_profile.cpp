#include "cli/choose_profile.h"

#include <sys/stat.h>

#include <cerrno>

#include "base/paths.h"
#include "base/quote.h"
#include "cli/profile_files.h"
#include "plan/project.h"
#include "profile/user_file.h"
#include "sys/errno.h"

namespace snug {
namespace {

bool is_file(const std::string& word) { return word.find('/') != std::string::npos || word.ends_with(".toml"); }

bool is_own(const struct stat& info, const Caller& caller) {
  return info.st_uid == caller.uid || (caller.uid == 0 && caller.sudo_uid && info.st_uid == *caller.sudo_uid);
}

bool is_trusted_owner(const struct stat& info, const Caller& caller) {
  return is_own(info, caller) || info.st_uid == 0;
}

// Somebody else's doing, which the caller need not mend: it is passed over with a notice.
std::string why_it_does_not_count(const struct stat& directory, const struct stat& file, const Caller& caller) {
  for (const struct stat* info : {&file, &directory}) {
    if (is_trusted_owner(*info, caller)) continue;
    return std::string(info == &file ? "it" : "its directory") + " belongs to uid " + std::to_string(info->st_uid);
  }
  const bool shared = !is_own(directory, caller) && !other_writers(directory, caller).empty();
  return shared ? "others may write its directory" : "";
}

// What the caller can mend, and must: to pass a profile over that hides something would show it.
std::optional<Error> refuse_found(const std::string& path, const struct stat& directory, const struct stat& file,
                                  const Caller& caller) {
  const std::string what = "cannot use " + path;
  const std::string otherwise = "\nwithout it: snug -p default";
  if (!S_ISREG(file.st_mode)) {
    return Error{.what = what,
                 .why = S_ISLNK(file.st_mode) ? "it is a symbolic link" : "it is not a regular file",
                 .fix = "name the file itself: -p FILE" + otherwise};
  }
  const std::string holder(parent_of(path));
  for (const auto& [info, name] : {std::pair{&file, &path}, std::pair{&directory, &holder}}) {
    const std::string writers = other_writers(*info, caller);
    if (writers.empty()) continue;
    return Error{.what = what,
                 .why = writers + " may write " + (name == &path ? "it" : "its directory"),
                 .fix = "chmod go-w " + *name + otherwise};
  }
  return std::nullopt;
}

// Absent, or where nobody may look; else nobody can tell, and a profile passed over might have hidden something.
std::optional<Error> unless_absent(const std::string& path, int code) {
  if (code == ENOENT || code == ENOTDIR || code == EACCES || code == ENAMETOOLONG) return std::nullopt;
  return sys_error("look for a profile at " + quote_for_display(path), code);
}

// The user's own file for the project, where there is one.
Result<std::optional<ProfileText>> read_user_file(const std::string& file, const Caller& caller) {
  struct stat info {};
  if (lstat(file.c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) return std::optional<ProfileText>{};
  auto text = read_profile(file, caller);
  if (!text) return text.error();
  text->role = ProfileText::Role::laid_on_top;
  return std::optional(std::move(*text));
}

Result<std::string> choose_file(const std::optional<std::string>& named, const Caller& caller, ChosenProfile& chosen) {
  if (named) return is_file(*named) ? *named : std::string();
  auto found = find_project_profile(caller);
  if (!found) return found.error();
  chosen.notices = std::move(found->notices);
  return std::move(found->file);
}

}  // namespace

Result<FoundProfile> find_project_profile(const Caller& caller) {
  FoundProfile found;
  struct stat start {};
  if (stat(caller.cwd.c_str(), &start) != 0) {
    if (auto refusal = unless_absent(caller.cwd, errno)) return *refusal;
    return found;
  }
  for (std::string directory = caller.cwd; directory != caller.home && directory != "/";
       directory = std::string(parent_of(directory))) {
    struct stat here {
    }, file{};
    if (stat(directory.c_str(), &here) != 0) {
      if (auto refusal = unless_absent(directory, errno)) return *refusal;
      break;
    }
    if (here.st_dev != start.st_dev) break;
    const std::string path = directory + "/snug.toml";
    if (lstat(path.c_str(), &file) != 0) {
      if (auto refusal = unless_absent(path, errno)) return *refusal;
      continue;
    }
    if (S_ISDIR(file.st_mode)) continue;
    const std::string why = why_it_does_not_count(here, file, caller);
    if (!why.empty()) {
      found.notices.push_back(path + " is not used: " + why);
      continue;
    }
    if (auto refusal = refuse_found(path, here, file, caller)) return *refusal;
    found.file = path;
    break;
  }
  return found;
}

Result<ChosenProfile> choose_profile(const std::optional<std::string>& named, const Caller& caller, HostView& host) {
  ChosenProfile chosen;
  const auto file = choose_file(named, caller, chosen);
  if (!file) return file.error();
  const bool by_name = named && !is_file(*named) && *named != "default";
  if (!file->empty() || by_name) {
    auto text = by_name ? read_named_profile(*named, caller) : read_profile(*file, caller);
    if (!text) return text.error();
    if (!by_name) chosen.file = text->path;
    chosen.texts.push_back(std::move(*text));
  }

  chosen.project = choose_project(host, caller, chosen.file);
  chosen.user_file = caller.config_dir + "/projects/" + user_file_name(chosen.project.path);
  if (!caller.runtime_dir.empty())
    chosen.session_file = caller.runtime_dir + "/projects/" + user_file_name(chosen.project.path);
  for (const std::string& path : {chosen.user_file, chosen.session_file}) {
    if (path.empty()) continue;
    auto users = read_user_file(path, caller);
    if (!users) return users.error();
    chosen.has_session_file = users->has_value();
    if (*users) chosen.texts.push_back(std::move(**users));
  }
  return chosen;
}

}  // namespace snug
