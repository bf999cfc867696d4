#!/bin/sh
# as_user.sh SCRIPT [ARGUMENT...]: runs tests/SCRIPT with the programs of $SNUG_BUILD as an ordinary user, with a home
# and an environment of its own. Started by root it becomes a bare user id without a name; what the test needs is
# copied to a folder that user can read, since the clone may lie under /root. Everything is removed at the end.
set -eu
script=$1
shift
tests=$(cd "$(dirname "$0")/.." && pwd)

stage=$(mktemp -d "${SNUG_TEST_ROOT:-/var/tmp}/snug-test.XXXXXX")
trap 'rm -rf --one-file-system "$stage"' EXIT
trap 'exit 130' INT TERM HUP
chmod 0755 "$stage"
mkdir "$stage/bin" "$stage/home" "$stage/downloads"
cp "$SNUG_BUILD/sandbox/snug" "$SNUG_BUILD/tests/probe" "$SNUG_BUILD/tests/filtered" \
  "$SNUG_BUILD/tests/walled" "$stage/bin/"
cp -r "$tests/support" "$tests/$(dirname "$script")" "$stage/"
case $script in
  */real_* | bench/*)
    downloads=$SNUG_BUILD/downloads
    "$tests/support/fetch_sources.sh" "$downloads"
    cp "$downloads"/* "$stage/downloads/"
    ;;
esac
chmod -R a+rX "$stage"

become=
if [ "$(id -u)" = 0 ] && [ "$(dirname "$script")" != root ]; then
  user=${SNUG_TEST_UID:-4242}
  chown "$user:$user" "$stage/home"
  become="setpriv --reuid $user --regid $user --clear-groups --"
fi
case $script in
  *.py) interpreter="/usr/bin/python3 -B" ;;
  *) interpreter=sh ;;
esac
cd "$stage/home"
# shellcheck disable=SC2086  # lists of words
$become env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME="$stage/home" SHELL=/bin/bash LANG=C.UTF-8 \
  TERM=xterm-256color SNUG="$stage/bin/snug" PROBE="$stage/bin/probe" FILTERED="$stage/bin/filtered" \
  WALLED="$stage/bin/walled" STAGE="$stage" PYTHONPATH="$stage/support" \
  SNUG_MUST_WORK="${SNUG_MUST_WORK:-}" $interpreter "$stage/$script" "$@"
