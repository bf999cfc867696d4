#include "cli/approvals.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "base/fd.h"
#include "base/paths.h"
#include "base/quote.h"
#include "base/sha256.h"
#include "changes/fields.h"
#include "sys/directory.h"
#include "sys/replace_file.h"
#include "sys/retry.h"

namespace snug {
namespace {

constexpr std::string_view kind = "snug-trust-1";
constexpr std::string_view any_kind = "snug-trust-";
constexpr std::size_t most_bytes = std::size_t{6} << 20;  // more than all a profile may be built on
constexpr std::size_t most_listed = 10000;

std::string directory_of(const Caller& caller) { return caller.state_dir + "/trust"; }

std::string file_of(const std::string& profile, const Caller& caller) {
  return directory_of(caller) + "/" + readable_name(parent_of(profile)) + "-" + sha256_hex(profile).substr(0, 32);
}

Error cannot(const std::string& what, const std::string& path) {
  return Error{.what = "cannot " + what + " " + quote_for_display(path), .code = errno};
}

/// Whoever may write the store could approve anything.
Result<void> check_owner(int fd, const std::string& path, const Caller& caller) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return cannot("read", path);
  const bool own = info.st_uid == caller.uid || (caller.uid == 0 && caller.sudo_uid == info.st_uid);
  const bool others = !own || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (!others) return {};
  return Error{.what = "cannot use " + quote_for_display(path) + ", where approved profiles are kept",
               .why = "others may write it",
               .fix = "rm -r " + path + "   (then approve again: snug trust)"};
}

/// Nothing if the store does not exist yet.
Result<Fd> open_store(const Caller& caller) {
  const std::string path = directory_of(caller);
  Fd fd{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd && errno == ENOENT) return Fd{};
  if (!fd) return cannot("open", path);
  if (auto good = check_owner(fd.get(), path, caller); !good) return good.error();
  return fd;
}

bool make_directories(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return true;
  if (errno != ENOENT || path == "/") return false;
  return make_directories(std::string(parent_of(path))) && (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST);
}

/// The store, made where it is missing, locked until the descriptor is closed.
Result<Fd> lock_store(const Caller& caller) {
  const std::string path = directory_of(caller);
  if (!make_directories(path)) return cannot("make", path);
  auto store = open_store(caller);
  if (!store) return store;
  if (!lock_file(store->get(), LOCK_EX)) return cannot("lock", path);
  return store;
}

std::optional<Approval> parse(std::string_view text) {
  const auto fields = split_fields(kind, text);
  if (!fields) return std::nullopt;
  Approval approval;
  for (const auto& [key, value] : *fields) {
    if (key == "profile") approval.profile = value;
    if (key == "file") approval.files.push_back({.path = value, .sha256 = {}, .text = {}});
    if (approval.files.empty()) continue;
    if (key == "sha256") approval.files.back().sha256 = value;
    if (key == "text") approval.files.back().text = value;
  }
  return approval;
}

Result<std::optional<Approval>> read_at(const std::string& path) {
  auto text = read_whole(path, most_bytes);
  if (!text && text.error().code == ENOENT) return std::optional<Approval>{};
  if (!text) return text.error();
  if (auto approval = parse(*text)) return approval;
  const bool newer = text->starts_with(any_kind) && !text->starts_with(std::string(kind) + '\0');
  // What is damaged approves nothing; the user is asked again.
  if (!newer) return std::optional<Approval>{};
  return Error{.what = "cannot read " + quote_for_display(path), .why = "a newer snug has written it"};
}

bool holds_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

}  // namespace

Result<std::optional<Approval>> read_approval(const std::string& profile, const Caller& caller) {
  const auto store = open_store(caller);
  if (!store) return store.error();
  if (!*store) return std::optional<Approval>{};
  auto approval = read_at(file_of(profile, caller));
  // The name is a hash of the path; what counts is the path.
  if (approval && *approval && (*approval)->profile != profile) return std::optional<Approval>{};
  return approval;
}

Result<void> write_approval(const Approval& approval, const Caller& caller) {
  Fields fields{{"profile", approval.profile}};
  for (const ApprovedFile& file : approval.files) {
    if (holds_nul(file.path) || holds_nul(file.text))
      return Error{.what = quote_for_display(file.path) + " holds a NUL"};
    fields.insert(fields.end(), {{"file", file.path}, {"sha256", file.sha256}, {"text", file.text}});
  }
  const auto store = lock_store(caller);
  if (!store) return store.error();
  return replace_file(file_of(approval.profile, caller), join_fields(kind, fields));
}

Result<bool> remove_approval(const std::string& profile, const Caller& caller) {
  const auto store = lock_store(caller);
  if (!store) return store.error();
  const std::string path = file_of(profile, caller);
  if (unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  return cannot("remove", path);
}

Result<std::vector<Approval>> list_approvals(const Caller& caller) {
  std::vector<Approval> all;
  const auto store = open_store(caller);
  if (!store) return store.error();
  if (!*store) return all;
  const std::string path = directory_of(caller);
  const DirectoryStream directory = open_directory(path);
  while (const dirent* entry = directory ? readdir(directory.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (name.starts_with('.') || all.size() == most_listed) continue;
    auto approval = read_at(path + "/" + std::string(name));
    if (approval && *approval) all.push_back(std::move(**approval));
  }
  std::ranges::sort(all, {}, &Approval::profile);
  return all;
}

}  // namespace snug
