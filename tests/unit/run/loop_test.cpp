#include "run/loop.h"

#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "support/fake_sandbox.h"

using namespace snug::test;
using snug::StdioMode;
using snug::protocol::Command;
using snug::protocol::Report;

namespace {

constexpr int exited(int status) { return status << 8; }

struct Interactive : FakeSandbox {
  termios before = modes();
  Interactive() {
    options.keyboard_claimed = true;
    start();
    REQUIRE(becomes_raw());
  }
  bool modes_are_back() {
    const termios now = modes();
    return now.c_lflag == before.c_lflag && now.c_iflag == before.c_iflag && now.c_oflag == before.c_oflag;
  }
};

// `cmd | less`, `cmd < file`: the keyboard is claimed only when the command reads it.
struct Pipeline : FakeSandbox {
  explicit Pipeline(StdioMode in = StdioMode::pty) {
    options.stdio = {in, StdioMode::pass, StdioMode::pty};
    start();
  }
};

std::string read_file(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct TemporaryFile {
  std::string path = "/tmp/snug-loop-XXXXXX";
  snug::Fd fd = snug::Fd(::mkostemp(path.data(), O_CLOEXEC));
  ~TemporaryFile() { ::unlink(path.c_str()); }
};

}  // namespace

TEST_CASE("keys reach the command, its output the screen, and the modes come back") {
  Interactive desk;
  desk.type("echo hi\r\x03\x1a\x04");
  CHECK(desk.typed_until("\x04") == "echo hi\r\x03\x1a\x04");
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  desk.print(bytes + "END");
  CHECK(desk.screen_until("END") == bytes + "END");
  CHECK(desk.finish(exited(7)) == 7);
  CHECK(desk.modes_are_back());
}

TEST_CASE("what was written just before the end is shown") {
  Interactive desk;
  desk.print(std::string(3000, 'x') + "LAST");
  desk.end(exited(0));
  CHECK(desk.screen_until("LAST").size() == 3004);
  CHECK(desk.exit_status() == 0);
}

TEST_CASE("a death by signal is 128+n and switches off what the program had switched on") {
  Interactive desk;
  desk.print("\x1b[?1049h\x1b[?2004hvim");
  REQUIRE(desk.screen_until("vim").ends_with("vim"));
  desk.end(SIGKILL);
  CHECK(desk.screen_until("\x1b[?2004l") == "\x1b[?1049l\x1b[?2004l");
  CHECK(desk.exit_status() == 137);
  CHECK(desk.modes_are_back());
}

TEST_CASE("an orderly end leaves modes as the program wanted them") {
  Interactive desk;
  desk.print("\x1b[?25l.");
  desk.end(exited(0));
  CHECK(desk.exit_status() == 0);
  CHECK(desk.screen_until("never") == "\x1b[?25l.");
}

TEST_CASE("the death of init ends the run with the modes restored") {
  Interactive desk;
  desk.kill_init();
  CHECK(desk.exit_status() == 137);
  CHECK(desk.modes_are_back());
}

TEST_CASE("a status that init sent before it died counts") {
  Interactive desk;
  desk.end(exited(3));
  desk.kill_init();
  CHECK(desk.exit_status() == 3);
}

TEST_CASE("a status counts although init never read the last command") {
  for (int i = 0; i < 10; ++i) {  // the reset must be there before the status is read, which is so nearly every time
    Interactive desk;
    desk.signal_job(SIGTERM);
    REQUIRE(wait_for(desk.control.ours.get(), POLLIN));
    desk.end(exited(3));
    desk.control.ours.reset();
    CHECK(desk.exit_status() == 3);
  }
}

TEST_CASE("signals sent to snug reach the command") {
  Interactive desk;
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGQUIT, SIGALRM, SIGHUP, SIGTSTP}) {
    desk.signal_job(signal);
    CHECK(desk.commanded(Command::signal, signal));
  }
  CHECK(desk.finish(SIGTERM) == 143);
}

