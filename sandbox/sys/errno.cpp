#include "sys/errno.h"

namespace snug {

Error sys_error(std::string what, int code) { return Error{.what = "cannot " + std::move(what), .code = code}; }

Error fork_error(std::string what, int code) {
  Error error = sys_error(std::move(what), code);
  if (code == EAGAIN) error.fix = "end some processes, or raise the limit of processes: ulimit -u";
  return error;
}

}  // namespace snug
