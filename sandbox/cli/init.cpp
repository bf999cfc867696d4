#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/fd.h"
#include "base/paths.h"
#include "base/quote.h"
#include "base/sha256.h"
#include "cli/approvals.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/surroundings.h"
#include "host/probe.h"
#include "plan/project.h"
#include "plan/template.h"
#include "sys/write.h"

namespace snug {
namespace {

constexpr const char* file_name = "snug.toml";

Error cannot_write(const std::string& path, int code, std::string why = "", std::string fix = "") {
  return {
      .what = "cannot write " + quote_for_display(path), .code = code, .why = std::move(why), .fix = std::move(fix)};
}

/// As getcwd(2) will name it to a later run: what is approved is known by its path.
Result<std::string> without_links(const std::string& directory) {
  std::error_code code;
  const std::filesystem::path real = std::filesystem::canonical(directory, code);
  if (code) return Error{.what = "cannot find " + quote_for_display(directory), .code = code.value()};
  return real.string();
}

/// The directory that the words name. A profile in a place that is no project would never be used.
Result<std::string> project_directory(const Invocation& invocation, const Caller& caller, HostView& host) {
  const std::string named = invocation.words.empty() ? caller.cwd : absolute_from(caller.cwd, invocation.words[0]);
  const std::string why_not = why_no_project(host, caller, named);
  if (why_not.empty()) return without_links(named);
  return Error{.what = "cannot make a profile for " + quote_for_display(named),
               .why = why_not,
               .fix = "snug init DIR, where DIR is a project of yours"};
}

Result<void> write_for_good(int fd, const std::string& path, std::string_view text) {
  // A profile that is half there after a power cut would be a mistake nobody made.
  if (!write_all(fd, text) || fsync(fd) != 0) return cannot_write(path, errno);
  return {};
}

/// Removes a file unless it was renamed away.
class Draft {
 public:
  Draft(int directory, std::string name) : directory_(directory), name_(std::move(name)) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (!name_.empty()) unlinkat(directory_, name_.c_str(), 0);
  }
  const char* name() const { return name_.c_str(); }
  void keep() { name_.clear(); }

 private:
  int directory_;
  std::string name_;
};

Error already_there(int directory, const std::string& path) {
  struct stat info {};
  const bool seen = fstatat(directory, file_name, &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (seen && !S_ISREG(info.st_mode)) {
    return cannot_write(path, EEXIST, S_ISLNK(info.st_mode) ? "it is a symbolic link" : "it is no regular file",
                        "remove it first");
  }
  return cannot_write(path, EEXIST, "it is there already",
                      "snug init --force, or look at the other: snug init --stdout");
}

/// Is what is there a file that --force may take the place of? Nothing there is fine too.
bool may_be_replaced(int directory) {
  struct stat info {};
  if (fstatat(directory, file_name, &info, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT;
  return S_ISREG(info.st_mode);
}

/// Gives the draft its name: 0 or errno, EEXIST where something has that name and `force` is false.
int put_in_place(int directory, Draft& draft, bool force) {
  if (renameat2(directory, draft.name(), directory, file_name, force ? 0 : RENAME_NOREPLACE) == 0) {
    draft.keep();
    return 0;
  }
  if (errno != EINVAL || force) return errno;
  // Network file systems cannot rename without replacing.
  return linkat(directory, draft.name(), directory, file_name, 0) == 0 ? 0 : errno;
}

/// Under another name first, so that the file is never there in part. A link is never followed: the draft's name must
/// be new, and neither link(2) nor rename(2) looks behind the name they give.
Result<void> write_profile(const std::string& project, const std::string& text, bool force) {
  const std::string path = join(project, file_name);
  const Fd directory(open(project.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return cannot_write(path, errno);
  if (force && !may_be_replaced(directory.get())) return already_there(directory.get(), path);
  Draft draft(directory.get(), ".snug.toml." + std::to_string(getpid()));
  const Fd file(openat(directory.get(), draft.name(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) {
    const int code = errno;
    draft.keep();  // somebody else's
    return cannot_write(path, code);
  }
  if (auto written = write_for_good(file.get(), path, text); !written) return written;
  const int code = put_in_place(directory.get(), draft, force);
  if (code == EEXIST) return already_there(directory.get(), path);
  if (code != 0) return cannot_write(path, code);
  return {};
}

void say_what_was_found(const ProjectSigns& signs) {
  for (const ProjectSigns::Language& language : signs.languages) {
    const std::string profile =
        language.profile.empty() ? "the default profile is enough" : "profile " + language.profile;
    print_message(language.name + " (" + language.file + "): " + profile);
  }
  if (signs.languages.empty()) print_message("no known kind of project: on top of the default profile alone");
  for (const std::string& secret : signs.secrets) print_message("hidden inside: " + secret);
}

/// The git work tree that `project` lies in without being its root, or "".
std::string work_tree_around(HostView& host, const std::string& project, const std::string& home) {
  for (std::string at = project; at != "/" && at != home; at = parent_of(at)) {
    if (host.status(join(at, ".git")).kind != FileKind::absent) return at == project ? "" : at;
  }
  return "";
}

void say_if_part(HostView& host, const std::string& project, const std::string& home) {
  const std::string tree = work_tree_around(host, project, home);
  if (tree.empty()) return;
  print_message("with this file the project is " + project + " alone; for all of its git work tree: snug init " + tree);
}

/// The user asked for these bytes, so nobody has to be asked whether they may count. A later change of them does.
Result<void> approve(const std::string& path, const std::string& text, const Caller& caller) {
  return write_approval({.profile = path, .files = {{.path = path, .sha256 = sha256_hex(text), .text = text}}}, caller);
}

void say_what_to_do_next(const std::string& path) {
  print_message("wrote " + path + ", which counts in this project from now on");
  print_message("look at it, then at what it means: snug plan");
}

}  // namespace

int init_command(const Invocation& invocation) {
  const auto caller = read_caller();
  if (!caller) return print_error(caller.error()), status_usage;
  const auto host = real_host_view();
  const auto project = project_directory(invocation, *caller, *host);
  if (!project) return print_error(project.error()), status_usage;
  const ProjectSigns signs = find_signs(*host, *project, caller->home);
  const std::string text = profile_template(signs);
  if (invocation.has("--stdout")) return print_data(text) ? 0 : status_usage;
  if (const auto written = write_profile(*project, text, invocation.has("--force")); !written) {
    return print_error(written.error()), status_usage;
  }
  const std::string path = join(*project, file_name);
  if (const auto approved = approve(path, text, *caller); !approved) return print_error(approved.error()), status_usage;
  say_what_was_found(signs);
  say_if_part(*host, *project, caller->home);
  say_what_to_do_next(path);
  return 0;
}

}  // namespace snug
