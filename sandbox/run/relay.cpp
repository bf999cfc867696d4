#include "run/relay.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace snug {
namespace {

bool is_temporary(int code) { return code == EAGAIN || code == EINTR; }

}  // namespace

bool Relay::fill() noexcept {
  if (!wants_to_read()) return false;
  if (!buffer_) buffer_.reset(new char[kSize]);
  const ssize_t got = read(source_, buffer_.get(), kSize);
  idle_ = got <= 0;
  if (got > 0) {
    begin_ = 0;
    end_ = discard_ ? 0 : static_cast<std::size_t>(got);
    return true;
  }
  if (got < 0 && is_temporary(errno)) return false;
  read_error_ = got < 0 ? errno : 0;
  source_ = -1;
  return false;
}

bool Relay::drain() noexcept {
  if (!wants_to_write()) return false;
  const ssize_t put = write(sink_, buffer_.get() + begin_, std::min(end_ - begin_, write_limit_));
  if (put > 0) {
    begin_ += static_cast<std::size_t>(put);
    return true;
  }
  if (put < 0 && is_temporary(errno)) return false;
  write_error_ = put < 0 ? errno : EIO;
  sink_ = -1;
  return false;
}

void Relay::join_line_ends() noexcept {
  std::size_t to = begin_;
  for (std::size_t from = begin_; from < end_; ++from) {
    const bool before_newline = buffer_[from] == '\r' && from + 1 < end_ && buffer_[from + 1] == '\n';
    if (!before_newline) buffer_[to++] = buffer_[from];
  }
  end_ = to;
}

void Relay::discard_output() noexcept {
  begin_ = end_ = 0;
  discard_ = true;
}

}  // namespace snug
