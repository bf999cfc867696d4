#include "base/error.h"

#include <cerrno>

#include "support/catch.h"

TEST_CASE("an error names what, why, who needs it and the fix") {
  const snug::Error error{.what = "cannot bind /opt/tools",
                          .code = 2,
                          .needed_by = "snug.toml:4 (filesystem.read)",
                          .fix = "write \"/opt/tools?\"\nor create it"};
  CHECK(snug::to_text(error) ==
        "cannot bind /opt/tools: No such file or directory\n"
        "  needed by: snug.toml:4 (filesystem.read)\n"
        "  fix: write \"/opt/tools?\"\n"
        "       or create it");
}

TEST_CASE("an error of a shortage says what to do about it") {
  CHECK(snug::to_text({.what = "cannot open /x", .code = EMFILE}) ==
        "cannot open /x: Too many open files\n"
        "  fix: raise the limit of open files: ulimit -n 1024");
  CHECK(snug::to_text({.what = "cannot open /x", .code = EMFILE, .fix = "another way"}) ==
        "cannot open /x: Too many open files\n"
        "  fix: another way");
  CHECK(snug::fix_of_shortage(ENOENT).empty());
  CHECK(snug::fix_of_shortage(EAGAIN).empty());
}
