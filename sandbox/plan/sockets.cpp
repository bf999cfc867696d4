// network.sockets and network.ssh-agent: sockets of the host, bound read-only, which does not keep anybody from
// connecting. Those that give their user's whole account away need to be asked for in so many words, and are not let in
// with a directory either.
#include "base/paths.h"
#include "base/quote.h"
#include "plan/control_sockets.h"
#include "plan/planner.h"
#include "plan/words.h"

namespace snug {
namespace {

constexpr const char* acknowledgement = "full control of my account";
constexpr const char* agent_inside = "/run/snug/ssh-agent";
constexpr const char* agent_variable = "SSH_AUTH_SOCK";

std::string entry_with_acknowledgement(const std::string& path) {
  return "{ path = " + quote_for_display(path) + ", i-know = \"" + acknowledgement + "\" }";
}

std::string what_opens(const ControlSocket& socket) {
  return std::string("it belongs to ") + socket.owner + ": who reaches it " + socket.opens;
}

/// The row for a socket by the name it was asked for or by where that leads.
const ControlSocket* row_of(const std::string& written, const Resolved& real) {
  const ControlSocket* const by_name = control_socket(normalise(written));
  return by_name ? by_name : control_socket(real.path);
}

/// Is there a socket at `real`? Reports what is wrong; an optional absent one is no mistake.
bool is_socket(Planner& planner, const Resolved& real, const SocketEntry& entry) {
  if (real.status.kind == FileKind::socket) return true;
  const std::string name = quote_for_display(entry.path);
  if (real.exists()) {
    planner.fail("cannot show the socket " + name, entry.origin, std::string("it is a ") + kind_word(real.status.kind),
                 real.directory() ? "name the socket in it" : "for a file or directory: filesystem.read");
  } else if (!entry.optional) {
    planner.fail("cannot show the socket " + name, entry.origin, "there is nothing",
                 "start the program that listens there, or write " + quote_for_display(entry.path + "?") +
                     " to skip it where it is absent");
  }
  return false;
}

/// Was a socket that opens the account asked for in so many words?
bool is_acknowledged(Planner& planner, const ControlSocket* opens, const SocketEntry& entry) {
  if (!opens || entry.i_know == acknowledgement) return true;
  planner.fail("cannot show the socket " + quote_for_display(entry.path), entry.origin, what_opens(*opens),
               "take it out, or, if that is meant, write " + entry_with_acknowledgement(entry.path));
  return false;
}

ViewEntry socket_entry(Planner& planner, const Resolved& real, std::string why, const Origin& origin) {
  ViewEntry entry = shown(real, Access::read, std::move(why), origin);
  Bind& bind = std::get<Bind>(entry.what);
  bind.exec = false;
  bind.socket = true;
  bind.idmap = idmap_for(planner, real.status.uid, real.status.gid);
  return entry;
}

void warn_of(Planner& planner, const std::string& path, const ControlSocket& socket, const Origin& origin) {
  planner.note(Note::Level::warning,
               "the socket " + quote_for_display(path) + " is open to the command, and " + what_opens(socket), origin);
}

void show_socket(Planner& planner, const SocketEntry& entry) {
  const std::string path = expand(planner, entry.path, entry.origin);
  if (path.empty()) return;
  const Resolved real = planner.host.resolve(path);
  const ControlSocket* const opens = row_of(path, real);
  if (!is_acknowledged(planner, opens, entry) || !is_socket(planner, real, entry)) return;
  if (opens) warn_of(planner, path, *opens, entry.origin);
  ViewEntry shown = socket_entry(planner, real, opens ? opens->owner : "listed", entry.origin);
  shown.optional = entry.optional;
  if (!real.links.empty()) planner.followed.push_back({real, entry.origin, shown});
  planner.layout.place(std::move(shown), Rank::listed);
}

// --- the ssh agent --------------------------------------------------------------------------------

/// An agent is a convenience, and the next shell may have one: without it the run goes on, and says so.
void note_no_agent(Planner& planner, const std::string& why) {
  planner.note(Note::Level::warning, "no ssh agent inside: " + why + "; start one: eval \"$(ssh-agent)\" && ssh-add",
               planner.profile.network.ssh_agent.origin);
}

/// ssh-agent asks the kernel who is calling, and answers its own user and root only.
void note_other_users_agent(Planner& planner, std::uint32_t owner) {
  const Identity& identity = planner.plan.identity;
  if (identity.kind != Identity::Kind::stand_in || owner == identity.outside_uid) return;
  planner.note(Note::Level::warning,
               "the ssh agent of uid " + std::to_string(owner) + " answers nobody else, and the command runs as uid " +
                   std::to_string(identity.outside_uid) + "; start snug as that user",
               planner.profile.network.ssh_agent.origin);
}

void show_agent(Planner& planner, const std::string& path) {
  const Origin& origin = planner.profile.network.ssh_agent.origin;
  const Resolved real = planner.host.resolve(path);
  const std::string name = std::string(agent_variable) + " names " + quote_for_display(path);
  if (!real.exists()) return note_no_agent(planner, name + ", where there is nothing");
  if (real.status.kind != FileKind::socket) {
    planner.fail("cannot show the ssh agent", origin, name + ", which is a " + kind_word(real.status.kind),
                 "start an agent: eval \"$(ssh-agent)\"");
    return;
  }
  if (const ControlSocket* const opens = row_of(path, real)) {
    planner.fail("cannot show the ssh agent", origin, name + ", which is none: " + what_opens(*opens),
                 "start an agent: eval \"$(ssh-agent)\"");
    return;
  }
  note_other_users_agent(planner, real.status.uid);
  // At a place of its own: the agent's directory has a new name at every login, and would tell when that was.
  ViewEntry entry = socket_entry(planner, real, "ssh agent", origin);
  entry.target = agent_inside;
  if (!real.links.empty()) planner.followed.push_back({real, origin, std::nullopt, false});
  planner.layout.place(std::move(entry), Rank::listed);
  planner.ssh_agent = agent_inside;
}

void add_agent(Planner& planner) {
  if (!planner.profile.network.ssh_agent.value) return;
  const auto& environment = planner.caller().environment;
  const auto variable = environment.find(agent_variable);
  const bool set = variable != environment.end() && variable->second.starts_with('/');
  if (!set) return note_no_agent(planner, std::string(agent_variable) + " names none");
  show_agent(planner, variable->second);
}

// --- sockets that come with a directory -----------------------------------------------------------

std::string usual_place(const Planner& planner, std::string path) {
  if (path.starts_with("~/")) return join(planner.home, path.substr(2));
  const std::size_t user = path.find("%u");
  if (user != std::string::npos) path.replace(user, 2, std::to_string(planner.caller().uid));
  return path;
}

/// Is what stands at `path` inside still the host's `socket`? Something else may be laid over it.
bool shows_socket(Planner& planner, const std::string& path, const std::string& socket) {
  const Seen seen = planner.layout.look(path, planner.host);
  if (!seen.holder || seen.holder->entry.target == seen.path || seen.host_path != socket) return false;
  return planner.host.status(socket).kind == FileKind::socket;
}

void refuse_if_shown(Planner& planner, const ViewEntry& around, const Bind& bind, const std::string& socket) {
  if (!is_below(socket, bind.source)) return;
  const std::string path = normalise(join(around.target, socket.substr(bind.source.size())));
  const ControlSocket* const opens = control_socket(socket);
  if (!opens || !shows_socket(planner, path, socket)) return;
  std::string fix = "show less of it, or hide = [" + quote_for_display(path) + "]";
  if (path == socket) fix += "; if it is meant, add to network.sockets: " + entry_with_acknowledgement(socket);
  planner.fail("cannot show " + quote_for_display(bind.source), around.origin,
               "the socket " + quote_for_display(socket) + " comes with it, and " + what_opens(*opens), std::move(fix));
}

/// Directories of the host that somebody listed. Overlays are left out: through one nobody connects (ECONNREFUSED,
/// Linux 6.18).
std::vector<const ViewEntry*> listed_directories(const Planner& planner) {
  std::vector<const ViewEntry*> listed;
  for (const auto& [path, spot] : planner.layout.spots()) {
    if (!spot.base || spot.base->rank == Rank::builtin) continue;
    const auto* bind = std::get_if<Bind>(&spot.base->entry.what);
    if (bind && bind->directory) listed.push_back(&spot.base->entry);
  }
  return listed;
}

}  // namespace

void add_sockets(Planner& planner) {
  for (const SocketEntry& entry : planner.profile.network.sockets) show_socket(planner, entry);
  add_agent(planner);
}

void refuse_control_sockets(Planner& planner) {
  const auto listed = listed_directories(planner);
  if (listed.empty()) return;
  for (const char* usual : usual_control_sockets()) {
    const std::string socket = usual_place(planner, usual);
    for (const ViewEntry* around : listed) refuse_if_shown(planner, *around, std::get<Bind>(around->what), socket);
  }
}

}  // namespace snug
