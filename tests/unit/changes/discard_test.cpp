#include "changes/discard.h"

#include <filesystem>

#include "support/catch.h"
#include "support/layer.h"

namespace snug {
namespace {

using test::Layer;

/// As the kernel leaves it below a volatile overlay that has ended, with the modes that keep others out.
void leave_marks(const std::string& work) {
  const std::string inner = work + "/work";
  std::filesystem::create_directories(inner + "/incompat/volatile");
  Layer::write(inner + "/incompat/volatile/dirty", "", 0);
  for (const char* name : {"/incompat/volatile", "/incompat", ""}) REQUIRE(::chmod((inner + name).c_str(), 0) == 0);
}

TEST_CASE("a layer nothing was written to is untouched, its top directory included") {
  const Layer layer;
  CHECK(is_untouched(layer.capture));
  REQUIRE(::chmod(layer.upper("").c_str(), 0700) == 0);
  CHECK_FALSE(is_untouched(layer.capture));
  CHECK(holds_nothing(layer.capture));
}

TEST_CASE("a layer with a file in it is not untouched, whatever the host has there") {
  const Layer layer;
  layer.on_host("a", "same\n");
  layer.inside("a", "same\n");
  CHECK_FALSE(is_untouched(layer.capture));
  CHECK_FALSE(holds_nothing(layer.capture));
}

TEST_CASE("a layer that cannot be looked into is not taken for an empty one") {
  if (::geteuid() == 0) return;  // root looks into everything
  const Layer layer;
  REQUIRE(::chmod(layer.upper("").c_str(), 0) == 0);
  CHECK_FALSE(holds_nothing(layer.capture));
  REQUIRE(::chmod(layer.upper("").c_str(), 0755) == 0);
}

TEST_CASE("discarding removes the kernel's marks and all that was written") {
  const Layer layer;
  leave_marks(layer.capture.directory + "/work");
  layer.inside("a/b/c", "new\n");
  REQUIRE(write_capture(layer.capture));
  REQUIRE(discard_capture(layer.capture));
  CHECK_FALSE(std::filesystem::exists(layer.capture.directory));
}

TEST_CASE("discarding a capture of several parts removes each part's layers") {
  Layer layer;
  layer.capture.parts = {{.path = layer.root + "/host", .upper = "upper/home/me"},
                         {.path = "/opt", .upper = "inner/1"}};
  for (const CapturePart& part : layer.capture.parts) {
    std::filesystem::create_directories(layer.capture.directory + "/" + part.upper);
  }
  leave_marks(layer.capture.directory + "/work/0");
  leave_marks(layer.capture.directory + "/work/1");
  REQUIRE(discard_capture(layer.capture));
  CHECK_FALSE(std::filesystem::exists(layer.capture.directory));
}

TEST_CASE("the user's own directory stays, empty") {
  Layer layer;
  layer.capture.users_directory = true;
  leave_marks(layer.capture.directory + "/work");
  REQUIRE(write_capture(layer.capture));
  REQUIRE(discard_capture(layer.capture));
  CHECK(std::filesystem::is_empty(layer.capture.directory));
}

}  // namespace
}  // namespace snug
