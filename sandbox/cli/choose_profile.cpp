#include "cli/choose_profile.h"

#include <sys/stat.h>

#include "base/paths.h"
#include "cli/profile_files.h"

namespace snug {
namespace {

bool is_file(const std::string& word) { return word.find('/') != std::string::npos || word.ends_with(".toml"); }

}  // namespace

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
  auto text = is_file(*named) ? read_profile(*named, caller) : read_named_profile(*named, caller);
  if (!text) return text.error();
  if (is_file(*named)) chosen.file = text->path;
  chosen.texts.push_back(std::move(*text));
  return chosen;
}

}  // namespace snug
