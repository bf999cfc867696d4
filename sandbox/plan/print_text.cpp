// A plan as text for people: a tree of the view, then everything else, each line with where it comes from.
#include <algorithm>
#include <vector>

#include "base/paths.h"
#include "base/quote.h"
#include "base/units.h"
#include "plan/print.h"
#include "plan/words.h"

namespace snug {
namespace {

constexpr std::size_t effect_column = 40, detail_column = 51, origin_column = 100;

/// Names as they are, quoted where a terminal or a reader could be misled.
std::string shown_name(const std::string& name) {
  const std::string escaped = escape_for_display(name);
  const bool plain = escaped == name && !name.empty() && name.front() != ' ' && name.back() != ' ';
  return plain ? name : quote_for_display(name);
}

std::string limits_text(const Tmpfs& tmpfs) {
  return size_to_text(tmpfs.size) + ", " + std::to_string(tmpfs.inodes) + " inodes, mode " + octal(tmpfs.mode);
}

std::string bind_detail(const Bind& bind, const std::string& target) {
  std::string text = bind.source == target ? "" : "from " + shown_name(bind.source);
  const auto add = [&text](const std::string& more) { text += (text.empty() ? "" : ", ") + more; };
  if (!bind.exec && !bind.socket) add("no programs");
  if (bind.idmap)
    add("ids " + std::to_string(bind.idmap->disk_uid) + ":" + std::to_string(bind.idmap->disk_gid) + " shown as own");
  return text;
}

/// What an effect word leaves unsaid.
struct Detail {
  const std::string& target;
  std::string operator()(const Bind& bind) const { return bind_detail(bind, target); }
  std::string operator()(const Overlay& overlay) const {
    const std::string writes = overlay.discard ? "writes thrown away" : "writes kept in " + shown_name(overlay.upper);
    const std::string& shown = overlay.host.empty() ? overlay.lowers.back() : overlay.host;
    return shown == target ? writes : "over " + shown_name(shown) + ", " + writes;
  }
  std::string operator()(const Tmpfs& tmpfs) const { return limits_text(tmpfs); }
  std::string operator()(const File& file) const {
    return std::to_string(file.content.size()) + " bytes, mode " + octal(file.mode);
  }
  std::string operator()(const Copy& copy) const {
    return copy.source == target ? "" : "of " + shown_name(copy.source);
  }
  std::string operator()(const Directory& directory) const { return "mode " + octal(directory.mode); }
  std::string operator()(const Symlink& link) const { return "-> " + shown_name(link.to); }
  std::string operator()(const Device& device) const {
    return device.source == target ? "" : shown_name(device.source);
  }
  std::string operator()(const Mask& mask) const {
    return mask.content.empty() ? "" : std::to_string(mask.content.size()) + " bytes, laid over the host's";
  }
  std::string operator()(const Seal&) const { return ""; }
  std::string operator()(const Special&) const { return ""; }
};

class Text {
 public:
  explicit Text(Colour colour) : colour_(colour) {}

  void heading(const std::string& title) {
    if (!text_.empty()) text_ += "\n";
    text_ += style("1") + title + style("0") + "\n";
  }

  /// One line; `from` is put at the right in a quiet colour.
  void line(std::string left, const std::string& from) {
    if (!from.empty()) {
      pad(left, origin_column);
      left += style("2") + from + style("0");
    }
    text_ += left + "\n";
  }

  void warning(const std::string& text) { text_ += "  " + style("33") + "warning: " + style("0") + text + "\n"; }

  static void pad(std::string& text, std::size_t column) { text.resize(std::max(text.size() + 1, column), ' '); }

  std::string take() { return std::move(text_); }

 private:
  std::string style(const char* code) const {
    return colour_ == Colour::always ? "\033[" + std::string(code) + "m" : "";
  }

