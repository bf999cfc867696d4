// UDP between a sandbox and the hosts that rules of "udp://" name. Each pair of ends is a flow with a socket of its own
// in the host's network, which takes answers from that host alone, until nothing has passed for a while.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "net/door.h"
#include "net/event_queue.h"
#include "net/policy.h"
#include "net/report.h"
#include "net/resolver.h"

namespace snug {

class Datagrams {
 public:
  static constexpr std::size_t kMostFlows = 256;  ///< the one that was quiet longest makes room

  /// What all flows share; lives longer than they.
  struct Surroundings {
    EventQueue& queue;
    Resolver& resolver;
    const NetworkPolicy& policy;  ///< of udp
    Door& door;
    std::function<void(const Blocked&)> blocked;
    std::function<void(const Connection&)> ended;  ///< may be null
  };

  explicit Datagrams(Surroundings around);
  ~Datagrams();

  /// `name`: what the address stands for; empty: itself. See Door::Events for `segment`.
  void take(Arrival arrival, std::size_t segment, const std::string& name);
  /// Lets go of flows that have ended. Not to be called from within anything of theirs.
  void sweep();

 private:
  class Flow;
  Flow* flow_of(const Way& way, const std::string& name);
  void make_room();

  const Surroundings around_;
  std::map<Way, std::shared_ptr<Flow>> flows_;
};

}  // namespace snug
