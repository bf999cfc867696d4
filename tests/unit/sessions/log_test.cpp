#include "sessions/log.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/catch.h"

namespace snug {
namespace {

struct LogFolder {
  std::string path = (std::filesystem::temp_directory_path() / "snug-log-XXXXXX").string();
  Fd fd;
  LogFolder() {
    REQUIRE(mkdtemp(path.data()) != nullptr);
    fd = Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~LogFolder() { std::filesystem::remove_all(path); }
};

LogWriter writer_in(const LogFolder& folder) {
  auto writer = LogWriter::make(folder.fd.get());
  REQUIRE(writer);
  return std::move(writer).value();
}

std::string read_rest(LogReader& reader, LogStream stream) {
  std::string text;
  while (const auto piece = reader.next()) {
    if (piece->stream == stream) text += piece->bytes;
  }
  return text;
}

/// No file of this process grows beyond this while it is there: as a disk that is full.
struct FullDisk {
  rlimit before{};
  explicit FullDisk(rlim_t size) {
    signal(SIGXFSZ, SIG_IGN);
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    const rlimit now{size, before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &now) == 0);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before); }
};

TEST_CASE("what was written is read by stream, by a reader that comes late and by one that waits") {
  const LogFolder folder;
  LogWriter writer = writer_in(folder);
  LogReader waiting(folder.fd.get());
  CHECK_FALSE(waiting.next());
  writer.add(LogStream::output, "out\n");
  writer.add(LogStream::errors, "err\n");
  writer.add(LogStream::snug, "snug: blocked\n");
  REQUIRE(waiting.next()->bytes == "out\n");
  REQUIRE(waiting.next()->stream == LogStream::errors);
  REQUIRE(waiting.next()->stream == LogStream::snug);
  CHECK_FALSE(waiting.next());
  writer.add(LogStream::output, "more\n");
  CHECK(waiting.next()->bytes == "more\n");
  LogReader late(folder.fd.get());
  CHECK(read_rest(late, LogStream::output) == "out\nmore\n");
  LogReader passing(folder.fd.get());
  passing.skip_all();
  CHECK_FALSE(passing.next());
}

TEST_CASE("a log takes two files' room at most, and one who follows it misses nothing") {
  const LogFolder folder;
  LogWriter writer = writer_in(folder);
  LogReader follower(folder.fd.get());
  const std::string line(kLargestPiece - 100, 'x');
  std::uint64_t written = 0, read = 0;
  for (int i = 0; i < 500; ++i) {
    writer.add(LogStream::output, line);
    written += line.size();
    if (i % 7 == 0) read += read_rest(follower, LogStream::output).size();
  }
  read += read_rest(follower, LogStream::output).size();
  CHECK(read == written);
  std::uint64_t size = 0, files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder.path)) size += file.file_size(), ++files;
  CHECK(files == 2);
  CHECK(size <= 2 * kLogFileSize);
  LogReader late(folder.fd.get());
  CHECK(read_rest(late, LogStream::output).size() > kLogFileSize);
}

TEST_CASE("one who was too slow is told") {
  const LogFolder folder;
  LogWriter writer = writer_in(folder);
  writer.add(LogStream::output, "first");
  LogReader slow(folder.fd.get());
  REQUIRE(slow.next()->bytes == "first");
  for (int i = 0; i < 500; ++i) writer.add(LogStream::output, std::string(kLargestPiece, 'x'));
  std::string told;
  while (const auto piece = slow.next()) told += piece->stream == LogStream::snug ? piece->bytes : "";
  CHECK(told == "snug: output is missing here\n");
}

TEST_CASE("what there is no room for is counted, and told when there is some again") {
  const LogFolder folder;
  LogWriter writer = writer_in(folder);
  writer.add(LogStream::output, "before\n");
  {
    const FullDisk full(100);
    writer.add(LogStream::output, std::string(1000, 'x'));
    writer.add(LogStream::errors, std::string(70'000, 'y'));
  }
  writer.add(LogStream::output, "after\n");
  LogReader reader(folder.fd.get());
  CHECK(reader.next()->bytes == "before\n");
  CHECK(reader.next()->bytes == "snug: 71000 bytes of output could not be kept: the disk was full\n");
  CHECK(reader.next()->bytes == "after\n");
  CHECK_FALSE(reader.next());
}

TEST_CASE("a full disk is an error where a log begins") {
  const LogFolder folder;
  const FullDisk full(4);
  CHECK_FALSE(LogWriter::make(folder.fd.get()));
}

TEST_CASE("a piece that is cut off, or what is no log, ends it") {
  const LogFolder folder;
  LogWriter writer = writer_in(folder);
  writer.add(LogStream::output, "whole");
  writer.add(LogStream::output, "cut off");
  std::filesystem::resize_file(folder.path + "/log", std::filesystem::file_size(folder.path + "/log") - 1);
  LogReader cut(folder.fd.get());
  CHECK(read_rest(cut, LogStream::output) == "whole");
  std::filesystem::remove(folder.path + "/log");
  REQUIRE(mkfifo((folder.path + "/log").c_str(), 0600) == 0);
  LogReader none(folder.fd.get());
  CHECK_FALSE(none.next());
}

}  // namespace
}  // namespace snug
