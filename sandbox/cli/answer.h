// What `snug why` and `snug allow` find out about one thing: the planner's and the filter's answers in one form.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/parse.h"
#include "cli/prepare.h"
#include "cli/what.h"
#include "host/view.h"
#include "plan/why.h"

namespace snug {

struct Answer {
  What what;
  Deed deed = Deed::read;          ///< the one that was asked about, of a path
  std::optional<PathAnswer> path;  ///< with WhatKind::path: all three
  Verdict verdict;                 ///< on what was asked
  std::vector<std::string> remarks;
};

/// Errors: a system call nobody knows.
Result<Answer> answer_for(const Prepared& prepared, HostView& host, const What& what, Deed deed);

/// The word's meaning under the command's flags (--path and the like) and what is known on this machine.
Result<What> understand(const std::string& word, const Invocation& invocation, const Prepared& prepared,
                        HostView& host);

/// What the flags --write and --exec ask about.
Deed deed_asked(const Invocation& invocation);

/// "snug allow --write ~/x", with the options by which this invocation found its project, ready for a shell.
std::string allow_command_line(const Invocation& invocation, const std::string& words);

/// The word for a shell, with the option that makes it mean this kind where it could mean another.
std::string pasted_word(const std::string& word, WhatKind kind, const Prepared& prepared, HostView& host);

}  // namespace snug
