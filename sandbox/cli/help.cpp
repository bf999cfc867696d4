#include "cli/help.h"

#include <string_view>

#include "cli/options.h"

namespace snug {
namespace {

constexpr std::string_view overview = R"(snug: a sandbox shell for the project around you

usage:
  snug [options]                      an interactive shell in the sandbox
  snug run [options] [--] CMD...      one command in the sandbox
  snug plan [options] [--] [CMD...]   what a run would set up, and why
  snug why [options] WHAT             may a path, host, variable or system call be used, and why
  snug allow [options] WHAT...        let this project's sandbox use it from now on
  snug init [DIR]                     write a snug.toml that fits the project
  snug diff [PATH...]                 what runs with --project overlay changed
  snug apply [PATH...]                take it over into the project
  snug discard                        throw it away
  snug clean [WHAT...]                what snug stores, and removing it
  snug ps [ID]                        the sandboxes that run
  snug exec ID [--] [CMD...]          another command in one of them
  snug kill ID                        end one
  snug logs ID                        what one that is detached prints
  snug attach ID                      its terminal, on this one
  snug wait ID                        its end, and exit status
  snug publish [ID] PORT...           make its ports reachable from the host
  snug check [FILE]                   every mistake in a profile
  snug trust [FILE]                   agree to what a project's snug.toml asks for
  snug hook SHELL                     have your shell name a project's sandbox
  snug doctor                         what this machine supports, and how to get the rest
  snug help [COMMAND]                 more about a command and its options
  snug --version

The sandbox sees the system read-only, the project writable, a home of its own and
no network; a profile or an option says otherwise.

examples:
  snug                                a shell in this project's sandbox
  snug run make -j4                   build without showing it your home
  snug run --read ~/data -- python3 train.py
  snug plan                           look before you leap

exit status:
  that of the command; 128+N if signal N ended it; 124 timed out; 125 snug could not
  set the sandbox up and nothing ran; 126 found but not executable; 127 not found
)";

constexpr std::string_view shell_lead = R"(usage: snug [shell] [options]

Starts an interactive shell ($SHELL, or the profile's `shell`) in the sandbox of the
project around the current directory. Without options, where a sandbox of the project
runs already, asks whether to join that one instead.

)";

constexpr std::string_view shell_examples = R"(
examples:
  snug                          the default: system read-only, project writable, no network
  snug --net host               the same with the host's network
  snug -p strict                as the profile of that name says
)";

constexpr std::string_view run_lead = R"(usage: snug run [options] [--] CMD...

Runs one command in the sandbox of the project around the current directory. Options
end at the first word that is not one: all that follows belongs to CMD.

)";

constexpr std::string_view run_examples = R"(
examples:
  snug run ls -l                       -l belongs to ls
  snug run -p node --net filtered npm install
  snug run --write ~/.cache/app? --env CI=1 -- make test
  snug run --timeout 10m --set limits.rlimit.nofile=4096 ./configure
  snug run --detach --name web npm start      then: snug logs -f web; snug kill web
)";

constexpr std::string_view plan_lead = R"(usage: snug plan [options] [--] [CMD...]

Prints what a run would set up: every mount, id, rule, limit and variable, each with
the line that asked for it. Runs nothing and changes nothing.

      --json                   as JSON, {"schema": 1, ...}; see snug-plan(1)

)";

constexpr std::string_view plan_examples = R"(
examples:
  snug plan
  snug plan -p node --net filtered -- npm ci
  snug plan --json | jq .view
)";

constexpr std::string_view why_text = R"(usage: snug why [options] [PATH | HOST[:PORT] | VARIABLE | SYSTEM-CALL]

Says whether the sandbox reaches one thing, which line of the profile decides, and the
line that would change it. Without a word: what the last run in this project was
refused. Runs nothing and changes nothing.

  -p, --profile NAME|FILE      the profile, as for run
      --project MODE           the project, as for run
      --set KEY=VALUE          any profile key, as for run
      --json                   as JSON, {"schema": 1, ...}; see snug(1)

