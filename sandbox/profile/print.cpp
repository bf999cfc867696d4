#include "profile/print.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/paths.h"
#include "base/quote.h"
#include "base/units.h"
#include "profile/bytes.h"
#include "profile/field.h"
#include "profile/load.h"
#include "profile/schema.h"
#include "profile/words.h"

namespace snug {
namespace {

// --- lines ----------------------------------------------------------------------------------------------

/// A value as TOML and the line that asked for it.
struct Shown {
  std::string toml;
  Origin origin;
};

/// " # snug.toml:3", or nothing for the built-in default.
std::string comment_on(const Origin& origin) {
  if (origin.kind == OriginKind::builtin && (origin.source.empty() || origin.source == "default")) return {};
  std::string place = name_of(origin);
  if (origin.line > 0) place += ":" + std::to_string(origin.line);
  return "  # " + escape_for_display(place);
}

class Printer {
 public:
  explicit Printer(std::string_view cwd) : cwd_(cwd) {}

  void heading(std::string_view name) { heading_ = name; }

  void line(std::string_view key, const Shown& value) {
    begin();
    text_.append(key).append(" = ").append(value.toml).append(comment_on(value.origin)) += '\n';
  }

  /// A list appends to what is inherited; one that must not begins anew.
  void list(std::string_view key, const std::vector<Shown>& items, bool anything_inherited) {
    if (items.empty() && !anything_inherited) return;
    begin();
    text_.append(key).append(anything_inherited ? ".replace = [" : " = [");
    for (const Shown& item : items) text_.append("\n  ").append(item.toml).append(",").append(comment_on(item.origin));
    text_ += items.empty() ? "]\n" : "\n]\n";
  }

  /// A table of a list of tables, [[NAME]].
  void element(std::string_view name, const Origin& origin, const std::vector<Shown>& members) {
    text_.append("\n[[").append(name).append("]]").append(comment_on(origin)) += '\n';
    for (const Shown& member : members) text_.append(member.toml) += '\n';
    headed_.clear();
  }

  /// `path` as it is meant in a text that stands elsewhere.
  std::string placed(const std::string& path, const Origin& origin) const;

  std::string take() { return std::move(text_); }

 private:
  // [filesystem] stands before its first key; the keys at the top have no heading.
  void begin() {
    if (headed_ == heading_) return;
    headed_ = heading_;
    text_.append("\n[").append(heading_).append("]\n");
  }

  std::string_view cwd_;
  std::string text_, heading_, headed_;
};

std::string Printer::placed(const std::string& path, const Origin& origin) const {
  if (path != "." && !path.starts_with("./")) return path;
  std::string file = origin.kind == OriginKind::file ? origin.source.str() : "";
  if (!file.starts_with('/')) file = join(cwd_, file.empty() ? "option" : file);
  const std::string directory(parent_of(normalise(file)));
  // In a list '*' would become a pattern, and a '?' at the end "if it exists".
  if (directory.find_first_of("*?") != std::string::npos) return path;
  return normalise(join(directory, path));
}

// --- values ---------------------------------------------------------------------------------------------

std::string truth(bool value) { return value ? "true" : "false"; }
std::string bytes(std::uint64_t size) {
  const std::string text = size_to_text(size);
  const bool is_plain = text.back() <= '9' && size <= std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  return is_plain ? text : toml_quote(text);
}
std::string count(std::uint64_t number) { return std::to_string(number); }
std::string port_number(std::uint16_t port) { return std::to_string(port); }
std::string length(std::chrono::nanoseconds duration) { return toml_quote(duration_to_text(duration)); }

template <const auto& table>
std::string word(decltype(table[0].value) value) {
  return toml_quote(word_of(table, value));
}

// TOML has no other form for a number with a fraction that reads back as itself.
std::string processors(double number) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%.17g", number);
  std::string shown(text, static_cast<std::size_t>(size));
  return shown.find_first_of(".e") == std::string::npos ? shown + ".0" : shown;
}

std::string user(const UserChoice& choice) {
  switch (choice.kind) {
    case UserChoice::Kind::self:
      return "\"self\"";
    case UserChoice::Kind::root:
      return "\"root\"";
    case UserChoice::Kind::host_root:
      return "\"host-root\"";
    case UserChoice::Kind::number:
      break;
  }
  return std::to_string(choice.number);
}

std::string words(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& item : list) text += (text.empty() ? "" : ", ") + toml_quote(item);
  return "[" + text + "]";
}

