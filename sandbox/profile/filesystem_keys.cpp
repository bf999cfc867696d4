// [filesystem] and [[filesystem.mount]].
#include "base/quote.h"
#include "profile/schema.h"
#include "profile/values.h"

namespace snug {
namespace {

using Mount = MountEntry::Type;

std::optional<RootChoice> root_choice(const Field& field) {
  std::optional<std::string> text = field.text();
  if (!text) return {};
  if (*text == "host") return RootChoice{RootChoice::Kind::host};
  if (*text == "empty") return RootChoice{RootChoice::Kind::empty};
  if (text->starts_with("image:")) {
    return field.fail("images are not in this version yet; write \"host\", \"empty\" or a directory"), std::nullopt;
  }
  if (text->find('/') == std::string::npos) {
    return field.fail(quote_for_display(*text) + " is not known; write \"host\", \"empty\" or a directory"),
           std::nullopt;
  }
  if (!check_path(field, *text)) return {};
  return RootChoice{RootChoice::Kind::directory, std::move(*text)};
}

// --- tmpfs: a path, or { path, size } -----------------------------------------------------------------

constexpr Key<TmpfsEntry> tmpfs_rows[] = {
    {"path", plain<&TmpfsEntry::path, path>},
    {"size", plain<&TmpfsEntry::size, size_above_zero>},
};
constinit const Keys<TmpfsEntry> tmpfs_keys = tmpfs_rows;

bool check_tmpfs_path(const Field& field, const std::string& path) {
  if (!path.ends_with('?')) return true;
  field.fail(quote_for_display(path) + ": \"?\" (skipped if absent) means nothing for a tmpfs, which is always made");
  return false;
}

std::optional<TmpfsEntry> tmpfs_text(const Field& field) {
  std::optional<std::string> text = path(field);
  if (!text || !check_tmpfs_path(field, *text)) return {};
  return TmpfsEntry{.path = std::move(*text), .origin = field.origin()};
}

std::optional<TmpfsEntry> tmpfs_entry(const Field& field) {
  if (!field.is(Value::Type::table)) return tmpfs_text(field);
  TmpfsEntry entry{.origin = field.origin()};
  read_table(field, tmpfs_keys, entry);
  if (!has_member(field, "path")) return fail_missing(field, "path"), std::nullopt;
  return entry;
}

// --- [[filesystem.mount]] -----------------------------------------------------------------------------

constexpr Key<MountEntry> mount_rows[] = {
    {"type", plain<&MountEntry::type, one_of<mount_words>>},
    {"source", plain<&MountEntry::source, text>},
    {"target", plain<&MountEntry::target, path>},
    {"content", plain<&MountEntry::content, text>},
    {"access", plain<&MountEntry::access, one_of<access_words>>},
    {"exec", plain<&MountEntry::exec, boolean>},
    {"optional", plain<&MountEntry::optional, boolean>},
    {"size", plain<&MountEntry::size, size_above_zero>},
    {"mode", plain<&MountEntry::mode, permissions>},
};
constinit const Keys<MountEntry> mount_keys = mount_rows;

// Which keys mean something for a type; the rest are mistakes. `target`, `type` are for all.
struct MountRule {
  Mount type;
  std::string_view name;
  bool target_needed;     ///< else it is the source
  std::string_view keys;  ///< space around each
};
constexpr MountRule mount_rules[] = {
    {Mount::bind, "bind", false, " source access exec optional "},
    {Mount::overlay, "overlay", false, " source exec optional "},
    {Mount::tmpfs, "tmpfs", true, " exec size mode "},
    {Mount::file, "file", false, " source content mode optional "},
    {Mount::directory, "directory", true, " mode "},
    {Mount::symlink, "symlink", true, " source "},
    {Mount::device, "device", false, " source optional "},
};

const MountRule& rule_of(Mount type) {
  for (const MountRule& rule : mount_rules) {
    if (rule.type == type) return rule;
  }
  return mount_rules[0];
}

bool takes(const MountRule& rule, std::string_view key) {
  if (key == "type" || key == "target") return true;
  return rule.keys.find(" " + std::string(key) + " ") != std::string_view::npos;
}

void check_mount_keys(const Field& field, const MountRule& rule) {
  for (const Member& member : field.value().members) {
    bool known = false;
    for (const Key<MountEntry>& row : mount_rows) known = known || row.name == member.key;
    if (!known || takes(rule, member.key)) continue;
    field.fail_at(member.at, escape_for_display(field.key()) + ": \"" + member.key + "\" means nothing for type = \"" +
                                 std::string(rule.name) + "\"");
  }
}

// A symbolic link may hold any text; everything else that names a source names a path of the host.
bool check_mount_source(const Field& field, const MountEntry& mount) {
  for (const Member& member : field.value().members) {
    if (member.key != "source" || member.value.type != Value::Type::text) continue;
    const Field source = field.member(member);
    if (mount.type != Mount::symlink) return check_path(source, mount.source);
    if (mount.source.empty()) return source.fail("a symbolic link cannot be empty"), false;
  }
  return true;
}

bool check_mount_complete(const Field& field, const MountRule& rule) {
  const bool with_content = has_member(field, "content");
  if (with_content && has_member(field, "source") && takes(rule, "content")) {
    return field.fail("has both \"source\" and \"content\"; keep one"), false;
  }
  if (takes(rule, "source") && !with_content && !has_member(field, "source")) {
    return fail_missing(field, takes(rule, "content") ? "content\" or \"source" : "source"), false;
  }
  if ((rule.target_needed || with_content) && !has_member(field, "target")) return fail_missing(field, "target"), false;
  return true;
}

std::optional<MountEntry> mount_entry(const Field& field) {
  MountEntry mount{.origin = field.origin()};
  const std::size_t mistakes_before = field.mistakes().count();
  read_table(field, mount_keys, mount);
  if (!field.is(Value::Type::table)) return {};
  if (!has_member(field, "type")) return fail_missing(field, "type"), std::nullopt;
  if (field.mistakes().count() != mistakes_before) return {};
  const MountRule& rule = rule_of(mount.type);
  check_mount_keys(field, rule);
  if (!check_mount_complete(field, rule) || !check_mount_source(field, mount)) return {};
  if (!has_member(field, "target")) mount.target = mount.source;
  return mount;
}

constexpr Key<FilesystemSection> rows[] = {
    {"root", scalar<&FilesystemSection::root, root_choice>},
    {"etc", scalar<&FilesystemSection::etc, one_of<etc_words>>},
    {"project", scalar<&FilesystemSection::project, one_of<project_words>>},
    {"home", scalar<&FilesystemSection::home, one_of<home_words>>},
    {"git", scalar<&FilesystemSection::git, one_of<git_words>>},
    {"read", list<&FilesystemSection::read, path_entry>},
    {"write", list<&FilesystemSection::write, path_entry>},
    {"overlay", list<&FilesystemSection::overlay, path_entry>},
    {"tmpfs", list<&FilesystemSection::tmpfs, tmpfs_entry>, inner_keys<tmpfs_keys>},
    {"hide", list<&FilesystemSection::hide, pattern_entry>},
    {"protect", list<&FilesystemSection::protect, pattern_entry>},
    {"mount", list<&FilesystemSection::mounts, mount_entry>, inner_keys<mount_keys>},
};

}  // namespace

constinit const Keys<FilesystemSection> filesystem_keys = rows;

}  // namespace snug
