// What an apply is about to do, as it is on disk while it does it. A step says enough to tell from the files alone
// whether it was done: a staged file is known by its inode, wherever it lies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "changes/capture.h"

namespace snug {

struct ApplyStep {
  enum class Kind {
    make_directory,  ///< there was nothing
    put,             ///< the staged node goes to a path where there was nothing
    exchange,        ///< the staged node changes places with what is there
    remove,          ///< what is there goes to the staging directory
    set_mode,        ///< of what is there; of a directory attributes and time as well, the old ones wait staged
  } kind = Kind::put;
  bool directory = false;   ///< what is at the path in the end: its mode, time and attributes are set when all is done
  bool from_layer = false;  ///< put, exchange: the node is the layer's own and not in the staging directory
  bool stays = false;       ///< the layer keeps what it has at this path
  std::string path;         ///< relative to the project
  std::size_t number = 0;   ///< its name in the staging directory
  std::uint64_t inode = 0;  ///< put, exchange: of the staged node
  std::uint64_t old_inode = 0;           ///< exchange, remove, set_mode: of what is there
  std::uint32_t mode = 0, old_mode = 0;  ///< make_directory, set_mode
  std::int64_t mtime_ns = 0;             ///< of what is there in the end; make_directory: set when all is done
};

struct Journal {
  enum class Phase { doing, done } phase = Phase::doing;  ///< done: only the staging directory is still to go
  std::vector<ApplyStep> steps;
};

Result<void> write_journal(const Capture& capture, const Journal& journal);
/// Nothing where there is none. Errors: damaged.
Result<std::optional<Journal>> read_journal(const Capture& capture);
Result<void> remove_journal(const Capture& capture);

}  // namespace snug
