#include "net/hello.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "profile/network_rule.h"

namespace snug {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kRecordHeader = 5, kMostRecord = 1 << 14;
constexpr std::uint8_t kHandshake = 22, kClientHello = 1;
constexpr std::size_t kVersionAndRandom = 2 + 32;
constexpr unsigned kServerName = 0, kHostName = 0;

/// Takes pieces from the front; past the end it gives empty ones and ok() is false.
class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  Bytes take(std::size_t size) {
    if (size > rest_.size()) return ok_ = false, rest_ = {}, Bytes{};
    const Bytes piece = rest_.first(size);
    rest_ = rest_.subspan(size);
    return piece;
  }
  std::size_t number(std::size_t bytes) {
    std::size_t number = 0;
    for (const std::uint8_t byte : take(bytes)) number = number << 8 | byte;
    return number;
  }
  /// A piece behind its length of so many bytes.
  Bytes counted(std::size_t bytes) { return take(number(bytes)); }
  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }

 private:
  Bytes rest_;
  bool ok_ = true;
};

/// What the records of the handshake hold, as far as they are there: a message may be cut anywhere.
struct Handshake {
  std::vector<std::uint8_t> bytes;
  bool broken = false;
};

Handshake join_records(Bytes bytes) {
  Handshake joined;
  while (bytes.size() >= kRecordHeader) {
    const std::size_t size = static_cast<std::size_t>(bytes[3]) << 8 | bytes[4];
    joined.broken = bytes[0] != kHandshake || bytes[1] != 3 || size == 0 || size > kMostRecord;
    if (joined.broken) break;
    bytes = bytes.subspan(kRecordHeader);
    const Bytes piece = bytes.first(std::min(size, bytes.size()));
    joined.bytes.insert(joined.bytes.end(), piece.begin(), piece.end());
    bytes = bytes.subspan(piece.size());
  }
  const bool other = !bytes.empty() && bytes.size() < kRecordHeader && bytes[0] != kHandshake;
  joined.broken = joined.broken || other;
  return joined;
}

std::string name_of(Bytes extension) {
  Reader reader(extension);
  Reader names(reader.counted(2));
  while (!names.empty() && names.ok()) {
    const std::size_t kind = names.number(1);
    const Bytes name = names.counted(2);
    if (kind == kHostName) return normalise_host_name({reinterpret_cast<const char*>(name.data()), name.size()});
  }
  return {};
}

std::string read_extensions(Bytes bytes) {
  Reader extensions(bytes);
  while (!extensions.empty() && extensions.ok()) {
    const std::size_t kind = extensions.number(2);
    const Bytes extension = extensions.counted(2);
    if (kind == kServerName && extensions.ok()) return name_of(extension);
  }
  return {};
}

std::string read_client_hello(Bytes message) {
  Reader reader(message);
  reader.take(kVersionAndRandom);
  reader.counted(1);  // session
  reader.counted(2);  // ciphers
  reader.counted(1);  // compression
  const Bytes extensions = reader.counted(2);
  return reader.ok() ? read_extensions(extensions) : std::string();
}

}  // namespace

Hello read_hello(Bytes bytes) {
  const Handshake handshake = join_records(bytes.first(std::min(bytes.size(), kMostHello)));
  Reader reader(handshake.bytes);
  const std::size_t kind = reader.number(1), size = reader.number(3);
  const bool hopeless = handshake.broken || bytes.size() >= kMostHello;
  if (!reader.ok()) return {.state = hopeless ? Hello::State::none : Hello::State::more, .name = {}};
  if (kind != kClientHello || size > kMostHello) return {};
  const Bytes message = reader.take(size);
  if (!reader.ok()) return {.state = hopeless ? Hello::State::none : Hello::State::more, .name = {}};
  std::string name = read_client_hello(message);
  if (name.empty()) return {};
  return {.state = Hello::State::named, .name = std::move(name)};
}

}  // namespace snug
