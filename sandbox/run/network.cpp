#include "run/network.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "base/quote.h"
#include "profile/addresses.h"
#include "sys/inet.h"

namespace snug {

namespace {

Error cannot_publish(const PublishEntry& entry) {
  const int code = errno;
  const std::string port = std::to_string(entry.host_port);
  Error error{
      .what = "cannot publish on " + entry.address + " port " + port, .code = code, .needed_by = to_text(entry.origin)};
  const std::string inside = std::to_string(entry.sandbox_port);
  if (code == EADDRINUSE)
    error.fix = "choose another port of the host: \"" + std::to_string(entry.host_port + 1) + ":" + inside + "\"";
  if (code == EACCES) error.fix = "choose a port of the host from 1024 on: \"8080:" + inside + "\"";
  return error;
}

Endpoint host_end(const PublishEntry& entry) {
  return {parse_ip(entry.address).value_or(IpAddress{}), entry.host_port};
}

Result<Fd> listen_on(const PublishEntry& entry) {
  const SocketAddress address = to_socket_address(host_end(entry));
  Fd listener(socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!listener) return cannot_publish(entry);
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on,
             sizeof on);  // connections of the run before end by themselves
  if (address.family() == AF_INET6) setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(listener.get(), address.get(), address.size) < 0) return cannot_publish(entry);
  if (listen(listener.get(), 4096) < 0) return cannot_publish(entry);
  return listener;
}

}  // namespace

Result<std::vector<PortListener>> listen_for_published(const Plan& plan) {
  std::vector<PortListener> listeners;
  for (const PublishEntry& entry : plan.publish) {
    auto listener = listen_on(entry);
    if (!listener) return std::move(listener).error();
    listeners.push_back({entry.sandbox_port, std::move(listener).value()});
  }
  return listeners;
}

Result<Network> Network::start(const Plan& plan, Sandbox& sandbox, std::vector<PortListener> published,
                               std::function<void(const Connection&)> ended) {
  Network network;
  if (!plan.name_service && !plan.filter) return network;
  const FilterPlan filter = plan.filter.value_or(FilterPlan{});
  sandbox.network.published = std::move(published);
  auto gateway =
      Gateway::make(filter.allow, filter.deny, std::move(sandbox.network),
                    {.blocked = [told = network.blocked_.get()](const Blocked& blocked) { told->push_back(blocked); },
                     .ended = std::move(ended)},
                    filter.proxy);
  if (!gateway) return std::move(gateway).error();
  network.gateway_ = std::move(gateway).value();
  network.filtered_ = plan.filter.has_value();
  return network;
}

Result<void> Network::allow(const std::string& rule, const Origin& origin) {
  auto rules = parse_network_rules(rule);
  if (!rules) return std::move(rules).error();
  if (!filtered_) {
    return Error{.what = "the sandbox has no filtered network that a rule could change", .fix = "start it again"};
  }
  for (NetworkRule& one : *rules) gateway_->allow({std::move(one), origin});
  return {};
}

Result<void> Network::take_back(const std::string& rule, const std::vector<Origin>& from) {
  const auto rules = parse_network_rules(rule);
  if (!rules) return rules.error();
  bool any = false;
  for (const Origin& origin : from) {
    for (const NetworkRule& one : *rules) any = (gateway_ && gateway_->take_back({one, origin})) || any;
  }
  if (any) return {};
  return Error{.what = "it has no rule " + quote_for_display(rule) + " from your own file for the project"};
}

Result<void> Network::publish(const PublishEntry& entry) {
  if (!gateway_) {
    return Error{.what = "the sandbox has no network of its own to publish from",
                 .fix = "with the host's network its ports are the host's"};
  }
  auto listener = listen_on(entry);
  if (!listener) return std::move(listener).error();
  gateway_->publish({entry.sandbox_port, std::move(listener).value()});
  return {};
}

bool Network::unpublish(const PublishEntry& entry) { return gateway_ && gateway_->unpublish(host_end(entry)); }

Result<void> Network::change_ports(const std::string& word) {
  const bool off = word.starts_with('!');
  const auto read = parse_published(off ? word.substr(1) : word);
  if (!read) return read.error();
  const Origin origin{.kind = OriginKind::option, .source = "snug publish"};
  const PublishEntry entry{read->address, read->host_port, read->sandbox_port, origin};
  if (!off) return publish(entry);
  if (unpublish(entry)) return {};
  return Error{.what = "port " + std::to_string(entry.host_port) + " of " + entry.address + " is not published"};
}

}  // namespace snug
