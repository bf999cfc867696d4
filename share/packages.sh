# Sourced by share/quickstart, tests/run and .ci/run: what share/packages.txt lists, and installing what is missing.

packages_file=$(dirname "${BASH_SOURCE[0]}")/packages.txt

# packages SECTION...: the entries of those sections, "PACKAGE [COMMAND]" a line.
packages() {
  awk -v wanted=" $* " '
    /^\[/ { section = substr($1, 2, length($1) - 2); next }
    NF && $1 !~ /^#/ && index(wanted, " " section " ") && !seen[$1]++ { print $1, $2 }' "$packages_file"
}

package_is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || { [ -n "$2" ] && command -v "$2" >/dev/null; }
}

# missing_packages SECTION...: names of those not installed, one a line.
missing_packages() {
  local name command
  packages "$@" | while read -r name command; do package_is_installed "$name" "$command" || echo "$name"; done
}

# Runs a command as root: directly, or by sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "needs root and there is no sudo; run as root: $*" >&2
    return 1
  fi
}

# install_packages SECTION...: installs what is missing. Asks for no password where nothing is.
install_packages() {
  local missing
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if ! command -v apt-get >/dev/null; then
    # Word splitting turns the list into one line.
    echo "these packages (Debian's names) are missing and there is no apt-get: $(echo $missing)" >&2
    return 1
  fi
  echo "installing: $(echo $missing)" >&2
  as_root apt-get update -qq >&2 &&
    # shellcheck disable=SC2086  # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
}
