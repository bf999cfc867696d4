#include "launch/enter.h"

#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <span>

#include "base/paths.h"
#include "launch/memory.h"
#include "launch/protocol.h"
#include "launch/receive.h"
#include "launch/spec.h"
#include "launch/wording.h"
#include "sys/errno.h"

namespace snug {
namespace {

constexpr std::string_view kLetters = "gtc";  // of EnterOrder::Stdio
constexpr std::size_t kLeadingWords = 5;

std::string to_hex(std::span<const unsigned char> bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    text.push_back("0123456789abcdef"[byte >> 4]);
    text.push_back("0123456789abcdef"[byte & 15]);
  }
  return text;
}

int digit(char c) {
  const std::size_t at = std::string_view("0123456789abcdef").find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

bool from_hex(std::string_view text, std::span<unsigned char> bytes) {
  if (text.size() != 2 * bytes.size()) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return true;
}

spec::Terminal terminal_of(const PtyStart& pty) {
  spec::Terminal terminal{
      .modes = {}, .rows = pty.rows, .columns = pty.columns, .x_pixels = pty.x_pixels, .y_pixels = pty.y_pixels};
  std::memcpy(terminal.modes, &pty.modes, sizeof terminal.modes);
  return terminal;
}

PtyStart pty_of(const spec::Terminal& terminal) {
  PtyStart pty{.modes = {},
               .rows = terminal.rows,
               .columns = terminal.columns,
               .x_pixels = terminal.x_pixels,
               .y_pixels = terminal.y_pixels};
  std::memcpy(&pty.modes, terminal.modes, sizeof terminal.modes);
  return pty;
}

std::vector<std::string> environment_of(const Plan& plan, const EnterOrder& order) {
  std::vector<std::string> variables;
  for (const Variable& variable : plan.environment) {
    const bool given = variable.name == "TERM" && !order.term.empty();
    if (!given) variables.push_back(variable.name + "=" + variable.value);
  }
  if (!order.term.empty()) variables.push_back("TERM=" + order.term);
  return variables;
}

std::string variable_of(const Plan& plan, std::string_view name) {
  for (const Variable& variable : plan.environment) {
    if (variable.name == name) return variable.value;
  }
  return {};
}

// The paths execvp(3) would try, inside.
std::vector<std::string> candidates_for(const Plan& plan, const std::string& name, const std::string& workdir) {
  if (name.find('/') != name.npos) return {name.starts_with('/') ? name : join(workdir, name)};
  std::vector<std::string> paths;
  const std::string path = variable_of(plan, "PATH");
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t end = std::min(path.find(':', from), path.size());
    if (end > from) paths.push_back(join(path.substr(from, end - from), name));
    from = end + 1;
  }
  return paths;
}

std::vector<std::string_view> views(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

unsigned bits_of(const EnterOrder& order, EnterOrder::Stdio which) {
  unsigned bits = 0;
  for (unsigned fd = 0; fd < 3; ++fd) bits |= order.stdio[fd] == which ? 1U << fd : 0;
  return bits;
}

void write_command(const Plan& plan, const EnterOrder& order, SpecMemory& memory) {
  spec::Init& init = memory.header()->init;
  const std::string workdir = order.workdir.empty() ? plan.command.workdir : order.workdir;
  init.argv = memory.put_pointers(views(order.argv));
  init.envp = memory.put_pointers(views(environment_of(plan, order)));
  init.candidates = memory.put_pointers(views(candidates_for(plan, order.argv.front(), workdir)));
  std::vector<std::string_view> shell = {"/bin/sh", ""};
  shell.insert(shell.end(), order.argv.begin() + 1, order.argv.end());
  init.shell_argv = memory.put_pointers(shell);
  init.workdir = memory.put(workdir);
  init.foreground = order.pty.foreground ? 1 : 0;
  init.has_pty = bits_of(order, EnterOrder::Stdio::terminal);
  init.closed_fds = bits_of(order, EnterOrder::Stdio::closed);
  const spec::Terminal terminal = terminal_of(order.pty);
  init.terminal = memory.put(&terminal, sizeof terminal);
}

bool send_command(int control, protocol::Command command, const std::vector<int>& fds) {
  iovec part{&command, sizeof command};
  alignas(cmsghdr) char space[CMSG_SPACE(5 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space;
  message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
  cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  std::memcpy(CMSG_DATA(rights), fds.data(), fds.size() * sizeof(int));
  return sendmsg(control, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof command;
}

LaunchOutcome failed(Error error, int exit_status = 125) {
  LaunchOutcome outcome;
  outcome.error = LaunchError{std::move(error), exit_status};
  return outcome;
}

}  // namespace

std::vector<std::string> to_words(const EnterOrder& order) {
  const spec::Terminal terminal = terminal_of(order.pty);
  std::string stdio;
  for (const EnterOrder::Stdio how : order.stdio) stdio.push_back(kLetters[static_cast<std::size_t>(how)]);
  std::vector<std::string> words{stdio, order.pty.foreground ? "front" : "",
                                 to_hex({reinterpret_cast<const unsigned char*>(&terminal), sizeof terminal}),
                                 order.term, order.workdir};
  words.insert(words.end(), order.argv.begin(), order.argv.end());
  return words;
}

std::optional<EnterOrder> order_from_words(const std::vector<std::string>& words) {
  if (words.size() < kLeadingWords || words[0].size() != 3) return std::nullopt;
  spec::Terminal terminal{};
  if (!from_hex(words[2], {reinterpret_cast<unsigned char*>(&terminal), sizeof terminal})) return std::nullopt;
  EnterOrder order{.argv = {words.begin() + kLeadingWords, words.end()}, .workdir = words[4], .term = words[3]};
  for (std::size_t fd = 0; fd < 3; ++fd) {
    const std::size_t how = kLetters.find(words[0][fd]);
    if (how == kLetters.npos) return std::nullopt;
    order.stdio[fd] = static_cast<EnterOrder::Stdio>(how);
  }
  order.pty = pty_of(terminal);
  order.pty.foreground = words[1] == "front";
  return order;
}

Result<void> enter(const Plan& plan, int init_control, EnterOrder order, const std::vector<Fd>& fds) {
  if (order.argv.empty() && plan.identity.shell.empty())
    return Error{.what = "this sandbox has no shell; name a command"};
  if (order.argv.empty()) order.argv = {plan.identity.shell};
  const unsigned given = bits_of(order, EnterOrder::Stdio::given);
  if (fds.size() != 1 + static_cast<std::size_t>(__builtin_popcount(given))) {
    return Error{.what = "the request carries the wrong number of descriptors"};
  }
  auto memory = SpecMemory::create();
  if (!memory) return std::move(memory).error();
  write_command(plan, order, *memory);
  if (memory->full()) return Error{.what = "the command line is too long"};
  memory->finish();
  std::vector<int> sent{fds[0].get(), memory->fd()};
  for (std::size_t i = 1; i < fds.size(); ++i) sent.push_back(fds[i].get());
  if (send_command(init_control, {protocol::Command::enter, static_cast<std::int32_t>(given)}, sent)) return {};
  return sys_error("reach the sandbox's first process");
}

LaunchOutcome wait_until_entered(Fd control, const std::vector<std::string>& argv, const std::string& workdir,
                                 const Origin& workdir_origin) {
  Sandbox sandbox;
  bool let_in = false;
  while (auto received = receive(control.get())) {
    const protocol::Report& report = received->report;
    switch (report.kind) {
      case protocol::Report::pty_master:
        sandbox.pty_master = std::move(received->fd);
        break;
      case protocol::Report::entering:
        let_in = true;
        break;
      case protocol::Report::init_failed:
        return failed(describe_init(static_cast<spec::InitStep>(report.a), report.b));
      case protocol::Report::exec_failed: {
        const CommandPlan command{.argv = argv.empty() ? std::vector<std::string>{"the shell"} : argv,
                                  .candidates = {},
                                  .workdir = workdir,
                                  .workdir_origin = workdir_origin};
        return failed(describe_exec(command, report.a, report.b), exit_status_of_exec(report));
      }
      case protocol::Report::started: {
        sandbox.control = std::move(control);
        set_non_blocking(sandbox.control);
        LaunchOutcome outcome;
        outcome.sandbox = std::move(sandbox);
        return outcome;
      }
      default:
        break;
    }
  }
  // The command may have run already when everything inside was killed.
  constexpr int killed = 128 + SIGKILL;
  if (let_in) return failed({.what = "the sandbox ended, and the command with it"}, killed);
  return failed({.what = "the sandbox ended, or did not let the command in"});
}

}  // namespace snug
