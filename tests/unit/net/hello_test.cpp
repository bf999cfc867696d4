#include "net/hello.h"

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.h"

namespace {

using namespace snug;
using Bytes = std::vector<std::uint8_t>;
using State = Hello::State;

Bytes bytes(const std::string& hex) {
  Bytes out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return out;
}

// What OpenSSL 3.0 sends to "registry.Npmjs.org": by TLS 1.3, by 1.2 at most, and to an address, without a name.
const Bytes kTls13 = bytes(
    "1603010200010001fc0303a0b3e7bc62f96172dc4d7c281091228eb3103164fa69a9ee3aee62c85e469869208d4420078158d68d"
    "da509e7b85397e5e69c65746e102ee410c710810960a67c40024130213031301c02cc030c02bc02fcca9cca8c024c028c023c027"
    "009f009e006b006700ff0100018f00000017001500001272656769737472792e4e706d6a732e6f7267000b000403000102000a00"
    "160014001d0017001e0019001801000101010201030104002300000016000000170000000d002a00280403050306030807080808"
    "09080a080b080408050806040105010601030303010302040205020602002b00050403040303002d00020101003300260024001d"
    "0020b5a617c5a6561d90ad48126649c1e6a90e7ae11bbf4fbee1eb6e1343031dbe77001500db0000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000");
const Bytes kTls12 = bytes(
    "16030100b8010000b403034017688361b6872d7ccad696c171a17ab310aa1b9d305bd27d54bfa2d078237700001ec02cc030c02b"
    "c02fcca9cca8c024c028c023c027009f009e006b006700ff0100006d00000017001500001272656769737472792e4e706d6a732e"
    "6f7267000b000403000102000a000c000a001d0017001e00190018002300000016000000170000000d002a002804030503060308"
    "0708080809080a080b080408050806040105010601030303010302040205020602");
const Bytes kNameless = bytes(
    "1603010200010001fc03038861a527e65d2b97bca18e817945b79e0dc7eae774470b42c766e42e4c1c82e6205581b82c8224b38a"
    "1822494ebb78ae7c32de716a8894044167744e1ed6657ede0024130213031301c02cc030c02bc02fcca9cca8c024c028c023c027"
    "009f009e006b006700ff0100018f000b000403000102000a00160014001d0017001e001900180100010101020103010400230000"
    "0016000000170000000d002a0028040305030603080708080809080a080b08040805080604010501060103030301030204020502"
    "0602002b00050403040303002d00020101003300260024001d00202c94cb792e9107470c1e0045ae0380e88fab0ff0921f81ee94"
    "b43f392607ab4c001500f60000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000");

// The same message in records of `size` bytes.
Bytes in_records(const Bytes& hello, std::size_t size) {
  Bytes out;
  for (std::size_t at = 5; at < hello.size(); at += size) {
    const std::size_t piece = std::min(size, hello.size() - at);
    out.insert(out.end(), {22, 3, 1, static_cast<std::uint8_t>(piece >> 8), static_cast<std::uint8_t>(piece)});
    out.insert(out.end(), hello.begin() + static_cast<std::ptrdiff_t>(at),
               hello.begin() + static_cast<std::ptrdiff_t>(at + piece));
  }
  return out;
}

}  // namespace

TEST_CASE("the name a TLS client wants is read") {
  for (const Bytes& hello : {kTls13, kTls12}) {
    CHECK(read_hello(hello).state == State::named);
    CHECK(read_hello(hello).name == "registry.npmjs.org");
  }
  CHECK(read_hello(kNameless).state == State::none);
}

TEST_CASE("a hello that has not come whole is waited for, however it is cut") {
  for (std::size_t size = 0; size < kTls13.size(); ++size) {
    CHECK(read_hello(std::span(kTls13).first(size)).state == State::more);
  }
  Bytes longer = kTls13;
  longer.push_back(22);
  CHECK(read_hello(longer).state == State::named);
  for (const std::size_t size : {1, 3, 100, 511}) {
    const Bytes cut = in_records(kTls13, size);
    CHECK(read_hello(cut).name == "registry.npmjs.org");
    CHECK(read_hello(std::span(cut).first(cut.size() - 1)).state == State::more);
  }
}

TEST_CASE("what is no hello is known at once") {
  for (const std::string text : {"GET / HTTP/1.1\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\x15\x03\x01"}) {
    CHECK(read_hello(Bytes(text.begin(), text.end())).state == State::none);
  }
  CHECK(read_hello(Bytes{22, 2, 1, 0, 5}).state == State::none);
  Bytes answer = kTls13;
  answer[5] = 2;  // a server's hello
  CHECK(read_hello(answer).state == State::none);
  CHECK(read_hello(Bytes(kMostHello, 22)).state == State::none);
  Bytes endless = in_records(Bytes(40000, 1), 16000);
  CHECK(read_hello(endless).state == State::none);
}

TEST_CASE("a name that is no host name is none") {
  Bytes odd = kTls12;
  const std::string name = "registry";
  const auto at = std::search(odd.begin(), odd.end(), name.begin(), name.end());
  REQUIRE(at != odd.end());
  *at = '\n';
  CHECK(read_hello(odd).state == State::none);
}

TEST_CASE("any bytes are a hello or not") {
  std::uint32_t state = 7;
  for (int i = 0; i < 20000; ++i) {
    Bytes hello = i % 2 == 0 ? kTls13 : kTls12;
    for (int change = 0; change < 3; ++change) {
      state = state * 1664525 + 1013904223;
      hello[(state >> 8) % hello.size()] = static_cast<std::uint8_t>(state >> 24);
    }
    const Hello read = read_hello(std::span(hello).first(hello.size() - (state >> 4) % 4));
    CHECK((read.state == State::named) == !read.name.empty());
  }
}
