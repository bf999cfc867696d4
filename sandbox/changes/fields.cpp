#include "changes/fields.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "base/quote.h"
#include "sys/errno.h"

namespace snug {
namespace {

Error cannot(const char* what, const std::string& path) {
  return sys_error(std::string(what) + " " + quote_for_display(path));
}

}  // namespace

std::string join_fields(std::string_view kind, const Fields& fields) {
  std::string text(kind);
  text += '\0';
  for (const auto& [key, value] : fields) text.append(key).append("=").append(value).push_back('\0');
  return text;
}

std::optional<Fields> split_fields(std::string_view kind, std::string_view text) {
  Fields fields;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (std::exchange(first, false)) {
      if (field != kind) return std::nullopt;
      continue;
    }
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    fields.emplace_back(field.substr(0, equals), field.substr(equals + 1));
  }
  return first ? std::nullopt : std::optional(std::move(fields));
}

Result<std::string> read_whole(const std::string& path, std::size_t limit) {
  const Fd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0) return cannot("read", path);
  if (!S_ISREG(info.st_mode) || static_cast<std::size_t>(info.st_size) > limit) {
    return Error{.what = "cannot read " + quote_for_display(path), .why = "it is not a file of snug's"};
  }
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  const ssize_t got = pread(file.get(), text.data(), text.size(), 0);
  if (got < 0) return cannot("read", path);
  text.resize(static_cast<std::size_t>(got));
  return text;
}

}  // namespace snug
