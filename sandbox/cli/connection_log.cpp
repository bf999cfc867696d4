#include "cli/connection_log.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/quote.h"
#include "cli/print.h"
#include "sys/open.h"
#include "sys/write.h"

namespace snug {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::chrono::system_clock::time_point;

const char* to_word(Connection::Kind kind) {
  switch (kind) {
    case Connection::Kind::out:
      return "out";
    case Connection::Kind::host_port:
      return "host-port";
    case Connection::Kind::published:
      return "published";
  }
  return "";
}

const char* to_word(Connection::End end) {
  switch (end) {
    case Connection::End::blocked:
      return "blocked";
    case Connection::End::unresolved:
      return "unresolved";
    case Connection::End::unreachable:
      return "unreachable";
    case Connection::End::closed:
      return "closed";
    case Connection::End::broken:
      return "broken";
  }
  return "";
}

std::string time_text(Time time) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%FT%T", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(milliseconds % 1000));
  return text.data();
}

Json begin_line(Time time, Connection::Kind kind, bool allowed) {
  return {
      {"schema", 1}, {"time", time_text(time)}, {"kind", to_word(kind)}, {"verdict", allowed ? "allowed" : "blocked"}};
}

void set_if_any(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json[key] = value;
}

// Whatever the bytes of a name are, the line is one line of JSON.
std::string line_of(const Json& json) { return json.dump(-1, ' ', true, Json::error_handler_t::replace); }

Error cannot_log(const std::string& path, const std::string& why, const std::string& fix) {
  return {
      .what = "cannot keep the log " + quote_for_display(path) + ": " + why, .needed_by = "option --log", .fix = fix};
}

}  // namespace

std::string connection_to_json(const Connection& connection) {
  const bool allowed = connection.end != Connection::End::blocked;
  Json json = begin_line(connection.start, connection.kind, allowed);
  json["protocol"] = connection.protocol == NetworkRule::Protocol::udp ? "udp" : "tcp";
  set_if_any(json, "name", connection.name);
  set_if_any(json, "address", connection.address);
  json["port"] = connection.port;
  set_if_any(json, "proxy", connection.proxy);
  set_if_any(json, "server_name", connection.server_name);
  json["end"] = to_word(connection.end);
  set_if_any(json, "problem", connection.problem);
  json["sent"] = connection.sent;
  json["received"] = connection.received;
  json["duration_ms"] = connection.duration.count();
  return line_of(json);
}

std::string blocked_to_json(const Blocked& blocked, Time when) {
  Json json = begin_line(when, Connection::Kind::out, false);
  json["protocol"] = blocked.protocol == NetworkRule::Protocol::udp ? "udp" : "tcp";
  json[parse_ip(blocked.who) ? "address" : "name"] = blocked.who;
  if (blocked.port != 0) json["port"] = blocked.port;
  json["end"] = to_word(Connection::End::blocked);
  return line_of(json);
}

Result<ConnectionLog> ConnectionLog::open(const std::string& path) {
  constexpr auto kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  Fd file = open_without_links(path, kFlags);
  if (!file && errno == ELOOP) return cannot_log(path, "a symbolic link leads there", "name the file itself");
  if (!file) return cannot_log(path, std::strerror(errno), "");
  struct stat status {};
  if (fstat(file.get(), &status) < 0 || !S_ISREG(status.st_mode)) {
    return cannot_log(path, "it is no regular file", "name a file, or one that is not there yet");
  }
  return ConnectionLog(path, std::move(file));
}

// Of connections, the connection's own line tells that it was refused.
void ConnectionLog::add(const Blocked& blocked) {
  const bool connection = blocked.port != 0 && blocked.protocol == NetworkRule::Protocol::tcp;
  if (!connection) write_line(blocked_to_json(blocked, std::chrono::system_clock::now()));
}

void ConnectionLog::write_line(const std::string& line) {
  if (write_all(file_.get(), line + "\n") || std::exchange(failed_, true)) return;
  print_message("cannot write to the log " + quote_for_display(path_) + ": " + std::strerror(errno));
}

}  // namespace snug