// A pattern without a lead is meant below the project, and stays so.
std::string entry(const PathEntry& path, const Printer& printer) {
  return toml_quote(printer.placed(path.path, path.origin) + (path.optional ? "?" : ""));
}

std::string tmpfs(const TmpfsEntry& tmpfs, const Printer& printer) {
  const std::string path = toml_quote(printer.placed(tmpfs.path, tmpfs.origin));
  return tmpfs.size ? "{ path = " + path + ", size = " + bytes(*tmpfs.size) + " }" : path;
}

std::string published(const PublishEntry& entry, const Printer&) {
  const bool v6 = entry.address.find(':') != std::string::npos;
  return toml_quote((v6 ? "[" + entry.address + "]" : entry.address) + ":" + std::to_string(entry.host_port) + ":" +
                    std::to_string(entry.sandbox_port));
}

std::string socket(const SocketEntry& socket, const Printer& printer) {
  const std::string path = toml_quote(printer.placed(socket.path, socket.origin) + (socket.optional ? "?" : ""));
  return socket.i_know.empty() ? path : "{ path = " + path + ", i-know = " + toml_quote(socket.i_know) + " }";
}

std::string plain_text(const Sourced<std::string>& text, const Printer&) { return toml_quote(text.value); }
std::string plain_port(const Sourced<std::uint16_t>& port, const Printer&) { return port_number(port.value); }

// --- rows -----------------------------------------------------------------------------------------------

template <class Section>
struct PrintRow {
  std::string_view key;
  void (*print)(std::string_view key, const Section&, const Section& inherited, Printer&);
};

/// A value with its origin, there or not.
template <auto member, auto to_toml, class Section>
void scalar(std::string_view key, const Section& section, const Section&, Printer& printer) {
  const auto& value = section.*member;
  if constexpr (requires { value->origin; }) {
    if (value) printer.line(key, {to_toml(value->value), value->origin});
  } else {
    printer.line(key, {to_toml(value.value), value.origin});
  }
}

template <auto member, auto to_toml, class Section>
void list(std::string_view key, const Section& section, const Section& inherited, Printer& printer) {
  std::vector<Shown> items;
  for (const auto& item : section.*member) items.push_back({to_toml(item, printer), item.origin});
  printer.list(key, items, !(inherited.*member).empty());
}

template <class Section>
void spent(std::string_view, const Section&, const Section&, Printer&) {}

template <class Section, std::size_t size>
void print_rows(const PrintRow<Section> (&rows)[size], const Section& section, const Section& inherited,
                Printer& printer) {
  for (const PrintRow<Section>& row : rows) row.print(row.key, section, inherited, printer);
}

// --- keys with forms of their own -----------------------------------------------------------------------

void version(std::string_view key, const Profile&, const Profile&, Printer& printer) {
  printer.line(key, {std::to_string(profile_version), {}});
}

void description(std::string_view key, const Profile& profile, const Profile&, Printer& printer) {
  printer.line(key, {toml_quote(profile.description), {}});
}

// Empty means that nobody said anything.
void hostname(std::string_view key, const Profile& profile, const Profile&, Printer& printer) {
  if (!profile.hostname.value.empty()) {
    printer.line(key, {toml_quote(profile.hostname.value), profile.hostname.origin});
  }
}

void workdir(std::string_view key, const Profile& profile, const Profile&, Printer& printer) {
  if (!profile.workdir) return;
  const PathEntry& path = *profile.workdir;
  printer.line(key, {toml_quote(printer.placed(path.path, path.origin)), path.origin});
}

void root(std::string_view key, const FilesystemSection& filesystem, const FilesystemSection&, Printer& printer) {
  const Sourced<RootChoice>& root = filesystem.root;
  const auto text = [&]() -> std::string {
    switch (root.value.kind) {
      case RootChoice::Kind::host:
        return "host";
      case RootChoice::Kind::empty:
        return "empty";
      case RootChoice::Kind::directory:
        break;
    }
    return printer.placed(root.value.directory, root.origin);
  };
  printer.line(key, {toml_quote(text()), root.origin});
}

