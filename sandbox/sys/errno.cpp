#include "sys/errno.h"

namespace snug {

Error sys_error(std::string what, int code) { return Error{.what = "cannot " + std::move(what), .code = code}; }

}  // namespace snug
