// The network: which rules hold, and what it takes to enforce them.
#include <algorithm>
#include <bitset>

#include "base/quote.h"
#include "plan/planner.h"

namespace snug {
namespace {

using Rules = std::vector<Sourced<NetworkRule>>;

void add_rules(Planner& planner, Rules& rules, const std::string& text, const Origin& origin) {
  auto read = parse_network_rules(text);
  if (!read) return planner.fail("cannot read the rule " + quote_for_display(text), origin, read.error().what, "");
  for (NetworkRule& rule : *read) rules.push_back({std::move(rule), origin});
}

Rules rules_of(Planner& planner, const std::vector<Sourced<std::string>>& texts) {
  Rules rules;
  for (const auto& text : texts) add_rules(planner, rules, text.value, text.origin);
  return rules;
}

void decide_filter(Planner& planner) {
  const NetworkSection& network = planner.profile.network;
  FilterPlan filter{.allow = rules_of(planner, network.allow), .deny = rules_of(planner, network.deny)};
  if (planner.profile.filesystem.etc.value == EtcMode::host) {
    planner.fail("cannot filter names", network.mode.origin,
                 "with filesystem.etc = \"host\" programs would ask the host's name servers",
                 "write filesystem.etc = \"minimal\"");
  }
  auto proxy = read_proxy(planner.caller().environment);
  if (!proxy) planner.errors.push_back(proxy.error());
  if (proxy) filter.proxy = *std::move(proxy);
  planner.plan.filter = std::move(filter);
}

void refuse_unfiltered_denials(Planner& planner) {
  const NetworkSection& network = planner.profile.network;
  if (network.deny.empty()) return;
  planner.fail("cannot keep the command from " + quote_for_display(network.deny.front().value),
               network.deny.front().origin, "with network.mode = \"host\" everything the host reaches can be reached",
               "write network.mode = \"filtered\"");
}

/// Sandboxes with the host's network have its ports anyway, by the same numbers.
void refuse_other_numbers(Planner& planner) {
  for (const PublishEntry& entry : planner.profile.network.publish) {
    if (entry.host_port == entry.sandbox_port) continue;
    planner.fail("cannot publish port " + std::to_string(entry.sandbox_port) + " as " + std::to_string(entry.host_port),
                 entry.origin, "with network.mode = \"host\" the command's ports are the host's",
                 "let the command listen on " + std::to_string(entry.host_port));
  }
}

void copy_ports(Planner& planner) {
  const NetworkSection& network = planner.profile.network;
  std::bitset<65536> seen;
  for (const auto& port : network.host_ports) {
    if (!seen.test(port.value)) planner.plan.host_ports.push_back(port);
    seen.set(port.value);
  }
  planner.plan.publish = network.publish;
}

// Shipped profiles name the hosts of --net filtered, which nobody takes for a promise about --net host.
void note_unused_rules(Planner& planner) {
  const auto& allow = planner.profile.network.allow;
  const auto said =
      std::ranges::find_if(allow, [](const auto& rule) { return rule.origin.kind != OriginKind::builtin; });
  if (said == allow.end()) return;
  planner.note(Note::Level::warning, "network.allow limits nothing with network.mode = \"host\"", said->origin);
}

}  // namespace

void decide_network(Planner& planner) {
  const NetworkSection& network = planner.profile.network;
  switch (network.mode.value) {
    case NetworkMode::filtered:
      decide_filter(planner);
      break;
    case NetworkMode::host:
      refuse_unfiltered_denials(planner);
      refuse_other_numbers(planner);
      note_unused_rules(planner);
      return;
    case NetworkMode::none:
      break;
  }
  copy_ports(planner);
  // Published ports are reached through the network that its sockets belong to.
  const bool has_ports = !planner.plan.host_ports.empty() || !planner.plan.publish.empty();
  planner.plan.name_service = has_ports || planner.profile.filesystem.etc.value == EtcMode::minimal;
}

}  // namespace snug