What the exit status is about, of a path:
      --read                   reading it, or listing a directory (without any of these)
      --write                  writing it, or making files in a directory
      --exec                   executing it, or entering a directory

A word is taken for the first of these that fits: a path (it has a slash or starts with
"~" or "."), a URL's host, a variable (one that is set, or in capitals), a system call, a
file in this directory, a host (it has a dot or colon, "*" or "@" in front). Without a
port a host's usual two are meant, 80 and 443. One of these decides instead:
      --path                   take the word for a path
      --variable               take it for a variable of the environment
      --syscall                take it for a system call
      --host                   take it for a host

Exit status: 0 allowed, 1 not, 2 the question could not be answered.

examples:
  snug why ~/.netrc
  snug why --write /usr/lib
  snug why io_uring_setup
  snug why registry.npmjs.org:443
  snug why --path mount                the file ./mount, not the system call
)";

constexpr std::string_view allow_text =
    R"(usage: snug allow [options] PATH... | HOST[:PORT]... | VARIABLE... | SYSTEM-CALL...

Adds the lines that allow it to your own file for this project, below
~/.config/snug/projects, and says what they open. A word is taken for the same as by
`snug why`, which also tells what is missing. From the next run on; hosts at once, where
a running sandbox has a filtered network. Of hosts, "*.NAME", ranges of addresses
("10.0.0.0/8") and groups ("@npm") are taken, too.

      --read                   show the path for reading (without any of these)
      --write                  show the path writable
      --exec                   show the path, and see that it can be executed
      --path                   take the words for paths
      --variable               take them for variables of the environment
      --syscall                take them for system calls
      --host                   take them for hosts
      --show                   print the change and write nothing
      --undo                   take the last change back, in running sandboxes, too
      --session                until you log out, and no longer
  -p, --profile NAME|FILE      the profile, as for run
      --project MODE           the project, as for run
      --set KEY=VALUE          any profile key, as for run

Exit status: 0 it is allowed (now or already), 1 it cannot be, 2 a mistake in the command.

examples:
  snug allow ~/.gitconfig              read it inside
  snug allow --write ~/.cache/ccache
  snug allow registry.npmjs.org 10.1.0.0/16:5432
  snug allow --session github.com:22
  snug allow AWS_PROFILE               pass the variable on
  snug allow --show io_uring_setup
  snug allow --undo
)";

constexpr std::string_view init_text = R"(usage: snug init [--force] [--stdout] [DIR]

Looks at the files of a project (package.json, pyproject.toml, Cargo.toml, go.mod,
CMakeLists.txt, pom.xml, Gemfile, ...) and writes a short snug.toml with comments, on top
of the shipped profiles that fit. DIR defaults to the current directory. Exit status:
0 if it was written, 2 if not.

      --force                  in place of a snug.toml that is there
      --stdout                 print it, write nothing

examples:
  snug init
  snug init --stdout ~/src/app
)";

constexpr std::string_view diff_text = R"(usage: snug diff [options] [PATH...]

Shows what runs with filesystem.project = "overlay" changed in this project and nobody
has applied yet: as a patch, in the pager git would use. PATH is a path or a pattern;
"!PATH" takes out again.

      --from NAME|DIR          which capture, where the project has several
      --list                   all captures of the project
      --paths-from FILE        only the paths in FILE, each ended by a NUL; "-" is standard input
      --stat                   a line for each change, and how many there are
      --name-only              the names alone
  -z                           with --name-only: each ended by a NUL
      --exit-code              exit status 1 if there is a change
      --merge-into DIR         put the capture and the layers below it together, as one
                               capture in DIR, an empty directory of yours
      --json                   as JSON, {"schema": 1, ...}; see snug(1)

A mark says what to look at before it reaches the host: what git, editors and continuous
integration obey, new programs, links that lead out, what the profile protects. A file
that holds what one that is gone held is shown as renamed; what git ignores is told by
directory, unless it is named. Exit status: 0, or 2 if there is no capture.

