#include "sessions/proc_file.h"

#include <fcntl.h>

#include "base/fd.h"
#include "sys/read.h"

namespace snug {

std::string read_proc_file(const std::string& path, std::size_t limit) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file ? read_all(file.get(), limit).value_or("") : "";
}

}  // namespace snug