TEST_CASE("a signal the caller ignores is not forwarded") {
  FakeSandbox desk;
  desk.in_job = [] { ::signal(SIGHUP, SIG_IGN); };
  desk.options.keyboard_claimed = true;
  desk.start();
  REQUIRE(desk.becomes_raw());
  desk.signal_job(SIGHUP);
  CHECK(desk.next_command(100).kind == 0);
  CHECK(desk.finish(exited(0)) == 0);
}

TEST_CASE("a stopped command stops snug, with the terminal as the shell knows it, and fg brings both back") {
  Interactive desk;
  desk.print("screen left");
  desk.report(Report::stopped, SIGTSTP);
  const auto stopped = desk.next_event();
  CHECK(stopped.kind == JobEvent::stopped);
  CHECK(stopped.value == SIGTSTP);
  CHECK(desk.modes_are_back());
  CHECK(desk.screen_until("left") == "screen left");
  desk.foreground();
  CHECK(desk.commanded(Command::cont, 1));
  CHECK(desk.becomes_raw());
  desk.type("x");
  CHECK(desk.typed_until("x") == "x");
  CHECK(desk.finish(exited(0)) == 0);
  CHECK(desk.modes_are_back());
}

TEST_CASE("bg lets the command go on without the terminal; reading stops it again") {
  Interactive desk;
  desk.report(Report::stopped, SIGTSTP);
  desk.next_event();
  desk.continue_in_background();
  CHECK(desk.commanded(Command::cont, 0));
  CHECK_FALSE(desk.raw());
  desk.print("from behind");
  CHECK(desk.screen_until("behind") == "from behind");
  desk.report(Report::stopped, SIGTTIN);
  CHECK(desk.next_event().value == SIGTTIN);
  desk.foreground();
  CHECK(desk.commanded(Command::cont, 0));
  desk.report(Report::stopped, SIGTTIN);  // it tries again, now in front
  CHECK(desk.commanded(Command::cont, 1));
  CHECK(desk.becomes_raw());
  CHECK(desk.finish(exited(0)) == 0);
}

TEST_CASE("a job started in the background touches nothing") {
  FakeSandbox desk;
  desk.background = true;
  desk.start();
  desk.print("hello");
  CHECK(desk.screen_until("hello") == "hello");
  CHECK_FALSE(desk.raw());
  SECTION("and ends by itself") {}
  SECTION("and takes the keyboard once it reads and is in front") {
    desk.report(Report::stopped, SIGTTIN);
    CHECK(desk.next_event().value == SIGTTIN);
    desk.foreground();
    CHECK(desk.commanded(Command::cont, 0));
    desk.report(Report::stopped, SIGTTIN);
    CHECK(desk.commanded(Command::cont, 1));
    CHECK(desk.becomes_raw());
    desk.type("k");
    CHECK(desk.typed_until("k") == "k");
  }
  SECTION("and waits with its output if the terminal says so") {
    termios modes = desk.modes();
    modes.c_lflag |= TOSTOP;
    REQUIRE(::tcsetattr(desk.outer.ours.get(), TCSANOW, &modes) == 0);
    desk.print("later");
    CHECK(desk.next_event().value == SIGTTOU);
    desk.foreground();
    CHECK(desk.screen_until("later") == "later");
  }
  CHECK(desk.finish(exited(0)) == 0);
  CHECK_FALSE(desk.raw());
}

TEST_CASE("where nothing can stop snug, reading in the background is an end of input") {
  FakeSandbox desk;
  desk.background = true;
  desk.in_job = [] { ::signal(SIGTTIN, SIG_IGN); };
  desk.start();
  desk.report(Report::stopped, SIGTTIN);
  CHECK(desk.commanded(Command::cont, 1));
  CHECK(desk.typed_until("\x04") == "\x04");
  CHECK(desk.finish(exited(0)) == 0);
  CHECK_FALSE(desk.raw());
}