// A symbolic link's source is any text; all others are paths.
std::vector<Shown> mount_members(const MountEntry& mount, const Printer& printer) {
  std::vector<Shown> members;
  const auto add = [&](std::string_view key, const std::string& value) {
    members.push_back({std::string(key) + " = " + value, {}});
  };
  const bool link = mount.type == MountEntry::Type::symlink;
  add("type", word<mount_words>(mount.type));
  if (!mount.source.empty()) {
    add("source", toml_quote(link ? mount.source : printer.placed(mount.source, mount.origin)));
  }
  add("target", toml_quote(printer.placed(mount.target, mount.origin)));
  if (mount.content) add("content", toml_quote(*mount.content));
  if (mount.type == MountEntry::Type::bind) add("access", word<access_words>(mount.access));
  if (!mount.exec) add("exec", "false");
  if (mount.optional) add("optional", "true");
  if (mount.size) add("size", bytes(*mount.size));
  if (mount.mode) {
    char octal[16];
    std::snprintf(octal, sizeof octal, "\"%04o\"", *mount.mode);
    add("mode", octal);
  }
  return members;
}

void mounts(std::string_view, const FilesystemSection& filesystem, const FilesystemSection&, Printer& printer) {
  for (const MountEntry& mount : filesystem.mounts) {
    printer.element("filesystem.mount", mount.origin, mount_members(mount, printer));
  }
}

std::string rule_value(const SeccompRule& rule) {
  if (const auto* const name = std::get_if<std::string>(&rule.value)) return toml_quote(*name);
  return std::to_string(static_cast<std::int64_t>(std::get<std::uint64_t>(rule.value)));
}

std::string rule_action(const SeccompRule& rule) {
  switch (rule.action) {
    case SeccompRule::Action::allow:
      return "\"allow\"";
    case SeccompRule::Action::kill:
      return "\"kill\"";
    case SeccompRule::Action::log:
      return "\"log\"";
    case SeccompRule::Action::error:
      break;
  }
  return toml_quote("errno:" + rule.error);
}

void rules(std::string_view, const SeccompSection& seccomp, const SeccompSection&, Printer& printer) {
  for (const SeccompRule& rule : seccomp.rules) {
    const std::string mask = std::to_string(static_cast<std::int64_t>(rule.mask));
    const bool masked = rule.compare == SeccompRule::Compare::masked;
    printer.element("seccomp.rule", rule.origin,
                    {{"syscall = " + toml_quote(rule.syscall), {}},
                     {"argument = " + std::to_string(rule.argument), {}},
                     {masked ? "masked = { mask = " + mask + ", equals = " + rule_value(rule) + " }"
                             : "equals = " + rule_value(rule),
                      {}},
                     {"action = " + rule_action(rule), {}}});
  }
}

void set_variables(std::string_view key, const EnvironmentSection& environment, const EnvironmentSection&,
                   Printer& printer) {
  for (const auto& [name, value] : environment.set) {
    printer.line(std::string(key) + "." + toml_quote(name), {toml_quote(value.value), value.origin});
  }
}

std::string limit_value(const LimitsSection::Rlimit& limit) {
  if (limit.value == std::numeric_limits<std::uint64_t>::max()) return "\"unlimited\"";
  const auto name = std::ranges::find(rlimit_names, limit.name, &RlimitName::name);
  const bool is_size = name != std::end(rlimit_names) && name->counts == RlimitCounts::bytes;
  return is_size ? bytes(limit.value) : count(limit.value);
}

void rlimits(std::string_view key, const LimitsSection& limits, const LimitsSection&, Printer& printer) {
  for (const LimitsSection::Rlimit& limit : limits.rlimits) {
    printer.line(std::string(key) + "." + limit.name, {limit_value(limit), limit.origin});
  }
}

void time_offsets(std::string_view key, const NamespacesSection& namespaces, const NamespacesSection&,
                  Printer& printer) {
  const auto offset = [&](std::string_view name, const auto& value) {
    if (value) printer.line(std::string(key) + "." + std::string(name), {length(value->value), value->origin});
  };
  offset("monotonic", namespaces.monotonic);
  offset("boottime", namespaces.boottime);
}

// --- the tables -----------------------------------------------------------------------------------------

