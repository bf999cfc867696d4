#include "sys/service_bus.h"

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string_view>

#include "base/fd.h"
#include "sys/errno.h"

namespace snug {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kManager = "org.freedesktop.systemd1";
constexpr const char* kManagerPath = "/org/freedesktop/systemd1";
constexpr const char* kManagerInterface = "org.freedesktop.systemd1.Manager";

// --- libsystemd -----------------------------------------------------------------------------------------------

// What sd-bus(3) declares, as far as it is used: building needs no headers of it.
struct Bus;
struct Message;
struct BusError {
  const char* name = nullptr;
  const char* message = nullptr;
  int need_free = 0;
};
using Handler = int (*)(Message*, void*, BusError*);

struct Library {
  int (*make)(Bus**);
  int (*set_address)(Bus*, const char*);
  int (*set_bus_client)(Bus*, int);
  int (*start)(Bus*);
  int (*get_fd)(Bus*);
  int (*process)(Bus*, Message**);
  int (*wait)(Bus*, std::uint64_t);
  Bus* (*close)(Bus*);
  int (*match)(Bus*, void**, const char*, const char*, const char*, const char*, Handler, Handler, void*);
  int (*new_call)(Bus*, Message**, const char*, const char*, const char*, const char*);
  int (*append)(Message*, const char*, ...);
  int (*open_container)(Message*, char, const char*);
  int (*close_container)(Message*);
  int (*call)(Bus*, void**, Message*, Handler, void*, std::uint64_t);
  int (*read)(Message*, const char*, ...);
  const BusError* (*error_of)(Message*);
  Message* (*forget)(Message*);
};

template <class Function>
bool find(void* library, const char* name, Function& function) {
  void* const found = dlsym(library, name);
  std::memcpy(&function, &found, sizeof function);
  return found != nullptr;
}

const Library* load() {
  static Library library;
  static const bool loaded = [] {
    void* const file = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    return file != nullptr && find(file, "sd_bus_new", library.make) &&
           find(file, "sd_bus_set_address", library.set_address) &&
           find(file, "sd_bus_set_bus_client", library.set_bus_client) && find(file, "sd_bus_start", library.start) &&
           find(file, "sd_bus_get_fd", library.get_fd) && find(file, "sd_bus_process", library.process) &&
           find(file, "sd_bus_wait", library.wait) && find(file, "sd_bus_close_unref", library.close) &&
           find(file, "sd_bus_match_signal_async", library.match) &&
           find(file, "sd_bus_message_new_method_call", library.new_call) &&
           find(file, "sd_bus_message_append", library.append) &&
           find(file, "sd_bus_message_open_container", library.open_container) &&
           find(file, "sd_bus_message_close_container", library.close_container) &&
           find(file, "sd_bus_call_async", library.call) && find(file, "sd_bus_message_read", library.read) &&
           find(file, "sd_bus_message_get_error", library.error_of) &&
           find(file, "sd_bus_message_unref", library.forget);
  }();
  return loaded ? &library : nullptr;
}

Error no_library() {
  return {.what = "cannot load libsystemd.so.0, by which systemd is asked", .fix = "sudo apt install libsystemd0"};
}

// As D-Bus writes addresses.
std::string address_of(std::string_view socket) {
  std::string address = "unix:path=";
  for (const char c : socket) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || std::strchr("-_/.", c) != nullptr;
    if (plain) {
      address += c;
    } else {
      address += {'%', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    }
  }
  return address;
}

// --- who listens ----------------------------------------------------------------------------------------------

// The manager is told a process by its number: one of another process namespace would be somebody else's there.
Result<void> check_listener(int socket) {
  ucred listener{};
  socklen_t size = sizeof listener;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &listener, &size) < 0) return sys_error("ask who listens there");
  if (listener.pid <= 0) return Error{.what = "systemd's bus is of another container, or of the host outside this one"};
  if (listener.uid != getuid() && listener.uid != 0) return Error{.what = "systemd's bus is another user's"};
  return {};
}

// --- one conversation -----------------------------------------------------------------------------------------

class Wire {
 public:
  explicit Wire(const Library& library) : library_(library) {}
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() {
    if (bus_ != nullptr) library_.close(bus_);
  }

