// Copies one node of a capture into the staging directory, so that it can take its place on the host by a rename.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "changes/apply.h"
#include "changes/change.h"
#include "changes/open_parents.h"

namespace snug {

/// What can be taken over at all: not sockets and devices.
bool can_be_staged(NodeKind kind);

class Stager {
 public:
  /// All borrowed: the directory of the capture's upper side, the project, the staging directory, and which of the
  /// capture's files the host has already under another name.
  Stager(int upper, int project, int staging, const KeptNames& kept)
      : upper_(upper), project_(project), staging_(staging), kept_(kept) {}

  /// Makes `number` in the staging directory what `change.after` is: content with its holes, target, permission bits
  /// without setuid and setgid, times, extended attributes; of a directory, an empty one. Names of one file in the
  /// capture become names of one file.
  Result<Node> stage(const Change& change, std::size_t number);

  /// The same with another text and mode for a file; its time is now.
  Result<Node> stage_text(const Change& change, const InsteadOf& instead, std::size_t number);

  /// What could not be kept, one text each.
  std::vector<std::string> take_losses() { return std::move(losses_); }

 private:
  Result<void> make(const Change& change, const std::string& name);
  Result<void> copy_file(const Change& change, const std::string& name);
  Result<void> copy_attributes(const Change& change, int from, int to);
  Result<void> finish_file(const Change& change, int from, int to, std::uint32_t mode);

  Result<bool> link_to_known(const Change& change, const std::string& name);

  int upper_, project_, staging_;
  OpenParents upper_parents_{upper_};
  const KeptNames& kept_;
  std::map<FileIdentity, std::string> first_names_;  // in the staging directory, of files with several names
  std::vector<std::string> losses_;
};

}  // namespace snug
