#include "net/packet.h"

#include <cstring>
#include <string>

#include "support/catch.h"

namespace {

using namespace snug;

Packet bytes(const std::string& hex) {
  Packet out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    if (hex[i] == ' ')
      --i;
    else
      out.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return out;
}

// As the kernel sent them over a link: 198.18.0.1:40000 to 93.184.1.1:80 and fd73:6e75:6700::1 to 2a00:2::1.
const std::string kSyn = "9c40 0050 01020304 00000000 a002 ffff 1234 0000 0204ffd7 0402080a 00000001 00000000 0103030a";
const Packet kSyn4 = bytes("4500003c 00014000 40060000 c6120001 5db80101" + kSyn);
const Packet kSyn6 =
    bytes("60000000 00280640 fd736e75670000000000000000000001 2a000002000000000000000000000001" + kSyn);
const Packet kDatagram = bytes("45000020 00014000 40110000 c6120001 5db80101 9c40 007b 000c 0000 01020304");

// The sum of a TCP, UDP or ICMP message with its addresses; 0xffff where the checksum is right.
unsigned sum(const Packet& packet) {
  const bool v4 = packet[0] >> 4 == 4;
  const std::size_t header = v4 ? 20 : 40, addresses = v4 ? 12 : 8;
  const bool plain = v4 && packet[9] == 1;
  unsigned total = plain ? 0 : static_cast<unsigned>(packet[v4 ? 9 : 6] + packet.size() - header);
  for (std::size_t i = plain ? header : addresses; i < packet.size(); ++i) {
    total += i % 2 == 0 ? packet[i] * 256U : packet[i];
  }
  while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
  return total;
}

}  // namespace

TEST_CASE("the first packet of a connection is read, of either family") {
  for (const Packet& packet : {kSyn4, kSyn6}) {
    const auto arrival = read_arrival(packet);
    REQUIRE(arrival);
    CHECK(arrival->kind == Arrival::Kind::connection);
    CHECK(arrival->from.port == 40000);
    CHECK(arrival->to.port == 80);
    CHECK(arrival->sequence == 0x01020304);
    CHECK(arrival->header.size() == 40);
    CHECK(to_text(arrival->to.address) == (packet[0] >> 4 == 4 ? "93.184.1.1" : "2a00:2::1"));
  }
}

TEST_CASE("a datagram is read") {
  const auto arrival = read_arrival(kDatagram);
  REQUIRE(arrival);
  CHECK(arrival->kind == Arrival::Kind::datagram);
  CHECK(arrival->to.port == 123);
  CHECK(arrival->payload == bytes("01020304"));
}

TEST_CASE("other packets, fragments and pieces are left alone") {
  CHECK_FALSE(read_arrival({}));
  for (const Packet& whole : {kSyn4, kSyn6, kDatagram}) {
    const std::size_t needed = whole.size();
    for (std::size_t size = 0; size < needed; ++size) {
      CHECK_FALSE(read_arrival(std::span(whole).first(size)));
    }
  }
  const auto changed = [](Packet packet, std::size_t at, int byte) {
    packet[at] = static_cast<std::uint8_t>(byte);
    return read_arrival(packet).has_value();
  };
  CHECK_FALSE(changed(kSyn4, 6, 0x20));        // more fragments follow
  CHECK_FALSE(changed(kSyn4, 7, 1));           // not the first fragment
  CHECK_FALSE(changed(kSyn4, 0, 0x44));        // a header shorter than a header
  CHECK_FALSE(changed(kSyn4, 20 + 12, 0x40));  // the same of TCP
  CHECK_FALSE(changed(kSyn4, 20 + 12, 0xf0));  // longer than the packet
  CHECK_FALSE(changed(kSyn4, 20 + 13, 0x12));  // an answer
  CHECK_FALSE(changed(kSyn4, 20 + 13, 0x06));  // a reset
  CHECK_FALSE(changed(kSyn4, 9, 1));           // ICMP
  CHECK_FALSE(changed(kSyn6, 6, 0));           // an extension header
  CHECK_FALSE(changed(kSyn4, 0, 0x50));
  Packet mapped = kSyn6;
  std::fill_n(mapped.begin() + 24, 10, std::uint8_t{0});
  mapped[34] = mapped[35] = 0xff;
  CHECK_FALSE(read_arrival(mapped));
}

TEST_CASE("a first packet is sent again with a whole checksum and nothing behind it") {
  for (Packet packet : {kSyn4, kSyn6}) {
    packet.insert(packet.end(), 100, 7);  // what fast open carries
    const Packet again = same_again(*read_arrival(packet));
    CHECK(sum(again) == 0xffff);
    const auto read = read_arrival(again);
    REQUIRE(read);
    CHECK(read->sequence == 0x01020304);
    CHECK(again.size() == packet.size() - 100);
  }
}

TEST_CASE("a datagram is made as it is read") {
  for (const std::string text : {"", "x", "four"}) {
    for (const std::string host : {"93.184.1.1", "2a00:2::1"}) {
      const Endpoint from{*parse_ip(host), 123}, to{*parse_ip(host), 40000};
      const Packet payload(text.begin(), text.end());
      const Packet packet = datagram(from, to, payload);
      CHECK(sum(packet) == 0xffff);
      const auto read = read_arrival(packet);
      REQUIRE(read);
      CHECK(read->from == from);
      CHECK(read->to == to);
      CHECK(read->payload == payload);
    }
  }
  CHECK_FALSE(read_arrival(bytes("45000020 00014000 40110000 c6120001 5db80101 9c40 007b 000d 0000 01020304")));
  CHECK_FALSE(read_arrival(bytes("45000020 00014000 40110000 c6120001 5db80101 9c40 007b 0007 0000 01020304")));
}

TEST_CASE("options of IP do not come again") {
  Packet routed = kSyn4;
  routed[0] = 0x46;
  routed.insert(routed.begin() + 20, {0x83, 3, 4, 0});
  CHECK(same_again(*read_arrival(routed))[0] == 0x45);
}

TEST_CASE("refusals go back the way and have right checksums") {
  for (const Packet& packet : {kSyn4, kSyn6}) {
    const Arrival arrival = *read_arrival(packet);
    const Packet answer = reset(arrival);
    const std::size_t header = packet[0] >> 4 == 4 ? 20 : 40;
    CHECK(sum(answer) == 0xffff);
    CHECK(answer[header + 1] == 80);
    CHECK(answer[header + 11] == 0x05);  // acknowledges one more
    CHECK(answer[header + 13] == 0x14);
    for (const auto what : {Unreachable::host, Unreachable::port}) CHECK(sum(unreachable(arrival, what)) == 0xffff);
  }
  CHECK(sum(unreachable(*read_arrival(kDatagram), Unreachable::port)) == 0xffff);
}

TEST_CASE("any bytes are read or left alone, and what is read can be answered") {
  std::uint32_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    Packet packet = i % 3 == 0 ? kSyn4 : i % 3 == 1 ? kSyn6 : kDatagram;
    for (int change = 0; change < 4; ++change) {
      state = state * 1664525 + 1013904223;
      packet[state % packet.size()] = static_cast<std::uint8_t>(state >> 24);
    }
    packet.resize(packet.size() - (state >> 8) % 8);
    const auto arrival = read_arrival(packet);
    if (!arrival) continue;
    CHECK(arrival->header.size() <= 60);
    CHECK(sum(unreachable(*arrival, Unreachable::host)) == 0xffff);
    if (arrival->kind == Arrival::Kind::connection) CHECK(sum(same_again(*arrival)) == 0xffff);
  }
}
