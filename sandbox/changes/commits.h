// Commits made in a capture, brought over as commits: git's objects and branches, and nothing else of the captured
// repository. It is input: what can be an object is taken out of it into a repository of our own, without following a
// link and without its configuration, hooks, alternates or indexes; the host's git checks every object that comes over.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "changes/capture.h"
#include "changes/captured_refs.h"
#include "changes/change.h"
#include "changes/git.h"
#include "changes/side.h"

namespace snug {

/// A branch that has commits inside which the host's has not.
struct CapturedBranch {
  std::string name;         ///< "main"; "HEAD": commits on no branch
  std::string before;       ///< the host's commit, or "" where it has no such branch
  std::string after;        ///< the capture's
  std::size_t commits = 0;  ///< that the host's branch has not
  bool forward = false;     ///< the host's commit is among those of the capture's
};

/// A tag of the capture's that the host has not, or has as another.
struct CapturedTag {
  std::string name;            ///< "v1.0"
  std::string id;              ///< of the tag, or, where it has no text of its own, of what it names
  bool other_on_host = false;  ///< the host's tag of that name is another
};

class CommitTransfer {
 public:
  /// Of the branches and tags `names`, or of all. Precondition: the capture is locked, has no parts, and lies over the
  /// host alone. Errors: no repository that can be dealt with; what is in the capture is damaged; git cannot be
  /// started.
  static Result<CommitTransfer> open(const Capture& capture, const std::vector<std::string>& names);

  /// By name.
  const std::vector<CapturedBranch>& branches() const { return branches_; }
  const std::vector<CapturedTag>& tags() const { return tags_; }
  /// How many stashes the host has not. They stay in the capture.
  std::size_t stashes() const { return stashes_; }

  /// What a branch's commits change of the files the host's has, or, where that has none, those checked out.
  Result<std::vector<Change>> changes(const CapturedBranch& branch) const;

  /// The branch of the host under which the commits wait: "snug/1/main".
  std::string waiting_name(const std::string& branch) const;

  /// The commits come over, and wait under waiting_name(). Errors: an object that git finds fault with; no room.
  Result<void> bring_over(const CapturedBranch& branch) const;

  /// The host's branch of that name gets them, where nothing is lost by it: files that are checked out with it, and
  /// their index, as well. Nothing: done, and none wait any more. Otherwise why they wait.
  std::optional<std::string> move_branch(const CapturedBranch& branch) const;

  /// The host gets the tag, where its commit is on a branch of the host's: call it after move_branch(). Nothing: done.
  /// Otherwise why it stays in the capture. None of the host's is moved, and no name it knows gets another meaning.
  std::optional<std::string> bring_tag(const CapturedTag& tag) const;

 private:
  explicit CommitTransfer(EmptyRepository repository) : repository_(std::move(repository)) {}

  Program ours(std::vector<std::string> words) const;
  Program hosts(std::vector<std::string> words) const;
  std::optional<std::string> answer(const Program& program) const;

  Result<void> prepare();
  void read_settings();
  Result<void> take_objects(const Capture& capture);
  Result<void> take_packs(const SideDirectory& packs);
  Result<Refs> host_refs(const std::string& top) const;
  Result<void> find_branches(const Refs& captured, const std::vector<std::string>& names);
  Result<void> find_tags(const Refs& captured, const std::vector<std::string>& names);
  Result<void> take_branch(const std::string& name, const std::string& commit, std::string before);
  std::string host_commit(const std::string& name) const;
  bool is_ancestor(const std::string& old, const std::string& commit) const;
  bool is_checked_out_elsewhere(const std::string& name) const;

  Result<void> fetch(const std::string& id, const std::string& to) const;
  void drop_waiting(const CapturedBranch& branch) const;
  bool is_on_a_branch(const std::string& commit) const;

  std::optional<std::string> move_work_tree(const CapturedBranch& branch) const;
  std::optional<std::string> why_not_checked_out(const CapturedBranch& branch) const;
  std::optional<std::string> find_filters(const CapturedBranch& branch) const;
  Program on_work_tree(const std::vector<std::string>& words) const;
  Program over_work_tree(const std::string& from, const std::string& to) const;
  std::string tree_before(const CapturedBranch& branch) const;

  EmptyRepository repository_;
  std::string project_, git_, capture_name_, empty_tree_;
  std::string head_;                        ///< the host's branch that is checked out, or ""
  std::vector<std::string> file_settings_;  ///< "-c", "core.eol=lf": how the host has its files checked out
  bool special_files_ = false;              ///< in a way that only its own configuration knows
  std::vector<CapturedBranch> branches_;
  std::vector<CapturedTag> tags_;
  std::size_t stashes_ = 0;
};

}  // namespace snug
