// What the last run in a project was refused, kept in snug's state for `snug why`. A file for each project, in TOML; it
// holds names the sandboxed side chose (of git repositories), so it is bounded when written and when read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "run/git_search.h"
#include "run/run.h"

namespace snug {

struct RefusalRecord {
  /// Something that is told with a path.
  struct Told {
    std::string what;  ///< "shown", "writable", "made" (Watch::Loss); "repository", "entered", "todo", "own" (git)
    std::string path;
    bool operator==(const Told&) const = default;
  };

  /// A destination that the network's rules refused, or a name without a network.
  struct Host {
    std::string host;  ///< a name or an address
    bool udp = false;
    std::uint16_t port = 0;  ///< 0: the name at any port
    std::int64_t when = 0;   ///< the first time, seconds since 1970
    std::string reason;      ///< "no rule of network.allow names it"
    std::string rule;        ///< what network.allow lacks; empty: no line there would do
    bool operator==(const Host&) const = default;
  };

  std::int64_t when = 0;  ///< when the run started, seconds since 1970
  std::vector<std::string> command;
  std::vector<RefusedCall> calls;
  std::vector<Host> hosts;
  std::vector<Told> came_loose, git;
  std::string timeout;  ///< "timed out after 30m, snug.toml:12; to allow more: --timeout 1h", or empty

  bool empty() const { return calls.empty() && hosts.empty() && came_loose.empty() && git.empty() && timeout.empty(); }
  /// False if there are too many already.
  bool add(Host host);
  void add(const Watch& watch);
  void add(const GitReport& report);
  /// Counts from the end of a run take the place of what was known before.
  void set(std::vector<RefusedCall> counted) { calls = std::move(counted); }
};

/// "example.com:443", "udp://10.0.0.1:53".
std::string to_text(const RefusalRecord::Host& host);

std::string to_toml(const RefusalRecord& record);
/// Nothing if `text` is no such record.
std::optional<RefusalRecord> record_from_toml(std::string_view text);

/// STATE/refused/NAME, for the project's file name NAME.
class RefusalFile {
 public:
  RefusalFile(const std::string& state_directory, const std::string& name);

  /// An empty record removes the file.
  Result<void> write(const RefusalRecord& record) const;
  /// Nothing: the last run was refused nothing, or there was none.
  std::optional<RefusalRecord> read() const;

 private:
  std::string directory_, path_;
};

}  // namespace snug
