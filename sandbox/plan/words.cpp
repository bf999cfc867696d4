#include "plan/words.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace snug {
namespace {

struct EffectWord {
  const char* operator()(const Bind& bind) const {
    if (bind.socket) return "socket";
    return bind.access == Access::write ? "write" : "read";
  }
  const char* operator()(const Overlay&) const { return "overlay"; }
  const char* operator()(const Tmpfs&) const { return "tmpfs"; }
  const char* operator()(const File&) const { return "file"; }
  const char* operator()(const Copy&) const { return "copy"; }
  const char* operator()(const Directory&) const { return "directory"; }
  const char* operator()(const Symlink&) const { return "link"; }
  const char* operator()(const Device&) const { return "device"; }
  const char* operator()(const Mask& mask) const { return mask.content.empty() ? "hidden" : "file"; }
  const char* operator()(const Seal&) const { return "read-only"; }
  const char* operator()(const Special& special) const {
    switch (special.kind) {
      case Special::Kind::proc:
        return "proc";
      case Special::Kind::devpts:
        return "devpts";
      case Special::Kind::mqueue:
        return "mqueue";
      case Special::Kind::cgroup2:
        return "cgroup2";
    }
    return "special";
  }
};

struct QuestionWord {
  const char* operator()(const FileStatus&) const { return "status "; }
  const char* operator()(const HostAnswer::LinkTarget&) const { return "readlink "; }
  const char* operator()(const HostAnswer::Listing&) const { return "list "; }
  const char* operator()(const HostAnswer::Contents&) const { return "read "; }
};

struct AnswerWords {
  std::string operator()(const FileStatus& status) const { return status_words(status); }
  std::string operator()(const HostAnswer::LinkTarget& link) const { return link.to; }
  std::string operator()(const HostAnswer::Listing& list) const { return std::to_string(list.entries) + " entries"; }
  std::string operator()(const HostAnswer::Contents& contents) const {
    return contents.bytes ? std::to_string(*contents.bytes) + " bytes" : "nothing";
  }
};

}  // namespace

const char* kind_word(FileKind kind) {
  switch (kind) {
    case FileKind::absent:
      return "absent";
    case FileKind::regular:
      return "file";
    case FileKind::directory:
      return "directory";
    case FileKind::symlink:
      return "symbolic link";
    case FileKind::socket:
      return "socket";
    case FileKind::fifo:
      return "named pipe";
    case FileKind::character_device:
      return "character device";
    case FileKind::block_device:
      return "block device";
    case FileKind::unreadable:
      return "unreadable";
  }
  return "unknown";
}

std::string octal(std::uint32_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", mode);
  return text;
}

std::string status_words(const FileStatus& status) {
  std::string text = kind_word(status.kind);
  if (status.kind == FileKind::absent || status.kind == FileKind::unreadable) return text;
  return text + " " + octal(status.mode) + " uid " + std::to_string(status.uid) + " gid " + std::to_string(status.gid);
}

std::string question_words(const HostAnswer& answer) { return std::visit(QuestionWord{}, answer.answer) + answer.path; }

std::string answer_words(const HostAnswer& answer) { return std::visit(AnswerWords{}, answer.answer); }

const char* effect_word(const ViewKind& what) { return std::visit(EffectWord{}, what); }

std::uint64_t processors_of(const Held<double>& cpus) {
  constexpr double most = 1e6;
  return static_cast<std::uint64_t>(std::min(std::ceil(cpus.limit.value), most));
}

std::string processors_text(const Held<double>& cpus) {
  const std::uint64_t number = processors_of(cpus);
  return std::to_string(number) + (number == 1 ? " processor" : " processors");
}

}  // namespace snug
