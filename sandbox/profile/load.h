// TOML text -> Profile. The only way in: files, the compiled-in default and command-line options all
// become documents, and documents are laid over each other in order.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/origin.h"
#include "base/result.h"
#include "profile/bytes.h"
#include "profile/profile.h"

namespace snug {

/// One mistake in a profile. All of a run's mistakes are reported together.
struct Diagnostic {
  std::string file;
  int line = 0, column = 0;
  std::string message;  ///< `unknown key "netwrok"; did you mean "network"?`
};

/// "snug.toml:7:3: unknown key ..."
std::string to_text(const Diagnostic& diagnostic);

/// A mistake in what stands at `origin`.
Diagnostic diagnostic_at(const Origin& origin, std::string message);

/// One option of the command line as an override of one key: `--read /x` is
/// {"filesystem.read", toml_quote("/x"), append, "--read"}, `--env K=V` is
/// {"environment.set." + toml_quote("K"), toml_quote("V"), replace, "--env"}.
struct Override {
  std::string key;    ///< dotted; a part may be quoted
  std::string value;  ///< a TOML value: "\"text\"", "[1,2]", "true"; a bare word (4G, none, ./x) counts as text
  /// append: one more element of a list. replace: a list starts over. Tables merge key by key either way.
  enum class How { replace, append } how = How::replace;
  std::string option;  ///< as the user typed it, for messages: "--read"
};

/// One profile text to load. Later ones win; lists append.
struct ProfileText {
  std::string file;  ///< how messages name it; empty: a shipped one, compiled in
  std::string text;
  std::string name = {};       ///< what it was asked for by: a shipped one's always; empty: `file`'s stem
  std::string path = {};       ///< the file's absolute path; empty: `file` says it
  std::string real_path = {};  ///< the same without symbolic links, where that is known
  /// asked_for: gives the profile its name. laid_on_top: the user's own file for the project.
  enum class Role { asked_for, laid_on_top } role = Role::asked_for;
};

struct LoadOutcome {
  Profile profile;                      ///< meaningful only without diagnostics
  std::vector<Diagnostic> diagnostics;  ///< every mistake, in order of file and line
  std::vector<Diagnostic> notes = {};   ///< what is no mistake but may not be meant: "!x" that takes nothing out
};

/// Another profile as `extends` names it: by name, or by file.
struct ProfileReference {
  std::string name;       ///< "node"
  std::string path = {};  ///< instead: its file, absolute if the file that says it is known by its absolute path
  std::string file = {};  ///< with `path`: how messages name it
};

/// Gives the text of what a profile extends. cli/ looks at the machine's files, tests invent them.
using FindProfile = std::function<Result<ProfileText>(const ProfileReference&)>;

/// Knows the shipped profiles and no file.
Result<ProfileText> find_shipped(const ProfileReference& reference);

/// What variables stand for that no profile defines. An empty one has no value: a profile that uses it does not load.
struct KnownValues {
  std::string project = {};  ///< absolute
  std::string home = {};     ///< absolute; "~/" leads there, too
  std::string user = {}, uid = {};
  std::string state = {};    ///< $XDG_STATE_HOME
  std::string runtime = {};  ///< $XDG_RUNTIME_DIR
  std::string cwd = {};      ///< no variable: where relative names of files start
  std::function<std::optional<std::string>(const std::string&)> environment = {};
};

/// What loading a profile takes from outside of its texts.
struct LoadContext {
  FindProfile find = find_shipped;
  KnownValues known = {};
};

/// Parses and lays over each other the compiled-in default, `texts` (each after what it extends), then `overrides`.
LoadOutcome load_profile(const std::vector<ProfileText>& texts, const std::vector<Override>& overrides,
                         const LoadContext& context = {});

struct Document;

/// The same where the texts have been read already, see closure.h.
LoadOutcome load_documents(std::vector<Document> documents, const std::vector<Override>& overrides,
                           const LoadContext& context = {});

/// The compiled-in default profile's TOML (profiles/default.toml at build time).
std::string_view default_profile_text();

/// Adds what was found by others in the same profile, but nothing where a mistake is told already (what it left unset
/// may be missed elsewhere), and orders all by file and place.
void add_mistakes(std::vector<Diagnostic>& all, std::vector<Diagnostic> more);

}  // namespace snug
