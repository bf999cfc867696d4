#include "net/link.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>

#include "net/special.h"

namespace snug {
namespace {

// Both ends have the same number, which no kernel gives by itself in a namespace this young: no need to ask for it.
constexpr int kLink = 1000;
constexpr int kLoopback = 1;
constexpr std::uint32_t kLargestPacket = 65535;

struct Ends {
  IpAddress sandbox, gateway;
  IpRange network;
};

Ends ends_v4() { return {*parse_ip("198.18.0.1"), *parse_ip("198.18.0.2"), *parse_ip_range("198.18.0.0/30")}; }
// "snug" in an address of the local kind.
Ends ends_v6() {
  return {*parse_ip("fd73:6e75:6700::1"), *parse_ip("fd73:6e75:6700::2"), *parse_ip_range("fd73:6e75:6700::/126")};
}

/// A batch of netlink messages.
class Batch {
 public:
  template <class Header>
  void begin(std::uint16_t type, std::uint16_t flags, const Header& header) {
    align();
    message_ = bytes_.size();
    put(nlmsghdr{.nlmsg_len = 0, .nlmsg_type = type, .nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags)});
    put(header);
  }
  template <class Value>
  void attribute(std::uint16_t type, const Value& value) {
    attribute(type, &value, sizeof value);
  }
  void attribute(std::uint16_t type, std::string_view text) { attribute(type, text.data(), text.size() + 1); }
  void attribute(std::uint16_t type, const IpAddress& address) {
    const std::size_t skip = address.is_v4() ? 12 : 0;
    attribute(type, address.bytes.data() + skip, address.bytes.size() - skip);
  }
  /// Attributes until close() are inside this one.
  std::size_t open(std::uint16_t type) {
    align();
    const std::size_t at = bytes_.size();
    put(rtattr{.rta_len = 0, .rta_type = type});
    return at;
  }
  void close(std::size_t at) {
    const auto length = static_cast<std::uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at + offsetof(rtattr, rta_len), &length, sizeof length);
  }
  template <class Value>
  void put(const Value& value) {
    append(&value, sizeof value);
  }
  void end() {
    align();
    const auto length = static_cast<std::uint32_t>(bytes_.size() - message_);
    std::memcpy(bytes_.data() + message_ + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
  }
  std::vector<std::uint8_t> take() {
    std::uint16_t flags = 0;
    std::uint8_t* const place = bytes_.data() + message_ + offsetof(nlmsghdr, nlmsg_flags);
    std::memcpy(&flags, place, sizeof flags);
    flags |= NLM_F_ACK;
    std::memcpy(place, &flags, sizeof flags);
    return std::move(bytes_);
  }
  std::size_t size() const { return bytes_.size(); }

 private:
  void attribute(std::uint16_t type, const void* value, std::size_t size) {
    const std::size_t at = open(type);
    append(value, size);
    close(at);
  }
  void append(const void* from, std::size_t size) {
    const auto* first = static_cast<const std::uint8_t*>(from);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  void align() { bytes_.resize((bytes_.size() + 3) & ~std::size_t{3}); }

  std::vector<std::uint8_t> bytes_;
  std::size_t message_ = 0;  // where the last one begins
};

constexpr std::uint16_t kNew = NLM_F_CREATE | NLM_F_EXCL;

ifinfomsg interface(int index, unsigned flags) {
  return {.ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = flags, .ifi_change = flags};
}

// Returns where the descriptor of the sandbox's network belongs.
std::size_t make_veth(Batch& batch) {
  batch.begin(RTM_NEWLINK, kNew, interface(kLink, 0));
  batch.attribute(IFLA_IFNAME, std::string_view("g0"));
  batch.attribute(IFLA_MTU, kLargestPacket);
  const std::size_t info = batch.open(IFLA_LINKINFO);
  batch.attribute(IFLA_INFO_KIND, std::string_view("veth"));
  const std::size_t data = batch.open(IFLA_INFO_DATA);
  const std::size_t peer = batch.open(VETH_INFO_PEER);
  batch.put(interface(kLink, 0));
  batch.attribute(IFLA_IFNAME, std::string_view("s0"));
  batch.attribute(IFLA_MTU, kLargestPacket);
  batch.attribute(IFLA_NET_NS_FD, std::uint32_t{0});
  const std::size_t place = batch.size() - sizeof(std::uint32_t);
  batch.close(peer);
  batch.close(data);
  batch.close(info);
  batch.end();
  return place;
}

void raise(Batch& batch, int index) {
  batch.begin(RTM_NEWLINK, 0, interface(index, IFF_UP));
  batch.end();
}

int family_of(const IpAddress& address) { return address.is_v4() ? AF_INET : AF_INET6; }

std::uint8_t own_bits(const IpRange& range) {
  return static_cast<std::uint8_t>(range.is_v4() ? range.bits - 96 : range.bits);
}

// Without the second of waiting whether somebody else has the address.
void add_address(Batch& batch, const IpAddress& address, const IpRange& network) {
  batch.begin(RTM_NEWADDR, kNew,
              ifaddrmsg{.ifa_family = static_cast<std::uint8_t>(family_of(address)),
                        .ifa_prefixlen = own_bits(network),
                        .ifa_flags = address.is_v4() ? std::uint8_t{0} : std::uint8_t{IFA_F_NODAD},
                        .ifa_scope = RT_SCOPE_UNIVERSE,
                        .ifa_index = kLink});
  batch.attribute(IFA_LOCAL, address);
  batch.attribute(IFA_ADDRESS, address);
  batch.end();
}

void begin_route(Batch& batch, const IpRange& to, unsigned char type, unsigned char scope) {
  batch.begin(RTM_NEWROUTE, kNew,
              rtmsg{.rtm_family = static_cast<std::uint8_t>(to.is_v4() ? AF_INET : AF_INET6),
                    .rtm_dst_len = own_bits(to),
                    .rtm_table = RT_TABLE_MAIN,
                    .rtm_protocol = RTPROT_STATIC,
                    .rtm_scope = scope,
                    .rtm_type = type});
  if (own_bits(to) > 0) batch.attribute(RTA_DST, to.base);
}

// In table main: in table local the IPv6 one would swallow the replies.
void make_all_local(Batch& batch, const IpRange& all) {
  begin_route(batch, all, RTN_LOCAL, RT_SCOPE_HOST);
  batch.attribute(RTA_OIF, kLoopback);
  batch.end();
}

void add_route(Batch& batch, const Route& route) {
  if (route.kind == Route::Kind::prohibited) {
    begin_route(batch, route.to, RTN_PROHIBIT, RT_SCOPE_UNIVERSE);
    // Of IPv6 the kernel wants an interface even for this.
    if (!route.to.is_v4()) batch.attribute(RTA_OIF, kLoopback);
  } else {
    begin_route(batch, route.to, RTN_UNICAST, RT_SCOPE_UNIVERSE);
    batch.attribute(RTA_GATEWAY, route.to.is_v4() ? ends_v4().gateway : ends_v6().gateway);
    batch.attribute(RTA_OIF, kLink);
  }
  batch.end();
}

IpRange all_v4() { return *parse_ip_range("0.0.0.0/0"); }
IpRange all_v6() { return *parse_ip_range("::/0"); }

// The kernel sees to these by itself, or they are the link's own.
bool has_own_routes(const IpRange& range) {
  static constexpr std::string_view some[] = {"127.0.0.0/8", "0.0.0.0/8", kSyntheticRange, "224.0.0.0/4",
                                              "::/96",       "fe80::/10", "ff00::/8"};
  return std::ranges::any_of(some, [&](std::string_view text) { return parse_ip_range(text) == range; });
}

bool is_within_special(const IpRange& range) {
  return std::ranges::any_of(special_ranges(), [&](const SpecialRange& row) { return row.range.contains(range); });
}

using Table = std::map<std::pair<IpAddress, int>, Route::Kind>;

void set(Table& table, const IpRange& range, Route::Kind kind) { table[{range.base, range.bits}] = kind; }

}  // namespace

std::vector<Route> routes_of(const NetworkPolicy& policy) {
  using Kind = Route::Kind;
  const bool anyone = policy.allows_anyone();
  const std::vector<IpRange> ranges = policy.ranges();
  const bool v6 = anyone || std::ranges::any_of(ranges, [](const IpRange& range) { return !range.is_v4(); });
  Table table;
  set(table, all_v4(), anyone ? Kind::gateway : Kind::prohibited);
  if (v6) set(table, all_v6(), anyone ? Kind::gateway : Kind::prohibited);
  const bool wide = anyone || !std::ranges::all_of(ranges, is_within_special);
  for (const SpecialRange& special : special_ranges()) {
    const bool matters = wide && !has_own_routes(special.range) && (v6 || special.range.is_v4());
    if (matters) set(table, special.range, Kind::prohibited);
  }
  for (const IpRange& range : ranges) set(table, range, Kind::gateway);
  set(table, *parse_ip_range(kSyntheticRange), Kind::gateway);
  std::vector<Route> routes;
  for (const auto& [range, kind] : table) routes.push_back({{range.first, range.second}, kind});
  return routes;
}

bool needs_ipv6(const std::vector<Route>& routes) {
  return std::ranges::any_of(routes, [](const Route& route) { return !route.to.is_v4(); });
}

LinkMessages link_messages(const std::vector<Route>& routes) {
  const bool v6 = needs_ipv6(routes);
  LinkMessages messages;
  Batch gateway;
  messages.place_of_sandbox = make_veth(gateway);
  raise(gateway, kLoopback);
  raise(gateway, kLink);
  add_address(gateway, ends_v4().gateway, ends_v4().network);
  if (v6) add_address(gateway, ends_v6().gateway, ends_v6().network);
  make_all_local(gateway, all_v4());
  if (v6) make_all_local(gateway, all_v6());
  messages.gateway = gateway.take();

  Batch sandbox;
  raise(sandbox, kLink);
  add_address(sandbox, ends_v4().sandbox, ends_v4().network);
  if (v6) add_address(sandbox, ends_v6().sandbox, ends_v6().network);
  for (const Route& route : routes) add_route(sandbox, route);
  messages.sandbox = sandbox.take();
  return messages;
}

}  // namespace snug
