// The sandbox's network while it runs: the gateway that the plan asks for, and what it has to tell.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "launch/launch.h"
#include "net/gateway.h"
#include "net/report.h"
#include "plan/plan.h"

namespace snug {

/// Listens on the host for the plan's published ports, before anything is started: a port that is taken is an error.
Result<std::vector<PortListener>> listen_for_published(const Plan& plan);

class Network {
 public:
  /// Takes the sockets of `sandbox`. Does nothing where the plan has no network of its own. `ended` hears of each
  /// connection.
  static Result<Network> start(const Plan& plan, Sandbox& sandbox, std::vector<PortListener> published,
                               std::function<void(const Connection&)> ended);

  /// Is there anything to wait for?
  bool active() const noexcept { return gateway_ != nullptr; }
  // Changes of a running sandbox, from the next connection on: what is connected stays so. They are nowhere written
  // down. An Error says why the sandbox cannot take it; nothing has changed then.

  /// One more rule of network.allow, as a profile has it: "example.com:443", "*.example.com", "@npm". `origin` is what
  /// refusals name.
  Result<void> allow(const std::string& rule, const Origin& origin);
  /// Takes the rules of network.allow out that say the same and come from one of these sources. Error: there is none.
  Result<void> take_back(const std::string& rule, const std::vector<Origin>& from);
  /// Listens on the host from now on. Whatever network.mode is but "host".
  Result<void> publish(const PublishEntry& entry);
  /// False: that port of the host is not published.
  bool unpublish(const PublishEntry& entry);

  /// A port as network.publish has it, with "!" in front to end it.
  Result<void> change_ports(const std::string& word);

  /// Waits until something has happened here, `other` is readable or `milliseconds` have passed, and handles it. True:
  /// `other` is readable. Here and not in an epoll above, since a packet wakes the waiter of one epoll on the processor
  /// it came from, which is several times as fast, but not of an epoll in an epoll.
  bool wait(int other, int milliseconds) { return gateway_->wait(other, milliseconds); }
  /// What was refused for the first time.
  std::vector<Blocked> take_blocked() { return std::exchange(*blocked_, {}); }

 private:
  std::unique_ptr<std::vector<Blocked>> blocked_ =
      std::make_unique<std::vector<Blocked>>();  // the gateway writes to it
  std::unique_ptr<Gateway> gateway_;
  bool filtered_ = false;
};

}  // namespace snug
