#include "changes/scan.h"

#include "support/layer.h"

using snug::test::in_short;
using snug::test::Layer;
using Texts = std::vector<std::string>;

TEST_CASE("what was added, modified and deleted is found, a directory before what is in it") {
  Layer layer;
  layer.on_host("old", "1\n");
  layer.on_host("gone", "1\n");
  layer.on_host("a/kept", "1\n");
  layer.inside("old", "2\n");
  layer.deleted("gone");
  layer.inside("a/new", "1\n");
  layer.inside("b/c/deep", "1\n");
  CHECK(in_short(layer.changes()) == Texts{"A b", "D gone", "M old content", "A a/new", "A b/c", "A b/c/deep"});
}

TEST_CASE("what came out as it was is no change") {
  Layer layer;
  layer.on_host("same", "text\n");
  layer.inside("same", "text\n");
  layer.deleted("never-there");
  layer.on_host("d/f", "1");
  std::filesystem::create_directories(layer.upper("d"));
  CHECK(in_short(layer.changes()) == Texts{});
}

TEST_CASE("content is compared although size and times are equal") {
  Layer layer;
  layer.on_host("f", "aaaa");
  layer.inside("f", "aaab");
  const timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
  for (const std::string& path : {layer.host("f"), layer.upper("f")}) utimensat(AT_FDCWD, path.c_str(), times, 0);
  CHECK(in_short(layer.changes()) == Texts{"M f content"});
}

TEST_CASE("modes, attributes, targets and kinds are told apart") {
  Layer layer;
  layer.on_host("mode", "1", 0644);
  layer.inside("mode", "1", 0755);
  layer.on_host("attribute", "1");
  layer.inside("attribute", "1");
  layer.attribute(layer.upper("attribute"), "user.note", "x");
  layer.on_host("kind/file", "1");
  layer.inside("kind", "now a file");
  std::filesystem::create_symlink("a", layer.host("link"));
  std::filesystem::create_symlink("b", layer.upper("link"));
  layer.on_host("two", "1", 0644);
  layer.inside("two", "1", 0755);
  layer.attribute(layer.upper("two"), "user.note", "x");
  CHECK(in_short(layer.changes()) ==
        Texts{"M attribute attributes", "M kind kind", "M link content", "M mode mode", "M two mode attributes"});
}

TEST_CASE("the overlay's own attributes are not the program's, and escaped ones are") {
  Layer layer;
  layer.on_host("own", "1");
  layer.inside("own", "1");
  layer.attribute(layer.upper("own"), "user.overlay.origin", "");
  layer.on_host("escaped", "1");
  layer.inside("escaped", "1");
  layer.attribute(layer.upper("escaped"), "user.overlay.overlay.mine", "1");
  CHECK(in_short(layer.changes()) == Texts{"M escaped attributes"});
}

TEST_CASE("nothing of the host shows through a directory that was made anew, nor through those in it") {
  Layer layer;
  layer.on_host("d/old", "1");
  layer.on_host("d/sub/old", "1");
  layer.on_host("d/sub/same", "1");
  layer.opaque("d");
  layer.inside("d/new", "1");
  layer.inside("d/sub/same", "1");
  CHECK(in_short(layer.changes()) == Texts{"A d/new", "D d/old", "D d/sub/old"});
}

TEST_CASE("what the host changed after the capture began has drifted") {
  Layer layer;
  layer.on_host("still", "1");
  layer.on_host("edited", "1");
  layer.on_host("tree/edited", "1");
  layer.on_host("removed", "1");
  layer.begin();
  layer.on_host("edited", "host");
  layer.on_host("tree/edited", "host");
  layer.on_host("both", "host");
  std::filesystem::remove(layer.host("removed"));
  for (const char* name : {"still", "edited", "both", "removed"}) layer.inside(name, "inside");
  layer.attribute(layer.upper("removed"), "user.overlay.origin", "");
  layer.deleted("tree");
  CHECK(in_short(layer.changes()) ==
        Texts{"!M both content", "!M edited content", "!A removed", "M still content", "!D tree"});
}

TEST_CASE("names may hold any byte, and a tree may be deep") {
  Layer layer;
  layer.inside("a\nb\xff", "1");
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += "d/";
  layer.inside(deep + "leaf", "1");
  const auto changes = layer.changes();
  CHECK(in_short(changes.front()) == "A a\nb\xff");
  CHECK(changes.back().path == deep + "leaf");
  CHECK(changes.size() == 502);
}

TEST_CASE("with layers between, changes are those to what the layers show together") {
  Layer layer;
  const std::string lower = layer.root + "/lower", top = layer.root + "/top";
  layer.capture.between = {top, lower};
  layer.on_host("host", "1");
  layer.on_host("hidden", "1");
  layer.on_host("remade/host", "1");
  layer.on_host("replaced/host", "1");
  Layer::write(lower + "/both", "lower");
  Layer::write(lower + "/gone/deep", "lower");
  Layer::write(lower + "/remade/lower", "lower");
  layer.attribute(lower + "/remade", "user.overlay.opaque", "y");
  Layer::write(lower + "/replaced", "a file by now");
  Layer::write(top + "/both", "top");
  Layer::write(top + "/remade/top", "top");
  for (const std::string& path : {top + "/gone", lower + "/hidden"}) {
    REQUIRE(::mknod(path.c_str(), S_IFCHR, ::makedev(0, 0)) == 0);
  }
  layer.inside("both", "top");
  layer.inside("host", "2");
  layer.inside("hidden", "1");
  layer.inside("gone/deep", "lower");
  layer.inside("remade/top", "2");
  layer.inside("remade/host", "1");
  layer.deleted("remade/lower");
  layer.inside("replaced", "2");
  CHECK(in_short(layer.changes()) == Texts{"A gone", "A hidden", "M host content", "M replaced content", "A gone/deep",
                                           "A remade/host", "D remade/lower", "M remade/top content"});
}

TEST_CASE("what a directory made anew hides of several layers is deleted") {
  Layer layer;
  const std::string between = layer.root + "/between";
  layer.capture.between = {between};
  layer.on_host("d/host", "1");
  layer.on_host("d/whiteout", "1");
  Layer::write(between + "/d/between", "1");
  Layer::write(between + "/d/same", "1");
  REQUIRE(::mknod((between + "/d/whiteout").c_str(), S_IFCHR, ::makedev(0, 0)) == 0);
  layer.opaque("d");
  layer.inside("d/same", "1");
  CHECK(in_short(layer.changes()) == Texts{"D d/between", "D d/host"});
}

TEST_CASE("many directories bring the same as one after the other, each before what is in it") {
  Layer layer;
  Texts expected;
  for (int number = 100; number < 300; ++number) {
    const std::string directory = "d/" + std::to_string(number);
    layer.on_host(directory + "/kept/old", "1");
    layer.inside(directory + "/new/file", "1");
    layer.inside(directory + "/kept/old", "12");
    for (const char* const change : {"A %/new", "A %/new/file", "M %/kept/old content"}) {
      expected.push_back(std::string(change).replace(2, 1, directory));
    }
  }
  const auto changes = layer.changes();
  Texts found = in_short(changes);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (!changes[i].path.ends_with("/new")) continue;
    const auto file = std::ranges::find(changes, changes[i].path + "/file", &snug::Change::path);
    CHECK(file - changes.begin() > static_cast<std::ptrdiff_t>(i));
  }
  std::ranges::sort(found);
  std::ranges::sort(expected);
  CHECK(found == expected);
}
