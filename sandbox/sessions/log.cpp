#include "sessions/log.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sys/errno.h"

namespace snug {
namespace {

constexpr const char* kNewer = "log";
constexpr const char* kOlder = "log.1";
constexpr std::uint64_t kMagic = 0x31'67'6f'6c'67'75'6e'73;  // "snuglog1"

struct FileHead {
  std::uint64_t magic = kMagic, number = 0;
};

struct PieceHead {
  std::uint32_t stream = 0, size = 0;
};

bool is_stream(std::uint32_t word) { return word >= 1 && word <= 3; }

template <class Part>
bool read_part(int file, std::uint64_t at, Part& part) {
  return pread(file, &part, sizeof part, static_cast<off_t>(at)) == sizeof part;
}

/// A file of the log and its number, if `name` is one.
std::optional<std::uint64_t> open_file(int directory, const char* name, Fd& file) {
  file = Fd(openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  FileHead head;
  if (!file || !read_part(file.get(), 0, head) || head.magic != kMagic) return std::nullopt;
  return head.number;
}

}  // namespace

// --- writing ---

Result<LogWriter> LogWriter::make(int directory) {
  LogWriter writer(directory);
  if (!writer.start_file()) return sys_error("begin a log");
  return writer;
}

bool LogWriter::start_file() {
  if (number_ > 0 && renameat(directory_, kNewer, directory_, kOlder) != 0 && errno != ENOENT) return false;
  file_ = Fd(openat(directory_, kNewer, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  const FileHead head{.number = number_ + 1};
  const bool written = file_ && ::write(file_.get(), &head, sizeof head) == sizeof head;
  if (!written) return file_.reset(), unlinkat(directory_, kNewer, 0), false;
  ++number_;
  size_ = sizeof head;
  return true;
}

void LogWriter::add(LogStream stream, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kLargestPiece);
    if (!write(stream, piece)) lost_ += piece.size();
    bytes.remove_prefix(piece.size());
  }
}

bool LogWriter::write(LogStream stream, std::string_view bytes) {
  if (lost_ == 0) return write_piece(stream, bytes);
  const std::string note = "snug: " + std::to_string(lost_) + " bytes of output could not be kept: the disk was full\n";
  if (!write_piece(LogStream::snug, note)) return false;
  lost_ = 0;
  return write_piece(stream, bytes);
}

// A piece is there as a whole or not at all.
bool LogWriter::write_piece(LogStream stream, std::string_view bytes) {
  PieceHead head{static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(bytes.size())};
  const std::uint64_t size = sizeof head + bytes.size();
  if ((!file_ || size_ + size > kLogFileSize) && !start_file()) return false;
  const iovec parts[] = {{&head, sizeof head}, {const_cast<char*>(bytes.data()), bytes.size()}};
  const ssize_t put = pwritev(file_.get(), parts, 2, static_cast<off_t>(size_));
  if (put == static_cast<ssize_t>(size)) return size_ += size, true;
  static_cast<void>(ftruncate(file_.get(), static_cast<off_t>(size_)));
  return false;
}

// --- reading ---

// A file gets its last piece before the next one is made: it is read once more when that is there.
std::optional<LogPiece> LogReader::next() {
  if (auto piece = read_piece()) return piece;
  auto following = find_following();
  if (!following) return std::nullopt;
  if (auto last = read_piece()) return last;
  const bool missed = number_ != 0 && following->number > number_ + 1;
  number_ = following->number;
  file_ = std::move(following->file);
  offset_ = sizeof(FileHead);
  return missed ? LogPiece{LogStream::snug, "snug: output is missing here\n"} : read_piece();
}

std::optional<LogPiece> LogReader::read_piece() {
  PieceHead head;
  if (!file_ || !read_part(file_.get(), offset_, head) || !is_stream(head.stream) || head.size > kLargestPiece) {
    return std::nullopt;
  }
  LogPiece piece{static_cast<LogStream>(head.stream), std::string(head.size, '\0')};
  const ssize_t got = pread(file_.get(), piece.bytes.data(), head.size, static_cast<off_t>(offset_ + sizeof head));
  if (got != static_cast<ssize_t>(head.size)) return std::nullopt;  // it is being written
  offset_ += sizeof head + head.size;
  return piece;
}

std::optional<LogReader::Following> LogReader::find_following() const {
  for (const char* name : {kOlder, kNewer}) {
    Following found;
    const auto number = open_file(directory_, name, found.file);
    if (!number || *number <= number_) continue;
    found.number = *number;
    return found;
  }
  return std::nullopt;
}

void LogReader::skip_all() {
  while (next()) {
  }
}

}  // namespace snug