  Colour colour_;
  std::string text_;
};

std::string id_text(const std::string& name, std::uint32_t id) {
  return shown_name(name) + " (" + std::to_string(id) + ")";
}

/// "0-999 are 100000-100999, 1000 is 1000"
std::string map_text(const std::vector<IdRange>& map) {
  std::string text;
  const auto span = [](std::uint32_t first, std::uint32_t count) {
    return std::to_string(first) + (count == 1 ? "" : "-" + std::to_string(first + (count - 1)));
  };
  for (const IdRange& range : map) {
    text += (text.empty() ? "" : ", ") + span(range.inside, range.count) + (range.count == 1 ? " is " : " are ") +
            span(range.outside, range.count);
  }
  return text + " to the kernel";
}

void print_summary(Text& text, const Plan& plan) {
  const auto row = [&](std::string name, const std::string& value, const Origin& origin) {
    name.resize(11, ' ');
    text.line(name + value, to_text(origin));
  };
  const Identity& identity = plan.identity;
  std::string profile = shown_name(plan.profile_name);
  profile += plan.profile_file.empty() ? " (compiled in)" : " (" + shown_name(plan.profile_file) + ")";
  row("profile", profile, {});
  row("project", plan.project.empty() ? "none" : shown_name(plan.project) + " (" + plan.project_reason + ")",
      plan.project_mode.origin);
  if (plan.capture) {
    row("changes",
        "kept as capture " + shown_name(std::string(base_name(plan.capture->directory))) + ": see `snug diff`",
        plan.capture->on_success.origin);
  }
  row("user",
      id_text(identity.user_name, identity.inside_uid) + ", group " +
          id_text(identity.group_name, identity.inside_gid) + "; to the kernel uid " +
          std::to_string(identity.outside_uid) + ", gid " + std::to_string(identity.outside_gid),
      identity.origin);
  if (identity.maps) {
    row("users", map_text(identity.maps->value.uids), identity.maps->origin);
    row("groups", map_text(identity.maps->value.gids), identity.maps->origin);
  }
  row("hostname", shown_name(plan.hostname.value), plan.hostname.origin);
  std::string command;
  for (const std::string& word : plan.command.argv) command += (command.empty() ? "" : " ") + shown_name(word);
  row("command", command + (plan.command.interactive_shell ? " (interactive)" : ""), {});
  row("directory", shown_name(plan.command.workdir), plan.command.workdir_origin);
}

/// Prints the view as a tree: each entry below the nearest one that holds it.
class TreePrinter {
 public:
  explicit TreePrinter(Text& text) : text_(text) {}

  void entry(const ViewEntry& entry) {
    while (!open_.empty() && !is_below(entry.target, open_.back())) open_.pop_back();
    if (open_.empty()) open_top(entry.target);
    const bool again = !open_.empty() && open_.back() == entry.target;
    const std::string detail = std::visit(Detail{entry.target}, entry.what);
    std::string line = again && !fresh_ ? indent(open_.size() - 1) + "  ''" : name_of(entry.target, again);
    fresh_ = false;
    Text::pad(line, effect_column);
    line += effect_word(entry.what);
    Text::pad(line, detail_column);
    line += detail.empty() ? entry.why : detail + (entry.why.empty() ? "" : "; " + entry.why);
    if (entry.optional && entry.origin.kind != OriginKind::builtin) line += "; where present";
    text_.line(std::move(line), to_text(entry.origin));
    if (!again) open_.push_back(entry.target);
  }

 private:
  static std::string indent(std::size_t depth) { return std::string(2 + 2 * depth, ' '); }

  /// Directories of the root that hold entries but are none get a line of their own.
  void open_top(const std::string& target) {
    const std::string top = target.substr(0, target.find('/', 1));
    if (top == target) return;
    text_.line(indent(0) + shown_name(top) + "/", "");
    open_.push_back(top);
  }

  std::string name_of(const std::string& target, bool again) const {
    if (open_.empty() || again) return indent(0) + shown_name(target);
    return indent(open_.size()) + shown_name(target.substr(open_.back().size() + 1));
  }

