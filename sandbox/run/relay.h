// Bytes from one descriptor to another through a bounded buffer: nothing more is read until what was read is written.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace snug {

class Relay {
 public:
  static constexpr std::size_t kSize = 64 * 1024;

  /// Borrows both; -1 makes a relay with nothing to do. `write_limit` bounds one write, for a sink that may block.
  Relay(int source, int sink, std::size_t write_limit = kSize) noexcept
      : source_(source), sink_(sink), write_limit_(write_limit) {}
  Relay() noexcept : Relay(-1, -1) {}

  /// One read, if the buffer is empty. True if bytes came.
  bool fill() noexcept;
  /// One write, if the buffer holds something. True if bytes went.
  bool drain() noexcept;

  /// What the buffer holds.
  std::string_view waiting() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }
  /// Takes the '\r' out of every "\r\n" that waits.
  void join_line_ends() noexcept;

  bool wants_to_read() const noexcept { return source_ >= 0 && begin_ == end_; }
  bool wants_to_write() const noexcept { return sink_ >= 0 && begin_ != end_; }
  /// The source had nothing more when it was last read, or is at its end.
  bool source_idle() const noexcept { return source_ < 0 || idle_; }
  /// The source ended (or failed) and everything is written, or the sink failed.
  bool finished() const noexcept { return sink_ < 0 || (source_ < 0 && begin_ == end_); }
  /// The errno that ended reading or writing, or 0.
  int read_error() const noexcept { return read_error_; }
  int write_error() const noexcept { return write_error_; }

  void close_source() noexcept { source_ = -1; }
  /// Nothing can be written any more: what is waiting is dropped, and what comes is read and dropped with `discard`.
  void discard_output() noexcept;

 private:
  int source_, sink_;
  std::size_t write_limit_;
  std::size_t begin_ = 0, end_ = 0;
  int read_error_ = 0, write_error_ = 0;
  bool idle_ = false, discard_ = false;
  std::unique_ptr<char[]> buffer_;  // made with the first byte
};

}  // namespace snug
