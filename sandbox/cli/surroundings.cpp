#include "cli/surroundings.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/numbers.h"
#include "base/paths.h"
#include "base/quote.h"
#include "host/read.h"

namespace snug {
namespace {

constexpr std::size_t database_limit = 4 << 20;
constexpr std::size_t fields_of_passwd = 7;
constexpr std::size_t fields_of_group = 4;

template <std::size_t N>
std::optional<std::array<std::string_view, N>> split_fields(std::string_view line) {
  std::array<std::string_view, N> fields;
  for (std::size_t i = 0; i + 1 < N; ++i) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    fields[i] = line.substr(0, colon);
    line.remove_prefix(colon + 1);
  }
  fields[N - 1] = line;
  return fields;
}

// The first line whose third field is `id`, in both databases.
template <std::size_t N>
std::optional<std::array<std::string_view, N>> find_line(std::string_view text, std::uint32_t id) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto fields = split_fields<N>(text.substr(0, end));
    if (fields && whole_number<std::uint32_t>((*fields)[2]) == id) return fields;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return std::nullopt;
}

// Loading the name service's plug-ins takes 0.3 ms, more than all else snug does before the sandbox: only where the
// file does not have the answer and another source may.
bool may_ask(std::string_view database) {
  const bool has_userdb = access("/run/systemd/userdb", F_OK) == 0;
  return asks_beyond_files(read_file("/etc/nsswitch.conf", database_limit).value_or(""), database, has_userdb);
}

std::optional<Account> read_account(std::uint32_t uid) {
  if (const auto text = read_file("/etc/passwd", database_limit)) {
    if (auto account = find_account(*text, uid)) return account;
  }
  if (!may_ask("passwd")) return std::nullopt;
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return Account{.name = found->pw_name, .home = found->pw_dir, .shell = found->pw_shell};
}

std::optional<std::string> ask_group_name(std::uint32_t gid) {
  if (!may_ask("group")) return std::nullopt;
  group entry{};
  group* found = nullptr;
  std::vector<char> buffer(65536);
  if (getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return std::string(found->gr_name);
}

std::map<std::uint32_t, std::string> read_group_names(std::uint32_t gid, const std::vector<std::uint32_t>& groups) {
  const auto text = read_file("/etc/group", database_limit).value_or("");
  std::map<std::uint32_t, std::string> names;
  const auto add = [&](std::uint32_t id) {
    auto name = find_group(text, id);
    if (!name) name = ask_group_name(id);
    if (name) names[id] = *name;
  };
  add(gid);
  for (const auto id : groups) add(id);
  return names;
}

std::vector<std::uint32_t> read_groups() {
  const int count = getgroups(0, nullptr);
  if (count <= 0) return {};
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  const int got = getgroups(count, groups.data());
  groups.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return {groups.begin(), groups.end()};
}

Environment read_environment() {
  Environment variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    // As getenv(3): the first of two entries with one name counts.
    if (equals != 0 && equals != std::string_view::npos)
      variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::optional<std::string> absolute_variable(const Environment& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::nullopt : clean_absolute(found->second);
}

std::optional<std::uint32_t> id_variable(const Environment& environment, const char* name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::nullopt : whole_number<std::uint32_t>(found->second);
}

// Root may have become root from root (`sudo` in a root shell): its commands must not run as root for that. The largest
// number is no id.
std::optional<std::uint32_t> id_of_user(std::optional<std::uint32_t> id) {
  constexpr std::uint32_t no_id = 0xffffffff;
  return id && *id != 0 && *id != no_id ? id : std::nullopt;
}

void read_sudo_ids(Caller& caller, const Environment& environment) {
  caller.sudo_uid = id_of_user(id_variable(environment, "SUDO_UID"));
  if (caller.sudo_uid) caller.sudo_gid = id_of_user(id_variable(environment, "SUDO_GID"));
}

Error no_home(std::uint32_t uid) {
  return {.what = "cannot tell the home directory of uid " + std::to_string(uid),
          .why = "HOME is not an absolute path without \"..\", and the password database has none either",
          .fix = "HOME=/path/to/home snug ..."};
}

// XDG's rule: a relative path counts as unset.
std::string below_home(const Environment& environment, const char* variable, const std::string& home,
                       const char* standard) {
  return absolute_variable(environment, variable).value_or((home == "/" ? "" : home) + standard) + "/snug";
}

/// What lasts for a session: without XDG_RUNTIME_DIR nothing tells its end but the next boot.
std::string runtime_directory(const Environment& environment, const Identification& who, const std::string& state) {
  if (const auto runtime = absolute_variable(environment, "XDG_RUNTIME_DIR")) return *runtime + "/snug";
  return who.boot_id.empty() ? "" : state + "/boot-" + who.boot_id;
}

std::string read_boot_id() {
  std::string id = read_file("/proc/sys/kernel/random/boot_id", 64).value_or("");
  if (id.ends_with('\n')) id.pop_back();
  const bool plain = id.find_first_not_of("0123456789abcdef-") == std::string::npos;
  return plain ? id : "";
}

/// Whoever owns a directory, or may write it, can put another in the place of what is in it. `keeps`: a bit of its mode
/// that forbids this to who may write it.
std::string who_else_changes(const std::string& directory, mode_t keeps, const Caller& caller) {
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) return "";  // still to be made
  const bool of_sudo = caller.uid == 0 && caller.sudo_uid == info.st_uid;
  if (info.st_uid != caller.uid && info.st_uid != 0 && !of_sudo)
    return "it belongs to uid " + std::to_string(info.st_uid);
  return (info.st_mode & S_IWOTH) != 0 && (info.st_mode & keeps) == 0 ? "everybody may write it" : "";
}

Result<std::string> read_cwd() {
  std::array<char, PATH_MAX> buffer;
  const char* path = getcwd(buffer.data(), buffer.size());
  // "(unreachable)/...": the directory lies outside this mount namespace.
  if (path != nullptr && *path == '/') return std::string(path);
  const int code = path == nullptr ? errno : 0;
  return Error{.what = "cannot tell the current directory",
               .code = code,
               .why = code == ENOENT ? "it no longer exists"
                      : code == 0    ? "it cannot be reached from the root"
                                     : "",
               .fix = "cd to a directory that exists"};
}

}  // namespace

