#include "plan/why.h"

#include <algorithm>
#include <array>

#include "base/paths.h"
#include "base/quote.h"
#include "plan/glob.h"
#include "plan/inside.h"
#include "plan/planner.h"
#include "plan/words.h"
#include "profile/bytes.h"

namespace snug {
namespace {

Verdict allow(std::string reason, const Origin& origin) {
  return {.allowed = true, .reason = std::move(reason), .origin = origin};
}

Verdict refuse(std::string reason, const Origin& origin, std::string fix = "") {
  return {.reason = std::move(reason), .origin = origin, .fix = std::move(fix)};
}

Origin origin_of(const ViewEntry* entry) { return entry ? entry->origin : Origin{}; }

// --- the line that would show a path ----------------------------------------------------------------

/// As a profile would have it: below the home it is the same line for everybody.
std::string written_path(const Plan& plan, const std::string& path) {
  const std::string& home = plan.identity.home;
  if (home == "/" || !is_below(path, home)) return path;
  return path == home ? "~" : "~" + path.substr(home.size());
}

/// Lists take "*" for a mistake and a '?' at the end for "where present".
bool fits_list(std::string_view path) { return !is_pattern(path) && !path.ends_with('?'); }

Verdict with_line(Verdict verdict, const Plan& plan, Access access, const std::string& path) {
  const char* key = access == Access::write ? "filesystem.write" : "filesystem.read";
  if (fits_list(path)) {
    verdict.add = {{key, written_path(plan, path)}};
  } else {
    verdict.fix = "[[filesystem.mount]] with type = \"bind\" and source = " + toml_quote(path);
  }
  return verdict;
}

/// Where the sandbox has something of its own, which no line can replace.
bool is_sandboxs_own(const std::string& path) {
  return path == "/" || is_below(path, "/proc") || is_below(path, "/dev");
}

// --- one path ---------------------------------------------------------------------------------------

class PathQuestion {
 public:
  PathQuestion(const Plan& plan, HostView& host, std::string path)
      : plan_(plan), inside_(plan, host), asked_(std::move(path)), walk_(inside_.walk(asked_)) {}

  PathAnswer answer();

 private:
  const Found& end() const { return walk_.end; }
  const ViewEntry* entry() const { return end().entry(); }
  bool is_kind(FileKind kind) const { return end().status.kind == kind; }
  template <class What>
  const What* mounted(const Found& found) const {
    return found.mount ? std::get_if<What>(&found.mount->what) : nullptr;
  }

  Verdict judge(Deed deed);
  Verdict judge_what_is_there(Deed deed);
  bool stands_for_hosts();
  Verdict beside_hosts(Verdict verdict, Deed deed);
  Verdict nothing_there(Deed deed);
  Verdict stopped_on_the_way();
  Verdict hidden(const ViewEntry& mask) const;
  Verdict own_link() const;
  Verdict read_it() const;
  Verdict write_it();
  Verdict execute_it() const;
  Verdict connect_to_it() const;
  Verdict create_it();
  std::optional<Verdict> read_only(const Found& found, const std::string& written);
  Verdict make_writable(Verdict verdict, const Found& found, const std::string& written);
  Verdict not_permitted(const Found& found, const char* bits) const;
  Verdict sealed(const ViewEntry& seal) const;
  const Resolved& on_host();
  bool host_would_let(const std::string& path, Access access);
  Verdict decided(const char* what) const;
  bool covered_alone() const;
  bool write_goes_through(const Found& found) const;
  std::vector<std::string> remarks() const;