  Result<void> open(const std::string& socket) {
    int code = library_.make(&bus_);
    if (code >= 0) code = library_.set_address(bus_, address_of(socket).c_str());
    if (code >= 0) code = library_.set_bus_client(bus_, 1);
    if (code >= 0) code = library_.start(bus_);
    if (code < 0) return sys_error("connect to systemd's bus at " + socket, -code);
    return check_listener(library_.get_fd(bus_));
  }

  /// Takes what comes until `done` says so.
  Result<void> listen(Clock::time_point until, const std::function<bool()>& stop, const std::function<bool()>& done) {
    constexpr std::uint64_t look_usec = 100'000;
    while (!done()) {
      const int code = library_.process(bus_, nullptr);
      if (code < 0) return sys_error("talk to systemd", -code);
      if (code > 0) continue;
      if (stop()) return Error{.what = "interrupted while systemd was asked"};
      if (Clock::now() >= until) return Error{.what = "systemd does not answer"};
      library_.wait(bus_, look_usec);
    }
    return {};
  }

 protected:
  /// The manager's reason for not doing what `message` answers; empty: it did.
  std::string refusal_in(Message* message) const {
    const BusError* error = library_.error_of(message);
    if (error == nullptr) return "";
    return error->message != nullptr ? error->message : "without a reason";
  }

  const Library& library_;
  Bus* bus_ = nullptr;
};

class ScopeRequest : public Wire {
 public:
  ScopeRequest(const Library& library, const Scope& scope) : Wire(library), scope_(scope) {}

  Result<void> ask() {
    int code = library_.match(bus_, nullptr, kManager, kManagerPath, kManagerInterface, "JobRemoved", job_removed,
                              nullptr, this);
    Message* message = nullptr;
    if (code >= 0) {
      code = library_.new_call(bus_, &message, kManager, kManagerPath, kManagerInterface, "StartTransientUnit");
    }
    if (code >= 0) code = append_scope(message);
    if (code >= 0) code = library_.call(bus_, nullptr, message, answered, this, 0);
    library_.forget(message);
    if (code < 0) return sys_error("ask systemd for a cgroup", -code);
    return {};
  }

  Result<void> await(Clock::time_point until, const std::function<bool()>& stop) {
    const auto done = [this] { return !refusal_.empty() || !result_.empty(); };
    if (auto heard = listen(until, stop, done); !heard) return heard;
    if (!refusal_.empty()) return Error{.what = "systemd refuses a cgroup", .why = refusal_};
    if (result_ != "done") return Error{.what = "systemd could not make a cgroup", .why = "its job ended: " + result_};
    return {};
  }

 private:
  // Its name, "fail" if that is taken, its properties, no further units.
  int append_scope(Message* message) const {
    int code = library_.append(message, "ss", scope_.name.c_str(), "fail");
    if (code >= 0) code = library_.open_container(message, 'a', "(sv)");
    if (code >= 0) code = append_properties(message);
    if (code >= 0) code = library_.close_container(message);
    return code < 0 ? code : library_.append(message, "a(sa(sv))", 0);
  }

  // A unit that failed (a process was killed for its memory) would otherwise stay listed for ever.
  int append_properties(Message* message) const {
    const auto process = static_cast<std::uint32_t>(scope_.process);
    int code = library_.append(message, "(sv)", "Description", "s", scope_.description.c_str());
    if (code >= 0) code = library_.append(message, "(sv)", "CollectMode", "s", "inactive-or-failed");
    if (code >= 0) code = library_.append(message, "(sv)", "Delegate", "b", 1);
    if (code >= 0) code = library_.append(message, "(sv)", "PIDs", "au", 1, process);
    if (code >= 0) code = append_limit(message, "MemoryMax", scope_.memory);
    if (code >= 0 && scope_.memory) code = append_limit(message, "MemorySwapMax", 0);
    if (code >= 0) code = append_limit(message, "TasksMax", scope_.tasks);
    if (code >= 0) code = append_limit(message, "CPUQuotaPerSecUSec", scope_.cpu_usec);
    return code;
  }

  int append_limit(Message* message, const char* name, std::optional<std::uint64_t> value) const {
    return value ? library_.append(message, "(sv)", name, "t", *value) : 0;
  }

