#!/bin/sh
# as_user.sh SCRIPT [ARGUMENT...]: runs tests/SCRIPT with the programs of $SNUG_BUILD as an ordinary user, with a home
# and an environment of its own. Started by root it becomes a bare user id without a name; what the test needs is
# copied to a folder that user can read, since the clone may lie under /root. Everything is removed at the end.
# SNUG_TEST_MODE: root keeps root's rights, nested runs the script within a sandbox that may hold others, mounts starts
# every snug where the kernel seems to have no Landlock.
# SNUG_TEST_SLOWER: time-outs of the tests become as many times longer.
set -eu
script=$1
shift
tests=$(cd "$(dirname "$0")/.." && pwd)

stage=$(mktemp -d "${SNUG_TEST_ROOT:-/var/tmp}/snug-test.XXXXXX")
# The kernel's own directory within an overlay's work directory is closed to its owner.
clean() {
  [ "$(id -u)" = 0 ] || chmod -R u+rwX "$stage/home" 2>/dev/null || :  # root's directories of a test need it not
  rm -rf --one-file-system "$stage"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP
chmod 0755 "$stage"
mkdir "$stage/bin" "$stage/home" "$stage/downloads"
cp "$SNUG_BUILD/sandbox/snug" "$SNUG_BUILD/tests/probe" "$SNUG_BUILD/tests/filtered" \
  "$SNUG_BUILD/tests/walled" "$SNUG_BUILD/tests/lacking" "$SNUG_BUILD/tests/spoiling" "$SNUG_BUILD/tests/libjumping.so" "$SNUG_BUILD/tests/racing" "$SNUG_BUILD/tests/attempt" "$stage/bin/"
if [ "${SNUG_TEST_MODE:-}" = mounts ]; then
  mv "$stage/bin/snug" "$stage/bin/snug-itself"
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$stage/bin/lacking" "$stage/bin/snug-itself" >"$stage/bin/snug"
  chmod 0755 "$stage/bin/snug"
fi
cp -r "$tests/support" "$tests/$(dirname "$script")" "$tests/../share" "$tests/../profiles" "$tests/../man" "$stage/"
case $script in
  bench/containment.py) ;;
  */real_c_* | bench/*)
    downloads=$SNUG_BUILD/downloads
    "$tests/support/fetch_sources.sh" "$downloads"
    cp "$downloads"/* "$stage/downloads/"
    ;;
  */real_servers_*)
    "$tests/support/fetch_servers.sh" "$SNUG_BUILD/servers"
    cp -r "$SNUG_BUILD/servers" "$stage/"
    ;;
esac
chmod -R a+rX "$stage"

# Ten thousand connections are twenty thousand files and more; distributions allow half a million.
case $(id -u):$script in
  0:rootless/network_limits_*) ulimit -H -n 524288 2>/dev/null || : ;;
esac
become=
if [ "$(id -u)" = 0 ] && [ "$(dirname "$script")" != root ] && [ "${SNUG_TEST_MODE:-}" != root ]; then
  user=${SNUG_TEST_UID:-4242}
  chown "$user:$user" "$stage/home"
  become="setpriv --reuid $user --regid $user --clear-groups --"
  case $script in
    */subids_*) become="$tests/support/with_ranges.sh $stage/etc $user" ;;
  esac
fi
case $script in
  *.py) interpreter="/usr/bin/python3 -B" ;;
  *) interpreter=sh ;;
esac
cd "$stage/home"
home=$stage/home
outer=
if [ "${SNUG_TEST_MODE:-}" = nested ]; then
  # The whole test runs inside a sandbox that may hold others: "outside" is then the outer sandbox.
  home=$stage/home/work
  # shellcheck disable=SC2086
  $become mkdir "$home"
  cat >"$stage/outer.toml" <<END
version = 1
nested = true
[filesystem]
project = "none"
home = "tmpfs"
read = ["$stage/bin", "$stage/support", "$stage/$(dirname "$script")"]
write = ["$home"]
END
  outer="$stage/bin/snug run -p $stage/outer.toml --workdir $home --"
fi
# shellcheck disable=SC2086  # lists of words
$become env -i HOME="$stage/home" PATH=/usr/local/bin:/usr/bin:/bin SHELL=/bin/bash $outer env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME="$home" SHELL=/bin/bash LANG=C.UTF-8 \
  TERM=xterm-256color SNUG="$stage/bin/snug" PROBE="$stage/bin/probe" FILTERED="$stage/bin/filtered" \
  WALLED="$stage/bin/walled" LACKING="$stage/bin/lacking" SPOILING="$stage/bin/spoiling" JUMPING="$stage/bin/libjumping.so" RACING="$stage/bin/racing" ATTEMPT="$stage/bin/attempt" SNUG_TEST_MODE="${SNUG_TEST_MODE:-user}" STAGE="$stage" PYTHONPATH="$stage/support" \
  SNUG_FAULTS="${SNUG_FAULTS:-}" SNUG_MUST_WORK="${SNUG_MUST_WORK:-}" SNUG_TEST_SLOWER="${SNUG_TEST_SLOWER:-}" $interpreter "$stage/$script" "$@"