std::optional<std::string> clean_absolute(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  std::string clean;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto part = path.substr(0, path.find('/'));
    if (part == "..") return std::nullopt;
    if (!part.empty() && part != ".") clean.append("/").append(part);
    path.remove_prefix(part.size());
  }
  return clean.empty() ? "/" : clean;
}

bool asks_beyond_files(std::string_view nsswitch, std::string_view database, bool has_userdb) {
  const auto next_word = [](std::string_view& line) {
    line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
    const auto word = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(word.size());
    return word;
  };
  while (!nsswitch.empty()) {
    auto line = nsswitch.substr(0, nsswitch.find('\n'));
    nsswitch.remove_prefix(std::min(nsswitch.size(), line.size() + 1));
    line = line.substr(0, line.find('#'));
    const auto name = next_word(line);
    if (!name.ends_with(':') || name.substr(0, name.size() - 1) != database) continue;
    for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
      const bool is_file = word == "files" || (word == "systemd" && !has_userdb) || word.front() == '[';
      if (!is_file) return true;
    }
  }
  return false;
}

std::optional<Account> find_account(std::string_view passwd, std::uint32_t uid) {
  const auto fields = find_line<fields_of_passwd>(passwd, uid);
  if (!fields) return std::nullopt;
  return Account{
      .name = std::string((*fields)[0]), .home = std::string((*fields)[5]), .shell = std::string((*fields)[6])};
}

std::optional<std::string> find_group(std::string_view group, std::uint32_t gid) {
  const auto fields = find_line<fields_of_group>(group, gid);
  if (!fields) return std::nullopt;
  return std::string((*fields)[0]);
}

Result<Caller> make_caller(Identification who, Environment environment) {
  const Account account = who.account.value_or(Account{.name = std::to_string(who.uid)});
  auto home = absolute_variable(environment, "HOME");
  if (!home) home = clean_absolute(account.home);
  if (!home) return no_home(who.uid);

  Caller caller;
  caller.uid = who.uid;
  caller.gid = who.gid;
  caller.groups = std::move(who.groups);
  caller.group_names = std::move(who.group_names);
  caller.user_name = account.name;
  caller.home = *home;
  caller.shell = absolute_variable(environment, "SHELL").value_or(clean_absolute(account.shell).value_or("/bin/sh"));
  caller.cwd = std::move(who.cwd);
  if (who.uid == 0) read_sudo_ids(caller, environment);
  caller.state_dir = below_home(environment, "XDG_STATE_HOME", *home, "/.local/state");
  caller.config_dir = below_home(environment, "XDG_CONFIG_HOME", *home, "/.config");
  caller.runtime_dir = runtime_directory(environment, who, caller.state_dir);
  caller.environment = std::move(environment);
  return caller;
}

Result<Caller> read_caller(CurrentDirectory directory) {
  if (getuid() != geteuid() || getgid() != getegid()) {
    return Error{.what = "snug was started setuid or setgid", .fix = "chmod u-s,g-s the snug binary"};
  }
  auto cwd = read_cwd();
  if (!cwd && directory == CurrentDirectory::does_not_count) cwd = std::string("/");
  if (!cwd) return cwd.error();
  Identification who{.uid = getuid(), .gid = getgid(), .groups = read_groups(), .cwd = std::move(*cwd)};
  who.group_names = read_group_names(who.gid, who.groups);
  who.account = read_account(who.uid);
  Environment environment = read_environment();
  if (!absolute_variable(environment, "XDG_RUNTIME_DIR")) who.boot_id = read_boot_id();
  auto caller = make_caller(std::move(who), std::move(environment));
  if (!caller) return caller;
  if (auto safe = check_state_directory(*caller); !safe) return std::move(safe).error();
  return caller;
}

Result<void> check_state_directory(const Caller& caller) {
  const std::string above(parent_of(caller.state_dir));
  for (const std::string& directory : {above, caller.state_dir}) {
    const std::string why = who_else_changes(directory, directory == above ? S_ISVTX : 0, caller);
    if (why.empty()) continue;
    return Error{.what = "cannot keep snug's state in " + quote_for_display(caller.state_dir),
                 .why = (directory == above ? "of " + quote_for_display(above) + ": " : "") + why +
                        ", so that somebody else could change captures, homes and what was approved",
                 .fix = "XDG_STATE_HOME=... names another place; $HOME/.local/state where it is not set"};
  }
  return {};
}

}  // namespace snug
