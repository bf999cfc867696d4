#include "cli/why_host.h"

#include <algorithm>
#include <array>
#include <bitset>

#include "net/policy.h"
#include "net/special.h"

namespace snug {
namespace {

using Reason = NetworkVerdict::Reason;
using Rules = NetworkPolicy::Rules;
using Who = NetworkRule::Who;

constexpr std::array<std::uint16_t, 2> usual_ports = {80, 443};

Verdict allow(std::string reason, const Origin& origin) {
  return {.allowed = true, .reason = std::move(reason), .origin = origin};
}

Verdict refuse(std::string reason, const Origin& origin) { return {.reason = std::move(reason), .origin = origin}; }

// --- the rules ------------------------------------------------------------------------------------------

void add_rule(Rules& rules, std::string_view text, const Origin& origin) {
  auto parsed = parse_network_rules(text);
  if (!parsed) return;  // a mistake, which was told when the profile was read
  for (NetworkRule& rule : *parsed) rules.push_back({std::move(rule), origin});
}

Rules rules_of(const std::vector<Sourced<std::string>>& texts) {
  Rules rules;
  for (const auto& text : texts) add_rule(rules, text.value, text.origin);
  return rules;
}

/// Those that would hold, where the network's mode does not ask for them yet.
FilterPlan rules_that_hold(const Plan& plan, const Profile& profile) {
  if (plan.filter) return *plan.filter;
  return {.allow = rules_of(profile.network.allow), .deny = rules_of(profile.network.deny)};
}

// --- one host ---------------------------------------------------------------------------------------------

std::string ports_text(const std::vector<std::uint16_t>& ports) {
  std::string text = ports.size() == 1 ? "port " : "ports ";
  for (std::size_t i = 0; i < ports.size();) {
    std::size_t last = i;
    while (last + 1 < ports.size() && ports[last + 1] == ports[last] + 1) ++last;
    text += (i == 0 ? "" : ", ") + std::to_string(ports[i]);
    if (last > i) text += "-" + std::to_string(ports[last]);
    i = last + 1;
  }
  return text;
}

class HostQuestion {
 public:
  HostQuestion(const Plan& plan, const Profile& profile, const What& what)
      : plan_(plan),
        what_(what),
        rules_(rules_that_hold(plan, profile)),
        policy_(rules_.allow, rules_.deny, what.rule.protocol),
        filtered_(plan.network.value == NetworkMode::filtered) {}

  Verdict answer() const {
    if (!is_one_host(what_)) return whether_written();
    return what_.port != 0 ? at(what_.port) : at_usual_ports();
  }

 private:
  NetworkVerdict ask(std::uint16_t port) const {
    if (what_.rule.who != Who::name) return policy_.address(what_.rule.range.base, port);
    const std::string& name = what_.rule.name;
    const NetworkVerdict verdict = policy_.name(name, port);
    const bool proxied =
        what_.rule.protocol == NetworkRule::Protocol::tcp && rules_.proxy && !is_exception(*rules_.proxy, name, port);
    return proxied ? by_proxy(verdict, name) : verdict;
  }

  /// What is missing: the mode, the rule or both.
  std::vector<ProfileLine> lines(bool rule) const {
    std::vector<ProfileLine> lines;
    if (!filtered_) lines.push_back({"network.mode", "filtered", ProfileLine::How::set});
    if (rule) lines.push_back({"network.allow", to_text(what_.rule)});
    return lines;
  }

  Verdict with_lines(Verdict verdict, bool rule) const {
    verdict.add = lines(rule);
    return verdict;
  }

  std::string no_network() const { return "network.mode = \"none\": only a loopback of its own"; }

  Verdict at(std::uint16_t port) const {
    const NetworkVerdict verdict = ask(port);
    if (verdict.reason == Reason::denied) return denied(*verdict.rule);
    if (!filtered_) return with_lines(refuse(no_network(), plan_.network.origin), !verdict.allowed());
    if (verdict.allowed()) return allow("network.allow lets it through", *verdict.rule);
    if (what_.rule.who == Who::name && verdict.reason == Reason::not_public && reads_as_address(what_.rule.name)) {
      return refuse("the host's proxy looks it up, and may take the name for an address", plan_.network.origin);
    }
    return with_lines(refuse(reason_in_words(verdict.reason), plan_.network.origin), true);
  }

  Verdict denied(const Origin& rule) const {
    Verdict verdict = refuse("network.deny names it", rule);
    verdict.fix = "take it out of " + to_text(rule);
    return verdict;
  }

  std::string reason_in_words(Reason reason) const {
    if (reason == Reason::other_ports) return "network.allow names other ports of it";
    if (reason != Reason::not_public) return "no rule of network.allow names it";
    if (what_.rule.who == Who::name) {
      return "the host's proxy looks it up, and it is no name of the public internet, which \"*\" opens alone";
    }
    const SpecialRange* const special = special_range(what_.rule.range.base);
    return "it is " + std::string(special ? special->what : "not public") +
           ", which only a rule within that range opens";
  }

