#include "plan/lint.h"

#include <algorithm>
#include <tuple>

#include "base/paths.h"
#include "base/quote.h"
#include "plan/control_sockets.h"
#include "plan/glob.h"
#include "plan/inside.h"
#include "plan/planner.h"

namespace snug {
namespace {

/// One rule's view of the subject, and where its findings go.
class Lint {
 public:
  Lint(const LintSubject& subject, std::vector<Finding>& findings)
      : profile(subject.profile),
        plan(subject.plan),
        caller(subject.caller),
        host(subject.host),
        inside(subject.plan, subject.host),
        findings_(findings) {}

  void begin(std::string_view id, std::string_view why) { id_ = id, why_ = why; }

  void advise(std::string what, std::string fix, const Origin& origin, std::optional<Repair> repair = {}) {
    findings_.push_back({id_, std::move(what), why_, std::move(fix), origin, std::move(repair)});
  }

  const Profile& profile;
  const Plan& plan;
  const Caller& caller;
  HostView& host;
  Inside inside;

 private:
  std::vector<Finding>& findings_;
  std::string_view id_, why_;
};

// --- questions ------------------------------------------------------------------------------------------

/// Is this file of the host, and would a write inside change it there?
bool is_written_through(const Found& found) {
  const auto* const bind = found.mount ? std::get_if<Bind>(&found.mount->what) : nullptr;
  return bind && bind->access == Access::write && !found.seal && !found.content && !found.host_path.empty();
}

bool is_stored_home(const Lint& lint, const Found& found) {
  return lint.plan.stored_home && is_below(found.host_path, lint.plan.stored_home->directory);
}

/// What stands at `path` inside, if that is the host's own `path` and can be written.
std::optional<Found> written_through(Lint& lint, const std::string& path) {
  Found found = lint.inside.walk(path).end;
  const bool own = found.exists() && is_written_through(found) && !is_stored_home(lint, found);
  return own ? std::optional(std::move(found)) : std::nullopt;
}

/// The same if it can only be read: the host's file shows.
std::optional<Found> shown(Lint& lint, const std::string& path) {
  Found found = lint.inside.walk(path).end;
  const bool own = found.exists() && !found.host_path.empty() && !found.content && !is_stored_home(lint, found);
  return own ? std::optional(std::move(found)) : std::nullopt;
}

/// Where an entry of hide or protect points: like the planner, but links are left to the walk.
std::string place_of(const Lint& lint, const PathEntry& entry) {
  const std::string& path = entry.path;
  if (path.starts_with('/')) return path;
  if (path == "~" || path.starts_with("~/")) return join(lint.caller.home, path.substr(1));
  const bool beside_file = path == "." || path.starts_with("./");
  if (!beside_file) return lint.plan.project.empty() ? "" : join(lint.plan.project, path);
  const std::string& file = entry.origin.source.str();
  const bool named = entry.origin.kind == OriginKind::file && file.starts_with('/');
  return join(named ? std::string(parent_of(normalise(file))) : lint.caller.cwd, path);
}

std::string with_more(const std::string& first, std::size_t count) {
  const std::string name = quote_for_display(first);
  return count == 1 ? name : name + " and " + std::to_string(count - 1) + " more";
}

// --- rules ----------------------------------------------------------------------------------------------

void find_writable_path(Lint& lint) {
  const auto path = lint.caller.environment.find("PATH");
  if (path == lint.caller.environment.end()) return;
  for (const std::string& directory : split_path(path->second)) {
    const auto found = written_through(lint, directory);
    if (!found || !found->directory()) continue;
    lint.advise(quote_for_display(directory) + " is on your PATH and can be written inside",
                "add protect = [" + quote_for_display(directory) + "] under [filesystem]", found->mount->origin,
                Repair{Repair::Kind::add, "filesystem.protect", directory});
  }
}

void find_control_sockets(Lint& lint) {
  for (const ViewEntry& entry : lint.plan.view) {
    const auto* const bind = std::get_if<Bind>(&entry.what);
    const ControlSocket* const socket = bind && bind->socket ? control_socket(bind->source) : nullptr;
    if (!socket) continue;
    lint.advise(quote_for_display(bind->source) + " belongs to " + socket->owner + ": who reaches it " + socket->opens,
                "take it out of network.sockets", entry.origin);
  }
}

// Linux 6.12's Landlock (version 6) keeps the sandbox from the host's abstract sockets, which have no file.
void find_host_network(Lint& lint) {
  constexpr int scopes_abstract_sockets = 6;
  if (lint.plan.network.value != NetworkMode::host) return;
  const bool abstract = lint.plan.landlock_abi < scopes_abstract_sockets;
  lint.advise(std::string("the command has the host's network, and with it what listens on 127.0.0.1") +
                  (abstract ? " and all abstract Unix sockets (D-Bus and X11 may be among them)" : ""),
              "write mode = \"filtered\" and allow = [...] under [network]", lint.plan.network.origin);
}

/// Files of a home that a shell or the desktop runs or obeys when its user logs in or opens a terminal.
constexpr std::string_view start_up_files[] = {
    ".bashrc",    ".bash_profile", ".bash_login",  ".profile",        ".zshrc",   ".zshenv",
    ".zprofile",  ".zlogin",       ".config/fish", ".config/systemd", ".ssh",     ".config/autostart",
    ".gitconfig", ".config/git",   ".vimrc",       ".config/nvim",    ".emacs.d", ".local/share/applications",
    ".tmux.conf",
};

void find_writable_home(Lint& lint) {
  if (const auto home = written_through(lint, lint.caller.home)) {
    return lint.advise("your home can be written inside", "name the directories that are needed, in filesystem.write",
                       home->mount->origin);
  }
  for (const std::string_view name : start_up_files) {
    const std::string path = join(lint.caller.home, name);
    const auto found = written_through(lint, path);
    if (!found) continue;
    lint.advise(quote_for_display(path) + " can be written inside",
                "add protect = [" + quote_for_display("~/" + std::string(name)) + "] under [filesystem]",
                found->mount->origin, Repair{Repair::Kind::add, "filesystem.protect", "~/" + std::string(name)});
  }
}

void find_late_matches(Lint& lint) {
  for (const PathEntry& entry : lint.profile.filesystem.hide) {
    const std::string place = place_of(lint, entry);
    if (place.empty() || !is_pattern(place)) continue;
    std::string top = place.substr(0, place.find_first_of("*?"));
    top = top.substr(0, std::max<std::size_t>(1, top.rfind('/')));
    const auto found = written_through(lint, top);
    if (!found) continue;
    lint.advise(quote_for_display(entry.path) + " is matched once, when the command starts: what you make later in " +
                    quote_for_display(top) + " is not hidden",
                "write project = \"overlay\", or hide the directory the files lie in", entry.origin);
  }
}

bool same_line(const Origin& a, const Origin& b) {
  return a.kind == b.kind && a.source.str() == b.source.str() && a.line == b.line && a.column == b.column;
}

// A line may cover thousands of files: one piece of advice for each line.
void find_single_files(Lint& lint) {
  std::vector<std::pair<Watch, std::size_t>> lines;
  for (const Watch& watch : lint.plan.watches) {
    if (watch.loss == Watch::Loss::made || watch.origin.key.empty()) continue;
    if (lint.host.status(watch.path).kind == FileKind::directory || watch.origin.key == "filesystem.git") continue;
    const auto known =
        std::ranges::find_if(lines, [&](const auto& line) { return same_line(line.first.origin, watch.origin); });
    known == lines.end() ? void(lines.emplace_back(watch, 1)) : void(++known->second);
  }
  for (const auto& [watch, count] : lines) {
    const bool hidden = watch.loss == Watch::Loss::shown;
    lint.advise(with_more(watch.path, count) + (hidden ? " is hidden" : " is read-only") +
                    " only until a program of the host replaces it, as editors do when they save",
                hidden ? "hide the directory it lies in, or write project = \"overlay\""
                       : "protect the directory it lies in, or write project = \"overlay\"",
                watch.origin);
  }
}

void find_absent_protected(Lint& lint) {
  for (const PathEntry& entry : lint.profile.filesystem.protect) {
    const std::string place = place_of(lint, entry);
    if (place.empty() || entry.optional || is_pattern(place)) continue;
    const Walk walk = lint.inside.walk(place);
    if (walk.end.exists() || !is_written_through(walk.parent) || is_stored_home(lint, walk.parent)) continue;
    lint.advise(quote_for_display(entry.path) + " does not exist, so the command can make it",
                "make it first (an empty one will do), or write project = \"overlay\"", entry.origin);
  }
}

void find_allowed_to_all(Lint& lint) {
  for (const Sourced<std::string>& rule : lint.profile.network.allow) {
    if (rule.value != "*" && !rule.value.starts_with("*:")) continue;
    lint.advise("network.allow has " + quote_for_display(rule.value) + ": every public address",
                "name the hosts; `snug why` without arguments tells what the last run asked for", rule.origin);
  }
}

// --- secrets --------------------------------------------------------------------------------------------

struct SecretName {
  std::string_view pattern;
  bool secret;
};

/// The first that matches decides.
constexpr SecretName secret_names[] = {
    {"AWS_REGION", false},    {"AWS_DEFAULT_REGION", false},
    {"AWS_PROFILE", false},   {"AWS_*", true},
    {"*_TOKEN", true},        {"*_TOKEN_*", true},
    {"TOKEN", true},          {"*SECRET*", true},
    {"*PASSWORD*", true},     {"*PASSWD*", true},
    {"*PASSPHRASE*", true},   {"*_API_KEY", true},
    {"*_APIKEY", true},       {"*_ACCESS_KEY*", true},
    {"*_PRIVATE_KEY*", true}, {"*_CREDENTIALS*", true},
    {"*_AUTH", true},         {"*_AUTH_TOKEN*", true},
    {"*_PAT", true},          {"*_DSN", true},
    {"DATABASE_URL", true},   {"*_SIGNING_KEY*", true},
};

bool is_secret(std::string_view name) {
  for (const SecretName& row : secret_names) {
    if (matches_component(row.pattern, name)) return row.secret;
  }
  return false;
}

/// The first variable of the caller that `pass` hands on and that looks like a secret.
std::optional<std::string> passed_secret(const Lint& lint, const Sourced<std::string>& pass) {
  if (is_secret(pass.value)) return pass.value;
  for (const Variable& variable : lint.plan.environment) {
    const bool passed = variable.from == Variable::From::passed && matches_component(pass.value, variable.name);
    if (passed && is_secret(variable.name)) return variable.name;
  }
  return {};
}

void find_passed_secrets(Lint& lint) {
  for (const Sourced<std::string>& pass : lint.profile.environment.pass) {
    const auto secret = passed_secret(lint, pass);
    if (!secret) continue;
    const bool by_pattern = *secret != pass.value;
    lint.advise("environment.pass has " + quote_for_display(pass.value) +
                    (by_pattern ? ", and with it " + quote_for_display(*secret) : ", which looks like a secret"),
                "take it out; give the one command that needs it: snug run --pass " + *secret, pass.origin,
                Repair{Repair::Kind::remove, "environment.pass", pass.value});
  }
}

struct CredentialFile {
  std::string_view path;  ///< below the home
  bool always;            ///< else only with something in it that looks like a secret
};

constexpr CredentialFile credential_files[] = {
    {".ssh/id_rsa", true},
    {".ssh/id_ed25519", true},
    {".ssh/id_ecdsa", true},
    {".aws/credentials", true},
    {".netrc", true},
    {".git-credentials", true},
    {".config/gh/hosts.yml", true},
    {".config/glab-cli/config.yml", true},
    {".docker/config.json", false},
    {".kube/config", true},
    {".gnupg/private-keys-v1.d", true},
    {".pypirc", true},
    {".cargo/credentials.toml", true},
    {".cargo/credentials", true},
    {".npmrc", false},
    {".gitconfig", false},
    {".config/git/config", false},
    {".config/pip/pip.conf", false},
    {".m2/settings.xml", false},
    {".gradle/gradle.properties", false},
    {".gem/credentials", true},
    {".config/gcloud/credentials.db", true},
    {".azure", true},
};

constexpr std::string_view secret_texts[] = {"ghp_",        "gho_",        "github_pat_", "glpat-", "_authToken",
                                             "extraheader", "oauth2:",     "password",    "passwd", "identitytoken",
                                             "\"auth\":",   "accesstoken", "secret"};

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// "https://user:password@host".
bool has_address_with_password(std::string_view text) {
  for (std::size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 3)) {
    const std::string_view rest = text.substr(at + 3, text.find_first_of(" \t\n\"'/", at + 3) - at - 3);
    const std::size_t sign = rest.find('@');
    if (sign != std::string_view::npos && rest.find(':') < sign) return true;
  }
  return false;
}

bool holds_secret(HostView& host, const std::string& path) {
  constexpr std::size_t most_read = 64 << 10;
  const std::optional<std::string> text = host.read_small(path, most_read);
  if (!text) return false;
  const std::string lower = lower_case(*text);
  const auto found = [&](std::string_view word) {
    return lower.find(lower_case(std::string(word))) != std::string::npos;
  };
  return std::ranges::any_of(secret_texts, found) || has_address_with_password(lower);
}

void find_shown_credentials(Lint& lint) {
  for (const CredentialFile& file : credential_files) {
    const std::string path = join(lint.caller.home, file.path);
    const auto found = shown(lint, path);
    if (!found || (!file.always && !holds_secret(lint.host, found->host_path))) continue;
    const std::string name = quote_for_display("~/" + std::string(file.path));
    lint.advise(
        name + (file.always ? " can be read inside" : " can be read inside, and holds a token or password"),
        "add hide = [" + name + "] under [filesystem]" + (file.always ? "" : ", or keep the secret in another file"),
        found->mount->origin, Repair{Repair::Kind::add, "filesystem.hide", "~/" + std::string(file.path)});
  }
}

void find_no_filter(Lint& lint) {
  const Sourced<SeccompPolicy>& policy = lint.profile.seccomp.policy;
  if (policy.value != SeccompPolicy::off) return;
  lint.advise("seccomp.policy is \"off\"", "write \"default\", and name the calls that are missing in seccomp.allow",
              policy.origin);
}

struct Rule {
  std::string_view id, why;
  void (*find)(Lint&);
};

constexpr Rule rules[] = {
    {"writable-path", "a program put there runs outside the next time you type its name", find_writable_path},
    {"control-socket", "such a socket is a way out of the sandbox", find_control_sockets},
    {"host-network", "local servers seldom ask who is there", find_host_network},
    {"writable-home", "what your shell, desktop or git reads there runs outside, as you", find_writable_home},
    {"late-match", "a pattern knows only the files that are there when it is matched", find_late_matches},
    {"single-file", "the mount stays on the old file, and the new one is bare", find_single_files},
    {"absent-protected", "only what exists can be made read-only", find_absent_protected},
    {"allow-all", "whatever can be read inside can be sent anywhere", find_allowed_to_all},
    {"passed-secret", "every program inside, dependencies' scripts too, can read and send it", find_passed_secrets},
    {"shown-credentials", "every program inside, dependencies' scripts too, can read and send them",
     find_shown_credentials},
    {"no-filter", "the kernel's whole surface is open to the command", find_no_filter},
};

auto place(const Finding& finding) {
  return std::tie(finding.origin.source.str(), finding.origin.line, finding.origin.column);
}

}  // namespace

std::vector<Finding> lint(const LintSubject& subject) {
  std::vector<Finding> findings;
  Lint lint(subject, findings);
  for (const Rule& rule : rules) {
    lint.begin(rule.id, rule.why);
    rule.find(lint);
  }
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) { return place(a) < place(b); });
  return findings;
}

std::vector<LintRuleName> lint_rules() {
  std::vector<LintRuleName> names;
  for (const Rule& rule : rules) names.push_back({rule.id, rule.why});
  return names;
}

}  // namespace snug
