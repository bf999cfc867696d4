// Who asks for a run, from where, and for what. Plain data filled in by cli/ from the process's own
// surroundings, so that the planner asks for no clock, environment or id by itself.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace snug {

/// The calling user and process.
struct Caller {
  std::uint32_t uid = 0, gid = 0;
  std::vector<std::uint32_t> groups;                 ///< supplementary, by number
  std::map<std::uint32_t, std::string> group_names;  ///< of gid and groups, as far as known
  std::string user_name;                             ///< from the password database, else the uid's digits
  std::string home;                                  ///< $HOME if absolute, else the password database's
  std::string shell;                                 ///< $SHELL if absolute, else the password database's
  std::string cwd;                                   ///< absolute; as getcwd(2) says
  std::map<std::string, std::string> environment;
  std::optional<std::uint32_t> sudo_uid, sudo_gid;  ///< from SUDO_UID/SUDO_GID, only if uid is 0
  std::string state_dir;                            ///< $XDG_STATE_HOME/snug, absolute
  std::string config_dir;                           ///< $XDG_CONFIG_HOME/snug
  std::string runtime_dir = {};  ///< $XDG_RUNTIME_DIR/snug, else a directory of the state named by the boot: what is
                                 ///< there is for this session. Empty: none can be had
};

/// A directory to take for the project.
struct ProjectChoice {
  std::string path;    ///< absolute, links followed
  std::string reason;  ///< "git work tree"
};

struct Request {
  Caller caller;
  std::vector<std::string> command;       ///< empty: an interactive shell
  std::string onto = {};                  ///< the capture to go on with; empty: a new one
  bool everything = false;                ///< capture whatever the user could write, not only the project
  bool measured = false;                  ///< tell at the end what the run has used
  std::string changes_dir = {};           ///< where the capture goes, absolute; empty: to the state directory
  std::vector<std::string> between = {};  ///< layers between the capture and the project, absolute, the top one first
  std::string profile_file;               ///< the snug.toml found or the FILE that -p named, absolute; empty: none
  ProjectChoice project = {};             ///< as choose_project() answered; without a path the planner asks by itself
  std::vector<std::string> profile_paths = {};  ///< files the profile was read from, absolute: never writable inside
};

}  // namespace snug
