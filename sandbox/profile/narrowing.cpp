#include "profile/narrowing.h"

#include <algorithm>
#include <span>

#include "base/quote.h"
#include "base/units.h"
#include "profile/bytes.h"
#include "profile/shown_value.h"

namespace snug {
namespace {

constexpr std::size_t longest_shown = 120;
constexpr std::uint64_t largest_tmpfs = std::uint64_t{1} << 30;  // what a tmpfs without a size gets

// --- what narrows ---------------------------------------------------------------------------------------

using Judge = bool (*)(const Value&);

bool always(const Value&) { return true; }

template <const auto& words>
bool one_of_words(const Value& value) {
  return value.type == Value::Type::text && std::ranges::find(words, value.text) != std::end(words);
}

constexpr std::string_view narrow_project[] = {"read", "overlay", "none"};
constexpr std::string_view none[] = {"none"};
constexpr std::string_view narrow_home[] = {"tmpfs", "none"};
constexpr std::string_view read[] = {"read"};
constexpr std::string_view strict[] = {"strict"};

bool is_small_tmpfs(const Value& item) {
  for (const Member& member : item.members) {
    if (member.key != "size") continue;
    if (member.value.type == Value::Type::integer)
      return static_cast<std::uint64_t>(member.value.integer) <= largest_tmpfs;
    const Result<std::uint64_t> size = parse_size(member.value.text);
    if (!size || *size > largest_tmpfs) return false;
  }
  return true;
}

bool small_tmpfs(const Value& list) { return std::ranges::all_of(list.items, is_small_tmpfs); }

struct NarrowKey {
  std::string_view key;
  Judge narrows;
};

// What whoever wrote the project may say.
constexpr NarrowKey narrow_keys[] = {
    {"version", always},
    {"description", always},
    {"extends", always},  // what it leads to is judged by itself, files of the project below
    {"require", always},
    {"hostname", always},
    {"shell", always},
    {"workdir", always},
    {"filesystem.project", one_of_words<narrow_project>},
    {"filesystem.hide", always},
    {"filesystem.protect", always},
    {"filesystem.tmpfs", small_tmpfs},
    {"network.mode", one_of_words<none>},
    {"network.deny", always},
    {"environment.set", always},
    {"environment.unset", always},
    {"seccomp.deny", always},
    // The default profile has none of these: any is lower.
    {"limits.memory", always},
    {"limits.processes", always},
    {"limits.cpus", always},
    {"limits.disk", always},
    {"limits.timeout", always},
    {"limits.rlimit", always},  // compared with what holds once they are read: find_raised_limits
};

// What the profiles that come with snug may say besides.
constexpr NarrowKey shipped_keys[] = {
    {"toolchains", one_of_words<none>},
    {"filesystem.home", one_of_words<narrow_home>},
    {"filesystem.git", one_of_words<read>},
    {"seccomp.policy", one_of_words<strict>},
    {"environment.pass", always},
    {"network.allow", always},  // nothing as long as the mode is none, which only whoever starts the run may change
};

bool allows(std::span<const NarrowKey> keys, std::string_view key, const Value& value) {
  const auto found = std::ranges::find(keys, key, &NarrowKey::key);
  return found != keys.end() && found->narrows(value);
}

// --- what it would open, in plain words ------------------------------------------------------------------

struct Meaning {
  std::string_view key, words;
};

constexpr Meaning meanings[] = {
    {"user", "chooses who the command is"},
    {"subids", "gives the command more user numbers"},
    {"toolchains", "chooses which toolchains of yours are shown"},
    {"nested", "lets the command make namespaces of its own, which weakens the walls"},
    {"vars", "defines variables"},
    {"filesystem.root", "takes the system from another place"},
    {"filesystem.etc", "shows this machine's /etc"},
    {"filesystem.project", "makes the project writable"},
    {"filesystem.home", "chooses how the home inside is kept"},
    {"filesystem.git", "lets the command change what git runs on this machine"},
    {"filesystem.read", "shows the command files of this machine"},
    {"filesystem.write", "lets the command write files of this machine"},
    {"filesystem.overlay", "shows the command files of this machine"},
    {"filesystem.tmpfs", "takes more memory than snug gives a tmpfs"},
    {"filesystem.mount", "puts things of this machine in front of the command"},
    {"network.mode", "lets the command use the network"},
    {"network.allow", "lets the command reach these hosts"},
    {"network.publish", "opens ports of this machine"},
    {"network.host-ports", "lets the command reach servers on this machine"},
    {"network.sockets", "lets the command talk to programs on this machine"},
    {"network.ssh-agent", "lets the command use your ssh keys"},
    {"environment.pass", "shows the command variables of yours"},
    {"environment.path", "puts directories first on PATH"},
    {"seccomp.policy", "chooses the filter of system calls"},
    {"seccomp.allow", "opens system calls"},
    {"seccomp.rule", "chooses rules for system calls"},
    {"namespaces.time", "changes the clocks"},
    {"changes.on-success", "decides what becomes of changes"},
    {"changes.on-failure", "decides what becomes of changes"},
};

std::string_view meaning_of(std::string_view key) {
  const auto* const found = std::ranges::find(meanings, key, &Meaning::key);
  return found == std::end(meanings) ? "says what an unapproved profile may not" : found->words;
}

// --- one document -----------------------------------------------------------------------------------------

constexpr std::string_view sections[] = {"filesystem", "network",    "environment", "seccomp",
                                         "limits",     "namespaces", "changes"};

bool is_list_key(std::string_view key) {
  constexpr std::string_view lists[] = {"require",      "filesystem.hide",   "filesystem.protect", "filesystem.tmpfs",
                                        "network.deny", "environment.unset", "environment.pass",   "seccomp.deny"};
  return std::ranges::find(lists, key) != std::end(lists);
}

class Judging {
 public:
  Judging(const Document& document, Author author) : document_(document), author_(author) {}

