#include "sys/own_pages.h"

#include <fstream>
#include <string>

#include "support/catch.h"

using namespace snug;

namespace {

/// Pages of files this process has mapped and resident (proc_pid_statm(5)).
long file_pages() {
  long size = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  return shared;
}

int written = 41;

}  // namespace

TEST_CASE("own pages go, and come back when they are needed") {
  written = 42;
  const std::string text(1 << 10, 'x');
  const long before = file_pages();
  give_up_own_pages();
  CHECK(file_pages() < before);
  CHECK(written == 42);
  CHECK(text.find_first_not_of('x') == std::string::npos);
}
