#include "net/dns.h"

#include <algorithm>

#include "profile/network_rule.h"

namespace snug::dns {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kMostName = 255;
constexpr std::size_t kPlainUdp = 512;
constexpr std::uint16_t kBuffer = 1232;  // what we take and give by UDP: never fragmented
constexpr std::uint16_t kInternet = 1;
constexpr std::uint16_t kOption = 41;

enum Flag : std::uint16_t { is_answer = 0x8000, truncated = 0x0200, recursion_desired = 0x0100, recursion = 0x0080 };

/// Reads forward; past the end everything is 0 and ok() is false.
class Reader {
 public:
  explicit Reader(Bytes bytes, std::size_t at = 0) : bytes_(bytes), at_(at) {}

  std::uint8_t byte() {
    if (at_ >= bytes_.size()) return ok_ = false, std::uint8_t{0};
    return bytes_[at_++];
  }
  std::uint16_t number() {
    const std::uint16_t high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  void skip(std::size_t count) {
    if (count > bytes_.size() - at_) ok_ = false;
    at_ += std::min(count, bytes_.size() - at_);
  }
  bool ok() const { return ok_; }
  std::size_t at() const { return at_; }

 private:
  Bytes bytes_;
  std::size_t at_;
  bool ok_ = true;
};

// A question's name has no pointers: there is nothing before it to point to. Bytes that no host name has become '?'
// (never a dot, or one label could pass for two).
bool read_name(Reader& reader, std::string& name) {
  std::size_t total = 1;
  while (const std::uint8_t size = reader.byte()) {
    total += size + 1U;
    if (size > 63 || total > kMostName) return false;
    if (!name.empty()) name += '.';
    for (int i = 0; i < size; ++i) {
      const char c = static_cast<char>(reader.byte());
      name += c > ' ' && c < 0x7f && c != '.' ? c : '?';
    }
  }
  return reader.ok();
}

// The option record's class is the size of answer its sender takes. Other records of a query mean nothing here.
void read_option(Reader& reader, unsigned records, Query& query) {
  for (unsigned i = 0; i < std::min(records, 4U) && reader.ok(); ++i) {
    std::string name;
    if (!read_name(reader, name)) return;
    const std::uint16_t type = reader.number(), size = reader.number();
    reader.skip(4);
    reader.skip(reader.number());
    if (reader.ok() && type == kOption) query.buffer = size;
  }
}

void read_question(Bytes message, unsigned records, Query& query) {
  Reader reader(message, kHeader);
  std::string name;
  if (!read_name(reader, name)) return void(query.problem = Status::format_error);
  query.type = static_cast<Type>(reader.number());
  const std::uint16_t family = reader.number();
  if (!reader.ok()) return void(query.problem = Status::format_error);
  query.name = normalise_host_name(name);
  query.question.assign(message.begin() + kHeader, message.begin() + static_cast<std::ptrdiff_t>(reader.at()));
  if (family != kInternet) query.problem = Status::refused;
  read_option(reader, records, query);
}

void put(std::vector<std::uint8_t>& out, std::uint16_t number) {
  out.push_back(static_cast<std::uint8_t>(number >> 8));
  out.push_back(static_cast<std::uint8_t>(number));
}

void put_record(std::vector<std::uint8_t>& out, Type type, const IpAddress& address, std::uint32_t seconds) {
  put(out, 0xc000 | kHeader);  // the name: the question's
  put(out, static_cast<std::uint16_t>(type));
  put(out, kInternet);
  put(out, static_cast<std::uint16_t>(seconds >> 16));
  put(out, static_cast<std::uint16_t>(seconds));
  const std::size_t size = type == Type::a ? 4 : 16;
  put(out, static_cast<std::uint16_t>(size));
  out.insert(out.end(), address.bytes.end() - static_cast<std::ptrdiff_t>(size), address.bytes.end());
}

void put_option(std::vector<std::uint8_t>& out) {
  out.push_back(0);
  put(out, kOption);
  put(out, kBuffer);
  for (int i = 0; i < 3; ++i) put(out, 0);  // extended status, version, flags; no options
}

std::size_t record_size(Type type) { return type == Type::a ? 16 : 28; }

std::size_t most_records(const Query& query, Transport transport) {
  if (transport == Transport::tcp) return 1000;
  const std::size_t option = query.buffer ? 11 : 0;
  const std::size_t limit = std::clamp<std::size_t>(query.buffer.value_or(kPlainUdp), kPlainUdp, kBuffer);
  return (limit - kHeader - query.question.size() - option) / record_size(query.type);
}

bool is_of_type(const IpAddress& address, Type type) {
  return (type == Type::a && address.is_v4()) || (type == Type::aaaa && !address.is_v4());
}

}  // namespace

std::optional<Query> parse_query(Bytes message) {
  if (message.size() < kHeader) return {};
  Reader reader(message);
  Query query{.id = reader.number()};
  const std::uint16_t flags = reader.number();
  if ((flags & is_answer) != 0) return {};
  query.recursion_desired = (flags & recursion_desired) != 0;
  const std::uint16_t questions = reader.number(), answers = reader.number(), authorities = reader.number(),
                      additional = reader.number();
  const bool query_operation = (flags & 0x7800) == 0;
  if (!query_operation) {
    query.problem = Status::not_implemented;
  } else if (questions != 1 || answers != 0 || authorities != 0) {
    query.problem = Status::format_error;
  } else {
    read_question(message, additional, query);
  }
  return query;
}

std::vector<std::uint8_t> build_answer(const Query& query, const Answer& answer, Transport transport) {
  std::vector<IpAddress> addresses;
  std::ranges::copy_if(answer.addresses, std::back_inserter(addresses),
                       [&](const IpAddress& address) { return is_of_type(address, query.type); });
  const std::size_t most = most_records(query, transport);
  const bool cut = addresses.size() > most;
  if (cut) addresses.resize(most);

  std::vector<std::uint8_t> out;
  put(out, query.id);
  const std::uint16_t desired = query.recursion_desired ? recursion_desired : 0;
  put(out, static_cast<std::uint16_t>(is_answer | desired | recursion | (cut ? truncated : 0) |
                                      static_cast<std::uint16_t>(answer.status)));
  put(out, query.question.empty() ? 0 : 1);
  put(out, static_cast<std::uint16_t>(addresses.size()));
  put(out, 0);
  put(out, query.buffer ? 1 : 0);
  out.insert(out.end(), query.question.begin(), query.question.end());
  for (const IpAddress& address : addresses) put_record(out, query.type, address, answer.seconds_to_live);
  if (query.buffer) put_option(out);
  return out;
}

}  // namespace snug::dns
