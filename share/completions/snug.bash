# Completion of snug for bash. What fits at the cursor is asked of snug itself (snug complete).
# Installed as share/bash-completion/completions/snug; works without the package bash-completion too, sourced.

# Bash cuts words at '=' and ':'. Puts together what the line holds together, up to the cursor: _snug_words, and in
# _snug_at the number of each one's first piece.
_snug_join_words() {
  local line=${COMP_LINE:0:COMP_POINT} i piece blanks
  _snug_words=() _snug_at=()
  for ((i = 0; i <= COMP_CWORD; ++i)); do
    piece=${COMP_WORDS[i]}
    blanks=${line%%[![:space:]]*}
    line=${line#"$blanks"}
    ((i < COMP_CWORD)) || piece=$line
    line=${line#"$piece"}
    if ((i > 0)) && [[ -z $blanks ]]; then
      _snug_words[-1]+=$piece
    else
      _snug_words+=("$piece")
      _snug_at+=("$i")
    fi
  done
}

# _snug_offer_command N: completes the command that begins at the N-th word behind "snug".
_snug_offer_command() {
  if declare -F _command_offset >/dev/null; then
    _command_offset "${_snug_at[$1 + 1]}"
  elif (($1 + 2 == ${#_snug_words[@]})); then
    mapfile -t COMPREPLY < <(compgen -c -- "${_snug_words[-1]}")
  else
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "${_snug_words[-1]}")
  fi
}

_snug_offer_paths() {
  local path=${_snug_words[-1]} found
  [[ $path != --*=* ]] || path=${path#*=}
  mapfile -t found < <(compgen "$1" -- "$path")
  ((${#found[@]} == 0)) || compopt -o filenames
  COMPREPLY+=("${found[@]}")
}

_snug() {
  local _snug_words _snug_at line word cut
  _snug_join_words
  COMPREPLY=()
  # Bash replaces what stands behind the last place it cuts at.
  cut=${_snug_words[-1]%"${_snug_words[-1]##*["=:"]}"}
  [[ $COMP_WORDBREAKS == *[=:]* ]] || cut=
  while IFS= read -r line; do
    case $line in
      :files) _snug_offer_paths -f ;;
      :directories) _snug_offer_paths -d ;;
      ":command "*) _snug_offer_command "${line#:command }" ;;
      *)
        word=${line%%$'\t'*}
        [[ $word != *[=.] ]] || compopt -o nospace
        COMPREPLY+=("${word#"$cut"}")
        ;;
    esac
  done < <(command snug complete -- "${_snug_words[@]:1}" 2>/dev/null)
}

complete -F _snug snug
