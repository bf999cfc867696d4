#include "run/git_index.h"

#include <cstdint>

#include "support/catch.h"

using snug::GitHash;
using snug::links_in_index;

namespace {

std::string big_endian(std::uint32_t value, int size) {
  std::string bytes;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

struct Entry {
  std::uint32_t mode;
  std::string name;
  bool extended = false;
};

std::string padded_entry(const Entry& entry, std::size_t hash) {
  std::string bytes(24, '\0');
  bytes += big_endian(entry.mode, 4) + std::string(12 + hash, '\0');
  bytes += big_endian((entry.extended ? 0x4000 : 0) | static_cast<std::uint32_t>(entry.name.size()), 2);
  if (entry.extended) bytes += std::string(2, '\0');
  bytes += entry.name;
  bytes.append(8 - bytes.size() % 8, '\0');
  return bytes;
}

std::string index(std::uint32_t version, const std::vector<Entry>& entries, std::size_t hash = 20) {
  std::string bytes = "DIRC" + big_endian(version, 4) + big_endian(static_cast<std::uint32_t>(entries.size()), 4);
  for (const Entry& entry : entries) bytes += padded_entry(entry, hash);
  return bytes + std::string(hash, '\0');
}

// Version 4: how much of the name before goes, and the rest of this one.
std::string packed_entry(std::uint32_t mode, char dropped, const std::string& rest) {
  std::string bytes(24, '\0');
  bytes += big_endian(mode, 4) + std::string(32, '\0') + big_endian(1, 2) + dropped + rest + std::string(1, '\0');
  return bytes;
}

}  // namespace

TEST_CASE("repositories in an index are found in each version and hash") {
  const std::vector<Entry> entries{
      {0100644, "a"}, {0160000, "lib"}, {0100755, "longer/name.c", true}, {0160000, "vendor/x"}};
  for (const std::size_t hash : {20, 32}) {
    const auto links = links_in_index(index(3, entries, hash), static_cast<GitHash>(hash));
    CHECK(links.complete);
    CHECK(links.paths == std::vector<std::string>{"lib", "vendor/x"});
  }
  const std::string packed = "DIRC" + big_endian(4, 4) + big_endian(3, 4) + packed_entry(0160000, 0, "vendor/x") +
                             packed_entry(0100644, 1, "y") + packed_entry(0160000, 8, "z");
  CHECK(links_in_index(packed, GitHash::sha1).paths == std::vector<std::string>{"vendor/x", "z"});
}

TEST_CASE("a damaged index is said to be, wherever it is cut") {
  const std::string whole = index(2, {{0160000, "lib"}, {0100644, "other"}});
  for (std::size_t size = 0; size < whole.size() - 20; ++size) {
    INFO(size);
    CHECK_FALSE(links_in_index(whole.substr(0, size), GitHash::sha1).complete);
  }
  CHECK_FALSE(links_in_index(index(5, {}), GitHash::sha1).complete);
  CHECK_FALSE(links_in_index("DIRC" + big_endian(2, 4) + big_endian(0xffffffff, 4), GitHash::sha1).complete);
  const std::string dropped =
      "DIRC" + big_endian(4, 4) + big_endian(1, 4) + packed_entry(0160000, 5, "more than was there");
  CHECK_FALSE(links_in_index(dropped, GitHash::sha1).complete);
}
