// Who calls snug, from where and with which environment: the planner's Caller, read from the process itself.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "plan/request.h"

namespace snug {

using Environment = std::map<std::string, std::string>;

/// One line of the password database.
struct Account {
  std::string name, home, shell;
};

/// The first line of passwd(5) text that has `uid`.
std::optional<Account> find_account(std::string_view passwd, std::uint32_t uid);

/// The name of `gid` in group(5) text.
std::optional<std::string> find_group(std::string_view group, std::uint32_t gid);

/// Whether nsswitch.conf(5) text sends questions about `database` ("passwd") anywhere but to the file in /etc.
/// systemd's service only knows more where `has_userdb`.
bool asks_beyond_files(std::string_view nsswitch, std::string_view database, bool has_userdb);

/// What the kernel and the databases say, before the environment has its word.
struct Identification {
  std::uint32_t uid = 0, gid = 0;
  std::vector<std::uint32_t> groups;
  std::map<std::uint32_t, std::string> group_names;
  std::optional<Account> account;
  std::string cwd;
  std::string boot_id = {};  ///< needed where XDG_RUNTIME_DIR is not set
};

/// Puts both together. Errors: no usable home.
Result<Caller> make_caller(Identification who, Environment environment);

/// Does a command mean anything by where it was typed? One that names sandboxes does not: it works where the directory
/// is gone, too, and has "/" for it there.
enum class CurrentDirectory { counts, does_not_count };

/// make_caller() of this process. Errors: the current directory is gone; no usable home; started setuid; as below.
Result<Caller> read_caller(CurrentDirectory directory = CurrentDirectory::counts);

/// Errors: the state directory, or the one that it is in, is not the caller's alone to change.
Result<void> check_state_directory(const Caller& caller);

/// An absolute path without "//", "/./" and a trailing "/"; nothing for any other text, or one with "..".
std::optional<std::string> clean_absolute(std::string_view path);

}  // namespace snug
