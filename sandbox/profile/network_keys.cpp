// [network].
#include "base/quote.h"
#include "profile/addresses.h"
#include "profile/network_rule.h"
#include "profile/schema.h"
#include "profile/values.h"

namespace snug {
namespace {

std::optional<Sourced<std::string>> network_rule(const Field& field) {
  std::optional<std::string> text = field.text("*@,/");
  if (!text) return {};
  const Result<NetworkRule> rule = parse_network_rule(*text);
  if (!rule) return field.fail(rule.error().what), std::nullopt;
  return Sourced<std::string>{std::move(*text), field.origin()};
}

std::optional<PublishEntry> publish_entry(const Field& field) {
  const std::optional<std::string> text = field.text();
  if (!text) return {};
  const Result<Published> published = parse_published(*text);
  if (!published) return field.fail(published.error().what), std::nullopt;
  return PublishEntry{published->address, published->host_port, published->sandbox_port, field.origin()};
}

// --- sockets: a path, or { path, i-know } -------------------------------------------------------------

bool read_socket_path(const Field& field, SocketEntry& entry) {
  std::optional<PathEntry> path = path_entry(field);
  if (!path) return false;
  entry.path = std::move(path->path);
  entry.optional = path->optional;
  return true;
}

void read_socket_path_key(const Field& field, SocketEntry& entry) { read_socket_path(field, entry); }

constexpr Key<SocketEntry> socket_rows[] = {
    {"path", read_socket_path_key},
    {"i-know", plain<&SocketEntry::i_know, text>},
};
constinit const Keys<SocketEntry> socket_keys = socket_rows;

std::optional<SocketEntry> socket_entry(const Field& field) {
  SocketEntry entry{.origin = field.origin()};
  if (!field.is(Value::Type::table)) return read_socket_path(field, entry) ? std::optional(entry) : std::nullopt;
  read_table(field, socket_keys, entry);
  if (!has_member(field, "path")) return fail_missing(field, "path"), std::nullopt;
  return entry;
}

constexpr Key<NetworkSection> rows[] = {
    {"mode", scalar<&NetworkSection::mode, one_of<network_words>>},
    {"allow", list<&NetworkSection::allow, network_rule>},
    {"deny", list<&NetworkSection::deny, network_rule>},
    {"publish", list<&NetworkSection::publish, publish_entry>},
    {"host-ports", list<&NetworkSection::host_ports, sourced<port>>},
    {"sockets", list<&NetworkSection::sockets, socket_entry>, inner_keys<socket_keys>},
    {"ssh-agent", scalar<&NetworkSection::ssh_agent, boolean>},
};

}  // namespace

constinit const Keys<NetworkSection> network_keys = rows;

}  // namespace snug
