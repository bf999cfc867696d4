#include "net/resolver.h"

#include <ares.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "sys/inet.h"

namespace snug {
namespace {

constexpr std::size_t kMostKept = 1024;
constexpr int kLongestKept = 300;  // seconds
constexpr std::size_t kMostAddresses = 16;

/// What the resolver's settings are read from; another file there means other servers.
struct Settings {
  timespec changed{};
  ino_t inode = 0;

  static Settings now() {
    struct stat status {};
    if (stat("/etc/resolv.conf", &status) < 0) return {};
    return {status.st_mtim, status.st_ino};
  }
  bool operator==(const Settings& other) const {
    return inode == other.inode && changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
  }
};

int shortest_life(const ares_addrinfo& result) {
  int seconds = kLongestKept;
  for (const ares_addrinfo_node* node = result.nodes; node != nullptr; node = node->ai_next) {
    seconds = std::min(seconds, node->ai_ttl);
  }
  return seconds;
}

std::vector<IpAddress> addresses_of(const ares_addrinfo& result) {
  std::vector<IpAddress> addresses;
  for (const ares_addrinfo_node* node = result.nodes; node != nullptr; node = node->ai_next) {
    const auto end = read_endpoint(node->ai_addr);
    if (end && addresses.size() < kMostAddresses) addresses.push_back(end->address);
  }
  return addresses;
}

}  // namespace

/// A change of settings makes a new one: the old one's questions end with it.
struct Resolver::Channel {
  ares_channel channel = nullptr;
  Settings settings;
  ~Channel() {
    if (channel != nullptr) ares_destroy(channel);
  }
};

struct Resolver::Asked {
  Resolver* resolver;
  std::string name;
  Done done;
};

Resolver::Resolver(EventQueue& queue) : queue_(queue), alarm_(queue, *this) {}

Resolver::~Resolver() {
  closing_ = true;
  channel_.reset();
}

void Resolver::resolve(const std::string& name, Done done) {
  if (const Outcome* known = kept(name)) return done(*known);
  if (!open_channel()) return done({.addresses = {}, .problem = "the resolver cannot be set up"});
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel_->channel, name.c_str(), nullptr, &hints, on_answer, new Asked{this, name, std::move(done)});
  set_alarm();
}

const Resolver::Outcome* Resolver::kept(const std::string& name) {
  const auto found = kept_.find(name);
  if (found == kept_.end() || found->second.until < EventQueue::Clock::now()) return nullptr;
  return &found->second.outcome;
}

void Resolver::keep(const std::string& name, const Outcome& outcome, int seconds) {
  const auto now = EventQueue::Clock::now();
  if (kept_.size() >= kMostKept) {
    std::erase_if(kept_, [now](const auto& entry) { return entry.second.until < now; });
  }
  if (kept_.size() >= kMostKept) kept_.clear();
  kept_[name] = {outcome, now + std::chrono::seconds(seconds)};
}

bool Resolver::open_channel() {
  const Settings settings = Settings::now();
  if (channel_ && (processing_ || channel_->settings == settings)) return true;
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  if (library != ARES_SUCCESS) return false;
  channel_.reset();
  kept_.clear();
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  options.sock_state_cb = on_state;
  options.sock_state_cb_data = this;
  options.timeout = 3000;
  options.tries = 3;
  char lookups[] = "fb";  // files, then the name servers
  options.lookups = lookups;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS;
  auto channel = std::make_unique<Channel>();
  channel->settings = settings;
  if (ares_init_options(&channel->channel, &options, mask) != ARES_SUCCESS) return channel->channel = nullptr, false;
  channel_ = std::move(channel);
  return true;
}

void Resolver::on_answer(void* context, int status, int, ares_addrinfo* result) {
  const std::unique_ptr<Asked> asked(static_cast<Asked*>(context));
  const bool being_destroyed = status == ARES_EDESTRUCTION;
  if (asked->resolver->closing_) return;
  Outcome outcome;
  if (status != ARES_SUCCESS) outcome.problem = being_destroyed ? "name servers changed" : ares_strerror(status);
  if (result != nullptr) {
    outcome.addresses = addresses_of(*result);
    if (!being_destroyed) asked->resolver->keep(asked->name, outcome, shortest_life(*result));
    ares_freeaddrinfo(result);
  }
  asked->done(outcome);
}

void Resolver::on_state(void* context, int fd, int readable, int writable) {
  auto& self = *static_cast<Resolver*>(context);
  const std::uint32_t wanted = (readable != 0 ? EPOLLIN : 0U) | (writable != 0 ? EPOLLOUT : 0U);
  if (wanted == 0) return void(self.sockets_.erase(fd));
  auto& interest = self.sockets_[fd];
  if (!interest) interest = std::make_unique<Interest>(self.queue_, fd, self, fd);
  interest->want(wanted);
}

void Resolver::ready(int fd, std::uint32_t events) {
  const bool in = (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0;
  const bool out = (events & ~static_cast<std::uint32_t>(EPOLLIN)) != 0;
  process(in ? fd : ARES_SOCKET_BAD, out ? fd : ARES_SOCKET_BAD);
}

void Resolver::rang(int) { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

void Resolver::process(int readable, int writable) {
  if (!channel_) return;
  processing_ = true;
  ares_process_fd(channel_->channel, readable, writable);
  processing_ = false;
  set_alarm();
}

void Resolver::set_alarm() {
  timeval space{};
  const timeval* next = ares_timeout(channel_->channel, nullptr, &space);
  if (next == nullptr) return alarm_.clear();
  alarm_.set_in(std::chrono::milliseconds(next->tv_sec * 1000 + next->tv_usec / 1000 + 1));
}

}  // namespace snug
