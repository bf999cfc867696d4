#include "run/git_index.h"

#include <cstdint>
#include <optional>

namespace snug {
namespace {

constexpr std::size_t kMostLinks = 1000;
constexpr std::size_t kLongestName = 4096;
constexpr std::size_t kHeader = 12;
constexpr std::size_t kModeAt = 24, kHashAt = 40;  // in an entry
constexpr std::uint32_t kLinkMode = 0160000, kTypeBits = 0170000;
constexpr std::uint32_t kExtended = 0x4000;

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool has(std::size_t size) const { return bytes_.size() - at_ >= size; }
  std::size_t at() const { return at_; }
  void skip(std::size_t size) { at_ += size; }

  /// Big-endian, `size` bytes from `offset` on. Precondition: has(offset + size).
  std::uint32_t number(std::size_t offset, std::size_t size) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes_[at_ + offset + i]);
    return value;
  }

  /// Up to the next NUL, which is skipped.
  std::optional<std::string_view> text() {
    const std::size_t end = bytes_.substr(at_, kLongestName + 1).find('\0');
    if (end == std::string_view::npos) return {};
    const std::string_view found = bytes_.substr(at_, end);
    at_ += end + 1;
    return found;
  }

  /// How much of the name before goes, as git's decode_varint.
  std::optional<std::size_t> variable_number() {
    std::size_t value = 0;
    for (int digits = 0; digits < 4 && has(1); ++digits) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value = digits == 0 ? byte & 127U : ((value + 1) << 7 | (byte & 127U));
      if ((byte & 128U) == 0) return value;
    }
    return {};
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

/// Reads the name of an entry; `name` holds that of the entry before, of which version 4 keeps the beginning.
bool read_name(Reader& reader, std::uint32_t version, std::string& name) {
  std::size_t kept = 0;
  if (version == 4) {
    const auto dropped = reader.variable_number();
    if (!dropped || *dropped > name.size()) return false;
    kept = name.size() - *dropped;
  }
  const auto rest = reader.text();
  if (!rest || kept + rest->size() > kLongestName) return false;
  name.replace(kept, std::string::npos, *rest);
  return true;
}

/// One entry; its mode, or nothing where the bytes end or make no sense.
std::optional<std::uint32_t> read_entry(Reader& reader, std::uint32_t version, GitHash hash, std::string& name) {
  const std::size_t start = reader.at();
  const std::size_t flags_at = kHashAt + static_cast<std::size_t>(hash);
  if (!reader.has(flags_at + 4)) return {};
  const std::uint32_t mode = reader.number(kModeAt, 4);
  const bool extended = version >= 3 && (reader.number(flags_at, 2) & kExtended) != 0;
  reader.skip(flags_at + (extended ? 4 : 2));
  if (!read_name(reader, version, name)) return {};
  if (version == 4) return mode;
  const std::size_t unpadded = reader.at() - 1 - start;  // 1 to 8 NULs make it a multiple of 8
  const std::size_t padded = (unpadded + 8) & ~std::size_t{7};
  if (!reader.has(padded - unpadded - 1)) return {};
  reader.skip(padded - unpadded - 1);
  return mode;
}

}  // namespace

GitLinks links_in_index(std::string_view bytes, GitHash hash) {
  GitLinks links;
  Reader reader(bytes);
  if (!reader.has(kHeader) || !bytes.starts_with("DIRC")) return {.complete = false};
  const std::uint32_t version = reader.number(4, 4), count = reader.number(8, 4);
  if (version < 2 || version > 4) return {.complete = false};
  reader.skip(kHeader);
  std::string name;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto mode = read_entry(reader, version, hash, name);
    if (!mode || links.paths.size() == kMostLinks) return links.complete = false, links;
    if ((*mode & kTypeBits) == kLinkMode) links.paths.push_back(name);
  }
  return links;
}

}  // namespace snug
