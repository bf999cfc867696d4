#include "run/network.h"

#include <utility>

namespace snug {

Result<Network> Network::start(const Plan& plan, Sandbox& sandbox, std::function<void(const Connection&)> ended) {
  Network network;
  if (!plan.name_service && !plan.filter) return network;
  Policy policy = plan.filter ? Policy(plan.filter->allow, plan.filter->deny) : Policy();
  auto gateway =
      Gateway::make(std::move(policy), std::move(sandbox.network),
                    {.blocked = [told = network.blocked_.get()](const Blocked& blocked) { told->push_back(blocked); },
                     .ended = std::move(ended)});
  if (!gateway) return std::move(gateway).error();
  network.gateway_ = std::move(gateway).value();
  return network;
}

std::vector<Blocked> Network::turn() {
  if (gateway_) gateway_->turn();
  return std::exchange(*blocked_, {});
}

}  // namespace snug
