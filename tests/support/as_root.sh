#!/bin/sh
# as_root.sh SCRIPT: runs tests/SCRIPT as root, by sudo where that asks for no password.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ "$(id -u)" = 0 ]; then
  exec "$here/as_user.sh" "$1"
elif sudo -n true 2>/dev/null; then
  exec sudo -n env SNUG_BUILD="$SNUG_BUILD" SNUG_MUST_WORK="${SNUG_MUST_WORK:-}" SNUG_TEST_MODE="${SNUG_TEST_MODE:-}" "$here/as_user.sh" "$1"
fi
echo "needs root, or sudo without a password" >&2
[ "${SNUG_MUST_WORK:-}" = 1 ] && exit 1
exit 77
