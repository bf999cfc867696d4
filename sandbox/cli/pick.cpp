#include "cli/pick.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/paths.h"
#include "base/quote.h"
#include "changes/bases.h"
#include "changes/hunks.h"
#include "changes/open_parents.h"
#include "cli/ask.h"
#include "cli/changes_text.h"
#include "cli/print.h"
#include "sys/programs.h"
#include "sys/write.h"

namespace snug {
namespace {

constexpr std::uint64_t longest_text = 4 << 20;

constexpr const char* keys_of_hunks =
    "y - take this hunk over\n"
    "n - do not\n"
    "q - take neither this one nor any that follows\n"
    "a - take this one and all that follow in this file\n"
    "d - take neither this one nor any that follows in this file\n"
    "k - go back to the one before\n"
    "s - cut this hunk into smaller ones\n"
    "e - edit this hunk\n"
    "? - this text\n";

constexpr const char* keys_of_files =
    "y - take it over\n"
    "n - do not\n"
    "q - take neither this nor anything that follows\n"
    "a - take it and all that follow\n"
    "d - do not (as n)\n"
    "? - this text\n";

enum class Going { on, all, stop };

Fd in_memory(const std::string& text) {
  Fd file(memfd_create("text", MFD_CLOEXEC));
  return file && write_all(file.get(), text) ? std::move(file) : Fd();
}

std::string descriptor_path(const Fd& fd) { return "/dev/fd/" + std::to_string(fd.get()); }

std::vector<Hunk> hunks_between(const std::string& before, const std::string& after) {
  const Fd a = in_memory(before), b = in_memory(after);
  const auto patch = output_of({"diff", "-a", "-u", descriptor_path(a), descriptor_path(b)}, std::size_t{64} << 20,
                               {a.get(), b.get()});
  auto hunks = patch ? parse_hunks(*patch) : std::nullopt;
  return hunks ? std::move(*hunks) : std::vector<Hunk>();
}

/// The hunk as an editor leaves it; nothing if it was left empty or cannot be edited.
std::optional<std::string> edit(const std::string& directory, const std::string& text) {
  std::string path = join(directory, "hunk-XXXXXX");
  const Fd file(mkostemp(path.data(), O_CLOEXEC));
  const std::string help =
      "# Edit this hunk. To leave a '-' line in place make it ' '; to leave a '+' line out delete it.\n"
      "# Lines with ' ' and '-' have to stay as they are otherwise. Lines with '#' are taken out.\n";
  if (!file || !write_all(file.get(), text + help)) return print_message("cannot write " + path), std::nullopt;
  const char* editor = "vi";
  for (const char* name : {"EDITOR", "VISUAL", "GIT_EDITOR"}) {
    if (const char* chosen = std::getenv(name); chosen != nullptr && *chosen != '\0') editor = chosen;
  }
  const auto end =
      run_program({.argv = {"/bin/sh", "-c", std::string(editor) + " \"$@\"", editor, path}, .own_terminal = true});
  auto edited = read_text(directory, std::string(base_name(path)), longest_text);
  unlink(path.c_str());
  if (!end) return print_error(end.error()), std::nullopt;
  return end->status == 0 ? edited : std::nullopt;
}

/// The hunks of one file, asked for one by one.
class HunkPicker {
 public:
  HunkPicker(const SeenChange& seen, std::string directory, std::vector<Hunk> hunks)
      : seen_(seen), directory_(std::move(directory)) {
    for (Hunk& hunk : hunks) asked_.push_back({std::move(hunk)});
  }

  Going pick() {
    for (std::size_t at = 0; at < asked_.size();) {
      show(at);
      switch (ask_letter(question(at), keys(at), 'q')) {
        case 'y':
          asked_[at++].taken = true;
          break;
        case 'n':
          asked_[at++].taken = false;
          break;
        case 'a':
          for (; at < asked_.size(); ++at) asked_[at].taken = true;
          break;
        case 'd':
          for (; at < asked_.size(); ++at) asked_[at].taken = false;
          break;
        case 'q':
          return Going::stop;
        case 'k':
          at -= at > 0 ? 1 : 0;
          break;
        case 's':
          cut(at);
          break;
        case 'e':
          if (change(at)) ++at;
          break;
        default:
          static_cast<void>(print_data(keys_of_hunks));
      }
    }
    return Going::on;
  }

  std::vector<Hunk> taken() const {
    std::vector<Hunk> hunks;
    for (const Asked& asked : asked_) {
      if (asked.taken) hunks.push_back(asked.hunk);
    }
    return hunks;
  }
  bool took_all() const { return !edited_ && taken().size() == asked_.size(); }

 private:
  struct Asked {
    Hunk hunk;
    bool taken = false;
  };

  void show(std::size_t at) const {
    static_cast<void>(print_data(paint_patch(to_text(asked_[at].hunk), colour_for(STDOUT_FILENO))));
  }

