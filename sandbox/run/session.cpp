#include "run/session.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <span>
#include <utility>

#include "base/numbers.h"
#include "base/quote.h"
#include "launch/enter.h"
#include "plan/print.h"
#include "profile/words.h"
#include "run/detached.h"
#include "sys/errno.h"

namespace snug {
namespace {

// A run shorter than this is over before anybody has typed `snug ps`, and costs nothing more.
constexpr std::chrono::milliseconds kBeforeRecording(50);

SessionRecord describe(const Plan& plan, const SessionOptions& options) {
  return {.id = {},
          .name = options.name,
          .snug = {},
          .init = {},
          .pid_namespace = 0,
          .time_namespace = 0,
          .started = std::time(nullptr),
          .profile = plan.profile_name,
          .project = plan.project,
          .network = std::string(word_of(network_words, plan.network.value)),
          .detached = options.detached != nullptr,
          .terminal = options.detached != nullptr && options.detached->has_terminal(),
          .command = plan.command.argv};
}

std::optional<int> signal_in(const std::vector<std::string>& words) {
  if (words.size() != 1) return std::nullopt;
  const auto number = whole_number<int>(words[0]);
  return number && *number > 0 && *number <= SIGRTMAX ? number : std::nullopt;
}

// Up to the first that cannot be done.
ControlAnswer do_each(std::span<const std::string> words,
                      const std::function<Result<void>(const std::string& word)>& action) {
  for (const std::string& word : words) {
    if (const auto done = action(word); !done) return {.done = false, .text = to_text(done.error())};
  }
  return {};
}

Error taken(const SessionRecord& other) {
  return {.what = "a sandbox named " + quote_for_display(other.name) + " is running already (" + other.id + ")",
          .fix = "choose another name, join it with `snug exec " + other.name + "`, or end it with `snug kill " +
                 other.name + "`"};
}

}  // namespace

Session::Session(const Plan& plan, SessionOptions options)
    : plan_(plan), options_(std::move(options)), record_(wanted() ? describe(plan, options_) : SessionRecord()) {}

Session::~Session() {
  if (directory_) directory_->remove(record_.id);
}

std::chrono::milliseconds Session::delay() const noexcept {
  return options_.at_once || !options_.name.empty() ? std::chrono::milliseconds(0) : kBeforeRecording;
}

Result<void> Session::open_place() {
  if (directory_) return {};
  auto directory = SessionDirectory::make(options_.place);
  if (!directory) return std::move(directory).error();
  const auto self = identify_process(getpid());
  if (!self) return sys_error("read /proc/self/stat");
  record_.id = new_session_id();
  record_.snug = *self;
  record_.pid_namespace = own_pid_namespace();
  record_.time_namespace = own_time_namespace();
  directory_ = std::move(directory).value();
  return {};
}

Result<void> Session::claim() {
  if (!wanted() || (options_.name.empty() && !options_.detached)) return {};
  if (auto opened = open_place(); !opened) return opened;
  return options_.name.empty() ? directory_->write(record_) : claim_name();
}

// Whoever claims a name holds the locks of all places, taken in one order.
Result<void> Session::claim_name() const {
  std::vector<Fd> locks;
  for (const std::string& path : options_.places) {
    const auto place = SessionDirectory::open(path);
    if (!place) continue;
    auto lock = place->lock();
    if (!lock) return std::move(lock).error();
    locks.push_back(std::move(lock).value());
    const auto records = place->list();
    const auto other = std::ranges::find(records, options_.name, &SessionRecord::name);
    if (other != records.end()) return taken(*other);
  }
  return directory_->write(record_);
}

Result<void> Session::begin(const Sandbox& sandbox, Actions actions) {
  if (auto opened = open_place(); !opened) return opened;
  const auto init = identify_process(sandbox.init_pid);
  if (!init) return {};  // it has ended: so will the loop
  // The socket belongs to a record from its first moment on.
  if (auto written = directory_->write(record_); !written) return written;
  record_.init = *init;
  actions_ = std::move(actions);
  sandbox_ = &sandbox;
  auto server = ControlServer::listen(directory_->fd(), directory_->path(), record_.id + ".sock");
  if (!server) return std::move(server).error();
  server_ = std::move(server).value();
  if (auto written = directory_->write(record_); !written) return written;
  directory_->list();  // removes what killed ones left
  return {};
}

void Session::turn() {
  server_->turn([this](ControlRequest& request) { return answer(request); });
}

ControlAnswer Session::answer(ControlRequest& request) {
  switch (request.kind) {
    case ControlRequest::Kind::plan:
      return {.text = plan_to_json(plan_)};
    case ControlRequest::Kind::signal:
      return take_signal(request);
    case ControlRequest::Kind::enter:
      return let_in(request);
    case ControlRequest::Kind::allow:
      return do_each(request.words, actions_.allow);
    case ControlRequest::Kind::take_back:
      return take_back(request);
    case ControlRequest::Kind::publish:
      return do_each(request.words, actions_.publish);
    case ControlRequest::Kind::attach:
      return attach(request);
    case ControlRequest::Kind::end:
      actions_.end();
      return {};
    default:
      return {.done = false, .text = "this sandbox was started by a snug that cannot do that"};
  }
}

ControlAnswer Session::take_signal(const ControlRequest& request) const {
  const auto signal = signal_in(request.words);
  if (!signal) return {.done = false, .text = "no such signal"};
  actions_.signal(*signal);
  return {};
}

ControlAnswer Session::take_back(const ControlRequest& request) const {
  if (request.words.empty()) return {.done = false, .text = "no file that the rules were in"};
  const std::string& file = request.words.front();
  return do_each(std::span(request.words).subspan(1),
                 [&](const std::string& rule) { return actions_.take_back(rule, file); });
}

ControlAnswer Session::attach(ControlRequest& request) const {
  if (!options_.detached) return {.done = false, .text = "this sandbox is not detached: its terminal is its caller's"};
  if (request.fds.size() != 1) return {.done = false, .text = "the request carries the wrong number of descriptors"};
  const auto attached = actions_.attach(std::move(request.fds[0]));
  return attached ? ControlAnswer() : ControlAnswer{.done = false, .text = to_text(attached.error())};
}

ControlAnswer Session::let_in(const ControlRequest& request) const {
  auto order = order_from_words(request.words);
  if (!order) return {.done = false, .text = "no order to let a command in"};
  const auto entered = enter(plan_, sandbox_->control.get(), *std::move(order), request.fds);
  return entered ? ControlAnswer() : ControlAnswer{.done = false, .text = to_text(entered.error())};
}

}  // namespace snug