  std::vector<std::uint16_t> reached() const {
    std::vector<std::uint16_t> ports;
    if (!filtered_) return ports;
    std::bitset<65536> named;
    for (const auto& rule : rules_.allow) {
      for (const PortRange range : allowed_ports(rule.value)) {
        for (unsigned port = range.first; port <= range.last; ++port) named.set(port);
      }
    }
    for (unsigned port = 1; port < named.size(); ++port) {
      if (named.test(port) && ask(static_cast<std::uint16_t>(port)).allowed()) {
        ports.push_back(static_cast<std::uint16_t>(port));
      }
    }
    return ports;
  }

  Verdict at_usual_ports() const {
    const std::vector<std::uint16_t> ports = reached();
    const auto* const missing =
        std::ranges::find_if(usual_ports, [&](std::uint16_t port) { return !std::ranges::binary_search(ports, port); });
    if (ports.empty()) return at(usual_ports.back());
    Verdict verdict = allow("network.allow lets it through at " + ports_text(ports), *ask(ports.front()).rule);
    if (missing == usual_ports.end()) return verdict;
    const Verdict other = at(*missing);
    verdict.reason += ", not at port " + std::to_string(*missing) + ": " + other.reason;
    verdict.add = other.add;
    verdict.fix = other.fix;
    return verdict;
  }

  // --- several ---

  Verdict whether_written() const {
    Rules wanted;
    add_rule(wanted, to_text(what_.rule), {});
    const Origin* where = nullptr;
    for (const auto& rule : wanted) {
      const auto found = std::ranges::find(rules_.allow, rule.value, &Sourced<NetworkRule>::value);
      if (found == rules_.allow.end())
        return with_lines(refuse(filtered_ ? "network.allow has no such rule" : no_network(), plan_.network.origin),
                          true);
      where = &found->origin;
    }
    if (!filtered_) return with_lines(refuse(no_network(), plan_.network.origin), false);
    return allow("network.allow has that rule", *where);
  }

  const Plan& plan_;
  const What& what_;
  const FilterPlan rules_;
  const NetworkPolicy policy_;
  const bool filtered_;
};

// --- the sandbox itself -------------------------------------------------------------------------------------

/// "host.snug" is the host, as far as network.host-ports opens it at the sandbox's own loopback.
bool is_loopback(const Plan& plan, const What& what) {
  static const IpRange v4 = *parse_ip_range("127.0.0.0/8"), none = *parse_ip_range("0.0.0.0"),
                       v6 = *parse_ip_range("::1"), none6 = *parse_ip_range("::");
  const std::string& name = what.rule.name;
  if (what.rule.who == Who::name) {
    return name == "localhost" || name.ends_with(".localhost") || (name == "host.snug" && !plan.host_ports.empty());
  }
  const IpRange& range = what.rule.range;
  return what.rule.who == Who::range &&
         std::ranges::any_of(std::array{v4, none, v6, none6}, [&](const IpRange& own) { return own.contains(range); });
}

bool reached_directly(const UpstreamProxy& proxy, const What& what) {
  const NetworkRule& rule = what.rule;
  return rule.who == Who::name ? is_exception(proxy, rule.name, what.port)
                               : is_exception(proxy, rule.range.base, what.port);
}

Verdict own_loopback(const Plan& plan, std::uint16_t port) {
  const auto found = std::ranges::find(plan.host_ports, port, &Sourced<std::uint16_t>::value);
  if (found != plan.host_ports.end()) return allow("the host's own port, by network.host-ports", found->origin);
  Verdict verdict = allow("the sandbox's own loopback: nothing of the host listens there", plan.network.origin);
  if (port != 0) verdict.fix = "network.host-ports = [" + std::to_string(port) + "] for the port of the host";
  return verdict;
}

}  // namespace

Verdict why_host(const Plan& plan, const Profile& profile, const What& what) {
  if (plan.network.value == NetworkMode::host)
    return allow("network.mode = \"host\": the host's whole network", plan.network.origin);
  if (is_loopback(plan, what)) return own_loopback(plan, what.port);
  return HostQuestion(plan, profile, what).answer();
}

std::vector<std::string> remarks_on_host(const Plan& plan, const What& what, const Verdict& verdict) {
  if (!verdict.allowed || plan.network.value != NetworkMode::filtered || is_loopback(plan, what)) return {};
  if (!is_one_host(what)) return {"rules of network.deny win over it"};
  const auto& proxy = plan.filter->proxy;
  const bool udp = what.rule.protocol == NetworkRule::Protocol::udp;
  if (proxy && !udp && !reached_directly(*proxy, what)) {
    return {"it is reached through the proxy " + to_text(*proxy) + " (" + to_text(proxy->origin) +
            "), which decides where a name leads"};
  }
  if (what.rule.who != Who::name) return {};
  return {
      "it may lead to addresses that network.deny names, or that are not public and no rule names: those are refused"};
}

}  // namespace snug
