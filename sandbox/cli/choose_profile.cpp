#include "cli/choose_profile.h"

#include <sys/stat.h>

#include <cerrno>

#include "base/paths.h"
#include "cli/parse.h"
#include "host/read.h"

namespace snug {
namespace {

constexpr std::size_t profile_limit = 1 << 20;

bool is_file(const std::string& word) { return word.find('/') != std::string::npos || word.ends_with(".toml"); }

Error unknown_profile(const std::string& name) {
  return {.what = "unknown profile \"" + name + "\"",
          .why = "this version has one profile by name, \"default\"; others are named by their file",
          .fix = "-p ./" + name + ".toml"};
}

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
  if ((info.st_mode & S_IWOTH) != 0) {
    return Error{.what = "cannot use profile " + file, .why = "anyone may write it", .fix = "chmod o-w " + file};
  }
  return std::nullopt;
}

std::optional<Error> refuse_file(const std::string& file, const struct stat& info) {
  if (S_ISREG(info.st_mode)) return std::nullopt;
  const bool directory = S_ISDIR(info.st_mode);
  return Error{.what = "cannot use profile " + file,
               .why = directory ? "it is a directory" : "it is not a regular file",
               .fix = directory ? "-p " + file + "/snug.toml" : ""};
}

}  // namespace

Result<ProfileText> read_profile(const std::string& file, const Caller& caller) {
  const std::string path = absolute_from(caller.cwd, file);
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return Error{.what = "cannot read profile " + file, .code = errno};
  if (auto refusal = refuse_file(file, info)) return *refusal;
  if (auto refusal = refuse_owner(file, info, caller)) return *refusal;
  auto text = read_file(path, profile_limit + 1);
  if (!text) return Error{.what = "cannot read profile " + file, .code = errno};
  if (text->size() > profile_limit)
    return Error{.what = "cannot use profile " + file, .why = "it is larger than 1 MiB"};
  return ProfileText{.file = file, .text = std::move(*text)};
}

std::optional<std::string> find_project_profile(const std::string& from, const std::string& home) {
  struct stat start {};
  if (stat(from.c_str(), &start) != 0) return std::nullopt;
  for (std::string directory = from; directory != home && directory != "/";
       directory = std::string(parent_of(directory))) {
    struct stat here {
    }, found{};
    if (stat(directory.c_str(), &here) != 0 || here.st_dev != start.st_dev) break;
    const std::string candidate = directory + "/snug.toml";
    if (stat(candidate.c_str(), &found) == 0 && S_ISREG(found.st_mode)) return candidate;
  }
  return std::nullopt;
}

Result<ChosenProfile> choose_profile(const std::optional<std::string>& named, const Caller& caller) {
  ChosenProfile chosen;
  if (!named) {
    if (const auto found = find_project_profile(caller.cwd, caller.home)) {
      chosen.notice = *found + " is not used unless it is named: -p " + *found;
    }
    return chosen;
  }
  if (*named == "default") return chosen;
  if (!is_file(*named)) return unknown_profile(*named);
  auto text = read_profile(*named, caller);
  if (!text) return text.error();
  chosen.texts.push_back(std::move(*text));
  chosen.file = absolute_from(caller.cwd, *named);
  return chosen;
}

}  // namespace snug
