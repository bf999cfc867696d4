// The messages between snug (outside) and the sandbox's init, over one SOCK_SEQPACKET socket pair. One struct a
// message, fixed size, both ends of one build. Shared with the freestanding init: no C++ library here.
#pragma once

#include <cstdint>

namespace snug::protocol {

/// To init.
struct Command {
  enum Kind : std::uint32_t {
    signal = 1,  ///< send `value` to the command's process group (the pty's foreground group for INT, QUIT, TSTP,
                 ///< WINCH, unless that is init's own group)
    cont = 2,    ///< SIGCONT to the command's group; before it, `value` 1 makes that group the pty's foreground group,
                 ///< 0 makes init's own group that
    end = 3,     ///< SIGKILL to everything inside, reap, report Ended, exit
    prologue = 4,  ///< to the set-up child: the prologue's first `value` steps are written, do them (before any other)
    steps = 5,     ///< to the set-up child: the plan's first `value` steps are written, do them
    last = 6,      ///< the same, and there are no more: become init
    enter = 7,     ///< start another command, by a process that leads it as init does the first; carries that one's end
                ///< of a socket pair like this one, its memory (spec.h), and those of the command's 0-2 that have a 1
                ///< bit in `value`
  };
  std::uint32_t kind;
  std::int32_t value;
};

/// What a socket that snug serves is for.
enum NetworkSocket : std::uint32_t {
  knocks = 0,          ///< a packet socket of the gateway's end of the link, for the first packets of connections
  datagrams = 4,       ///< another one, for UDP
  name_datagrams = 1,  ///< the name service's, by UDP
  name_listener = 2,   ///< and by TCP
  host_port = 3,       ///< b = the port: listens for one of the host's
};

/// From the set-up child and, after it, from init.
struct Report {
  enum Kind : std::uint32_t {
    pty_master = 1,   ///< carries the master by SCM_RIGHTS
    step_failed = 2,  ///< a = step index, b = errno: set-up failed, nothing ran
    started = 3,      ///< the command's execve succeeded; a = its pid inside
    exec_failed = 4,  ///< a = 0 exec, 1 chdir; b = errno of the candidate that counts: nothing ran
    stopped = 5,      ///< the command stopped; a = signal
    ended = 6,        ///< the command ended and everything else inside is gone; a = wait status,
                      ///< b = how many processes and threads were started, 0: not counted
    init_failed = 7,  ///< a = step index of init, b = errno
    listener = 9,     ///< carries the filter's listener by SCM_RIGHTS
    network = 10,     ///< a = NetworkSocket, b of it; carries the socket by SCM_RIGHTS
    used = 11,  ///< before `ended`, from an init that counts: a = how many KiB the largest process inside had, b = how
                ///< many processes the command left behind
    entering = 12,  ///< from the leader of a command that enters: it is there, and starts the command
    relay = 8,      ///< a = the command's descriptor; carries our end of its pipe by SCM_RIGHTS
  };
  std::uint32_t kind;
  std::int32_t a, b;
};

}  // namespace snug::protocol
