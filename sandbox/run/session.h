// A run as seen by `snug ps`, `exec` and `kill`: its record and its control socket, and the answers to what is asked
// there. Part of the event loop; what comes in is from the user outside (sessions/server.h sees to that).
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/result.h"
#include "launch/launch.h"
#include "plan/plan.h"
#include "run/run.h"
#include "sessions/directory.h"
#include "sessions/server.h"

namespace snug {

class Session {
 public:
  /// `plan` must outlive this. Makes no file yet: most runs are over before anybody could ask about them.
  Session(const Plan& plan, SessionOptions options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Removes the record.
  ~Session();

  /// What is known of this run; without an id before begin().
  const SessionRecord& record() const noexcept { return record_; }
  bool wanted() const noexcept { return !options_.place.empty(); }
  /// How long after the start of the command begin() is to be called.
  std::chrono::milliseconds delay() const noexcept;

  /// What must be known before the command starts: writes a first record where it has a name or is detached. Errors: a
  /// running sandbox has the name; the record cannot be written.
  Result<void> claim();

  /// What the loop does on request.
  struct Actions {
    std::function<void(int signal)> signal;
    std::function<void()> end;
    std::function<Result<void>(const std::string& rule)> allow;  ///< as in network.allow
    /// The same rule no more, if it came by `allow` or from this file.
    std::function<Result<void>(const std::string& rule, const std::string& file)> take_back;
    std::function<Result<void>(const std::string& port)> publish;  ///< as in network.publish; "!": no more
    std::function<Result<void>(Fd socket)> attach;                 ///< to the terminal of a detached run
  };
  /// Writes the record and listens. `sandbox` must outlive this.
  Result<void> begin(const Sandbox& sandbox, Actions actions);

  /// Readable when turn() has something to do; -1: never.
  int fd() const noexcept { return server_ ? server_->fd() : -1; }
  void turn();

 private:
  ControlAnswer answer(ControlRequest& request);
  ControlAnswer take_signal(const ControlRequest& request) const;
  ControlAnswer take_back(const ControlRequest& request) const;
  ControlAnswer let_in(const ControlRequest& request) const;
  ControlAnswer attach(ControlRequest& request) const;
  Result<void> open_place();
  Result<void> claim_name() const;

  const Plan& plan_;
  const SessionOptions options_;
  SessionRecord record_;
  std::optional<SessionDirectory> directory_;
  std::optional<ControlServer> server_;
  Actions actions_;
  const Sandbox* sandbox_ = nullptr;
};

}  // namespace snug
