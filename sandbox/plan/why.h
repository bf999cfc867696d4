// What a finished plan lets the command do with one path or variable, which line decides, and which line would change
// it. Answers from the plan and, below binds, from the host's files: owner and mode decide there too. Leaves system
// calls to seccomp/query.h, hosts to cli/why_host.h, which asks net/policy.h, and printing to cli/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/view.h"
#include "plan/plan.h"
#include "plan/request.h"

namespace snug {

/// One element for a list of a profile, filesystem.read: "~/data"; or the value of a key, network.mode: "filtered".
struct ProfileLine {
  std::string key;
  std::string element;  ///< as it is, without quotes
  enum class How { append, set } how = How::append;

  bool operator==(const ProfileLine&) const = default;
};

/// As it is written: filesystem.read = ["~/data"], network.mode = "filtered"
std::string to_text(const ProfileLine& line);

/// Whether one thing can be done, and who says so.
struct Verdict {
  bool allowed = false;
  std::string reason;            ///< in words, without a full stop
  Origin origin;                 ///< the line that decides
  std::vector<ProfileLine> add;  ///< the lines that would allow it, if lines alone do
  std::string fix;               ///< what else would, in words; empty with `add`, or where nothing does
};

/// What is done with a file. Of a directory: listing it, making and removing files in it, entering it.
enum class Deed { read, write, execute };

/// "read", "write", "execute".
const char* deed_word(Deed deed);

struct PathAnswer {
  std::string path;  ///< inside, symbolic links followed as far as it exists
  FileKind kind = FileKind::absent;
  std::string host_path;  ///< the host file behind it; empty: none
  std::string rule;       ///< the view's word for the entry: "read", "write", "hidden", ...; "root" for none
  Origin origin;          ///< of that entry
  Verdict read, write, execute;
  std::vector<std::string> remarks;  ///< what else differs from the host: renames (EXDEV, EBUSY), masks of files

  const Verdict& verdict(Deed deed) const { return deed == Deed::read ? read : deed == Deed::write ? write : execute; }
};

/// Precondition: `path` is absolute; it may hold symbolic links and "..".
PathAnswer why_path(const Plan& plan, HostView& host, const std::string& path);

/// Whether the command gets the variable.
Verdict why_variable(const Plan& plan, const Profile& profile, const Caller& caller, const std::string& name);

}  // namespace snug
