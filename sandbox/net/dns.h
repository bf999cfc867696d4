// The messages of the name service (RFC 1035, RFC 6891) as far as the stub needs them: one question in, one answer out.
// Bytes come from the sandboxed side; nothing is read outside them and nothing in them makes work that is not linear.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ip.h"

namespace snug::dns {

using Bytes = std::span<const std::uint8_t>;

enum class Type : std::uint16_t { a = 1, cname = 5, aaaa = 28, svcb = 64, https = 65 };
enum class Status : std::uint8_t { no_error = 0, format_error = 1, no_such_name = 3, not_implemented = 4, refused = 5 };

struct Query {
  std::uint16_t id = 0;
  bool recursion_desired = false;
  Status problem = Status::no_error;    ///< what is wrong with it; `name` and `type` then mean nothing
  std::string name;                     ///< lower case, no dot at the end; empty: the root, or not a host name
  Type type = Type::a;                  ///< any number
  std::vector<std::uint8_t> question;   ///< as it came, in the letters it came in; empty with format_error
  std::optional<std::uint16_t> buffer;  ///< the size of answer its sender takes by UDP, if it says so (EDNS)
};

/// Nothing for what must not be answered at all: shorter than a header, or an answer itself.
std::optional<Query> parse_query(Bytes message);

struct Answer {
  Status status = Status::no_error;
  std::vector<IpAddress> addresses;  ///< of the question's type
  std::uint32_t seconds_to_live = 0;
};

enum class Transport { udp, tcp };

/// The message that answers. By UDP it is cut to what the sender takes, and says so.
std::vector<std::uint8_t> build_answer(const Query& query, const Answer& answer, Transport transport);

}  // namespace snug::dns
