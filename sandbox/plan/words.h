// Small pieces of wording shared by messages, notes and the printers.
#pragma once

#include <string>

#include "host/view.h"
#include "plan/plan.h"

namespace snug {

const char* kind_word(FileKind kind);                ///< "directory", "symbolic link", ...
std::string status_words(const FileStatus& status);  ///< "directory 0755 uid 0 gid 0"
std::string octal(std::uint32_t mode);               ///< "0755"

std::string question_words(const HostAnswer& answer);  ///< "status /usr", "readlink /bin"
std::string answer_words(const HostAnswer& answer);    ///< "directory 0755 uid 0 gid 0", "usr/bin", "12 entries"

/// "read", "write", "overlay", "tmpfs", "hidden", ...: what an entry makes of its path.
const char* effect_word(const ViewKind& what);

/// How many processors a limit that is no group's leaves, and that in words: "2 processors".
std::uint64_t processors_of(const Held<double>& cpus);
std::string processors_text(const Held<double>& cpus);

}  // namespace snug