examples:
  snug run --project overlay npm install
  snug diff --stat
  snug diff package.json
)";

constexpr std::string_view apply_text = R"(usage: snug apply [options] [PATH...]
       snug apply --commits [options] [BRANCH|TAG...]

Takes captured changes over into the project: all, or those at PATH (a path or a pattern;
"!PATH" takes out again). What the host changed meanwhile is merged where it is text and
both sides go together, and is not overwritten otherwise; what somebody should look at
(see snug diff) is not taken unless it is named: both are said. What is not taken stays
captured. An apply that is killed leaves each file old or new, and can be ended or taken
back.

      --from NAME|DIR          which capture, where the project has several
      --yes                    without asking
      --reviewed               also what needs a look and is not named
  -p, --patch                  ask about each change, and of a text about each hunk
      --paths-from FILE        also the paths in FILE, each ended by a NUL, as they are and
                               relative to the project; "-" is standard input
      --theirs                 where the host changed a file, too: take the capture's
      --ours                   the same: keep the host's, and forget the capture's
      --keep                   keep the capture
      --commits                instead of files: commits made inside, put on the same branches
                               where nothing is lost by it, else on branches snug/...
      --continue               end an apply that was interrupted
      --abort                  take it back

Exit status: 0 all was applied, 1 something is left, 2 it could not be done.

examples:
  snug apply
  snug apply src '!*.o'
  snug apply -p src/main.c
  snug diff --name-only -z | grep -z test | snug apply --yes --paths-from -
  snug apply --yes .github/workflows/ci.yml
)";

constexpr std::string_view discard_text = R"(usage: snug discard [--yes] [--from NAME|DIR]

Throws a capture of this project away. Exit status: 0 thrown away, 1 kept, 2 there is none.

      --from NAME              which capture, where the project has several
      --yes                    without asking
)";

constexpr std::string_view check_text = R"(usage: snug check [--json] [--strict] [--fix] [NAME|FILE]
       snug check --show [NAME|FILE]
       snug check --diff A B
       snug check [--json] --list

Reports every mistake in a profile: unknown keys, wrong types, bad sizes, durations and
addresses, and keys this version cannot enforce. If there are none, advises on what it
opens further than may be meant, with the reason and what to write instead. By default
the nearest snug.toml upwards. Exit status: 0 without mistakes, 1 with some, 2 if there
is nothing to check.

      --strict                 exit status 1 for advice, too
      --fix                    first write what the advice says, where that can only take
                               something away; shows each change
      --show                   what the profile comes to, with all it extends, as TOML
      --diff                   what B has wider, narrower or different from A; 1 if any
      --list                   all profiles that -p takes by name, and where they lie
      --json                   as JSON, {"schema": 1, ...}

examples:
  snug check
  snug check --strict ./ci/snug.toml
  snug check --diff default node
)";

constexpr std::string_view hook_text = R"text(usage: eval "$(snug hook bash)"       in ~/.bashrc
       eval "$(snug hook zsh)"        in ~/.zshrc
       snug hook fish | source        in ~/.config/fish/config.fish

Prints what makes a shell name the sandbox of a project once, when you come to a directory
whose snug.toml may be used (see snug trust). It asks nothing and starts nothing: the
command snug-enter swaps the shell for the sandboxed one. Inside a sandbox it is silent.

examples:
  eval "$(snug hook bash)"
)text";

constexpr std::string_view trust_text = R"(usage: snug trust [--json] [--show | --undo] [FILE]
       snug trust [--json] --list

A snug.toml comes from whoever wrote the project. Unapproved, it may only take things
away from the command; one that asks for more stops the run. Shows what FILE (by default
the nearest snug.toml upwards) asks for and approves it: its path, and the bytes of every
file of the project that it is read from. When one of them changes, snug asks again.

      --show                   show it, approve nothing; 1 if it needs approval
      --undo                   approve it no longer
      --list                   all profiles you have approved
      --json                   as JSON, {"schema": 1, ...}

examples:
  snug trust --show
  snug trust
  snug trust --undo ./snug.toml
)";

