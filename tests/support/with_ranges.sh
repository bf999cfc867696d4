#!/bin/sh
# with_ranges.sh ETC UID COMMAND...: runs COMMAND as the user UID, who has an account and ranges of other user and group
# numbers. All of it stands in a copy of /etc, made at ETC, that is bound over the real one in a mount namespace which
# ends with COMMAND: the machine's own files are not touched. To be started by root.
set -eu
if [ "$1" != --mounted ]; then
  exec unshare --mount --propagation private -- "$0" --mounted "$@"
fi
shift
etc=$1 user=$2
shift 2
cp -a /etc "$etc"
sed -i "/^[^:]*:[^:]*:$user:/d" "$etc/passwd" "$etc/group"
echo "snugtest:x:$user:$user::$HOME:/bin/bash" >>"$etc/passwd"
echo "snugtest:x:$user:" >>"$etc/group"
echo "snugtest:1000000:65536" >"$etc/subuid"
echo "$user:2000000:65536" >"$etc/subgid"
chmod 0644 "$etc/subuid" "$etc/subgid"
mount --bind "$etc" /etc
exec setpriv --reuid "$user" --regid "$user" --clear-groups -- "$@"
