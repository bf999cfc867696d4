#include "net/door.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/link.h"
#include "sys/close_later.h"

namespace snug {
namespace {

constexpr int kAtOnce = 32;
constexpr std::size_t kMostRemembered = 1024;
constexpr int kBacklog = 4096;
constexpr int kOnKnocks = -1, kOnDatagrams = -2;  // other tags are ports

/// Takes a part of what a socket would get. The programs are ours and fixed, so that the kernel always takes them.
template <std::size_t size>
bool attach(int socket, const sock_filter (&program)[size]) {
  const sock_fprog filter{size, const_cast<sock_filter*>(program)};
  return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

// A listener sees TCP headers: no first packet that came over the link.
bool keep_out_knocks(int listener) {
  static constexpr sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_IFINDEX)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kLinkNumber, 0, 3),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  return attach(listener, program);
}

constexpr std::size_t kLinkHeader = 14;
constexpr std::size_t kKindOfPacket = 12;  // within it
constexpr std::uint32_t kMostOfConnection = kLinkHeader + 40 + 60;
constexpr std::uint32_t kMostOfDatagram = 0x10000 + kLinkHeader;

// Packet sockets get copies of everything: only what read_arrival takes, and of connections the headers. Each program
// reads the link's header, then that of either IP.
bool only_knocks(int socket) {
  static constexpr sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kKindOfPacket),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 5),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kLinkHeader + 9),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 10),
      BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, kLinkHeader),
      BPF_STMT(BPF_LD | BPF_B | BPF_IND, kLinkHeader + 13),
      BPF_STMT(BPF_JMP | BPF_JA, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 6),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kLinkHeader + 6),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 4),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kLinkHeader + 53),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x16),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kMostOfConnection),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  return attach(socket, program);
}

bool only_datagrams(int socket) {
  static constexpr sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kKindOfPacket),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 2),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kLinkHeader + 9),
      BPF_STMT(BPF_JMP | BPF_JA, 2),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 3),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kLinkHeader + 6),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kMostOfDatagram),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  return attach(socket, program);
}

// They are of every protocol, and what the gateway sends would come back.
void ignore_own(int socket) {
  const int on = 1;
  setsockopt(socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
}

/// The kernel's virtio_net_hdr: <linux/virtio_net.h> is no C++.
struct BeforePacket {
  std::uint8_t flags, kind;
  std::uint16_t headers, segment, checksum_start, checksum_offset;
};
static_assert(sizeof(BeforePacket) == 10);
constexpr std::uint8_t kDatagrams = 5;  // VIRTIO_NET_HDR_GSO_UDP_L4

// What stands before a packet then says whether it is several datagrams in one, as programs give them to the kernel
// (UDP_SEGMENT) and a virtual link carries them.
bool tell_segments(int socket) {
  const int on = 1;
  return setsockopt(socket, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) == 0;
}

std::size_t segment_size(const BeforePacket& before) { return before.kind == kDatagrams ? before.segment : 0; }

int family_of(const Endpoint& end) { return end.address.is_v4() ? AF_INET : AF_INET6; }

std::optional<Way> way_of(int client) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getpeername(client, reinterpret_cast<sockaddr*>(&storage), &size) < 0) return {};
  const auto from = read_endpoint(reinterpret_cast<const sockaddr*>(&storage)), to = local_endpoint(client);
  return from && to ? std::optional(Way{*from, *to}) : std::nullopt;
}

}  // namespace

struct Door::Port {
  Port(EventQueue& queue, Fd socket, Door& door, int number)
      : listener(std::move(socket)), interest(queue, listener.get(), door, number) {
    interest.want(EPOLLIN);
  }
  Fd listener;
  Interest interest;
};

Door::Door(EventQueue& queue, Fd knocks, Fd datagrams, SocketFactory& network, Events events)
    : queue_(queue),
      network_(network),
      events_(std::move(events)),
      knocks_(std::move(knocks)),
      datagrams_(std::move(datagrams)) {
  if (!knocks_ || !datagrams_) return;
  for (const int socket : {knocks_.get(), datagrams_.get()}) {
    ignore_own(socket);
    tell_segments(socket);
  }
  only_knocks(knocks_.get());
  only_datagrams(datagrams_.get());
  on_knocks_.emplace(queue_, knocks_.get(), *this, kOnKnocks);
  on_datagrams_.emplace(queue_, datagrams_.get(), *this, kOnDatagrams).want(EPOLLIN);
}

Door::~Door() {
  on_knocks_.reset();
  on_datagrams_.reset();
  std::vector<Fd> packets;
  packets.push_back(std::move(knocks_));
  packets.push_back(std::move(datagrams_));
  close_later(std::move(packets));
}

void Door::open(bool on) {
  open_ = on;
  state_interest();
}

void Door::state_interest() {
  const bool room = open_ && held_.size() < kMostHeld;
  if (on_knocks_) on_knocks_->want(room ? EPOLLIN : 0U);
}

void Door::ready(int tag, std::uint32_t) {
  if (tag == kOnKnocks) return read_knocks();
  if (tag == kOnDatagrams) return read_datagrams();
  accept_from(tag);
}