TEST_CASE("a shell that dies takes the terminal with it") {
  SECTION("from a job in front") {
    Interactive desk;
    desk.shell('q');
    CHECK(desk.commanded(Command::signal, SIGHUP));
    CHECK(desk.commanded(Command::signal, SIGCONT));
    desk.end(SIGHUP);
  }
  SECTION("from a stopped command behind") {
    FakeSandbox desk;
    desk.background = true;
    desk.start();
    desk.print("runs");
    REQUIRE(desk.screen_until("runs") == "runs");
    desk.shell('q');
    ::usleep(50000);
    desk.report(Report::stopped, SIGTTIN);
    CHECK(desk.commanded(Command::signal, SIGHUP));
    CHECK(desk.commanded(Command::signal, SIGCONT));
    desk.end(SIGHUP);
  }
}

TEST_CASE("a pipeline leaves the keyboard to the others until the command reads it") {
  Pipeline desk;
  ::usleep(50000);
  CHECK_FALSE(desk.raw());
  desk.report(Report::stopped, SIGTTIN);
  CHECK(desk.commanded(Command::cont, 1));
  CHECK(desk.becomes_raw());
  CHECK((desk.modes().c_lflag & ISIG) != 0);
  CHECK((desk.modes().c_oflag & OPOST) != 0);
  desk.type("q\r");
  CHECK(desk.typed_until("\r") == "q\r");
  CHECK(desk.finish(exited(0)) == 0);
  CHECK_FALSE(desk.raw());
}

TEST_CASE("in a pipeline and in the background line ends are processed once") {
  Pipeline desk;
  termios modes{};
  REQUIRE(::tcgetattr(desk.inner.ours.get(), &modes) == 0);
  modes.c_oflag |= OPOST | ONLCR;
  REQUIRE(::tcsetattr(desk.inner.ours.get(), TCSANOW, &modes) == 0);
  desk.print("one\ntwo\r\nthree\r!");
  CHECK(desk.screen_until("!") == "one\r\ntwo\r\r\nthree\r!");
  CHECK(desk.finish(exited(0)) == 0);
}

TEST_CASE("in a pipeline Ctrl-C is a signal for all of it, once for the command") {
  Pipeline desk;
  ::usleep(50000);
  desk.type("\x03");
  CHECK(desk.commanded(Command::signal, SIGINT));
  desk.report(Report::stopped, SIGTTIN);
  CHECK(desk.commanded(Command::cont, 1));
  REQUIRE(desk.becomes_raw());
  desk.type("\x03");
  CHECK(desk.commanded(Command::signal, SIGINT));
  CHECK(desk.next_command(100).kind == 0);
  CHECK(desk.finish(SIGINT) == 130);
}

TEST_CASE("the screen's size follows") {
  Interactive desk;
  const winsize size{.ws_row = 33, .ws_col = 99, .ws_xpixel = 1, .ws_ypixel = 2};
  REQUIRE(::ioctl(desk.outer.ours.get(), TIOCSWINSZ, &size) == 0);
  winsize inside{};
  for (int i = 0; i < kPatience && inside.ws_col != 99; ++i) {
    ::usleep(1000);
    ::ioctl(desk.inner.ours.get(), TIOCGWINSZ, &inside);
  }
  CHECK(inside.ws_row == 33);
  CHECK(inside.ws_col == 99);
  CHECK(desk.finish(exited(0)) == 0);
}

TEST_CASE("a terminal that goes away hangs the command up and what it still prints is dropped") {
  Interactive desk;
  desk.outer.ours.reset();
  CHECK(desk.commanded(Command::signal, SIGHUP));
  CHECK(desk.commanded(Command::signal, SIGCONT));
  desk.print("nobody sees this");
  CHECK(desk.finish(SIGHUP) == 129);
}

TEST_CASE("a time limit ends the command with TERM and is status 124") {
  FakeSandbox desk;
  desk.options.timeout = std::chrono::milliseconds(30);
  desk.start();
  CHECK(desk.commanded(Command::signal, SIGTERM));
  CHECK(desk.commanded(Command::signal, SIGCONT));
  CHECK(desk.finish(exited(0)) == 124);
}

