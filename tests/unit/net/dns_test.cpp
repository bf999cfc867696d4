#include "net/dns.h"

#include <random>

#include "net/synthetic.h"
#include "support/catch.h"

namespace {

using namespace snug;
using namespace snug::dns;
using Message = std::vector<std::uint8_t>;

void append_name(Message& message, std::string_view name) {
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('.'), name.size());
    message.push_back(static_cast<std::uint8_t>(end));
    message.insert(message.end(), name.begin(), name.begin() + static_cast<std::ptrdiff_t>(end));
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  message.push_back(0);
}

Message query(std::string_view name, int type = 1, bool option = false) {
  Message message{0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(option ? 1 : 0)};
  append_name(message, name);
  const Message rest{0, static_cast<std::uint8_t>(type), 0, 1};
  message.insert(message.end(), rest.begin(), rest.end());
  const Message opt{0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0};
  if (option) message.insert(message.end(), opt.begin(), opt.end());
  return message;
}

IpAddress ip(const char* text) { return parse_ip(text).value(); }

}  // namespace

TEST_CASE("a question is read, in lower case") {
  const auto parsed = parse_query(query("Registry.NPMJS.org"));
  REQUIRE(parsed);
  CHECK(parsed->id == 0x1234);
  CHECK(parsed->problem == Status::no_error);
  CHECK(parsed->name == "registry.npmjs.org");
  CHECK(parsed->type == Type::a);
  CHECK(parsed->recursion_desired);
  CHECK_FALSE(parsed->buffer);
  CHECK(parse_query(query("a.example", 28, true))->buffer == 1232);
  CHECK(parse_query(query("a.example", 65))->type == Type::https);
}

TEST_CASE("an answer repeats the question in its own letters and holds the address") {
  const Message asked = query("A.Example", 1, true);
  const Message answer = build_answer(parse_query(asked).value(),
                                      {.addresses = {ip("198.18.1.0")}, .seconds_to_live = 30}, Transport::udp);
  const Message expected{0x12, 0x34, 0x81, 0x80, 0,  1, 0, 1, 0, 0,    0,    1,    1, 'A', 7, 'E', 'x', 'a',
                         'm',  'p',  'l',  'e',  0,  0, 1, 0, 1, 0xc0, 0x0c, 0,    1, 0,   1, 0,   0,   0,
                         30,   0,    4,    198,  18, 1, 0, 0, 0, 41,   0x04, 0xd0, 0, 0,   0, 0,   0,   0};
  CHECK(answer == expected);
}

TEST_CASE("other types of a known name are empty, not missing") {
  const Message answer =
      build_answer(parse_query(query("a.example", 28)).value(), {.addresses = {ip("198.18.1.0")}}, Transport::udp);
  CHECK((answer[3] & 0xf) == 0);
  CHECK(answer[7] == 0);
  const Message missing =
      build_answer(parse_query(query("b.example")).value(), {.status = Status::no_such_name}, Transport::udp);
  CHECK((missing[3] & 0xf) == 3);
}

TEST_CASE("by UDP an answer is cut to what its asker takes") {
  Answer answer;
  for (std::uint32_t i = 0; i < 100; ++i) answer.addresses.push_back(IpAddress::v4(i));
  const auto plain = build_answer(parse_query(query("a.example")).value(), answer, Transport::udp);
  CHECK(plain.size() <= 512);
  CHECK((plain[2] & 0x02) != 0);
  const auto larger = build_answer(parse_query(query("a.example", 1, true)).value(), answer, Transport::udp);
  CHECK(larger.size() > 1000);
  CHECK(larger.size() <= 1232);
  const auto whole = build_answer(parse_query(query("a.example")).value(), answer, Transport::tcp);
  CHECK(whole[7] == 100);
  CHECK((whole[2] & 0x02) == 0);
}

TEST_CASE("what is wrong with a question is said") {
  CHECK_FALSE(parse_query(Message(11)));
  Message answer = query("a.example");
  answer[2] |= 0x80;
  CHECK_FALSE(parse_query(answer));
  Message notify = query("a.example");
  notify[2] |= 0x20;
  CHECK(parse_query(notify)->problem == Status::not_implemented);
  Message two = query("a.example");
  two[5] = 2;
  CHECK(parse_query(two)->problem == Status::format_error);
  Message chaos = query("version.bind");
  chaos[chaos.size() - 1] = 3;
  CHECK(parse_query(chaos)->problem == Status::refused);
  Message pointer{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 0x0c, 0, 1, 0, 1};
  CHECK(parse_query(pointer)->problem == Status::format_error);
  const Message whole = query("a.example");
  for (std::size_t size = 12; size < whole.size(); ++size) {
    CHECK(parse_query(dns::Bytes(whole.data(), size))->problem == Status::format_error);
  }
}

TEST_CASE("a label cannot pass for two, nor a byte for a letter") {
  Message message{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 9, 'a', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1};
  CHECK(parse_query(message)->name.empty());
  message[14] = 0;
  CHECK(parse_query(message)->name.empty());
  message[14] = 0xc3;
  CHECK(parse_query(message)->name.empty());
  message[14] = '-';
  CHECK(parse_query(message)->name == "a-example");
}

TEST_CASE("the longest name is read, a longer one is not") {
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  CHECK(parse_query(query(longest))->name == longest);
  CHECK(parse_query(query(longest + "b"))->problem == Status::format_error);
}

TEST_CASE("any bytes are answered or left alone") {
  std::mt19937 random(4);
  for (int i = 0; i < 20000; ++i) {
    Message message = query("a.example", 1, true);
    for (int change = 0; change < 3; ++change) message[random() % message.size()] = static_cast<std::uint8_t>(random());
    message.resize(random() % (message.size() + 1));
    const auto parsed = parse_query(message);
    if (!parsed) continue;
    const auto answer = build_answer(*parsed, {.addresses = {ip("198.18.1.0")}}, Transport::udp);
    CHECK(answer.size() <= 512);
    CHECK(answer.size() >= 12);
  }
}

TEST_CASE("every name has one address and every address one name") {
  SyntheticAddresses table;
  const IpAddress a = table.address_of("a.example"), b = table.address_of("b.example");
  CHECK(a != b);
  CHECK(table.address_of("a.example") == a);
  REQUIRE(table.name_of(a) != nullptr);
  CHECK(*table.name_of(a) == "a.example");
  CHECK(*table.name_of(b) == "b.example");
  CHECK(table.name_of(ip("8.8.8.8")) == nullptr);
  CHECK(table.name_of(ip("::1")) == nullptr);
  CHECK(table.name_of(ip("198.18.255.255")) == nullptr);
}

TEST_CASE("the name not asked for longest makes room") {
  SyntheticAddresses table(3);
  const IpAddress a = table.address_of("a"), b = table.address_of("b"), c = table.address_of("c");
  CHECK(table.address_of("a") == a);
  CHECK(table.address_of("d") == b);
  CHECK(*table.name_of(b) == "d");
  CHECK(*table.name_of(a) == "a");
  CHECK(*table.name_of(c) == "c");
  CHECK(table.address_of("b") == c);
  for (int i = 0; i < 1000; ++i) table.address_of("n" + std::to_string(i));
  CHECK(table.name_of(IpAddress::v4(SyntheticAddresses::kFirst + 3)) == nullptr);
}