  const Plan& plan_;
  Inside inside_;
  std::string asked_;
  Walk walk_;
  std::optional<Resolved> on_host_;
};

std::string owner_words(const FileStatus& status) {
  return "it is " + octal(status.mode) + " of uid " + std::to_string(status.uid) + ", gid " +
         std::to_string(status.gid);
}

Verdict PathQuestion::decided(const char* what) const {
  if (!entry()) return allow(std::string(what) + ", as the root's own file system", {});
  const std::string& why = entry()->why;
  return allow(why.empty() ? effect_word(entry()->what) : why, entry()->origin);
}

Verdict PathQuestion::not_permitted(const Found& found, const char* bits) const {
  std::string fix;
  if (!found.host_path.empty() && found.status.uid == plan_.identity.outside_uid) {
    fix = "chmod u+" + std::string(bits) + " " + quote_for_shell(found.host_path) + " on the host";
  }
  return refuse(quote_for_display(found.path) + " does not let the command: " + owner_words(found.status),
                origin_of(found.entry()), fix);
}

const Resolved& PathQuestion::on_host() {
  if (!on_host_) on_host_ = inside_.host().resolve(asked_);
  return *on_host_;
}

/// A line of the profile is of no use where the host itself refuses.
bool PathQuestion::host_would_let(const std::string& path, Access access) {
  const Resolved real = inside_.host().resolve(path);
  if (!real.exists()) return false;
  const Found found{.path = real.path, .status = real.status, .host_path = real.path};
  if (access == Access::read) return inside_.permits(found, 4);
  return !inside_.host_mount(real.path).read_only && inside_.permits(found, real.directory() ? 3 : 2);
}

// --- where it is read-only --------------------------------------------------------------------------

Verdict PathQuestion::sealed(const ViewEntry& seal) const {
  std::string fix;
  if (seal.why.starts_with("git ")) {
    fix = "filesystem.git = \"write\" opens all of it";
  } else if (seal.origin.kind != OriginKind::builtin) {
    fix = "take it out of " + to_text(seal.origin);
  }
  return refuse("read-only: " + seal.why, seal.origin, fix);
}

/// The line that makes `written`, which leads to `found`, writable.
Verdict PathQuestion::make_writable(Verdict verdict, const Found& found, const std::string& written) {
  if (is_sandboxs_own(found.path) || found.host_path.empty()) return verdict;
  if (!host_would_let(written, Access::write)) {
    verdict.reason += "; the host would not let you write it either";
  } else if (found.mount->target == found.path && found.mount->origin.kind != OriginKind::builtin) {
    verdict.fix = "write it in filesystem.write instead (" + to_text(found.mount->origin) +
                  "): of two rules on one path the stricter holds";
  } else {
    return with_line(std::move(verdict), plan_, Access::write, written);
  }
  return verdict;
}

std::optional<Verdict> PathQuestion::read_only(const Found& found, const std::string& written) {
  if (found.seal) return sealed(*found.seal);
  if (!found.mount) {
    const bool own = is_sandboxs_own(found.path) || !found.directory();
    return refuse("the root's own file system is read-only", origin_of(found.entry()),
                  own ? "" : "filesystem.tmpfs = [" + toml_quote(written_path(plan_, found.path)) + "]");
  }
  if (mounted<Overlay>(found) || mounted<Tmpfs>(found)) return {};
  const auto* special = mounted<Special>(found);
  if (special && special->kind != Special::Kind::cgroup2) return {};
  const auto* bind = mounted<Bind>(found);
  if (!bind || bind->access == Access::read) {
    return make_writable(refuse("read-only: " + found.mount->why, found.mount->origin), found, written);
  }
  const HostMount& mount = inside_.host_mount(found.host_path);
  if (!mount.read_only) return {};
  return refuse("the host has " + quote_for_display(mount.point) + " mounted read-only", found.mount->origin);
}

// --- what is there ----------------------------------------------------------------------------------

Verdict PathQuestion::own_link() const {
  return allow("a link of the process's own: what it leads to decides", origin_of(entry()));
}

Verdict PathQuestion::read_it() const {
  if (!inside_.permits(end(), 4)) return not_permitted(end(), "r");
  return decided("readable");
}

Verdict PathQuestion::write_it() {
  const bool special_file = is_kind(FileKind::character_device) || is_kind(FileKind::fifo);
  if (!special_file) {
    if (auto refusal = read_only(end(), asked_)) return *refusal;
  }
  if (!inside_.permits(end(), end().directory() ? 3 : 2)) return not_permitted(end(), "w");
  if (mounted<Overlay>(end()) && !inside_.owner_has_a_name(end())) {
    return refuse(
        "it belongs to somebody who has no number inside, so the overlay cannot copy it: " + owner_words(end().status),
        end().mount->origin);
  }
  return decided("writable");
}

Verdict PathQuestion::execute_it() const {
  if (end().directory()) return inside_.permits(end(), 1) ? decided("can be entered") : not_permitted(end(), "x");
  if (!is_kind(FileKind::regular))
    return refuse(std::string("it is a ") + kind_word(end().status.kind), origin_of(entry()));
  if (!inside_.permits(end(), 1)) {
    Verdict verdict = not_permitted(end(), "x");
    if ((end().status.mode & 0111) == 0) verdict.reason = "the file is not executable: " + owner_words(end().status);
    return verdict;
  }
  const auto* bind = mounted<Bind>(end());
  const auto* tmpfs = mounted<Tmpfs>(end());
  if ((bind && !bind->exec) || (tmpfs && !tmpfs->exec)) {
    return refuse("programs there may not be started: exec = false", end().mount->origin,
                  "exec = true in that [[filesystem.mount]]");
  }
  if (mounted<Special>(end())) return refuse("programs there may not be started", end().mount->origin);
  if (!end().host_path.empty() && inside_.host_mount(end().host_path).no_exec) {
    return refuse("the host has " + quote_for_display(inside_.host_mount(end().host_path).point) + " mounted noexec",
                  origin_of(entry()));
  }
  return decided("executable");
}

/// Opening a socket does not work; connecting needs the right to write, whatever the mount.
Verdict PathQuestion::connect_to_it() const {
  if (!inside_.permits(end(), 2)) return not_permitted(end(), "w");
  Verdict verdict = decided("socket");
  verdict.reason = "a socket: programs can connect to whoever listens";
  return verdict;
}

// --- what is not there ------------------------------------------------------------------------------

Verdict PathQuestion::hidden(const ViewEntry& mask) const {
  const bool users = mask.origin.kind != OriginKind::builtin;
  return refuse(mask.why, mask.origin, users ? "take it out of " + to_text(mask.origin) : "");
}

Verdict PathQuestion::stopped_on_the_way() {
  if (walk_.loop) return refuse("its symbolic links lead round in a circle", {});
  if (mounted<Mask>(end())) return hidden(*end().mount);
  if (!end().directory()) {
    return refuse(quote_for_display(end().path) + " is a " + kind_word(end().status.kind) + ", not a directory",
                  origin_of(entry()));
  }
  return not_permitted(end(), "x");
}

Verdict PathQuestion::nothing_there(Deed deed) {
  const Resolved& real = on_host();
  const bool same_file = !end().host_path.empty() && end().host_path == real.path;
  if (real.status.kind == FileKind::unreadable) {
    return refuse("not part of the view, and you may not reach it on the host either", origin_of(end().mount));
  }
  if (!real.exists() || same_file) return refuse("nothing is there", origin_of(end().mount));
  Verdict verdict =
      refuse("not part of the view; the host has a " + std::string(kind_word(real.status.kind)) + " there",
             origin_of(end().mount));
  if (is_sandboxs_own(end().path)) return verdict;
  if (real.status.kind == FileKind::socket) {
    verdict.add = {{"network.sockets", written_path(plan_, asked_)}};
    return verdict;
  }
  const Access access = deed == Deed::write ? Access::write : Access::read;
  if (host_would_let(asked_, access)) return with_line(std::move(verdict), plan_, access, asked_);
  verdict.reason += ", which does not let you: " + owner_words(real.status);
  return verdict;
}

/// A file that is absent can be written where it can be made.
Verdict PathQuestion::create_it() {
  const Found& around = walk_.parent;
  const bool hides_hosts = on_host().exists() && on_host().path != end().host_path;
  if (!walk_.left.empty() || (hides_hosts && read_only(around, asked_))) return nothing_there(Deed::write);
  if (auto refusal = read_only(around, std::string(parent_of(normalise(asked_))))) return *refusal;
  if (!inside_.permits(around, 3)) return not_permitted(around, "w");
  if (around.mount && std::holds_alternative<Special>(around.mount->what)) {
    return refuse("the kernel alone makes files there", around.mount->origin);
  }
  if (!hides_hosts) return allow("nothing is there, and it can be made", origin_of(around.mount));
  Verdict verdict = nothing_there(Deed::write);
  verdict.allowed = true;
  verdict.reason = "it can be made, and is another file than the host's, which is not shown";
  verdict.fix.clear();
  return verdict;
}

// --- what else differs from the host ------------------------------------------------------------------

constexpr const char* busy =
    "a mount lies on it: it cannot be renamed or removed (EBUSY), nor files be moved in or out by rename (EXDEV; mv "
    "copies them)";
constexpr const char* single_file =
    "a single file: a program that saves by putting a new file in its place fails (EBUSY); show its directory instead";
constexpr const char* may_come_loose =
    "a single file: what keeps it so is lost when a program of the host puts a new file in its place, which is told at "
    "once";
constexpr const char* overlay_rename =
    "an overlay: a directory that lies there on the host cannot be renamed (EXDEV; mv copies it)";

bool PathQuestion::write_goes_through(const Found& found) const {
  const auto* bind = mounted<Bind>(found);
  return !found.seal && ((bind && bind->access == Access::write) || mounted<Overlay>(found) || mounted<Tmpfs>(found));
}

/// Does a wall lie on this one file of a host directory?
bool PathQuestion::covered_alone() const {
  if (!walk_.parent.mount || walk_.parent.host_path.empty() || end().directory()) return false;
  const bool masked = mounted<Mask>(end()) && end().mount->target == end().path;
  return masked || (end().seal && end().seal->target == end().path);
}

std::vector<std::string> PathQuestion::remarks() const {
  std::vector<std::string> remarks;
  if (!end().exists() || walk_.blocked) return remarks;
  const auto* bind = mounted<Bind>(end());
  const bool on_it = end().mount && end().mount->target == end().path;
  const bool around_writable = write_goes_through(walk_.parent);
  if (covered_alone()) remarks.emplace_back(may_come_loose);
  if (on_it && bind && around_writable && end().directory()) remarks.emplace_back(busy);
  if (on_it && bind && bind->access == Access::write && !end().directory()) remarks.emplace_back(single_file);
  if (mounted<Overlay>(end()) && end().directory()) remarks.emplace_back(overlay_rename);
  return remarks;
}

// --- the whole --------------------------------------------------------------------------------------

/// In a home of the sandbox's own: is there another file at that path on the host?
bool PathQuestion::stands_for_hosts() {
  const std::string& home = plan_.identity.home;
  if (end().path == home || !is_below(end().path, home)) return false;
  return on_host().exists() && on_host().path != end().host_path;
}

Verdict PathQuestion::beside_hosts(Verdict verdict, Deed deed) {
  if (!verdict.allowed || !stands_for_hosts()) return verdict;
  const Access access = deed == Deed::write ? Access::write : Access::read;
  verdict.reason += "; it is not the host's, which is not shown";
  return host_would_let(asked_, access) ? with_line(std::move(verdict), plan_, access, asked_) : verdict;
}

Verdict PathQuestion::judge(Deed deed) {
  if (walk_.blocked || walk_.loop) return stopped_on_the_way();
  if (!end().exists()) return deed == Deed::write ? create_it() : nothing_there(deed);
  if (const auto* mask = mounted<Mask>(end())) {
    const ViewEntry& entry = *end().mount;
    if (deed != Deed::read || mask->content.empty()) return hidden(entry);
    return allow("a file of the sandbox's own stands there: the host's " + entry.why, entry.origin);
  }
  return beside_hosts(judge_what_is_there(deed), deed);
}

Verdict PathQuestion::judge_what_is_there(Deed deed) {
  if (is_kind(FileKind::symlink)) return own_link();
  if (is_kind(FileKind::socket) && deed != Deed::execute) return connect_to_it();
  if (deed == Deed::read) return read_it();
  return deed == Deed::write ? write_it() : execute_it();
}

const ViewEntry* deciding(const Found& found) { return found.seal ? found.seal : found.entry(); }

PathAnswer PathQuestion::answer() {
  PathAnswer answer{.path = join(end().path, walk_.left),
                    .kind = walk_.blocked ? FileKind::absent : end().status.kind,
                    .host_path = walk_.blocked || !end().exists() ? "" : end().host_path};
  answer.rule = deciding(end()) ? effect_word(deciding(end())->what) : "root";
  answer.origin = origin_of(deciding(end()));
  answer.read = judge(Deed::read);
  answer.write = judge(Deed::write);
  answer.execute = judge(Deed::execute);
  answer.remarks = remarks();
  return answer;
}

// --- variables ----------------------------------------------------------------------------------

Verdict decided_by(const Variable& variable) {
  switch (variable.from) {
    case Variable::From::passed:
      return allow("passed on as it is", variable.origin);
    case Variable::From::set:
      return allow("set", variable.origin);
    case Variable::From::snug:
      break;
  }
  return allow("said by snug itself", variable.origin);
}

}  // namespace

std::string to_text(const ProfileLine& line) {
  const std::string value = toml_quote(line.element);
  return line.key + " = " + (line.how == ProfileLine::How::set ? value : "[" + value + "]");
}

const char* deed_word(Deed deed) {
  constexpr const char* words[] = {"read", "write", "execute"};
  return words[static_cast<int>(deed)];
}

PathAnswer why_path(const Plan& plan, HostView& host, const std::string& path) {
  return PathQuestion(plan, host, path).answer();
}

Verdict why_variable(const Plan& plan, const Profile& profile, const Caller& caller, const std::string& name) {
  for (const Variable& variable : plan.environment) {
    if (variable.name == name) return decided_by(variable);
  }
  for (const Sourced<std::string>& unset : profile.environment.unset) {
    if (unset.value != name) continue;
    return refuse("unset", unset.origin, "take it out of " + to_text(unset.origin));
  }
  if (is_never_passed(name)) {
    return refuse("never passed on: its value names a place of the host", {},
                  "environment.set = { " + name + R"( = "..." }, or --env )" + name + "=...");
  }
  const bool outside = caller.environment.contains(name);
  const auto& passed = profile.environment.pass;
  const auto line = std::find_if(passed.begin(), passed.end(),
                                 [&](const auto& pattern) { return matches_component(pattern.value, name); });
  if (line != passed.end()) return refuse("it would be passed on, but is not set outside", line->origin);
  Verdict verdict = refuse(outside ? "dropped: no line passes it on" : "it is not set outside either", {});
  verdict.add = {{"environment.pass", name}};
  return verdict;
}

}  // namespace snug
