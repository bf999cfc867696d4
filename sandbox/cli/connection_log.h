// The file of --log: one line of JSON for each connection of a sandbox, when it has ended.
#pragma once

#include <chrono>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "net/report.h"

namespace snug {

std::string connection_to_json(const Connection& connection);
/// Of a destination that was refused before there was a connection: a name, a datagram's.
std::string blocked_to_json(const Blocked& blocked, std::chrono::system_clock::time_point when);

class ConnectionLog {
 public:
  /// Appends to `path`, a regular file, made 0600 where there is none. Nothing the command made decides where lines
  /// go: a symbolic link anywhere on the way is an error.
  static Result<ConnectionLog> open(const std::string& path);

  void add(const Connection& connection) { write_line(connection_to_json(connection)); }
  void add(const Blocked& blocked);

 private:
  ConnectionLog(std::string path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}
  void write_line(const std::string& line);

  std::string path_;
  Fd file_;
  bool failed_ = false;  // told once
};

}  // namespace snug
