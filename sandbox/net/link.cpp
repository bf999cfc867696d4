#include "net/link.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <cstdio>
#include <cstring>
#include <string_view>

namespace snug {
namespace {

constexpr int kLoopback = 1;
constexpr unsigned char kAllLocal = 100;       // a table of routes
constexpr std::uint32_t kOwnPriority = 40000;  // behind table main, which knows the way back
constexpr std::uint32_t kPortPriority = 40001;
constexpr std::uint32_t kLargestPacket = 65535;

// What the kernel may carry at once of an IPv4 stream, cut to packets nowhere on a link like this: a tenth more of
// throughput than with 64 KiB. Numbers of <linux/if_link.h> from 6.3; older kernels pass over them.
constexpr std::uint16_t kSegmentsV4 = 63, kMergedV4 = 64;
constexpr std::uint32_t kLargestSegment = 256 << 10;

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

// A packet of one segment is none that is cut. Streams lose nothing: what they send at once, before Linux 6.3, is
// hardly larger than one packet of this link.
void make_wide(Batch& batch, bool joined) {
  batch.attribute(IFLA_MTU, kLargestPacket);
  batch.attribute(kSegmentsV4, kLargestSegment);
  batch.attribute(kMergedV4, kLargestSegment);
  if (!joined) batch.attribute(IFLA_GSO_MAX_SEGS, std::uint32_t{1});
}

// Returns where the descriptor of the sandbox's network belongs.
std::size_t make_veth(Batch& batch, bool joined) {
  batch.begin(RTM_NEWLINK, kNew, interface(kLinkNumber, 0));
  batch.attribute(IFLA_IFNAME, std::string_view("g0"));
  make_wide(batch, joined);
  const std::size_t info = batch.open(IFLA_LINKINFO);
  batch.attribute(IFLA_INFO_KIND, std::string_view("veth"));
  const std::size_t data = batch.open(IFLA_INFO_DATA);
  const std::size_t peer = batch.open(VETH_INFO_PEER);
  batch.put(interface(kLinkNumber, 0));
  batch.attribute(IFLA_IFNAME, std::string_view("s0"));
  make_wide(batch, joined);
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
                        .ifa_index = kLinkNumber});
  batch.attribute(IFA_LOCAL, address);
  batch.attribute(IFA_ADDRESS, address);
  batch.end();
}

void begin_route(Batch& batch, const IpRange& to, unsigned char type, unsigned char scope, unsigned char table) {
  batch.begin(RTM_NEWROUTE, kNew,
              rtmsg{.rtm_family = static_cast<std::uint8_t>(to.is_v4() ? AF_INET : AF_INET6),
                    .rtm_dst_len = own_bits(to),
                    .rtm_table = table,
                    .rtm_protocol = RTPROT_STATIC,
                    .rtm_scope = scope,
                    .rtm_type = type});
  if (own_bits(to) > 0) batch.attribute(RTA_DST, to.base);
}

// Not in table local: there, before all others, it would swallow the replies.
void make_all_local(Batch& batch, const IpRange& all) {
  begin_route(batch, all, RTN_LOCAL, RT_SCOPE_HOST, kAllLocal);
  batch.attribute(RTA_OIF, kLoopback);
  batch.end();
}

void begin_rule(Batch& batch, bool v4, std::string_view from, std::uint32_t priority) {
  batch.begin(
      RTM_NEWRULE, kNew,
      fib_rule_hdr{
          .family = static_cast<std::uint8_t>(v4 ? AF_INET : AF_INET6), .table = kAllLocal, .action = FR_ACT_TO_TBL});
  batch.attribute(FRA_PRIORITY, priority);
  batch.attribute(FRA_IIFNAME, from);
}

// For what the gateway's own sockets send: every address is here.
void make_own_local(Batch& batch, bool v4) {
  begin_rule(batch, v4, "lo", kOwnPriority);
  batch.end();
}

void lead_to_gateway(Batch& batch, const IpRange& all, const IpAddress& gateway) {
  begin_route(batch, all, RTN_UNICAST, RT_SCOPE_UNIVERSE, RT_TABLE_MAIN);
  batch.attribute(RTA_GATEWAY, gateway);
  batch.attribute(RTA_OIF, kLinkNumber);
  batch.end();
}

void make_port_local(Batch& batch, bool v4, std::uint16_t port) {
  begin_rule(batch, v4, "g0", kPortPriority);
  batch.attribute(FRA_IP_PROTO, std::uint8_t{IPPROTO_TCP});
  batch.attribute(FRA_DPORT_RANGE, fib_rule_port_range{port, port});
  batch.end();
}

IpRange all_v4() { return *parse_ip_range("0.0.0.0/0"); }
IpRange all_v6() { return *parse_ip_range("::/0"); }

}  // namespace

bool is_sandbox_end(const IpAddress& address) {
  static const IpAddress v4 = ends_v4().sandbox, v6 = ends_v6().sandbox;
  return address == v4 || address == v6;
}

LinkMessages link_messages(bool v6, bool joined) {
  LinkMessages messages;
  Batch gateway;
  messages.place_of_sandbox = make_veth(gateway, joined);
  raise(gateway, kLoopback);
  raise(gateway, kLinkNumber);
  add_address(gateway, ends_v4().gateway, ends_v4().network);
  if (v6) add_address(gateway, ends_v6().gateway, ends_v6().network);
  make_all_local(gateway, all_v4());
  if (v6) make_all_local(gateway, all_v6());
  make_own_local(gateway, true);
  if (v6) make_own_local(gateway, false);
  messages.gateway = gateway.take();

  Batch sandbox;
  raise(sandbox, kLinkNumber);
  add_address(sandbox, ends_v4().sandbox, ends_v4().network);
  if (v6) add_address(sandbox, ends_v6().sandbox, ends_v6().network);
  lead_to_gateway(sandbox, all_v4(), ends_v4().gateway);
  if (v6) lead_to_gateway(sandbox, all_v6(), ends_v6().gateway);
  messages.sandbox = sandbox.take();
  return messages;
}

bool tells_of_joined_datagrams() {
  utsname names{};
  int major = 0, minor = 0;
  if (uname(&names) != 0 || std::sscanf(names.release, "%d.%d", &major, &minor) != 2) return false;
  return major > 6 || (major == 6 && minor >= 2);
}

std::vector<std::uint8_t> port_messages(std::uint16_t port, bool v6) {
  Batch batch;
  make_port_local(batch, true, port);
  if (v6) make_port_local(batch, false, port);
  return batch.take();
}

}  // namespace snug
