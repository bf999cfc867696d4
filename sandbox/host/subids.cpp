#include "host/subids.h"

#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>

#include "base/numbers.h"
#include "base/paths.h"
#include "host/read.h"

namespace snug {
namespace {

constexpr std::size_t kEnough = 1 << 20;
constexpr std::size_t kMostRanges = 64;  // a map has 340 lines at most (user_namespaces(7)), a command line has an end
constexpr std::uint32_t kNobodysNumber = 0xffffffff;

/// Never looked for in PATH: it runs with rights.
constexpr std::string_view kToolPlaces[] = {"/usr/bin", "/bin", "/run/wrappers/bin", "/usr/local/bin"};

struct Refusal {
  std::string why, fix;
};

struct Fields {
  std::string_view owner, first, count;
};

/// "OWNER:FIRST:COUNT"
std::optional<Fields> split(std::string_view line) {
  const auto one = line.find(':');
  const auto two = one == line.npos ? one : line.find(':', one + 1);
  if (two == line.npos || line.find(':', two + 1) != line.npos) return std::nullopt;
  return Fields{line.substr(0, one), line.substr(one + 1, two - one - 1), line.substr(two + 1)};
}

std::uint64_t end_of(const SubidRange& range) { return std::uint64_t{range.first} + range.count; }

bool overlap(const SubidRange& a, const SubidRange& b) { return a.first < end_of(b) && b.first < end_of(a); }

bool holds(const SubidRange& range, std::uint32_t id) { return overlap(range, {id, 1}); }

std::optional<SubidRange> range_in(const Fields& fields) {
  const auto first = whole_number<std::uint32_t>(fields.first);
  const auto count = whole_number<std::uint32_t>(fields.count);
  if (!first || !count || *count == 0) return std::nullopt;
  const SubidRange range{*first, *count};
  return end_of(range) <= kNobodysNumber ? std::optional(range) : std::nullopt;
}

struct Account {
  std::string name;
  std::uint32_t uid = 0, gid = 0;
};

std::optional<Account> account_of(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return Account{found->pw_name, found->pw_uid, found->pw_gid};
}

std::string find_tool(std::string_view name) {
  for (const std::string_view place : kToolPlaces) {
    std::string path = join(place, name);
    if (access(path.c_str(), F_OK) == 0) return path;
  }
  return "";
}

bool has_file_capabilities(const std::string& path) {
  return getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
}

/// Would it run with rights, and nobody but root have decided what it does?
std::optional<Refusal> refuse_tool(const std::string& path) {
  struct stat info {};
  struct statvfs system {};
  if (stat(path.c_str(), &info) != 0 || statvfs(path.c_str(), &system) != 0)
    return Refusal{path + " cannot be read", ""};
  if (!S_ISREG(info.st_mode) || info.st_uid != 0 || (info.st_mode & 022) != 0) {
    return Refusal{path + " is not root's alone", "sudo chown root:root " + path + "; sudo chmod 4755 " + path};
  }
  if ((info.st_mode & S_ISUID) == 0 && !has_file_capabilities(path)) {
    return Refusal{path + " is neither setuid root nor has capabilities", "sudo chmod u+s " + path};
  }
  if ((system.f_flag & ST_NOSUID) != 0) {
    return Refusal{path + " lies on a file system that is mounted nosuid, where it gets no rights",
                   "mount it without nosuid"};
  }
  return std::nullopt;
}

std::optional<Refusal> find_tools(Subids& subids) {
  subids.newuidmap = find_tool("newuidmap");
  subids.newgidmap = find_tool("newgidmap");
  if (subids.newuidmap.empty() || subids.newgidmap.empty()) {
    return Refusal{"newuidmap and newgidmap are not installed",
                   "sudo apt install uidmap    (Fedora: shadow-utils, Arch: shadow)"};
  }
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
    return Refusal{"snug was started with no_new_privs, under which newuidmap gets no rights",
                   "start it without: docker run without --security-opt no-new-privileges, systemd units with "
                   "NoNewPrivileges=no"};
  }
  if (auto refused = refuse_tool(subids.newuidmap)) return refused;
  return refuse_tool(subids.newgidmap);
}

std::optional<Refusal> find_ranges(Subids& subids, const Account& account) {
  if (const auto other = other_subid_source(read_file("/etc/nsswitch.conf", kEnough).value_or(""))) {
    return Refusal{"the ranges come from \"" + *other + "\" (subid: in /etc/nsswitch.conf), which snug does not ask",
                   "give " + account.name + " ranges in /etc/subuid and /etc/subgid, and say subid: files"};
  }
  const auto read = [&](const char* path, std::uint32_t own) {
    return ranges_of(read_file(path, kEnough).value_or(""), {account.name, account.uid, own});
  };
  subids.uids = read("/etc/subuid", account.uid);
  subids.gids = read("/etc/subgid", account.gid);
  if (!subids.uids.empty() && !subids.gids.empty()) return std::nullopt;
  return Refusal{std::string(subids.uids.empty() ? "/etc/subuid" : "/etc/subgid") + " has no range for " + account.name,
                 "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 " + account.name +
                     "    (numbers nobody else has there)"};
}

std::optional<Refusal> look(Subids& subids) {
  if (auto refused = find_tools(subids)) return refused;
  const auto account = account_of(getuid());
  if (!account) {
    return Refusal{"no account has your user number " + std::to_string(getuid()) + ", and newuidmap asks for one",
                   "log in as a user of /etc/passwd"};
  }
  if (account->gid != getgid()) {
    return Refusal{"your group is " + std::to_string(getgid()) + " instead of the " + std::to_string(account->gid) +
                       " of your account, and newuidmap asks for that one",
                   "start snug outside of newgrp or sg"};
  }
  return find_ranges(subids, *account);
}

}  // namespace

std::vector<SubidRange> ranges_of(std::string_view text, const SubidOwner& owner) {
  std::vector<SubidRange> ranges;
  std::istringstream lines{std::string(text)};
  const std::string number = std::to_string(owner.id);
  for (std::string line; ranges.size() < kMostRanges && std::getline(lines, line);) {
    const auto fields = split(line);
    const auto range = fields ? range_in(*fields) : std::nullopt;
    if (!range || (fields->owner != owner.name && fields->owner != number)) continue;
    const bool clash = std::ranges::any_of(ranges, [&](const SubidRange& one) { return overlap(one, *range); });
    if (!clash && !holds(*range, 0) && !holds(*range, owner.own)) ranges.push_back(*range);
  }
  return ranges;
}

std::optional<std::string> other_subid_source(std::string_view nsswitch) {
  std::istringstream lines{std::string(nsswitch)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string database, source;
    if (!(words >> database) || database != "subid:") continue;
    if (words >> source && source != "files") return source;
  }
  return std::nullopt;
}

Subids find_subids() {
  Subids subids;
  if (auto refused = look(subids)) {
    subids.why = std::move(refused->why);
    subids.fix = std::move(refused->fix);
  }
  return subids;
}

}  // namespace snug