TEST_CASE("a file given as standard input arrives whole, and its end too") {
  TemporaryFile file;
  std::string content;
  for (int i = 0; i < 300000; ++i) content += static_cast<char>(i * 31 >> 2);
  REQUIRE(::write(file.fd.get(), content.data(), content.size()) == ssize_t(content.size()));
  ::lseek(file.fd.get(), 5, SEEK_SET);
  FakeSandbox desk;
  desk.options.stdio = {StdioMode::relay, StdioMode::pass, StdioMode::pass};
  desk.options.fds[0] = file.fd.get();
  desk.relays[0] = Pair::pipe_from_snug();
  desk.start();
  CHECK(read_until(desk.relays[0].ours.get(), "never there") == content.substr(5));
  CHECK(desk.finish(exited(0)) == 0);
}

TEST_CASE("output goes to the caller's file where that stands, in order, to the last byte") {
  TemporaryFile file;
  REQUIRE(::write(file.fd.get(), "before ", 7) == 7);
  FakeSandbox desk;
  desk.options.stdio = {StdioMode::pass, StdioMode::relay, StdioMode::as_stdout};
  desk.options.fds[1] = file.fd.get();
  desk.relays[1] = Pair::pipe_to_snug();
  desk.start();
  const std::string text(100000, 'y');
  REQUIRE(::write(desk.relays[1].ours.get(), text.data(), text.size()) == ssize_t(text.size()));
  desk.end(exited(0));  // the pipe stays open: a process that was killed at this moment
  CHECK(desk.exit_status() == 0);
  CHECK(read_file(file.path) == "before " + text);
}

TEST_CASE("a full disk closes the command's output and is no success") {
  FakeSandbox desk;
  const snug::Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  desk.options.stdio = {StdioMode::pass, StdioMode::relay, StdioMode::pass};
  desk.options.fds[1] = full.get();
  desk.relays[1] = Pair::pipe_to_snug();
  desk.start();
  REQUIRE(::write(desk.relays[1].ours.get(), "x", 1) == 1);
  ::signal(SIGPIPE, SIG_IGN);
  pollfd writer{desk.relays[1].ours.get(), 0, 0};
  REQUIRE(::poll(&writer, 1, kPatience) == 1);
  CHECK((writer.revents & POLLERR) != 0);
  CHECK(desk.finish(exited(0)) == 1);
}

TEST_CASE("a screen that takes nothing holds the command back, and costs no time") {
  Interactive desk;
  ::fcntl(desk.inner.ours.get(), F_SETFL, O_NONBLOCK);
  std::size_t written = 0;
  const std::string block(4096, 'f');
  for (int quiet = 0; quiet < 50;) {
    const ssize_t put = ::write(desk.inner.ours.get(), block.data(), block.size());
    quiet = put > 0 ? 0 : quiet + 1;
    if (put > 0) written += static_cast<std::size_t>(put);
    if (put <= 0) ::usleep(2000);
    REQUIRE(written < std::size_t{1} << 20);
  }
  const auto cpu = [&] {
    std::ifstream stat("/proc/" + std::to_string(desk.job()) + "/stat");
    std::string word;
    long long user = 0, system = 0;
    for (int i = 0; i < 13; ++i) stat >> word;
    stat >> user >> system;
    return user + system;
  };
  const auto before = cpu();
  ::usleep(300000);
  CHECK(cpu() - before <= 2);
  desk.end(exited(0));
  std::size_t seen = 0;
  while (seen < written) {
    const auto got = desk.screen_until("f").size();
    if (got == 0) break;
    seen += got;
  }
  CHECK(seen == written);
  CHECK(desk.exit_status() == 0);
}

TEST_CASE("an idle run does not wake up") {
  Interactive desk;
  const auto switches = [&] {
    std::ifstream status("/proc/" + std::to_string(desk.job()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("voluntary_ctxt_switches:")) return std::stol(line.substr(24));
    }
    return -1L;
  };
  ::usleep(400000);  // it settles down after 200 ms
  const long before = switches();
  ::usleep(500000);
  CHECK(switches() == before);
  CHECK(desk.finish(exited(0)) == 0);
}
