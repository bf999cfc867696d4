// How somebody outside asks the snug around a running sandbox for something: what is said over its control socket, and
// the side that asks. The side that answers is server.h.
//
// A connection (SOCK_SEQPACKET) carries one request and one answer. The kernel says which user asks; that it is not the
// command inside, which has the same user, the asker shows by handing over its user namespace: no descriptor of an
// outer namespace can be had inside. (A process number would not do: it may be another's by the time it is looked at.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace snug {

struct ControlRequest {
  enum class Kind : std::uint32_t {
    plan = 1,       ///< answered with the plan that is carried out, as JSON
    signal = 2,     ///< words: a signal's number, for the command; KILL ends everything inside
    enter = 3,      ///< start another command inside (launch/enter.h)
    allow = 4,      ///< words: as in network.allow; they let connections through at once
    publish = 5,    ///< words: as in network.publish; the host listens at once
    end = 6,        ///< ask the command to end; what is left after ten seconds is killed
    take_back = 7,  ///< words: a file, then rules that `allow` or this file brought; they let nothing more through
    attach = 8,     ///< a socket from which the terminal of a detached run takes keys (run/detached.h)
  };
  Kind kind = Kind::plan;
  std::vector<std::string> words = {};
  std::vector<Fd> fds = {};  ///< at most kMostDescriptors
};

struct ControlAnswer {
  bool done = true;
  std::string text = {};  ///< what was asked for, or why it was not done
};

/// All that is said in one request, in bytes.
inline constexpr std::size_t kLargestRequest = 160 << 10;
inline constexpr std::size_t kMostDescriptors = 8;

/// Asks whoever serves `socket`, a name in `directory`. `who` names the sandbox in errors. Errors: nobody is there; no
/// answer within five seconds; the request was refused, with the reason.
Result<std::string> ask(int directory, const std::string& socket, const std::string& who,
                        const ControlRequest& request);

// --- as bytes ---------------------------------------------------------------------------------------------

/// Version, kind and words. What a message carries beside it: the asker's user namespace, then `fds`.
std::string to_bytes(const ControlRequest& request);
/// Errors: it is of another version of snug, or no request.
Result<ControlRequest> request_from_bytes(std::string_view bytes);

}  // namespace snug
