#include "changes/commits.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <span>
#include <utility>

#include "base/numbers.h"
#include "base/paths.h"
#include "base/quote.h"
#include "changes/bases.h"
#include "changes/captured_refs.h"
#include "changes/copy.h"
#include "changes/side.h"
#include "sys/errno.h"
#include "sys/open.h"
#include "sys/replace_file.h"

namespace snug {
namespace {

constexpr std::size_t most_branches = 100, most_tags = 1000, most_links = 1000, longest_list = std::size_t{64} << 20;
constexpr std::uint64_t longest_shallow = std::uint64_t{16} << 20;

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

Error cannot_bring(std::string why) { return {.what = "cannot bring commits over", .why = std::move(why)}; }

bool is_there(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

// --- what the capture has: read without following a link ----------------------------------------------------------

/// Puts a file under a name of ours: the same one where that can be, else a copy.
bool take_file(const Fd& file, const Node& node, const std::string& to) {
  const std::string link = "/proc/self/fd/" + std::to_string(file.get());
  if (linkat(AT_FDCWD, link.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
  const Fd copy(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400));
  return copy && copy_content(file.get(), copy.get(), node.size);
}

Error damaged(const std::string& name) {
  return cannot_bring("of the capture, " + quote_for_display(name) + " cannot be read");
}

/// Regular files in `from` whose names `is_wanted`, put to `to(name)`.
template <class Wanted, class To>
Result<void> take_files(const SideDirectory& from, Wanted is_wanted, To to) {
  const auto names = from.names();
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const auto node = from.node(name);
    if (!node || node->kind != NodeKind::file || !is_wanted(name)) continue;
    const auto file = from.open_file(name);
    if (!file || !take_file(*file, *node, to(name))) return damaged(name);
  }
  return {};
}

// --- what git prints ---------------------------------------------------------------------------------------------

/// The field up to `end`, taken from the front.
std::string_view take_until(std::string_view& text, char end) {
  const std::string_view field = text.substr(0, text.find(end));
  text.remove_prefix(std::min(text.size(), field.size() + 1));
  return field;
}

Node node_of(std::string_view mode) {
  const auto bits = whole_number<std::uint32_t>(mode, 8).value_or(0);
  Node node{.mode = bits & 07777};
  switch (bits & S_IFMT) {
    case S_IFREG:
      node.kind = NodeKind::file;
      break;
    case S_IFLNK:
      node.kind = NodeKind::symlink;
      break;
    case 0160000:  // another repository's commit
      node.kind = NodeKind::directory;
      break;
    default:
      break;
  }
  return node;
}

/// One entry of `git diff-tree --raw -z`, with the id of what is there in the end.
struct RawEntry {
  Change change;
  std::string id;
};

std::optional<RawEntry> take_entry(std::string_view& text) {
  if (!text.starts_with(':')) return std::nullopt;
  text.remove_prefix(1);
  RawEntry entry;
  entry.change.before = node_of(take_until(text, ' '));
  entry.change.after = node_of(take_until(text, ' '));
  take_until(text, ' ');
  entry.id = take_until(text, ' ');
  take_until(text, '\0');
  entry.change.path = take_until(text, '\0');
  if (entry.change.before.kind == NodeKind::absent) entry.change.kind = Change::Kind::added;
  if (entry.change.after.kind == NodeKind::absent) entry.change.kind = Change::Kind::deleted;
  return entry;
}

/// Whether it ends well is all that is told.
Program quietly(Program program) {
  program.complaints = Program::Complaints::dropped;
  return program;
}

// Configuration that says how files are checked out and names no program.
constexpr std::string_view harmless_settings[] = {"core.autocrlf",  "core.eol",        "core.filemode",
                                                  "core.symlinks",  "core.ignorecase", "core.precomposeunicode",
                                                  "core.checkstat", "core.trustctime"};
constexpr std::string_view special_settings[] = {"core.sparsecheckout", "core.worktree", "core.splitindex",
                                                 "index.sparse"};

bool is_in(std::span<const std::string_view> list, std::string_view key) {
  return std::ranges::find(list, key) != list.end();
}

/// A part of a name of a branch.
std::string as_ref_part(std::string name) {
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '-';
  }
  return name;
}

}  // namespace

// --- git, in our repository and in the host's --------------------------------------------------------------------

Program CommitTransfer::ours(std::vector<std::string> words) const {
  words.insert(words.begin(), "--git-dir=" + repository_.path());
  return git_program(words);
}

Program CommitTransfer::hosts(std::vector<std::string> words) const {
  words.insert(words.begin(), "--git-dir=" + git_);
  Program program = git_program(words);
  program.environment->emplace_back("GIT_COMMITTER_NAME=snug");
  program.environment->emplace_back("GIT_COMMITTER_EMAIL=snug");
  return program;
}

/// What it prints, if it ends well.
std::optional<std::string> CommitTransfer::answer(const Program& program) const {
  auto end = run_program(program);
  if (!end || end->status != 0 || end->output.size() >= program.limit) return std::nullopt;
  return std::move(end->output);
}

std::string CommitTransfer::host_commit(const std::string& name) const {
  return first_line(answer(hosts({"rev-parse", "--verify", "--quiet", name + "^{commit}"})).value_or(""));
}

// --- opening -----------------------------------------------------------------------------------------------------

Result<CommitTransfer> CommitTransfer::open(const Capture& capture, const std::vector<std::string>& names) {
  const std::string git = join(capture.project, ".git");
  const Fd directory(::open(git.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return cannot_bring(quote_for_display(git) + " is no repository of the project's own");
  if (is_there(git + "/reftable")) return cannot_bring("the repository keeps its branches in a reftable");
  if (git.find('\n') != std::string::npos) return cannot_bring("its path holds a line end");
  auto repository = EmptyRepository::make(capture.directory);
  if (!repository) return std::move(repository).error();
  CommitTransfer transfer(std::move(*repository));
  transfer.project_ = capture.project;
  transfer.git_ = git;
  transfer.capture_name_ = as_ref_part(capture.name());
  if (auto prepared = transfer.prepare(); !prepared) return std::move(prepared).error();
  if (auto taken = transfer.take_objects(capture); !taken) return std::move(taken).error();
  auto refs = captured_refs(capture);
  if (!refs) return std::move(refs).error();
  for (const std::string& name : names) {
    const bool known = refs->branches.contains(name) || refs->tags.contains(name);
    if (!known) return cannot_bring("the capture has no branch or tag " + quote_for_display(name));
  }
  transfer.stashes_ = refs->new_stashes.size();
  if (auto found = transfer.find_branches(refs->branches, names); !found) return std::move(found).error();
  if (auto found = transfer.find_tags(refs->tags, names); !found) return std::move(found).error();
  return transfer;
}

/// The host's objects are ours as well, named the way it names them.
Result<void> CommitTransfer::prepare() {
  const std::string& own = repository_.path();
  const std::string format = first_line(answer(hosts({"rev-parse", "--show-object-format"})).value_or(""));
  if (format != "sha1" && format != "sha256") return cannot_bring("git cannot read the project's repository");
  if (format == "sha256") {
    const char* text = "[core]\nrepositoryformatversion = 1\n[extensions]\nobjectFormat = sha256\n";
    if (auto written = replace_file(join(own, "config"), text); !written) return written;
  }
  for (const char* name : {"objects/info", "objects/pack"}) {
    if (mkdir(join(own, name).c_str(), 0700) != 0) return sys_error("make " + quote_for_display(join(own, name)));
  }
  auto written = replace_file(join(own, "objects/info/alternates"), git_ + "/objects\n");
  if (!written) return written;
  if (const auto shallow = read_text(git_, "shallow", longest_shallow)) {
    if (written = replace_file(join(own, "shallow"), *shallow); !written) return written;
  }
  empty_tree_ = first_line(answer(ours({"hash-object", "-t", "tree", "/dev/null"})).value_or(""));
  const std::string head = first_line(answer(hosts({"symbolic-ref", "--quiet", "HEAD"})).value_or(""));
  constexpr std::string_view heads = "refs/heads/";
  if (head.starts_with(heads)) head_ = head.substr(heads.size());
  read_settings();
  return {};
}

// A key that cannot be told from one that is wanted stops nothing: what has no value counts as true.
void CommitTransfer::read_settings() {
  const auto list = answer(hosts({"config", "--local", "--includes", "--null", "--list"}));
  special_files_ = !list;
  for (std::string_view rest = list ? *list : std::string_view(); !rest.empty();) {
    std::string_view value = take_until(rest, '\0');
    const std::string key(take_until(value, '\n'));
    if (is_in(special_settings, key) && value != "false") special_files_ = true;
    if (!is_in(harmless_settings, key)) continue;
    file_settings_.emplace_back("-c");
    file_settings_.push_back(key + "=" + std::string(value.empty() ? "true" : value));
  }
}

// Loose objects by their names, packs without the indexes that came with them.
Result<void> CommitTransfer::take_objects(const Capture& capture) {
  const auto upper = SideDirectory::open_top(capture.sides().upper);
  if (!upper) return upper.error();
  const auto objects = upper->open_below(".git/objects");
  if (!objects) return {};
  const std::string to = join(repository_.path(), "objects");
  const auto names = objects->names();
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    const auto directory = name.size() == 2 && is_hex(name) ? objects->open_below(name) : Error{};
    if (!directory) continue;
    const std::string place = join(to, name);
    if (mkdir(place.c_str(), 0700) != 0) return sys_error("make " + quote_for_display(place));
    const auto is_loose = [](const std::string& rest) {
      return (rest.size() == 38 || rest.size() == 62) && is_hex(rest);
    };
    auto taken = take_files(*directory, is_loose, [&](const std::string& rest) { return join(place, rest); });
    if (!taken) return taken;
  }
  const auto packs = objects->open_below("pack");
  return packs ? take_packs(*packs) : Result<void>();
}

Result<void> CommitTransfer::take_packs(const SideDirectory& packs) {
  std::vector<std::string> taken;
  const auto is_pack = [](const std::string& name) { return name.starts_with("pack-") && name.ends_with(".pack"); };
  auto done = take_files(packs, is_pack, [&](const std::string&) {
    taken.push_back(join(repository_.path(), "objects/pack/pack-" + std::to_string(taken.size()) + ".pack"));
    return taken.back();
  });
  for (const std::string& pack : taken) {
    if (done && !answer(quietly(ours({"index-pack", pack})))) return cannot_bring("a pack of the capture is damaged");
  }
  return done;
}

/// By name, those below "refs/heads" or "refs/tags".
Result<Refs> CommitTransfer::host_refs(const std::string& top) const {
  const auto all = answer(hosts({"for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", top}));
  if (!all) return cannot_bring("git cannot read the project's repository");
  Refs refs;
  for (std::string_view rest = *all; !rest.empty();) {
    const std::string name(take_until(rest, ' '));
    refs[name] = take_until(rest, '\n');
  }
  return refs;
}

Result<void> CommitTransfer::find_branches(const Refs& captured, const std::vector<std::string>& names) {
  const auto host = host_refs("refs/heads");
  if (!host) return host.error();
  for (const auto& [name, commit] : captured) {
    const bool wanted = names.empty() || std::ranges::find(names, name) != names.end();
    const auto known = host->find(name);
    if (!wanted) continue;
    if (known != host->end() && known->second == commit) {
      const auto waits = host->find(waiting_name(name));  // whoever moved the branch was killed before this
      if (waits != host->end()) drop_waiting({.name = name, .after = commit});
      continue;
    }
    if (branches_.size() == most_branches) return cannot_bring("too many branches differ: name those you want");
    if (auto taken = take_branch(name, commit, known == host->end() ? "" : known->second); !taken) return taken;
  }
  return {};
}

Result<void> CommitTransfer::find_tags(const Refs& captured, const std::vector<std::string>& names) {
  const auto host = host_refs("refs/tags");
  if (!host) return host.error();
  for (const auto& [name, id] : captured) {
    const bool wanted = names.empty() || std::ranges::find(names, name) != names.end();
    const auto known = host->find(name);
    if (!wanted || (known != host->end() && known->second == id)) continue;
    if (tags_.size() == most_tags) return cannot_bring("too many tags differ: name the branches and tags you want");
    tags_.push_back({.name = name, .id = id, .other_on_host = known != host->end()});
  }
  return {};
}

Result<void> CommitTransfer::take_branch(const std::string& name, const std::string& commit, std::string before) {
  CapturedBranch branch{.name = name, .before = std::move(before), .after = commit};
  const bool is_name = name == "HEAD" || answer(quietly(ours({"check-ref-format", "refs/heads/" + name})));
  if (!is_name || name.starts_with('-')) return cannot_bring(quote_for_display(name) + " is no name for a branch");
  if (first_line(answer(quietly(ours({"cat-file", "-t", commit}))).value_or("")) != "commit") {
    return cannot_bring("the capture's branch " + quote_for_display(name) + " leads to no commit");
  }
  const std::string base = branch.before.empty() ? host_commit("HEAD") : branch.before;
  std::vector<std::string> words{"rev-list", "--count", commit};
  if (!base.empty()) words.push_back("^" + base);
  const auto count = answer(quietly(ours(words)));
  const auto number = count ? whole_number<std::size_t>(first_line(*count)) : std::nullopt;
  if (!number) return cannot_bring("a commit of the capture's branch " + quote_for_display(name) + " is missing");
  branch.commits = *number;
  const bool has_none = branch.commits == 0 && (name == "HEAD" || !branch.before.empty());
  if (has_none) return {};  // the host is as far, or further
  branch.forward = name != "HEAD" && (branch.before.empty() || is_ancestor(branch.before, commit));
  branches_.push_back(std::move(branch));
  return {};
}

bool CommitTransfer::is_ancestor(const std::string& old, const std::string& commit) const {
  return answer(quietly(ours({"merge-base", "--is-ancestor", old, commit}))).has_value();
}

// --- what is in them ---------------------------------------------------------------------------------------------

Result<std::vector<Change>> CommitTransfer::changes(const CapturedBranch& branch) const {
  std::string base = branch.before.empty() ? host_commit("HEAD") : branch.before;
  if (base.empty()) base = empty_tree_;
  Program program =
      quietly(ours({"diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", base, branch.after}));
  program.limit = longest_list;
  const auto raw = answer(program);
  if (!raw)
    return cannot_bring("the files of the capture's branch " + quote_for_display(branch.name) + " cannot be told");
  std::vector<Change> changes;
  std::size_t links = 0;
  for (std::string_view rest = *raw; !rest.empty();) {
    auto entry = take_entry(rest);
    if (!entry) return cannot_bring("git says something unknown about what differs");
    if (entry->change.after.kind == NodeKind::symlink) {
      entry->change.after.target = "/";  // of more links than anybody makes none is known
      if (++links <= most_links)
        entry->change.after.target = answer(quietly(ours({"cat-file", "blob", entry->id}))).value_or("/");
    }
    changes.push_back(std::move(entry->change));
  }
  return changes;
}

// --- bringing them over ------------------------------------------------------------------------------------------

std::string CommitTransfer::waiting_name(const std::string& branch) const {
  return "snug/" + capture_name_ + "/" + branch;
}

/// The host's git checks each object on the way. A branch is overwritten, a tag is not.
Result<void> CommitTransfer::fetch(const std::string& id, const std::string& to) const {
  const bool is_branch = to.starts_with("refs/heads/");
  const std::string from = is_branch ? "refs/heads/bring" : "refs/tags/bring";
  if (!answer(quietly(ours({"update-ref", from, id})))) return cannot_bring("no room for them");
  Program fetch = hosts({"-c", "protocol.file.allow=always", "-c", "fetch.fsckObjects=true", "fetch", "--quiet",
                         "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules",
                         "--refmap=", repository_.path(), (is_branch ? "+" : "") + from + ":" + to});
  fetch.complaints = Program::Complaints::taken;
  const auto end = run_program(fetch);
  if (!end) return end.error();
  if (end->status == 0) return {};
  return cannot_bring("git does not take them: " + quote_for_display(first_line(end->output)));
}

Result<void> CommitTransfer::bring_over(const CapturedBranch& branch) const {
  return fetch(branch.after, "refs/heads/" + waiting_name(branch.name));
}

/// Those that wait are not: nobody has looked at them yet.
bool CommitTransfer::is_on_a_branch(const std::string& commit) const {
  const auto all = answer(quietly(hosts({"for-each-ref", "--format=%(refname)", "--contains", commit})));
  for (std::string_view rest = all ? *all : std::string_view(); !rest.empty();) {
    if (!take_until(rest, '\n').starts_with("refs/heads/snug/")) return true;
  }
  return false;
}

std::optional<std::string> CommitTransfer::bring_tag(const CapturedTag& tag) const {
  if (tag.other_on_host) return "the host has another tag of that name; inside it is of " + tag.id;
  const bool is_name = answer(quietly(ours({"check-ref-format", "refs/tags/" + tag.name}))).has_value();
  if (!is_name || tag.name.starts_with('-') || tag.name.starts_with("snug/")) return "it is no name for a tag";
  // Before a branch of the same name it would be what the name means.
  const bool waits = std::ranges::any_of(branches_, [&](const CapturedBranch& one) { return one.name == tag.name; });
  if (waits || answer(quietly(hosts({"rev-parse", "--verify", "--quiet", tag.name}))))
    return "the name means something else";
  const auto commit = answer(quietly(ours({"rev-parse", "--verify", "--quiet", tag.id + "^{commit}"})));
  if (!commit) return "it is of no commit";
  if (!is_on_a_branch(first_line(*commit))) return "its commit is on no branch of the host's yet";
  const auto fetched = fetch(tag.id, "refs/tags/" + tag.name);
  return fetched ? std::nullopt : std::optional(fetched.error().why);
}

void CommitTransfer::drop_waiting(const CapturedBranch& branch) const {
  const std::string waiting = "refs/heads/" + waiting_name(branch.name);
  static_cast<void>(answer(quietly(hosts({"update-ref", "-d", waiting, branch.after}))));
}

std::optional<std::string> CommitTransfer::move_branch(const CapturedBranch& branch) const {
  if (branch.name == "HEAD") return "they are on no branch";
  if (!branch.forward) return "the host's branch has commits that the capture's has not";
  if (is_checked_out_elsewhere(branch.name)) return "the branch is checked out in another work tree";
  const bool checked_out = branch.name == head_;
  if (checked_out) {
    if (auto why = move_work_tree(branch)) return why;
  }
  const std::string old = branch.before.empty() ? std::string(branch.after.size(), '0') : branch.before;
  const auto moved = answer(
      quietly(hosts({"update-ref", "-m", "snug apply --commits", "refs/heads/" + branch.name, branch.after, old})));
  if (!moved) {
    if (checked_out) static_cast<void>(answer(over_work_tree(branch.after, tree_before(branch))));
    return "the host's branch was moved meanwhile";
  }
  drop_waiting(branch);
  return std::nullopt;
}

bool CommitTransfer::is_checked_out_elsewhere(const std::string& name) const {
  if (name == head_) return false;
  const auto list = answer(hosts({"worktree", "list", "--porcelain"}));
  return !list || list->find("branch refs/heads/" + name + '\n') != std::string::npos;
}

// --- files that are checked out ----------------------------------------------------------------------------------

std::string CommitTransfer::tree_before(const CapturedBranch& branch) const {
  return branch.before.empty() ? empty_tree_ : branch.before;
}

/// git in our repository, on the host's files and their index: it knows no filter, whatever attributes say.
Program CommitTransfer::on_work_tree(const std::vector<std::string>& words) const {
  std::vector<std::string> all = file_settings_;
  all.push_back("--work-tree=" + project_);
  all.insert(all.end(), words.begin(), words.end());
  Program program = ours(std::move(all));
  program.complaints = Program::Complaints::taken;
  program.environment->push_back("GIT_INDEX_FILE=" + git_ + "/index");
  return program;
}

Program CommitTransfer::over_work_tree(const std::string& from, const std::string& to) const {
  return on_work_tree({"read-tree", "-m", "-u", from, to});
}

std::optional<std::string> CommitTransfer::move_work_tree(const CapturedBranch& branch) const {
  if (auto why = why_not_checked_out(branch)) return why;
  static_cast<void>(run_program(on_work_tree({"update-index", "-q", "--refresh"})));  // differences are told below
  const auto end = run_program(over_work_tree(tree_before(branch), branch.after));
  if (end && end->status == 0) return std::nullopt;
  return "files that are checked out are in the way: " + quote_for_display(end ? end->output : "git cannot be started");
}

std::optional<std::string> CommitTransfer::why_not_checked_out(const CapturedBranch& branch) const {
  for (const char* name : {"MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply"}) {
    if (is_there(join(git_, name))) return std::string("a merge, rebase or the like is under way on the host");
  }
  if (special_files_) return "the files are checked out in a way of its own (sparse, split index, another directory)";
  return find_filters(branch);
}

/// A filter would be run by a checkout: it is the host's to run.
std::optional<std::string> CommitTransfer::find_filters(const CapturedBranch& branch) const {
  const std::string index = "GIT_INDEX_FILE=" + join(repository_.path(), "index");
  Program fill = quietly(ours({"read-tree", branch.after}));
  fill.environment->push_back(index);
  Program ask = ours({"check-attr", "--cached", "-z", "--stdin", "filter"});
  ask.environment->push_back(index);
  ask.limit = longest_list;
  const auto changed = changes(branch);
  for (const Change& change : changed ? *changed : std::vector<Change>()) ask.input.append(change.path).push_back('\0');
  const auto told = changed && answer(fill) ? answer(ask) : std::nullopt;
  if (!told) return "what filters its files have cannot be told";
  for (std::string_view rest = *told; !rest.empty();) {
    const std::string_view path = take_until(rest, '\0');
    take_until(rest, '\0');
    const std::string_view value = take_until(rest, '\0');
    if (value != "unspecified" && value != "unset")
      return quote_for_display(path) + " has a filter, which snug does not run";
  }
  return std::nullopt;
}

}  // namespace snug
