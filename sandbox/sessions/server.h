// The side of a control socket that answers (control.h): part of snug's event loop, so it never waits for anybody.
#pragma once

#include <functional>
#include <list>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "sessions/control.h"

namespace snug {

class ControlServer {
 public:
  /// Listens at `name` in `directory`, which is open and lies at `path`; whatever stood there is replaced. The file is
  /// left to the caller to remove.
  static Result<ControlServer> listen(int directory, const std::string& path, const std::string& name);

  /// Readable when turn() has something to do.
  int fd() const noexcept { return epoll_.get(); }

  using Answering = std::function<ControlAnswer(ControlRequest&)>;
  /// Takes what has come and answers it. Who is not this process's user outside of every sandbox gets no answer.
  void turn(const Answering& answering);

 private:
  ControlServer() = default;
  void take_connections();
  bool watch(int fd);

  Fd epoll_, listener_;
  std::list<Fd> waiting_;  // connections that have asked nothing yet, the oldest first
};

/// Is `proof` the user namespace of this process?
bool is_own_user_namespace(int proof);

}  // namespace snug