  std::string keys(std::size_t at) const {
    return std::string("ynqad") + (at > 0 ? "k" : "") + (split_hunk(asked_[at].hunk).size() > 1 ? "s" : "") + "e?";
  }

  std::string question(std::size_t at) const {
    std::string letters;
    for (const char key : keys(at)) letters += (letters.empty() ? "" : ",") + std::string(1, key);
    return "(" + std::to_string(at + 1) + "/" + std::to_string(asked_.size()) + ") apply this hunk of " +
           quote_for_display(seen_.change.path) + " [" + letters + "]?";
  }

  void cut(std::size_t at) {
    std::vector<Asked> pieces;
    for (Hunk& hunk : split_hunk(asked_[at].hunk)) pieces.push_back({std::move(hunk)});
    const auto place = asked_.erase(asked_.begin() + static_cast<std::ptrdiff_t>(at));
    asked_.insert(place, std::make_move_iterator(pieces.begin()), std::make_move_iterator(pieces.end()));
  }

  bool change(std::size_t at) {
    const auto text = edit(directory_, to_text(asked_[at].hunk));
    if (!text) return false;
    auto hunk = edited_hunk(asked_[at].hunk, *text);
    if (!hunk) return print_message("the edited hunk does not fit any more"), false;
    asked_[at] = {std::move(*hunk), true};
    return edited_ = true;
  }

  const SeenChange& seen_;
  std::string directory_;
  std::vector<Asked> asked_;
  bool edited_ = false;
};

class Picker {
 public:
  explicit Picker(const OpenCapture& open) : open_(open) {}

  /// Is it, or some of it, to be taken over?
  bool pick(SeenChange& seen) {
    if (going_ == Going::stop || !shows_parent(seen)) return false;
    if (going_ == Going::all) return true;
    const std::string head = to_line(seen, colour_for(STDOUT_FILENO));
    static_cast<void>(print_data(head));
    const bool taken = can_be_cut(seen) ? pick_hunks(seen) : pick_whole(seen);
    seen.named = true;
    if (!taken && makes_directory(seen.change)) refused_.insert(seen.change.path);
    return taken;
  }

 private:
  /// What lies in a new directory that was refused is not asked for.
  bool shows_parent(const SeenChange& seen) {
    const bool hidden = refused_.contains(directory_of(seen.change.path));
    if (hidden && seen.change.after.kind == NodeKind::directory) refused_.insert(seen.change.path);
    return !hidden;
  }

  static bool can_be_cut(const SeenChange& seen) {
    const Change& change = seen.change;
    return change.before.kind == NodeKind::file && change.after.kind == NodeKind::file && change.differences.content;
  }

  bool pick_whole(const SeenChange& seen) {
    if (seen.change.after.kind != NodeKind::directory) {
      show_patch(open_, {seen}, colour_for(STDOUT_FILENO), [](std::string_view text) { return print_data(text); });
    }
    while (true) {
      switch (ask_letter("apply " + quote_for_display(seen.change.path) + " [y,n,q,a,d,?]?", "ynqad?", 'q')) {
        case 'y':
          return true;
        case 'a':
          going_ = Going::all;
          return true;
        case '?':
          static_cast<void>(print_data(keys_of_files));
          break;
        case 'q':
          going_ = Going::stop;
          return false;
        default:
          return false;
      }
    }
  }

  bool pick_hunks(SeenChange& seen) {
    const Change change = in_part(open_, seen);
    const Sides sides = open_.parts[seen.part].capture.sides();
    const auto before = read_text(sides.lower, change.path, longest_text);
    const auto after =
        seen.instead ? std::optional(seen.instead->text) : read_text(sides.upper, change.path, longest_text);
    std::vector<Hunk> hunks = before && after ? hunks_between(*before, *after) : std::vector<Hunk>();
    if (hunks.empty()) return pick_whole(seen);
    HunkPicker picker(seen, open_.capture.directory, std::move(hunks));
    going_ = picker.pick();
    if (picker.took_all()) return true;
    if (picker.taken().empty()) return false;
    auto text = with_hunks(*before, picker.taken());
    if (!text) return print_message("the hunks do not fit together"), false;
    seen.instead = InsteadOf{.text = std::move(*text), .layer_keeps = true};
    return true;
  }

  const OpenCapture& open_;
  Going going_ = Going::on;
  std::set<std::string, std::less<>> refused_;
};

}  // namespace

void pick_changes(const OpenCapture& open, std::vector<SeenChange>& changes) {
  Picker picker(open);
  std::vector<SeenChange> taken;
  for (SeenChange& seen : changes) {
    if (picker.pick(seen)) taken.push_back(std::move(seen));
  }
  changes = std::move(taken);
}

}  // namespace snug
