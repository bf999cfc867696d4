// What a detached sandbox printed, as files in a directory of its own: LOG, and LOG.1 with what came before. A file
// that is full takes the place of the one before it, so that no command fills the disk.
//
// A file is a head and pieces: the stream, the size, the bytes. What the command prints stands in the bytes alone, so
// it cannot pass for snug's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace snug {

enum class LogStream : std::uint32_t {
  output = 1,  ///< standard output, or the terminal
  errors = 2,  ///< standard error
  snug = 3,    ///< snug's own messages
};

/// Bytes; there are two files.
inline constexpr std::uint64_t kLogFileSize = 8 << 20;
inline constexpr std::size_t kLargestPiece = 64 << 10;

class LogWriter {
 public:
  LogWriter() = default;
  /// Begins a log in `directory` (borrowed: it must outlive this). Errors: the disk is full.
  static Result<LogWriter> make(int directory);

  /// Never fails: what there is no room for is counted, and told in the log as soon as there is some again.
  void add(LogStream stream, std::string_view bytes);

 private:
  explicit LogWriter(int directory) : directory_(directory) {}
  bool start_file();
  bool write(LogStream stream, std::string_view bytes);
  bool write_piece(LogStream stream, std::string_view bytes);

  int directory_ = -1;
  Fd file_;
  std::uint64_t number_ = 0, size_ = 0;  // of the file
  std::uint64_t lost_ = 0;               // bytes since the last that could be written
};

struct LogPiece {
  LogStream stream;
  std::string bytes;
};

class LogReader {
 public:
  /// At the beginning of what is kept in `directory` (borrowed).
  explicit LogReader(int directory) : directory_(directory) {}

  /// The next piece; nothing where no more has been written. What was dropped before it was read is told in a piece of
  /// snug's. What is no log ends it.
  std::optional<LogPiece> next();
  /// Passes over what has been written so far.
  void skip_all();

 private:
  struct Following {
    Fd file;
    std::uint64_t number = 0;
  };
  std::optional<LogPiece> read_piece();
  std::optional<Following> find_following() const;

  int directory_;
  Fd file_;
  std::uint64_t number_ = 0, offset_ = 0;
};

}  // namespace snug
