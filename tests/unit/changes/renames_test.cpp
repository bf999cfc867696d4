#include "changes/renames.h"

#include "support/layer.h"

using namespace snug;
using namespace snug::test;

namespace {

std::map<std::string, std::string> renames_in(const Layer& layer) {
  const std::vector<Change> changes = layer.changes();
  std::vector<const Change*> all;
  for (const Change& change : changes) all.push_back(&change);
  return find_renames(layer.capture.sides(), all);
}

using Renames = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("a new file that holds what one that is gone held looks renamed") {
  Layer layer;
  layer.on_host("old.txt", "the same");
  layer.on_host("other.txt", "the sane");
  layer.on_host("dir/inner.txt", "another length");
  layer.deleted("old.txt");
  layer.deleted("other.txt");
  layer.deleted("dir");
  layer.inside("new.txt", "the same");
  layer.inside("away/inner.txt", "another length");
  layer.inside("fresh.txt", "was nowhere");
  layer.inside("empty.txt", "");
  CHECK(renames_in(layer) == Renames{{"new.txt", "old.txt"}, {"away/inner.txt", "dir/inner.txt"}});
}

TEST_CASE("many files of one size keep nobody from being found by name, and end soon") {
  Layer layer;
  for (int i = 0; i < 600; ++i) {
    layer.on_host("gone/" + std::to_string(i), "old" + std::to_string(1000 + i));
    layer.inside("fresh" + std::to_string(i), "new" + std::to_string(1000 + i));
  }
  layer.on_host("gone/z", "moved!!");
  layer.deleted("gone");
  layer.inside("here/z", "moved!!");
  CHECK(renames_in(layer) == Renames{{"here/z", "gone/z"}});
}
