#include "run/stub.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/catch.h"

using namespace snug;
namespace fs = std::filesystem;

namespace {

struct Place {
  fs::path directory = fs::temp_directory_path() / ("snug-stub-" + std::to_string(getpid()));
  fs::path file = directory / "commondir";

  Place() { fs::create_directories(directory); }
  ~Place() { fs::remove_all(directory); }

  Preparation wanted() const {
    return {.kind = Preparation::Kind::stub,
            .path = fs::canonical(directory) / "commondir",
            .content = ".\n",
            .mode = 0644};
  }
};

}  // namespace

TEST_CASE("a stub stands until the last run that uses it ends") {
  const Place place;
  auto first = HostStub::make(place.wanted());
  REQUIRE(first.ok());
  auto second = HostStub::make(place.wanted());
  REQUIRE(second.ok());
  REQUIRE(first->remove().ok());
  CHECK(fs::exists(place.file));
  REQUIRE(second->remove().ok());
  CHECK_FALSE(fs::exists(place.file));
}

TEST_CASE("a stub that a killed run left is taken over and removed") {
  const Place place;
  std::ofstream(place.file) << ".\n";
  auto stub = HostStub::make(place.wanted());
  REQUIRE(stub.ok());
  REQUIRE(stub->remove().ok());
  CHECK_FALSE(fs::exists(place.file));
}

TEST_CASE("a stub that somebody inside of another run keeps locked is waited for, not for ever") {
  const Place place;
  std::ofstream(place.file) << ".\n";
  const Fd hostile(open(place.file.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(flock(hostile.get(), LOCK_EX) == 0);
  const auto stub = HostStub::make(place.wanted());
  REQUIRE_FALSE(stub.ok());
  CHECK(stub.error().why == "another process keeps it locked");
}

TEST_CASE("a stub that a killed run had not written yet is written, and removed") {
  const Place place;
  std::ofstream(place.file).close();
  auto stub = HostStub::make(place.wanted());
  REQUIRE(stub.ok());
  CHECK(fs::file_size(place.file) > 0);
  REQUIRE(stub->remove().ok());
  CHECK_FALSE(fs::exists(place.file));
}

TEST_CASE("what is no stub is neither used nor removed") {
  const Place place;
  std::ofstream(place.file) << "../..\n";
  CHECK_FALSE(HostStub::make(place.wanted()).ok());
  fs::remove(place.file);
  fs::create_symlink("/dev/null", place.file);
  CHECK_FALSE(HostStub::make(place.wanted()).ok());
  fs::remove(place.file);
  auto stub = HostStub::make(place.wanted());
  REQUIRE(stub.ok());
  std::ofstream(place.file) << "the user's own\n";
  REQUIRE(stub->remove().ok());
  CHECK(fs::exists(place.file));
}
