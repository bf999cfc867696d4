#include "sessions/processes.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/numbers.h"
#include "sessions/proc_file.h"
#include "sys/directory.h"
#include "sys/process_stat.h"

namespace snug {
namespace {

constexpr std::size_t kLongestCommand = 64 << 10;

pid_t number_of(std::string_view name) { return whole_number<pid_t>(name).value_or(0); }

// "Pss:                 123 kB"
std::uint64_t kilobytes_behind(std::string_view text, std::string_view label) {
  const std::size_t at = text.find(label);
  if (at == text.npos) return 0;
  text.remove_prefix(at + label.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value << 10;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = text.find('\0');
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return words;
}

// "NSpid:  4711    3": from the outermost namespace to the innermost.
pid_t innermost_number_of(pid_t pid) {
  const std::string status = read_proc_file(path_of(pid, "status"));
  const std::size_t at = status.find("\nNSpid:");
  if (at == status.npos) return 0;
  const std::string line = status.substr(at + 1, status.find('\n', at + 1) - at - 1);
  return number_of(std::string_view(line).substr(line.find_last_of(" \t") + 1));
}

std::optional<std::uint32_t> from_hex(std::string_view digits) { return whole_number<std::uint32_t>(digits, 16); }

// "0100007F:1F90": words of 32 bits in the machine's order, then the port.
std::optional<std::string> endpoint_from_hex(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon != 8 && colon != 32) return std::nullopt;
  const auto port = from_hex(text.substr(colon + 1));
  std::array<std::uint32_t, 4> words{};
  for (std::size_t i = 0; i < colon / 8; ++i) {
    const auto word = from_hex(text.substr(8 * i, 8));
    if (!word || !port) return std::nullopt;
    words[i] = *word;
  }
  std::array<char, INET6_ADDRSTRLEN> address{};
  const bool is_v4 = colon == 8;
  inet_ntop(is_v4 ? AF_INET : AF_INET6, words.data(), address.data(), address.size());
  const std::string name = is_v4 ? address.data() : "[" + std::string(address.data()) + "]";
  return name + ":" + std::to_string(*port);
}

// "snug-init" of what init and the leaders are, which has no words: its image is a file in memory.
std::string name_of(pid_t pid) {
  constexpr std::string_view in_memory = "memfd:";
  std::string name = read_proc_file(path_of(pid, "comm"));
  if (name.ends_with('\n')) name.pop_back();
  return name.starts_with(in_memory) ? name.substr(in_memory.size()) : name;
}

bool says_nothing(const std::vector<std::string>& words) {
  return std::ranges::all_of(words, [](const std::string& word) { return word.empty(); });
}

// 0: it is gone.
pid_t parent_process_of(pid_t pid) {
  const auto stat = process_stat_from(read_proc_file(path_of(pid, "stat")));
  return stat ? stat->parent : 0;
}

}  // namespace

ProcessTable ProcessTable::read() {
  ProcessTable table;
  const DirectoryStream all = open_directory(std::string("/proc"));
  while (const dirent* entry = all ? readdir(all.get()) : nullptr) {
    const pid_t pid = number_of(entry->d_name);
    const pid_t parent = pid > 0 ? parent_process_of(pid) : 0;
    if (parent > 0) table.children_[parent].push_back(pid);
  }
  return table;
}

std::vector<pid_t> ProcessTable::below(const ProcessIdentity& init) const {
  std::vector<pid_t> found;
  if (identify_process(init.pid) != init) return found;
  std::vector<pid_t> todo{init.pid};
  while (!todo.empty()) {
    const auto children = children_.find(todo.back());
    todo.pop_back();
    if (children == children_.end()) continue;
    found.insert(found.end(), children->second.begin(), children->second.end());
    todo.insert(todo.end(), children->second.begin(), children->second.end());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::uint64_t memory_of(pid_t pid) {
  const std::uint64_t shared_out = kilobytes_behind(read_proc_file(path_of(pid, "smaps_rollup")), "\nPss:");
  return shared_out != 0 ? shared_out : kilobytes_behind(read_proc_file(path_of(pid, "status")), "\nVmRSS:");
}

std::uint64_t data_of(pid_t pid) { return kilobytes_behind(read_proc_file(path_of(pid, "status")), "\nVmData:"); }

std::uint64_t tasks_of(pid_t pid) {
  struct stat info {};
  return stat(path_of(pid, "task").c_str(), &info) == 0 && info.st_nlink > 2 ? info.st_nlink - 2 : 0;
}

std::map<std::string, std::uint64_t> namespaces_of(pid_t pid) {
  std::map<std::string, std::uint64_t> found;
  for (const char* kind : {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}) {
    struct stat status {};
    if (stat(path_of(pid, std::string("ns/") + kind).c_str(), &status) == 0) found[kind] = status.st_ino;
  }
  return found;
}

namespace {

/// One socket of a table: both ends, and the kernel's number of its state.
using TakeSocket = std::function<void(const std::string& here, const std::string& there, std::string_view state)>;

void read_sockets(std::string_view text, const TakeSocket& take) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string number, own, other, state;
    if (!(fields >> number >> own >> other >> state)) continue;
    const auto here = endpoint_from_hex(own), there = endpoint_from_hex(other);
    if (here && there) take(*here, *there, state);  // else the heading
  }
}

}  // namespace

void add_tcp_sockets(std::string_view text, Sockets& sockets) {
  read_sockets(text, [&](const std::string& here, const std::string& there, std::string_view state) {
    constexpr std::string_view kListening = "0A", kEstablished = "01";
    if (state == kListening) sockets.listening.push_back(here);
    if (state == kEstablished) sockets.connections.push_back(here + " " + there);
  });
}

void add_udp_sockets(std::string_view text, Sockets& sockets) {
  read_sockets(text, [&](const std::string& here, const std::string&, std::string_view state) {
    constexpr std::string_view kUnconnected = "07";
    if (state == kUnconnected) sockets.listening_udp.push_back(here);
  });
}

Fd open_process(const ProcessIdentity& process) {
  Fd fd(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  return fd && identify_process(process.pid) == process ? std::move(fd) : Fd();
}

Sockets sockets_of(pid_t pid) {
  constexpr std::size_t kMost = 1 << 20;
  Sockets sockets;
  for (const char* file : {"net/tcp", "net/tcp6"}) add_tcp_sockets(read_proc_file(path_of(pid, file), kMost), sockets);
  for (const char* file : {"net/udp", "net/udp6"}) add_udp_sockets(read_proc_file(path_of(pid, file), kMost), sockets);
  return sockets;
}

Process look_at(pid_t pid) {
  Process process{.pid = pid, .parent = parent_process_of(pid), .memory = memory_of(pid)};
  process.command = words_of(read_proc_file(path_of(pid, "cmdline"), kLongestCommand));
  if (says_nothing(process.command)) process.command = {name_of(pid)};
  process.inside_pid = innermost_number_of(pid);
  return process;
}

}  // namespace snug
