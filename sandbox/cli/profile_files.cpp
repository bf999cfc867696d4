#include "cli/profile_files.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>

#include "base/fd.h"
#include "base/paths.h"
#include "base/quote.h"
#include "base/suggest.h"
#include "cli/parse.h"
#include "cli/surroundings.h"
#include "profile/addresses.h"
#include "profile/shipped.h"
#include "profile/user_file.h"
#include "sys/directory.h"
#include "sys/read.h"

namespace snug {
namespace {

constexpr std::size_t profile_limit = 1 << 20;
constexpr std::size_t most_listed = 1000;
constexpr const char* machine_directory = "/etc/snug/profiles";

bool is_foreign(const struct stat& info, const Caller& caller) {
  return caller.uid != 0 && info.st_uid != caller.uid && info.st_uid != 0;
}

// A profile decides what the sandbox may reach: nobody else may write it.
std::optional<Error> refuse_owner(const std::string& file, const struct stat& info, const Caller& caller) {
  if (is_foreign(info, caller)) {
    return Error{
        .what = "cannot use profile " + file,
        .why = "it belongs to uid " + std::to_string(info.st_uid) + ", who could change what the sandbox may reach",
        .fix = "copy it and name the copy: -p"};
  }
  const std::string writers = other_writers(info, caller);
  if (writers.empty()) return std::nullopt;
  return Error{.what = "cannot use profile " + file, .why = writers + " may write it", .fix = "chmod go-w " + file};
}

std::optional<Error> refuse_file(const std::string& file, const struct stat& info) {
  if (S_ISREG(info.st_mode)) return std::nullopt;
  const bool directory = S_ISDIR(info.st_mode);
  return Error{.what = "cannot use profile " + file,
               .why = directory ? "it is a directory" : "it is not a regular file",
               .fix = directory ? "-p " + file + "/snug.toml" : ""};
}

std::vector<std::string> profile_directories(const Caller& caller) {
  return {caller.config_dir + "/profiles", machine_directory};
}

Error unknown_profile(const std::string& name, const Caller& caller) {
  Error error{.what = "unknown profile " + quote_for_display(name), .fix = "snug check --list"};
  for (const std::string& directory : profile_directories(caller)) {
    error.why += (error.why.empty() ? "it is neither in " : " nor in ") + directory;
  }
  error.why += ", and no such profile comes with snug";
  const std::vector<NamedProfile> all = list_profiles(caller);
  std::vector<std::string_view> known;
  for (const NamedProfile& profile : all) known.push_back(profile.name);
  const std::string_view near = nearest_word(name, known);
  if (parse_published(name).ok()) error.fix += "; to publish a port: --publish " + name;
  if (!near.empty()) error.what += "; did you mean \"" + std::string(near) + "\"?";
  return error;
}

// Names of profiles in `directory`.
std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  const DirectoryStream open = open_directory(directory);
  while (const dirent* entry = open ? readdir(open.get()) : nullptr) {
    std::string name = entry->d_name;
    if (!name.ends_with(".toml") || names.size() == most_listed) continue;
    name.resize(name.size() - std::string_view(".toml").size());
    if (is_profile_name(name)) names.push_back(std::move(name));
  }
  return names;
}

// Of the very file that is read, whatever happens to its path meanwhile.
std::string real_path_of(int fd) {
  char path[PATH_MAX];
  const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
  return size > 0 && size < PATH_MAX && path[0] == '/' ? std::string(path, static_cast<std::size_t>(size)) : "";
}

// The file at the absolute `path`, which messages call `file`.
Result<ProfileText> read_profile_at(const std::string& path, const std::string& file, const Caller& caller) {
  // O_NONBLOCK: opening a fifo must not wait for a writer. What is checked is what is read: one descriptor.
  const Fd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0) return Error{.what = "cannot read profile " + file, .code = errno};
  if (auto refusal = refuse_file(file, info)) return *refusal;
  if (auto refusal = refuse_owner(file, info, caller)) return *refusal;
  auto text = read_all(fd.get(), profile_limit + 1);  // one more, to notice a file that grows meanwhile
  if (!text) return Error{.what = "cannot read profile " + file, .code = errno};
  if (text->size() > profile_limit)
    return Error{.what = "cannot use profile " + file, .why = "it is larger than 1 MiB"};
  return ProfileText{.file = file, .text = std::move(*text), .path = path, .real_path = real_path_of(fd.get())};
}

std::optional<std::string> variable(const Caller& caller, const std::string& name) {
  const auto found = caller.environment.find(name);
  return found == caller.environment.end() ? std::nullopt : std::optional(found->second);
}

KnownValues known_values(const Caller& caller) {
  const std::string uid = std::to_string(caller.uid);
  const std::string runtime = variable(caller, "XDG_RUNTIME_DIR").value_or("");
  return {.home = caller.home,
          .user = caller.user_name,
          .uid = uid,
          .state = caller.state_dir.empty() ? "" : std::string(parent_of(caller.state_dir)),
          .runtime = clean_absolute(runtime).value_or("/run/user/" + uid),
          .cwd = caller.cwd,
          .environment = [&caller](const std::string& name) { return variable(caller, name); }};
}

}  // namespace

std::string other_writers(const struct stat& info, const Caller& caller) {
  if ((info.st_mode & S_IWOTH) != 0) return "anyone";
  if ((info.st_mode & S_IWGRP) == 0 || info.st_gid == 0) return "";
  // Where every user has a group of the same name, new files are often writable by it.
  const auto group = caller.group_names.find(info.st_gid);
  const bool named = group != caller.group_names.end();
  if (info.st_gid == caller.gid && named && group->second == caller.user_name) return "";
  return "group " + (named ? group->second : std::to_string(info.st_gid));
}

Result<ProfileText> read_profile(const std::string& file, const Caller& caller) {
  return read_profile_at(absolute_from(caller.cwd, file), file, caller);
}

Result<ProfileText> read_named_profile(const std::string& name, const Caller& caller) {
  if (name == "default") return ProfileText{.text = std::string(default_profile_text()), .name = name};
  if (!is_profile_name(name)) return unknown_profile(name, caller);
  for (const std::string& directory : profile_directories(caller)) {
    auto text = read_profile(join(directory, name + ".toml"), caller);
    if (!text && (text.error().code == ENOENT || text.error().code == ENOTDIR)) continue;
    if (text) text->name = name;
    return text;
  }
  const ShippedProfile* shipped = find_shipped_profile(name);
  if (shipped == nullptr) return unknown_profile(name, caller);
  return ProfileText{.text = std::string(shipped->text), .name = name};
}

LoadContext load_context(const Caller& caller, const std::string& project) {
  const auto find = [&caller](const ProfileReference& reference) {
    if (reference.path.empty()) return read_named_profile(reference.name, caller);
    return read_profile_at(reference.path, reference.file, caller);
  };
  LoadContext context{.find = find, .known = known_values(caller)};
  context.known.project = project;
  return context;
}

std::vector<NamedProfile> list_profiles(const Caller& caller) {
  std::map<std::string, std::string> files;  // the first to name one wins
  files["default"] = "";
  for (const std::string& directory : profile_directories(caller)) {
    for (std::string& name : names_in(directory)) files.emplace(name, join(directory, name + ".toml"));
  }
  for (const ShippedProfile& profile : shipped_profiles()) files.emplace(profile.name, "");
  std::vector<NamedProfile> all;
  for (auto& [name, file] : files) all.push_back({name, std::move(file)});
  return all;
}

}  // namespace snug
