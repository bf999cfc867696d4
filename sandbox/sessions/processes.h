// What runs in a sandbox, as /proc of the host shows it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "sessions/record.h"

namespace snug {

struct Process {
  pid_t pid = 0, parent = 0;         ///< as seen from outside
  pid_t inside_pid = 0;              ///< as seen inside
  std::vector<std::string> command;  ///< its arguments; its name alone if it shows none
  std::uint64_t memory = 0;          ///< bytes; pages that several share count in parts (Pss)
};

/// A descriptor of the process that was recorded and of no other: readable when it has ended. None: it has.
Fd open_process(const ProcessIdentity& process);

/// All processes of the host at one time.
class ProcessTable {
 public:
  static ProcessTable read();

  /// Those below `init`, itself not among them, in the order of their numbers. All of a sandbox are: who loses its
  /// parent becomes a child of init. Empty if `init` is not the process it was.
  std::vector<pid_t> below(const ProcessIdentity& init) const;

 private:
  std::map<pid_t, std::vector<pid_t>> children_;
};

/// What process `pid` is and uses; what cannot be read stays empty.
Process look_at(pid_t pid);

/// The namespaces of `pid` by kind, as lsns(8) names them, with their inode numbers; those that may be seen.
std::map<std::string, std::uint64_t> namespaces_of(pid_t pid);

/// TCP and UDP sockets of the network namespace of `pid`.
struct Sockets {
  std::vector<std::string> listening;      ///< "127.0.0.1:8080", "[::]:80"
  std::vector<std::string> connections;    ///< its own end, a space, the other end
  std::vector<std::string> listening_udp;  ///< those that take datagrams from anybody
};
Sockets sockets_of(pid_t pid);
/// Adds the sockets in the text of /proc/PID/net/tcp or tcp6.
void add_tcp_sockets(std::string_view text, Sockets& sockets);
/// The same of udp or udp6.
void add_udp_sockets(std::string_view text, Sockets& sockets);

/// Bytes of memory of `pid` alone.
std::uint64_t memory_of(pid_t pid);
/// What RLIMIT_DATA counts of `pid`, in bytes.
std::uint64_t data_of(pid_t pid);
/// The threads of `pid`, itself among them; 0: it has ended.
std::uint64_t tasks_of(pid_t pid);

}  // namespace snug
