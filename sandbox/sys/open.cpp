#include "sys/open.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

namespace snug {
namespace {

Fd open_resolving(int directory, std::string_view path, std::uint64_t flags, std::uint64_t resolve) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.mode = (flags & O_CREAT) != 0 ? 0600 : 0;
  how.resolve = resolve;
  const std::string text(path);
  return Fd(static_cast<int>(syscall(SYS_openat2, directory, text.c_str(), &how, sizeof how)));
}

}  // namespace

Fd open_beneath(int directory, std::string_view path, std::uint64_t flags) {
  return open_resolving(directory, path.empty() ? "." : path, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

Fd open_without_links(std::string_view path, std::uint64_t flags) {
  return open_resolving(AT_FDCWD, path, flags, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

}  // namespace snug
