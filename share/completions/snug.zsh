#compdef snug
# Completion of snug for zsh. What fits at the cursor is asked of snug itself (snug complete).
# Installed as share/zsh/site-functions/_snug.

_snug() {
  local line word also=''
  local -a whole open
  for line in "${(@f)$(command snug complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
    word=${line%%$'\t'*}
    case $line in
      '') ;;
      :*) also=$line ;;
      *[=.]$'\t'*) open+=("${word//:/\\:}:${line#*$'\t'}") ;;
      *) whole+=("${word//:/\\:}:${line#*$'\t'}") ;;
    esac
  done

  case $also in
    ':command '*)
      local skip=$((${also#:command } + 1))
      shift $skip words
      ((CURRENT -= skip))
      _normal
      return
      ;;
  esac
  local found=1
  ((${#whole})) && _describe -t snug 'snug' whole && found=0
  ((${#open})) && _describe -t snug 'snug' open -S '' && found=0
  [[ -z $also || $PREFIX != --*=* ]] || compset -P 1 '*='
  case $also in
    :files) _files && found=0 ;;
    :directories) _files -/ && found=0 ;;
  esac
  return $found
}

# Loaded by the completion system it is the function's body; sourced, it says what it is for.
if [[ ${funcstack[1]} == _snug ]]; then
  _snug "$@"
else
  compdef _snug snug
fi
