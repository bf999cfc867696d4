#include "launch/wording.h"

#include <cerrno>
#include <cstring>

#include "host/doctor.h"
#include "sys/errno.h"

namespace snug {
namespace {

// `step` is a name that host/doctor knows causes for.
Error with_diagnosis(std::string what, const std::string& step, int code, std::string needed_by) {
  const Diagnosis known = diagnose(step, code);
  Error error{.what = std::move(what), .code = code, .needed_by = std::move(needed_by), .fix = known.fix};
  if (!known.why.empty()) error.why = std::string(std::strerror(code)) + " (" + known.why + ")";
  return error;
}

const char* kEverySandbox = "every sandbox";

std::string source_of(const ViewEntry& entry) {
  if (const auto* bind = std::get_if<Bind>(&entry.what)) return bind->source;
  if (const auto* copy = std::get_if<Copy>(&entry.what)) return copy->source;
  if (const auto* device = std::get_if<Device>(&entry.what)) return device->source;
  if (const auto* overlay = std::get_if<Overlay>(&entry.what))
    return overlay->lowers.empty() ? "" : overlay->lowers.back();
  return entry.target;
}

std::string needed_by(const ViewEntry& entry) {
  return entry.why.empty() ? to_text(entry.origin) : entry.why + ", " + to_text(entry.origin);
}

struct StepWords {
  spec::Op op;
  const char* verb;       ///< "cannot VERB TARGET"
  const char* diagnosis;  ///< name of the step for host/doctor; empty: none
};
constexpr StepWords kWords[] = {
    {spec::Op::open_target, "find the place for", ""},
    {spec::Op::make_dir, "make the directory", ""},
    {spec::Op::make_absence, "hide a file in", ""},
    {spec::Op::make_link, "make the symbolic link", ""},
    {spec::Op::make_file, "make the file", ""},
    {spec::Op::clone_tree, "take a copy of the mount of", "open_tree"},
    {spec::Op::set_attributes, "restrict the mount at", "mount_setattr"},
    {spec::Op::clear_attributes, "make writable the mount at", "mount_setattr"},
    {spec::Op::attach, "mount on", "move_mount"},
    {spec::Op::fs_open, "make a file system for", "fsopen"},
    {spec::Op::fs_string, "set an option of the file system at", "fsconfig"},
    {spec::Op::fs_flag, "set an option of the file system at", "fsconfig"},
    {spec::Op::fs_paths, "set a directory of the overlay at", "overlay"},
    {spec::Op::fs_create, "make the file system at", ""},
    {spec::Op::fs_mount, "mount the file system at", ""},
};

const StepWords* words_for(spec::Op op) {
  for (const StepWords& row : kWords) {
    if (row.op == op) return &row;
  }
  return nullptr;
}

// Which cause to look for depends on the file system where making or mounting it failed.
std::string diagnosis_of(const StepWords& words, const ViewEntry& entry) {
  if (words.op != spec::Op::fs_create && words.op != spec::Op::fs_mount) return words.diagnosis;
  if (std::holds_alternative<Overlay>(entry.what)) return "overlay";
  if (const auto* special = std::get_if<Special>(&entry.what)) {
    return special->kind == Special::Kind::proc ? "proc" : "special";
  }
  return "tmpfs";
}

}  // namespace

Error describe_source(const ViewEntry& entry, int code) {
  Error error{.what = "cannot open " + source_of(entry), .code = code, .needed_by = needed_by(entry)};
  if (code == ELOOP) {
    error.why = "a symbolic link appeared on the way to it since the plan was made";
    error.fix = "try again; if it happens again, something is changing that path while snug starts";
  } else if (code == EFBIG) {
    error.why = "it is larger than the 64 KiB that snug copies";
  } else if (code == ENOENT) {
    error.fix = "create it, or write \"" + source_of(entry) + "?\" to skip it where it is absent";
  }
  return error;
}

Error describe_clone(int code) {
  if (code == EAGAIN) return fork_error("start the sandbox's first process", code);
  return with_diagnosis("cannot create a user namespace", "clone", code, kEverySandbox);
}

Error describe_early(child::EarlyStep step, int code) {
  struct Words {
    const char* what;
    const char* diagnosis;
  };
  constexpr Words words[] = {
      {"cannot run on the processors snug may run on", ""},
      {"cannot close inherited descriptors", "close_range"},
      {"cannot tie the sandbox's life to snug's", ""},
      {"cannot give up changing groups in the user namespace", "setgroups"},
      {"cannot write the user id map", "uid_map"},
      {"cannot write the group id map", "gid_map"},
      {"cannot bring up the loopback interface", "loopback"},
      {"cannot leave the session keyring", "keyring"},
      {"cannot drop capabilities", ""},
      {"cannot make an executable memory file for init", "memfd"},
  };
  const Words& row = words[static_cast<int>(step)];
  return with_diagnosis(row.what, row.diagnosis, code, kEverySandbox);
}

Error describe_late(child::LateStep step, int code) {
  constexpr const char* words[] = {"cannot drop capabilities", "cannot arrange init's descriptors",
                                   "cannot execute init"};
  const char* diagnosis = step == child::LateStep::exec ? "memfd" : "";
  return with_diagnosis(words[static_cast<int>(step)], diagnosis, code, kEverySandbox);
}

Error describe_init(spec::InitStep step, int code) {
  constexpr const char* words[] = {"cannot map init's memory",
                                   "cannot start a session",
                                   "cannot take the sandbox's terminal",
                                   "cannot set a limit",
                                   "cannot set no_new_privs",
                                   "cannot apply Landlock",
                                   "cannot install the system call filter",
                                   "cannot start the command",
                                   "cannot start the command",
                                   "cannot arrange the command's descriptors"};
  constexpr const char* diagnoses[] = {"", "", "", "", "", "landlock", "seccomp", "", "", ""};
  const int index = static_cast<int>(step);
  return with_diagnosis(words[index], diagnoses[index], code, kEverySandbox);
}

Error describe_step(spec::Op op, const StepPurpose& purpose, int code) {
  if (purpose.entry == nullptr) {
    const std::string by = purpose.origin != nullptr ? to_text(*purpose.origin) : kEverySandbox;
    return with_diagnosis(std::string("cannot ") + purpose.task,
                          op == spec::Op::set_hostname ? "hostname" : purpose.task, code, by);
  }
  const ViewEntry& entry = *purpose.entry;
  if (op == spec::Op::open_source) return describe_source(entry, code);
  const StepWords* words = words_for(op);
  const std::string verb = words != nullptr ? words->verb : "set up";
  const std::string step = words != nullptr ? diagnosis_of(*words, entry) : "";
  Error error = with_diagnosis("cannot " + verb + " " + entry.target, step, code, needed_by(entry));
  if (op == spec::Op::open_target && code == ELOOP) {
    error.why = "a symbolic link is on the way to it";
    error.fix = "name the path the link leads to";
  } else if (op == spec::Op::open_target && code == ENOENT) {
    error.why = "it does not exist below what is bound there, and snug creates nothing in a host directory";
  }
  return error;
}

Error describe_exec(const CommandPlan& command, int stage, int code) {
  if (stage == 1) {
    return {.what = "cannot change to the directory " + command.workdir,
            .code = code,
            .needed_by = to_text(command.workdir_origin),
            .fix = "name one that is visible inside: --workdir DIR (`snug plan` shows what is)"};
  }
  const std::string& name = command.argv.front();
  if (code == ENOENT || code == ENOTDIR) {
    return {.what = name + ": command not found in the sandbox",
            .code = 0,
            .fix = "`snug plan` shows what is visible inside and PATH; add a directory with --read DIR"};
  }
  if (code == E2BIG) return {.what = "cannot execute " + name, .code = code, .fix = "shorten the arguments"};
  return {.what = "cannot execute " + name, .code = code};
}

}  // namespace snug
