// `snug init`: what a project's own files suggest, and the snug.toml that says it. Asks the host through its view;
// writing the file is left to cli/.
#pragma once

#include <string>
#include <vector>

#include "host/view.h"

namespace snug {

/// What was found in a project that the profile should speak of.
struct ProjectSigns {
  struct Language {
    std::string file;     ///< "package.json"
    std::string name;     ///< "Ruby"
    std::string profile;  ///< the shipped profile; empty: none is needed
    std::string install;  ///< the command that fetches what the project needs; empty: there is none
    std::string allow;    ///< options that let it reach the package servers, where no profile names them
  };
  std::vector<Language> languages;  ///< one for each profile, in the order of the table
  std::vector<std::string> secrets;
  std::vector<std::string> acted_on;  ///< what programs outside act on: "./.envrc"
  std::vector<std::string> caches;    ///< of the home: "~/.cargo/registry"
  bool git = false;
};

/// Looks at the names in `project`, and at a few places in it and in `home`. Opens no file and follows no link in the
/// project.
ProjectSigns find_signs(HostView& host, const std::string& project, const std::string& home);

/// A short profile with comments, without mistakes whatever was found.
std::string profile_template(const ProjectSigns& signs);

}  // namespace snug