  void judge_table(const Value& table, const std::string& prefix) {
    for (const Member& member : table.members) {
      const std::string key = prefix + member.key;
      const bool section = prefix.empty() && std::ranges::find(sections, member.key) != std::end(sections);
      if (section && member.value.type == Value::Type::table) {
        judge_table(member.value, key + ".");
      } else {
        judge(key, member);
      }
    }
  }

  std::vector<Diagnostic> take() { return std::move(found_); }

 private:
  void judge(const std::string& key, const Member& member) {
    const Value& value = member.value;
    const bool good =
        allows(narrow_keys, key, value) || (author_ == Author::shipped && allows(shipped_keys, key, value));
    if (!good) return add_all(member, key);
    judge_inheritance(key, member);
    if (author_ == Author::project && key == "extends") judge_extended(value);
    if (author_ == Author::project) judge_variables(key, value);
  }

  // "!x" and "key.replace" take away what somebody wanted there.
  void judge_inheritance(const std::string& key, const Member& member) {
    if (!is_list_key(key)) return;
    if (member.value.type == Value::Type::table) add(member.at, key, member.value, "starts the list over");
    for (const Value& item : member.value.items) {
      if (item.type == Value::Type::text && item.text.starts_with('!'))
        add(item.at, key, item, "takes out what is said before");
    }
  }

  void judge_extended(const Value& list) {
    for (const Value& item : list.items) {
      if (item.type != Value::Type::text) continue;
      const auto named = std::ranges::find(document_.extended, item.at, &Extended::at);
      const bool shipped = named != document_.extended.end() && named->shipped;
      if (!shipped) add(item.at, "extends", item, "is built on a profile that does not come with snug");
    }
  }

  void judge_variables(const std::string& key, const Value& value) {
    if (value.type == Value::Type::text && value.text.find("${env:") != std::string::npos)
      add(value.at, key, value, "reads a variable of yours");
    for (const Value& item : value.items) judge_variables(key, item);
    for (const Member& member : value.members) judge_variables(key + "." + member.key, member.value);
  }

  // One line an element: what matters must not stand behind a hundred harmless ones.
  void add_all(const Member& member, const std::string& key) {
    const Value& value = member.value;
    if (value.type != Value::Type::list || value.items.empty()) return add(member.at, key, value, meaning_of(key));
    for (const Value& item : value.items) add(item.at, key, item, meaning_of(key));
  }

  void add(Position at, const std::string& key, const Value& value, std::string_view words) {
    if (found_.size() > most) return;
    std::string text = "there is more; read the file before you approve it";
    if (found_.size() < most) {
      text = escape_for_display(utf8_to_bytes(key)) + " = " + shown(value, longest_shown) + ": ";
      text.append(words);
    }
    found_.push_back({name_of(document_.text), at.line, at.column, std::move(text)});
  }

  static constexpr std::size_t most = 100;
  const Document& document_;
  Author author_;
  std::vector<Diagnostic> found_;
};

}  // namespace

std::vector<Diagnostic> find_widenings(const Document& document, Author author) {
  Judging judging(document, author);
  if (document.valid) judging.judge_table(document.value, "");
  return judging.take();
}

std::vector<Diagnostic> find_raised_limits(const Profile& profile, const std::vector<std::string>& files,
                                           const CurrentLimit& current) {
  std::vector<Diagnostic> found;
  for (const LimitsSection::Rlimit& limit : profile.limits.rlimits) {
    const bool listed = std::ranges::find(files, limit.origin.source.str()) != files.end();
    if (limit.origin.kind != OriginKind::file || !listed || limit.value <= current(limit.name)) continue;
    found.push_back({limit.origin.source, limit.origin.line, limit.origin.column,
                     "limits.rlimit." + limit.name + " is higher than what holds: raises a limit"});
  }
  return found;
}

std::vector<std::string_view> keys_that_narrow() {
  std::vector<std::string_view> keys;
  for (const NarrowKey& key : narrow_keys) keys.push_back(key.key);
  return keys;
}

}  // namespace snug
