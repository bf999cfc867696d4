#include "base/ip.h"

#include <random>

#include "support/catch.h"

using namespace snug;

namespace {

bool bit(const IpAddress& address, int i) { return (address.bytes[i / 8] >> (7 - i % 8) & 1) != 0; }

bool share(const IpAddress& a, const IpAddress& b, int bits) {
  for (int i = 0; i < bits; ++i) {
    if (bit(a, i) != bit(b, i)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("addresses are read and written") {
  CHECK(to_text(parse_ip("10.0.0.1").value()) == "10.0.0.1");
  CHECK(to_text(parse_ip("2606:4700:0:0::1").value()) == "2606:4700::1");
  CHECK(parse_ip("::ffff:10.0.0.1") == parse_ip("10.0.0.1"));
  CHECK(parse_ip("10.0.0.1")->v4_value() == 0x0a000001);
  for (const char* wrong : {"", "10.0.0", "127.1", "0x7f.0.0.1", "10.0.0.256", "010.0.0.1", "1.2.3.4 ", ":::", "::1%lo",
                            "[::1]", "localhost", "2130706433", "1.2.3.4.5"}) {
    INFO(wrong);
    CHECK_FALSE(parse_ip(wrong));
  }
  CHECK_FALSE(parse_ip(std::string_view("1.2.3.4\0", 8)));
}

TEST_CASE("ranges are read and written in their shortest form") {
  CHECK(to_text(parse_ip_range("10.1.2.3/8").value()) == "10.0.0.0/8");
  CHECK(to_text(parse_ip_range("10.1.2.3/32").value()) == "10.1.2.3");
  CHECK(to_text(parse_ip_range("fd00::1/8").value()) == "fd00::/8");
  CHECK(parse_ip_range("::ffff:10.0.0.0/104") == parse_ip_range("10.0.0.0/8"));
  for (const char* wrong : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "/8", "::/a"}) {
    INFO(wrong);
    CHECK_FALSE(parse_ip_range(wrong));
  }
}

TEST_CASE("no IPv6 range holds an IPv4 address by accident") {
  CHECK_FALSE(parse_ip_range("::/0")->contains(parse_ip("10.0.0.1").value()));
  CHECK_FALSE(parse_ip_range("::/80")->contains(parse_ip("10.0.0.1").value()));
  CHECK(parse_ip_range("0.0.0.0/0")->contains(parse_ip("10.0.0.1").value()));
  CHECK_FALSE(parse_ip_range("0.0.0.0/0")->contains(parse_ip("::1").value()));
}

TEST_CASE("a range holds exactly the addresses that share its bits") {
  std::mt19937 random(7);
  for (int i = 0; i < 5000; ++i) {
    IpAddress base, address;
    for (auto& byte : base.bytes) byte = static_cast<std::uint8_t>(random());
    base.bytes[0] |= 0x20;  // no mapped address
    const int bits = static_cast<int>(random() % 129), changed = static_cast<int>(random() % 128);
    address = base;
    address.bytes[changed / 8] ^= static_cast<std::uint8_t>(0x80 >> (changed % 8));
    address.bytes[0] |= 0x20;
    const IpRange range = parse_ip_range(to_text(base) + "/" + std::to_string(bits)).value();
    CHECK(range.contains(address) == share(base, address, bits));
    CHECK(range.contains(base));
  }
}
