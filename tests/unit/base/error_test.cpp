#include "base/error.h"

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
