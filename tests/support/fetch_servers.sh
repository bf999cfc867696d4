#!/bin/sh
# fetch_servers.sh DIR: unpacks Debian's nginx and fcgiwrap into DIR, from the machine's own mirror. Installed, they
# would start services of the machine's. What is there already is kept.
set -eu
folder=$1
[ ! -x "$folder/usr/sbin/nginx" ] || exit 0
command -v apt-get >/dev/null || exit 0  # the tests say what is missing
mkdir -p "$folder"
download() { (cd "$folder" && apt-get -qq -o APT::Sandbox::User=root download nginx fcgiwrap libfcgi0ldbl); }
if ! download 2>/dev/null; then
  [ "$(id -u)" != 0 ] || apt-get -qq update
  download
fi
for package in "$folder"/*.deb; do
  dpkg-deb -x "$package" "$folder"
  rm "$package"
done