constexpr std::string_view ps_text = R"(usage: snug ps [options] [ID|NAME]

Lists the sandboxes of yours that run, or one of them. ID may be cut short.

      --json                   as JSON, {"schema": 1, ...}; see snug-sessions(7)
                               with ID everything about that one: its plan as it was
                               carried out, namespaces, processes, TCP sockets
  -a, --all                    those too that were detached and have ended
  -q, --quiet                  their ids alone
      --watch                  on a terminal: again every second, as much as fits on it,
                               until Ctrl-C; with ID until that one is gone

examples:
  snug ps
  snug kill $(snug ps -q)                    end them all
)";

constexpr std::string_view exec_text = R"(usage: snug exec [options] ID|NAME [--] [CMD...]

Runs another command, or a shell, in a sandbox that runs: with the same view, limits,
environment and walls, and a terminal of its own where this one is a terminal. It
ends with the sandbox. It starts in the current directory if that is in the
sandbox's project, else where the sandbox's own command started.

      --workdir D              start in D

Exit status: as of `snug run`.

examples:
  snug exec web                              a shell beside the server
  snug exec web -- curl localhost:8080
)";

constexpr std::string_view kill_text = R"(usage: snug kill [-s SIGNAL] ID|NAME...

Ends running sandboxes: the command is asked to end by TERM (a shell by HUP), what is
left after ten seconds is killed. Returns when everything is gone.

  -s, --signal SIGNAL          send this signal to the command instead, and return at
                               once; KILL ends everything inside

examples:
  snug kill web
  snug kill -s USR1 3f2a
)";

constexpr std::string_view logs_text = R"(usage: snug logs [options] ID|NAME

Prints what the command of `snug run --detach` has printed, on standard output and error
as the command did, and snug's own messages on standard error. Of what is printed the
last 8 to 16 MiB are kept; of runs that are over the last 20, for a week.

  -f, --follow                 and what comes, until it ends
  -n, --tail N                 only the last N lines of what is there

examples:
  snug logs -f web
  snug logs -n 20 web 2>/dev/null
)";

constexpr std::string_view attach_text = R"(usage: snug attach [--detach-key KEY] ID|NAME

Prints what the command of `snug run --detach` prints from now on. If the command has a
terminal (it was detached from one), what is typed here goes there, and its size is
this terminal's; several can be attached at a time. Ctrl-\ leaves it running, and
so does the end of this terminal.

      --detach-key KEY         ctrl-a to ctrl-z, ctrl-[ \ ] ^ _, or none

Exit status: 0 detached; else the command's, as of `snug run`.

examples:
  snug run --detach --name dev npm start
  snug attach dev
)";

constexpr std::string_view wait_text = R"(usage: snug wait ID|NAME

Waits until the command of `snug run --detach` has ended. Exit status: the command's, as
of `snug run`, also long after it ended; 125 if there is no such sandbox.

examples:
  id=$(snug run --detach make check); snug wait $id
)";

constexpr std::string_view clean_text = R"(usage: snug clean [options] [homes] [captures] [logs] [mirror] [left]

Lists what snug stores, by size and age: the homes of profiles with their private
layers, captures nobody has applied or discarded, what detached runs printed that are
over, copies of the system's directories that captures as root need, what killed runs
left. Removes what is named, or what the options choose; without any of these only what
killed runs left. Nothing that is in use is removed.

      --older TIME             only what was not used for TIME, as 30d
      --larger SIZE            only what takes SIZE or more, as 500M
      --dry-run                say what would be removed, and remove nothing
      --yes                    without asking
      --json                   as JSON, {"schema": 1, ...}; see snug(1)

Exit status: 0, 1 if something was not removed, 2 for a mistake in the command line.

examples:
  snug clean --dry-run
  snug clean homes captures --older 90d
)";

constexpr std::string_view publish_text = R"(usage: snug publish [ID|NAME] [ADDR:]PORT[:PORT]...

Makes ports of a running sandbox reachable from the host, as --publish does at the
start. ID may be left out where only one runs. '!' in front of a port ends it.
Nothing is written down: the next run knows nothing of it.