  Text& text_;
  std::vector<std::string> open_;
  bool fresh_ = false;
};

void print_view(Text& text, const Plan& plan) {
  text.heading("view");
  std::string root = "  /";
  Text::pad(root, effect_column);
  root += "tmpfs";
  Text::pad(root, detail_column);
  text.line(root + limits_text(plan.root.tmpfs) + "; read-only once set up", to_text(Origin{}));
  TreePrinter printer(text);
  for (const ViewEntry& entry : plan.view) printer.entry(entry);
}

const char* preparation_word(Preparation::Kind kind) {
  switch (kind) {
    case Preparation::Kind::directory:
      return "directory";
    case Preparation::Kind::skeleton_file:
      return "file, once";
    case Preparation::Kind::mount_point:
      return "mount point, while running";
    case Preparation::Kind::mount_file:
      return "mount point, while running";
    case Preparation::Kind::stub:
      return "file, while running";
    case Preparation::Kind::scratch:
      return "directory, removed at the end";
    case Preparation::Kind::mirror:
      return "the directories of the host's, as yours";
    case Preparation::Kind::shallow_copy:
      return "copies of a directory's files";
  }
  return "";
}

void print_preparations(Text& text, const Plan& plan) {
  if (plan.preparations.empty()) return;
  text.heading("made on the host");
  for (const Preparation& made : plan.preparations)
    text.line("  " + shown_name(made.path), preparation_word(made.kind));
}

const char* loss_word(Watch::Loss loss) {
  switch (loss) {
    case Watch::Loss::shown:
      return "hidden until the host replaces it";
    case Watch::Loss::writable:
      return "read-only until the host replaces it";
    case Watch::Loss::made:
      return "absent; could be made inside";
  }
  return "";
}

void print_watches(Text& text, const Plan& plan) {
  if (plan.watches.empty() && !plan.git_search) return;
  text.heading("watched while it runs");
  for (const Watch& watch : plan.watches) {
    std::string line = "  " + shown_name(watch.path);
    Text::pad(line, detail_column);
    text.line(line + loss_word(watch.loss), to_text(watch.origin));
  }
  if (!plan.git_search) return;
  std::string line = "  " + shown_name(plan.git_search->project);
  Text::pad(line, detail_column);
  text.line(line + "searched at the end for new git repositories", to_text(plan.git_search->origin));
}

void print_groups(Text& text, const Identity& identity) {
  if (identity.kept_groups.empty()) return;
  text.heading("groups kept (they cannot be dropped without root)");
  for (const Identity::Group& group : identity.kept_groups) {
    text.line("  " + (group.name.empty() ? std::to_string(group.gid) : id_text(group.name, group.gid)) +
                  (group.warning.empty()
                       ? ""
                       : "  opens, where the view shows it, " + group.warning.substr(group.warning.find(": ") + 2)),
              "");
  }
}

const char* network_text(NetworkMode mode) {
  switch (mode) {
    case NetworkMode::none:
      return "none: loopback only";
    case NetworkMode::filtered:
      return "filtered: only what the rules allow";
    case NetworkMode::host:
      return "the host's: everything the host reaches";
  }
  return "";
}

void print_rules(Text& text, const char* verb, const std::vector<Sourced<NetworkRule>>& rules) {
  for (const auto& rule : rules) text.line("    " + std::string(verb) + to_text(rule.value), to_text(rule.origin));
}

void print_proxy(Text& text, const UpstreamProxy& proxy) {
  text.line(
      "    through the proxy " + to_text(proxy) + (proxy.credentials.empty() ? "" : ", with a name and a password"),
      to_text(proxy.origin));
  for (const ProxyException& exception : proxy.exceptions) {
    text.line("    past the proxy    " + to_text(exception), to_text(proxy.exceptions_origin));
  }
}

void print_filter(Text& text, const FilterPlan& filter) {
  if (filter.allow.empty()) text.line("    nothing is allowed: no rule in network.allow", "");
  print_rules(text, "deny   ", filter.deny);
  print_rules(text, "allow  ", filter.allow);
  if (filter.proxy) print_proxy(text, *filter.proxy);
}

std::string published_text(const PublishEntry& entry) {
  const bool brackets = entry.address.find(':') != std::string::npos;
  return (brackets ? "[" + entry.address + "]" : entry.address) + ":" + std::to_string(entry.host_port) +
         " on the host is port " + std::to_string(entry.sandbox_port) + " inside";
}

void print_isolation(Text& text, const Plan& plan) {
  const NamespacePlan& namespaces = plan.namespaces;
  text.heading("namespaces and network");
  std::string names = "  user, mount, pid, ipc, uts, cgroup";
  if (namespaces.network) names += ", network";
  if (namespaces.time) {
    names += ", time (monotonic " + duration_to_text(namespaces.monotonic) + ", boottime " +
             duration_to_text(namespaces.boottime) + ")";
  }
  text.line(names, to_text(Origin{}));
  if (namespaces.nested) text.line("  the command may make namespaces of its own", "");
  text.line(std::string("  network: ") + network_text(plan.network.value), to_text(plan.network.origin));
  if (plan.filter) print_filter(text, *plan.filter);
  for (const auto& port : plan.host_ports) {
    text.line("    host's port  127.0.0.1:" + std::to_string(port.value), to_text(port.origin));
  }
  for (const PublishEntry& entry : plan.publish) {
    text.line("    published  " + published_text(entry), to_text(entry.origin));
  }
}

void print_environment(Text& text, const Plan& plan) {
  text.heading("environment (everything else is dropped)");
  for (const Variable& variable : plan.environment) {
    const bool passed = variable.from == Variable::From::passed;
    text.line("  " + shown_name(variable.name) + (passed ? " (passed)" : "=" + escape_for_display(variable.value)),
              to_text(variable.origin));
  }
}

const char* policy_words(SeccompPolicy policy) {
  switch (policy) {
    case SeccompPolicy::standard:
      return "default";
    case SeccompPolicy::strict:
      return "strict (without debuggers, System V IPC, message queues, ping; all of it: snug-security(7))";
    case SeccompPolicy::off:
      return "off";
  }
  return "";
}

std::string said_origin(const Origin& origin) { return origin.kind == OriginKind::builtin ? "" : to_text(origin); }

/// "2", "1.5"
std::string number_text(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string group_text(const ControlGroups& group) {
  switch (group.from) {
    case ControlGroups::From::systemd:
      return "a cgroup that the user's systemd makes";
    case ControlGroups::From::beside:
    case ControlGroups::From::below:
      return "a cgroup in " + shown_name(group.directory);
    case ControlGroups::From::nowhere:
      break;
  }
  return "";
}

/// Who holds it: one group all processes, or `each` of them itself.
template <class T>
void print_held(Text& text, const Plan& plan, const std::string& left, const Held<T>& held, const std::string& each) {
  text.line("  " + left + ": " + (held.by_group ? "all together, by " + group_text(*plan.limits.group) : each),
            to_text(held.limit.origin));
}

void print_shared_limits(Text& text, const Plan& plan) {
  const LimitsPlan& limits = plan.limits;
  if (limits.memory) {
    print_held(text, plan, "memory " + size_to_text(limits.memory->limit.value), *limits.memory,
               "each process by itself (RLIMIT_DATA)");
  }
  if (limits.processes) {
    print_held(text, plan, "processes " + std::to_string(limits.processes->limit.value), *limits.processes,
               limits.processes->full ? "all together (RLIMIT_NPROC)" : "each user number by itself (RLIMIT_NPROC)");
  }
  if (limits.cpus) {
    print_held(text, plan, "cpus " + number_text(limits.cpus->limit.value), *limits.cpus,
               "starts on " + processors_text(*limits.cpus));
  }
  if (plan.disk) {
    text.line("  disk " + size_to_text(plan.disk->value) + ": temporary files, and layers, which are watched",
              to_text(plan.disk->origin));
  }
}

void print_limits(Text& text, const Plan& plan) {
  text.heading("limits and system calls");
  print_shared_limits(text, plan);
  for (const RlimitPlan& limit : plan.rlimits) {
    text.line("  " + limit.name + " " + std::to_string(limit.soft), to_text(limit.origin));
  }
  if (plan.timeout) text.line("  timeout " + duration_to_text(plan.timeout->value), to_text(plan.timeout->origin));
  text.line(std::string("  system calls: policy ") + policy_words(plan.seccomp.policy),
            said_origin(plan.seccomp.policy_origin));
  for (const auto& call : plan.seccomp.allow) text.line("  allow " + shown_name(call.value), to_text(call.origin));
  for (const auto& call : plan.seccomp.deny) text.line("  deny " + shown_name(call.value), to_text(call.origin));
  for (const auto& rule : plan.seccomp.rules) {
    text.line("  rule for " + shown_name(rule.syscall) + ", argument " + std::to_string(rule.argument),
              to_text(rule.origin));
  }
  text.line(plan.namespaces.nested  ? std::string("  Landlock: left to the sandboxes inside")
            : plan.landlock_abi > 0 ? "  Landlock: the same view again, ABI " + std::to_string(plan.landlock_abi)
                                    : std::string("  Landlock: not in this kernel"),
            "");
}

void print_notes(Text& text, const Plan& plan, Note::Level level) {
  for (const Note& note : plan.notes) {
    if (note.level != level) continue;
    if (level == Note::Level::warning) {
      text.warning(note.text + "  [" + to_text(note.origin) + "]");
    } else {
      text.line("  " + note.text + "  [" + to_text(note.origin) + "]", "");
    }
  }
}

/// What a reader must not miss comes before everything else.
bool has_notes(const Plan& plan, Note::Level level) {
  return std::any_of(plan.notes.begin(), plan.notes.end(), [level](const Note& note) { return note.level == level; });
}

}  // namespace

std::string plan_to_text(const Plan& plan, Colour colour) {
  Text text(colour);
  print_notes(text, plan, Note::Level::warning);
  print_summary(text, plan);
  print_view(text, plan);
  print_preparations(text, plan);
  print_watches(text, plan);
  print_groups(text, plan.identity);
  print_isolation(text, plan);
  print_environment(text, plan);
  print_limits(text, plan);
  if (has_notes(plan, Note::Level::information)) {
    text.heading("notes");
    print_notes(text, plan, Note::Level::information);
  }
  return text.take();
}

}  // namespace snug
