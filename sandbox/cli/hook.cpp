// `snug hook SHELL`: what a shell evaluates at its start so that it names the sandbox of a project once when its user
// comes there. It asks nothing, so that no key typed ahead is taken for an answer, and swaps nothing by itself. Before
// a prompt it compares two strings; snug is started only where a snug.toml was found, and tells whether it may be used.
#include <algorithm>
#include <string_view>

#include "cli/commands.h"
#include "cli/print.h"

namespace snug {
namespace {

constexpr std::string_view bash_hook = R"hook(if [[ $- == *i* && ${container-} != snug ]]; then
  # Ends this shell when the sandboxed one ends; stays where there could be none.
  snug-enter() {
    command snug "$@"
    local status=$?
    ((status == 125)) || exit "$status"
  }
  _snug_entered() {
    _snug_at=$PWD
    local up=$PWD
    while [[ ! -e $up/snug.toml ]]; do
      [[ -n $up && $up != "$HOME" ]] || return 0
      up=${up%/*}
    done
    [[ -n $up && $up != "$HOME" && $_snug_offered != *":$up:"* ]] || return 0
    command snug trust --show "$up/snug.toml" >/dev/null 2>&1 || return 0
    _snug_offered+=":$up:"
    printf 'snug: %q has a sandbox; swap this shell for it: snug-enter\n' "$up" >&2
  }
  _snug_hook() {
    local status=$?
    [[ $PWD == "$_snug_at" ]] || _snug_entered
    return "$status"
  }
  _snug_at= _snug_offered=
  [[ ${PROMPT_COMMAND-} == *_snug_hook* ]] || PROMPT_COMMAND="_snug_hook${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
fi
)hook";

constexpr std::string_view zsh_hook = R"hook(if [[ -o interactive && ${container-} != snug ]]; then
  # Ends this shell when the sandboxed one ends; stays where there could be none.
  snug-enter() {
    command snug "$@"
    local code=$?
    ((code == 125)) || exit $code
  }
  _snug_entered() {
    _snug_at=$PWD
    local up=$PWD
    while [[ ! -e $up/snug.toml ]]; do
      [[ -n $up && $up != "$HOME" ]] || return 0
      up=${up%/*}
    done
    [[ -n $up && $up != "$HOME" && $_snug_offered != *":$up:"* ]] || return 0
    command snug trust --show "$up/snug.toml" >/dev/null 2>&1 || return 0
    _snug_offered+=":$up:"
    print -ru2 -- "snug: ${(q)up} has a sandbox; swap this shell for it: snug-enter"
  }
  _snug_hook() { [[ $PWD == "$_snug_at" ]] || _snug_entered }
  typeset -g _snug_at= _snug_offered=
  autoload -Uz add-zsh-hook
  add-zsh-hook precmd _snug_hook
fi
)hook";

constexpr std::string_view fish_hook = R"hook(if status is-interactive; and test "$container" != snug
    # Ends this shell when the sandboxed one ends; stays where there could be none.
    function snug-enter
        command snug $argv
        set -l code $status
        test $code -eq 125; or exit $code
    end
    function _snug_entered
        set -g _snug_at $PWD
        set -l up $PWD
        while not test -e "$up/snug.toml"
            test -n "$up" -a "$up" != "$HOME"; or return 0
            set up (string replace -r '/[^/]*$' '' -- $up)
        end
        test -n "$up" -a "$up" != "$HOME"; or return 0
        contains -- $up $_snug_offered; and return 0
        command snug trust --show "$up/snug.toml" >/dev/null 2>&1; or return 0
        set -ga _snug_offered $up
        printf 'snug: %s has a sandbox; swap this shell for it: snug-enter\n' (string escape -- $up) >&2
    end
    function _snug_hook --on-event fish_prompt
        test "$PWD" = "$_snug_at"; or _snug_entered
    end
    set -g _snug_at
    set -g _snug_offered
end
)hook";

struct ShellRow {
  std::string_view name, text;
};

constexpr ShellRow shells[] = {{"bash", bash_hook}, {"zsh", zsh_hook}, {"fish", fish_hook}};

}  // namespace

int hook_command(const Invocation& invocation) {
  const auto shell = std::ranges::find(shells, invocation.words[0], &ShellRow::name);
  if (shell != std::end(shells)) return print_data(shell->text) ? 0 : status_usage;
  print_error({.what = "there is no hook for the shell \"" + invocation.words[0] + "\"",
               .fix = "one of bash, zsh, fish: eval \"$(snug hook bash)\""});
  return status_usage;
}

}  // namespace snug
