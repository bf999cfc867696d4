#include "profile/addresses.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/quote.h"
#include "profile/ports.h"

namespace snug {
namespace {

struct AddressAndPorts {
  std::string_view address;  ///< empty: none written
  std::string_view ports;
};

AddressAndPorts split_published(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find("]:");
    if (bracket != std::string_view::npos) return {text.substr(1, bracket - 1), text.substr(bracket + 2)};
  }
  const std::size_t colon = text.find(':');
  const std::string_view first = text.substr(0, colon);
  const bool is_port = !first.empty() && std::ranges::all_of(first, [](char c) { return c >= '0' && c <= '9'; });
  if (is_port || colon == std::string_view::npos) return {{}, text};
  return {first, text.substr(colon + 1)};
}

Error bad_published(std::string_view text) {
  return {.what = quote_for_display(text) +
                  " is not [ADDRESS:]PORT[:PORT]; write such as \"8080\", \"3000:80\" or \"127.0.0.1:3000:80\""};
}

Error bad_address(std::string_view text, std::string_view address) {
  return {.what = quote_for_display(text) + ": " + quote_for_display(address) +
                  " is no address; write one such as \"127.0.0.1\" or \"[::1]\""};
}

}  // namespace

Result<Published> parse_published(std::string_view text) {
  const AddressAndPorts parts = split_published(text);
  const bool has_address = parts.address.data() != nullptr;
  if (has_address && !parse_ip(parts.address)) {
    return bad_address(text, parts.address);
  }
  const std::vector<std::string_view> ports = split(parts.ports, ':');
  if (ports.size() > 2 || parts.ports.empty()) return bad_published(text);
  const std::optional<std::uint16_t> host = parse_port(ports.front());
  if (!host) return bad_port(text, ports.front());
  const std::optional<std::uint16_t> sandbox = parse_port(ports.back());
  if (!sandbox) return bad_port(text, ports.back());
  Published published{.host_port = *host, .sandbox_port = *sandbox};
  if (has_address) published.address = parts.address;
  return published;
}

}  // namespace snug
