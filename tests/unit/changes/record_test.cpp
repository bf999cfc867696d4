#include "changes/capture.h"

#include <filesystem>
#include <fstream>

#include "support/catch.h"
#include "support/layer.h"

namespace snug {
namespace {

using test::Layer;

Capture of_everything(const Layer& layer) {
  Capture capture = layer.capture;
  capture.project = "/";
  capture.place = layer.capture.project;
  capture.parts = {{.path = "/home/me", .upper = "upper/home/me"},
                   {.path = "/opt", .upper = "upper/opt", .top_is_own = false}};
  return capture;
}

TEST_CASE("a record says again what was written") {
  const Layer layer;
  Capture capture = of_everything(layer);
  capture.between = {layer.root, layer.root + "/host"};
  capture.unsynced_boot = "boot";
  capture.command = {"sh", "", "a=b\n"};
  REQUIRE(write_capture(capture));
  const auto read = read_capture(capture.directory);
  REQUIRE(read);
  CHECK(read->place == capture.place);
  REQUIRE(read->parts.size() == 2);
  CHECK(read->parts[1].path == "/opt");
  CHECK(read->parts[1].upper == "upper/opt");
  CHECK_FALSE(read->parts[1].top_is_own);
  CHECK(read->parts[0].top_is_own);
  CHECK(read->between == capture.between);
  CHECK(read->unsynced_boot == "boot");
  CHECK(read->command == capture.command);
}

TEST_CASE("each part of a capture is one by itself") {
  const Layer layer;
  CHECK(parts_of(layer.capture).size() == 1);
  CHECK(prefix_of(layer.capture, parts_of(layer.capture).front()).empty());
  const Capture capture = of_everything(layer);
  const auto parts = parts_of(capture);
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].sides().lower == "/home/me");
  CHECK(parts[0].sides().upper == capture.directory + "/upper/home/me");
  CHECK(parts[1].directory == capture.directory + "/parts/1");
  CHECK_FALSE(parts[1].sides().top_is_own);
  CHECK(prefix_of(capture, parts[0]) == "home/me/");
}

TEST_CASE("a record knows no layers that are gone, nor what has taken the place of one") {
  const Layer layer;
  Capture below = layer.capture, above = layer.capture;
  below.began = 1000;
  above.began = 2000;
  above.directory = layer.root + "/2";
  std::filesystem::create_directories(above.directory);
  above.between = {layer.root + "/1/upper", layer.root + "/gone", layer.root + "/host"};
  REQUIRE(write_capture(below));
  REQUIRE(write_capture(above));
  CHECK(read_capture(above.directory)->between == std::vector<std::string>{above.between[0], above.between[2]});
  CHECK(capture_of_layer(above.between[0])->directory == below.directory);
  CHECK_FALSE(capture_of_layer(layer.root + "/host"));
  CHECK(captures_over(below, layer.root).size() == 1);
  below.began = 3000;
  REQUIRE(write_capture(below));
  CHECK(read_capture(above.directory)->between == std::vector<std::string>{above.between[2]});
  CHECK(captures_over(below, layer.root).empty());
}

TEST_CASE("a record does not lead out of its directory") {
  const Layer layer;
  for (const char* upper : {"../../other", "/etc", "upper/../../x", ""}) {
    Capture capture = of_everything(layer);
    capture.parts[0].upper = upper;
    REQUIRE(write_capture(capture));
    CHECK_FALSE(read_capture(capture.directory));
  }
}

TEST_CASE("changes of a killed run are sound until the machine is started anew") {
  const Layer layer;
  Capture capture = layer.capture;
  capture.unsynced_boot = boot_id();
  REQUIRE_FALSE(capture.unsynced_boot.empty());
  CHECK(bring_to_disk(capture));
  CHECK(capture.unsynced_boot.empty());
  CHECK(read_capture(capture.directory)->unsynced_boot.empty());
  capture.unsynced_boot = "another boot";
  CHECK_FALSE(bring_to_disk(capture));
}

}  // namespace
}  // namespace snug