  static int answered(Message* message, void* self, BusError*) {
    auto& request = *static_cast<ScopeRequest*>(self);
    request.refusal_ = request.refusal_in(message);
    return 0;
  }

  static int job_removed(Message* message, void* self, BusError*) {
    auto& request = *static_cast<ScopeRequest*>(self);
    std::uint32_t id = 0;
    const char *job = "", *unit = "", *result = "";
    if (request.library_.read(message, "uoss", &id, &job, &unit, &result) < 0) return 0;
    if (request.scope_.name == unit) request.result_ = *result == '\0' ? "without a result" : result;
    return 0;
  }

  const Scope& scope_;
  std::string refusal_, result_;
};

/// Two questions: which unit has a group, and has the manager given that unit's group away?
class DelegateQuestion : public Wire {
 public:
  using Wire::Wire;

  bool answer(const std::string& group, Clock::time_point until, const std::function<bool()>& stop) {
    constexpr const char* properties = "org.freedesktop.DBus.Properties";
    const bool found =
        call(kManagerPath, kManagerInterface, "GetUnitByControlGroup", take_unit, until, stop, {group.c_str()}) &&
        !unit_.empty();
    const std::string kind = std::string(kManager) + (group.ends_with(".service") ? ".Service" : ".Scope");
    return found && call(unit_.c_str(), properties, "Get", take_value, until, stop, {kind.c_str(), "Delegate"}) && yes_;
  }

 private:
  bool call(const char* object, const char* interface, const char* member, Handler handler, Clock::time_point until,
            const std::function<bool()>& stop, std::initializer_list<const char*> texts) {
    Message* message = nullptr;
    answered_ = false;
    int code = library_.new_call(bus_, &message, kManager, object, interface, member);
    for (const char* text : texts) {
      if (code >= 0) code = library_.append(message, "s", text);
    }
    if (code >= 0) code = library_.call(bus_, nullptr, message, handler, this, 0);
    library_.forget(message);
    return code >= 0 && listen(until, stop, [this] { return answered_; }).ok();
  }

  static int take_unit(Message* message, void* self, BusError*) {
    auto& question = *static_cast<DelegateQuestion*>(self);
    question.answered_ = true;
    const char* unit = "";
    if (question.refusal_in(message).empty() && question.library_.read(message, "o", &unit) > 0) question.unit_ = unit;
    return 0;
  }

  static int take_value(Message* message, void* self, BusError*) {
    auto& question = *static_cast<DelegateQuestion*>(self);
    question.answered_ = true;
    int value = 0;
    if (question.refusal_in(message).empty() && question.library_.read(message, "v", "b", &value) > 0) {
      question.yes_ = value != 0;
    }
    return 0;
  }

  std::string unit_;
  bool answered_ = false, yes_ = false;
};

Result<Fd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return Error{.what = "no systemd runs for this user"};
  std::memcpy(address.sun_path, path.data(), path.size());
  Fd made(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!made) return sys_error("make a socket");
  if (connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    return Error{.what = "no systemd answers at " + path};
  }
  return made;
}

}  // namespace

std::string service_bus_socket(uid_t uid) {
  if (uid == 0) return "/run/dbus/system_bus_socket";
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime == '/') return std::string(runtime) + "/bus";
  return "/run/user/" + std::to_string(uid) + "/bus";
}

Result<void> can_reach_service_bus(const std::string& socket) {
  const auto connected = connect_to(socket);
  if (!connected) return connected.error();
  if (auto checked = check_listener(connected->get()); !checked) return checked;
  if (load() == nullptr) return no_library();
  return {};
}

Result<void> start_scope(const std::string& socket, const Scope& scope, std::chrono::milliseconds limit,
                         const std::function<bool()>& stop) {
  const Library* const library = load();
  if (library == nullptr) return no_library();
  const auto until = Clock::now() + limit;
  ScopeRequest request(*library, scope);
  if (auto opened = request.open(socket); !opened) return opened;
  if (auto asked = request.ask(); !asked) return asked;
  return request.await(until, stop);
}

bool is_delegated_unit(const std::string& socket, const std::string& group, std::chrono::milliseconds limit) {
  const Library* const library = load();
  if (library == nullptr) return false;
  DelegateQuestion question(*library);
  return question.open(socket) && question.answer(group, Clock::now() + limit, [] { return false; });
}

}  // namespace snug