void Door::read_knocks() {
  std::optional<Arrival> arrival;
  std::size_t segment = 0;
  for (int i = 0; i < kAtOnce && open_ && held_.size() < kMostHeld; ++i) {
    if (!read_packet(knocks_.get(), arrival, segment)) break;
    if (arrival && arrival->kind == Arrival::Kind::connection) take(*std::move(arrival));
  }
  state_interest();
}

void Door::read_datagrams() {
  std::optional<Arrival> arrival;
  std::size_t segment = 0;
  for (int i = 0; i < kAtOnce && read_packet(datagrams_.get(), arrival, segment); ++i) {
    if (arrival && arrival->kind == Arrival::Kind::datagram) events_.datagram(*std::move(arrival), segment);
  }
}

bool Door::read_packet(int socket, std::optional<Arrival>& arrival, std::size_t& segment) {
  arrival.reset();
  buffer_.resize(sizeof(BeforePacket) + kMostOfDatagram);
  const ssize_t got = recv(socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (got < 0) return errno != EAGAIN;
  constexpr auto kBefore = static_cast<ssize_t>(sizeof(BeforePacket) + kLinkHeader);
  if (got < kBefore) return true;
  BeforePacket before{};
  std::memcpy(&before, buffer_.data(), sizeof before);
  segment = segment_size(before);
  arrival = read_arrival(std::span(buffer_).subspan(kBefore, static_cast<std::size_t>(got - kBefore)));
  if (arrival && !is_sandbox_end(arrival->from.address)) arrival.reset();
  return true;
}

void Door::take(Arrival arrival) {
  const Way way{arrival.from, arrival.to};
  // Sent again while it waited in the kernel's queue, and read after the first has been let in.
  const auto inside = entered_.find(way);
  if (inside != entered_.end() && inside->second == arrival.sequence) return;
  const auto known = held_.find(way);
  if (known != held_.end() && known->second.sequence == arrival.sequence) return;  // sent again while it waits
  if (known != held_.end()) {
    held_.erase(known);
    events_.left(way);
  }
  held_.emplace(way, std::move(arrival));
  events_.knocked(way);
}

// What was sent again may be read when the connection has come to its end.
void Door::gone(const Way& way) {
  const auto entered = entered_.find(way);
  if (entered == entered_.end()) return;
  gone_.emplace_back(*entered);
  if (gone_.size() <= kMostRemembered) return;
  const auto oldest = entered_.find(gone_.front().first);
  if (oldest != entered_.end() && oldest->second == gone_.front().second) entered_.erase(oldest);
  gone_.pop_front();
}

void Door::refuse_datagram(const Arrival& arrival) { send(unreachable(arrival, Unreachable::port), arrival.from); }

bool Door::send_datagram(const Endpoint& from, const Endpoint& to, std::span<const std::uint8_t> payload) {
  return send(datagram(from, to, payload), to);
}

bool Door::admit(const Way& way) {
  const auto held = held_.find(way);
  if (held == held_.end()) return errno = ENOENT, false;
  return open_port(way.to.port) && send(same_again(held->second), way.to);
}

// A message of ICMP passes unheard while connect(2) still works on its socket; the reset never does.
void Door::refuse(const Way& way, Refusal how) {
  const auto held = held_.extract(way);
  if (held.empty() || how == Refusal::silent) return state_interest();
  if (how == Refusal::unreachable) send(unreachable(held.mapped(), Unreachable::host), way.from);
  send(reset(held.mapped()), way.from);
  state_interest();
}

void Door::accept_from(int number) {
  const auto port = ports_.find(static_cast<std::uint16_t>(number));
  if (port == ports_.end()) return;
  for (int i = 0; i < kAtOnce; ++i) {
    Fd client(accept4(port->second->listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client) return;
    const int nothing = 0;
    setsockopt(client.get(), SOL_SOCKET, SO_DETACH_FILTER, &nothing, sizeof nothing);  // inherited
    const auto way = way_of(client.get());
    const auto held = way ? held_.extract(*way) : decltype(held_)::node_type();
    if (held.empty()) continue;
    entered_[*way] = held.mapped().sequence;
    state_interest();
    events_.entered(*way, std::move(client));
  }
}

bool Door::open_port(std::uint16_t number) {
  if (ports_.contains(number)) return true;
  if (ports_.size() >= kMostPorts) return errno = EMFILE, false;
  const bool v6 = has_ipv6();
  Fd listener = network_.listener(v6 ? AF_INET6 : AF_INET, number);
  if (!listener || !keep_out_knocks(listener.get()) || listen(listener.get(), kBacklog) < 0) return false;
  if (!network_.tell_kernel(port_messages(number, v6))) return false;
  ports_.emplace(number, std::make_unique<Port>(queue_, std::move(listener), *this, number));
  return true;
}

bool Door::send(const Packet& packet, const Endpoint& to) {
  Fd& sender = senders_[to.address.is_v4() ? 0 : 1];
  if (!sender) sender = network_.sender(family_of(to));
  const SocketAddress address = to_socket_address({to.address, 0});
  return sender && sendto(sender.get(), packet.data(), packet.size(), MSG_DONTWAIT, address.get(), address.size) > 0;
}

}  // namespace snug