examples:
  snug publish 8080
  snug publish web 3000:80
  snug publish web '!3000'
)";

constexpr std::string_view doctor_text = R"(usage: snug doctor [--json]

Tries what a sandbox needs from this machine, as you, and prints the fix for whatever
is refused. Changes nothing. Exit status: 0 if sandboxes can run, 1 if something they
need is missing.

      --json                   as JSON, {"schema": 1, ...}; see snug-doctor(1)

examples:
  snug doctor
  snug doctor --json | jq '.checks[] | select(.state != "ok")'
)";

constexpr std::size_t column = 31;

void add_line(std::string& text, std::string lead, std::string_view help) {
  lead.resize(std::max(lead.size() + 2, column), ' ');
  text.append(lead).append(help).push_back('\n');
}

std::string options_text(Command command) {
  std::string text = "options:\n";
  add_line(text, "  -p, --profile NAME|FILE", "the profile; default: the nearest snug.toml upwards");
  add_line(text, "      --capture", "capture all it writes, in the home, too: the host stays as it is");
  add_line(text, "      --onto NAME", "go on with a capture of the project (snug diff --list)");
  add_line(text, "      --over NAME", "a new capture over one that is not applied yet");
  add_line(text, "      --changes DIR", "keep the capture in DIR, a directory of yours");
  add_line(text, "      --lower DIR", "lay DIR over the project, below the changes; repeated: first lowest");
  if (command == Command::run) {
    add_line(text, "  -d, --detach", "print the id once the command runs, and leave it running");
  }
  if (command != Command::plan) {
    add_line(text, "      --status-fd N", "write start and end to descriptor N, as lines of JSON");
    add_line(text, "      --name NAME", "a name for `snug ps` and the like, which no other has while it runs");
    add_line(text, "      --stats", "say at the end what the run has used");
    add_line(text, "      --log FILE", "append a line of JSON for each network connection");
  }
  add_line(text, "  -v, --verbose", "say each decision on stderr");
  add_line(text, "  -h, --help", "this text");
  std::string_view group;
  for (const auto& option : shared_options()) {
    if (group != option.group) text.append("\n").append(option.group).append(":\n");
    group = option.group;
    add_line(text, std::string("      ") + option.name + " " + option.metavar, option.help);
  }
  return text;
}

std::string with_options(Command command, std::string_view lead, std::string_view examples) {
  return std::string(lead) + options_text(command) + std::string(examples);
}

}  // namespace

std::string help_text(std::optional<Command> command) {
  if (!command) return std::string(overview);
  switch (*command) {
    case Command::shell:
      return with_options(Command::shell, shell_lead, shell_examples);
    case Command::run:
      return with_options(Command::run, run_lead, run_examples);
    case Command::plan:
      return with_options(Command::plan, plan_lead, plan_examples);
    case Command::why:
      return std::string(why_text);
    case Command::allow:
      return std::string(allow_text);
    case Command::init:
      return std::string(init_text);
    case Command::diff:
      return std::string(diff_text);
    case Command::apply:
      return std::string(apply_text);
    case Command::discard:
      return std::string(discard_text);
    case Command::check:
      return std::string(check_text);
    case Command::trust:
      return std::string(trust_text);
    case Command::hook:
      return std::string(hook_text);
    case Command::ps:
      return std::string(ps_text);
    case Command::exec:
      return std::string(exec_text);
    case Command::kill:
      return std::string(kill_text);
    case Command::logs:
      return std::string(logs_text);
    case Command::attach:
      return std::string(attach_text);
    case Command::wait:
      return std::string(wait_text);
    case Command::clean:
      return std::string(clean_text);
    case Command::publish:
      return std::string(publish_text);
    case Command::doctor:
      return std::string(doctor_text);
    case Command::help:
    case Command::version:
    case Command::complete:
      break;
  }
  return std::string(overview);
}

std::string version_text() { return "snug " SNUG_VERSION "\n"; }

}  // namespace snug
