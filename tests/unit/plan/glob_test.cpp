#include "plan/glob.h"

#include "support/catch.h"
#include "support/fake_host.h"

using namespace snug;

namespace {

FakeHost tree(int directories, int files) {
  std::string text;
  for (int d = 0; d < directories; ++d) {
    for (int f = 0; f < files; ++f) text += "f /p/d" + std::to_string(d) + "/f" + std::to_string(f) + "\n";
  }
  return FakeHost(text);
}

}  // namespace

TEST_CASE("a search costs no more than its budget, however large the tree is") {
  for (const char* pattern : {"**/.env", "**/*.key", "*/f1", "**", "d1/**/x", "**/**/f*"}) {
    for (const int directories : {10, 100, 400}) {
      FakeHost host = tree(directories, 200);
      HostFiles files(host);
      std::size_t budget = 2000;
      expand_pattern(files, "/p", pattern, budget);
      INFO(pattern << " " << directories);
      // A look at each name, one at what each directory should hold, and the listings.
      CHECK(host.questions <= 2 * 2000 + 100);
    }
  }
}

TEST_CASE("one directory of more names than the budget ends the search before they are looked at") {
  FakeHost host = tree(1, 5000);
  HostFiles files(host);
  std::size_t budget = 2000;
  expand_pattern(files, "/p", "**/*.key", budget);
  CHECK(budget == 0);
  CHECK(host.questions < 20);
}

TEST_CASE("a directory is listed and paid for once in a search") {
  FakeHost host = tree(3, 10);
  HostFiles files(host);
  std::size_t budget = 100;
  CHECK(expand_pattern(files, "/p", "**/f1", budget).size() == 3);
  CHECK(budget == 100 - 3 - 30 - 4);  // directories, files, and "f1" in each directory and the top
}
