// Where a sandbox's connections come in. The first packet of each is held until it is known how the connection ends in
// the host's network: then it is let in, and the kernel answers it, or refused as the other end refused it. So programs
// see the errors they would see without a gateway between.
//
// What arrives on the link goes nowhere in the gateway's network but to ports that were opened; a copy of it comes
// here: of first packets in a queue of their own, which no flood of datagrams fills. A port's listener drops first
// packets from the link and takes them from the loopback, where the held one is sent again. (Neither needs netfilter,
// nor a listener before the first connection of a port succeeds.)
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "net/event_queue.h"
#include "net/factory.h"
#include "net/packet.h"

namespace snug {

/// A connection as the packets of the link name it.
struct Way {
  Endpoint from, to;
  auto operator<=>(const Way&) const = default;
};

class Door final : public EventHandler {
 public:
  static constexpr std::size_t kMostHeld = 256;    ///< more wait in the kernel's queue
  static constexpr std::size_t kMostPorts = 1024;  ///< opened; other ports are refused then

  struct Events {
    /// A connection asks to be let in; admit() or refuse() answers, perhaps from within.
    std::function<void(const Way&)> knocked;
    /// One that was admitted is there.
    std::function<void(const Way&, Fd client)> entered;
    /// One that had not entered is no more: its sender uses the same way anew.
    std::function<void(const Way&)> left;
    /// A datagram. `segment`, if not 0: it stands for several, each of so many bytes but the last.
    std::function<void(Arrival arrival, std::size_t segment)> datagram;
  };

  /// Two packet sockets of the gateway's end of the link, or none. `network` makes sockets beside them; it is borrowed.
  Door(EventQueue& queue, Fd knocks, Fd datagrams, SocketFactory& network, Events events);
  ~Door();

  /// What knocks is not looked at while it is shut. Datagrams are.
  void open(bool on);

  /// False, with errno set: it cannot be let in.
  bool admit(const Way& way);
  enum class Refusal {
    reset,        ///< ECONNREFUSED
    unreachable,  ///< EHOSTUNREACH
    silent        ///< its sender has given up
  };
  void refuse(const Way& way, Refusal how);
  /// A connection that had entered is no more.
  void gone(const Way& way);
  /// To its sender: nobody takes such datagrams.
  void refuse_datagram(const Arrival& arrival);
  /// To the sandbox.
  bool send_datagram(const Endpoint& from, const Endpoint& to, std::span<const std::uint8_t> payload);

 private:
  struct Port;
  void ready(int tag, std::uint32_t events) override;
  void read_knocks();
  void read_datagrams();
  /// Of the sandbox alone; nothing else is looked at. False: there is none now.
  bool read_packet(int socket, std::optional<Arrival>& arrival, std::size_t& segment);
  void take(Arrival arrival);
  void accept_from(int port);
  void state_interest();
  bool open_port(std::uint16_t port);
  bool send(const Packet& packet, const Endpoint& to);

  EventQueue& queue_;
  SocketFactory& network_;
  const Events events_;
  Fd knocks_, datagrams_;
  std::optional<Interest> on_knocks_, on_datagrams_;
  std::array<Fd, 2> senders_;  // IPv4, IPv6
  std::map<std::uint16_t, std::unique_ptr<Port>> ports_;
  std::map<Way, Arrival> held_;
  std::map<Way, std::uint32_t> entered_;  // those that are there, and the last to go; with the sequence they began by
  std::deque<std::pair<Way, std::uint32_t>> gone_;
  std::vector<std::uint8_t> buffer_;
  bool open_ = false;
};

}  // namespace snug