constexpr PrintRow<Profile> top_rows[] = {
    {"version", version},
    {"extends", spent},
    {"description", description},
    {"require", list<&Profile::require, plain_text>},
    {"hostname", hostname},
    {"shell", scalar<&Profile::shell, words>},
    {"workdir", workdir},
    {"user", scalar<&Profile::user, user>},
    {"subids", scalar<&Profile::subids, word<subid_words>>},
    {"toolchains", scalar<&Profile::toolchains, word<toolchain_words>>},
    {"nested", scalar<&Profile::nested, truth>},
    {"vars", spent},
};

using Files = FilesystemSection;
constexpr PrintRow<Files> filesystem_rows[] = {
    {"root", root},
    {"etc", scalar<&Files::etc, word<etc_words>>},
    {"project", scalar<&Files::project, word<project_words>>},
    {"home", scalar<&Files::home, word<home_words>>},
    {"git", scalar<&Files::git, word<git_words>>},
    {"read", list<&Files::read, entry>},
    {"write", list<&Files::write, entry>},
    {"overlay", list<&Files::overlay, entry>},
    {"tmpfs", list<&Files::tmpfs, tmpfs>},
    {"hide", list<&Files::hide, entry>},
    {"protect", list<&Files::protect, entry>},
    {"mount", mounts},
};

using Network = NetworkSection;
constexpr PrintRow<Network> network_rows[] = {
    {"mode", scalar<&Network::mode, word<network_words>>},
    {"allow", list<&Network::allow, plain_text>},
    {"deny", list<&Network::deny, plain_text>},
    {"publish", list<&Network::publish, published>},
    {"host-ports", list<&Network::host_ports, plain_port>},
    {"sockets", list<&Network::sockets, socket>},
    {"ssh-agent", scalar<&Network::ssh_agent, truth>},
};

using Environment = EnvironmentSection;
constexpr PrintRow<Environment> environment_rows[] = {
    {"pass", list<&Environment::pass, plain_text>},
    {"set", set_variables},
    {"unset", list<&Environment::unset, plain_text>},
    {"path", list<&Environment::path, entry>},
};

using Seccomp = SeccompSection;
constexpr PrintRow<Seccomp> seccomp_rows[] = {
    {"policy", scalar<&Seccomp::policy, word<policy_words>>},
    {"allow", list<&Seccomp::allow, plain_text>},
    {"deny", list<&Seccomp::deny, plain_text>},
    {"rule", rules},
};

using Limits = LimitsSection;
constexpr PrintRow<Limits> limits_rows[] = {
    {"memory", scalar<&Limits::memory, bytes>},    {"processes", scalar<&Limits::processes, count>},
    {"cpus", scalar<&Limits::cpus, processors>},   {"disk", scalar<&Limits::disk, bytes>},
    {"timeout", scalar<&Limits::timeout, length>}, {"rlimit", rlimits},
};

constexpr PrintRow<NamespacesSection> namespaces_rows[] = {{"time", time_offsets}};

constexpr PrintRow<ChangesSection> changes_rows[] = {
    {"on-success", scalar<&ChangesSection::on_success, word<end_words>>},
    {"on-failure", scalar<&ChangesSection::on_failure, word<end_words>>},
};

/// Calls visit(name, rows, member of Profile) for each section, in the order of the format.
void for_each_section(const auto& visit) {
  visit("filesystem", filesystem_rows, &Profile::filesystem);
  visit("network", network_rows, &Profile::network);
  visit("environment", environment_rows, &Profile::environment);
  visit("seccomp", seccomp_rows, &Profile::seccomp);
  visit("limits", limits_rows, &Profile::limits);
  visit("namespaces", namespaces_rows, &Profile::namespaces);
  visit("changes", changes_rows, &Profile::changes);
}

}  // namespace

std::string profile_to_toml(const Profile& profile, std::string_view cwd) {
  const Profile inherited = load_profile({}, {}).profile;
  Printer printer(cwd);
  print_rows(top_rows, profile, inherited, printer);
  for_each_section([&](std::string_view name, const auto& rows, auto member) {
    printer.heading(name);
    print_rows(rows, profile.*member, inherited.*member, printer);
  });
  return printer.take();
}

KeyNames printed_keys() {
  KeyNames keys;
  for (const auto& row : top_rows) keys.emplace_back(row.key);
  for_each_section([&](const std::string& name, const auto& rows, auto) {
    keys.push_back(name);
    for (const auto& row : rows) keys.push_back(name + "." + std::string(row.key));
  });
  return keys;
}

}  // namespace snug
