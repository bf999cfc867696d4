#!/bin/sh
# fetch_sources.sh DIR: puts the archives of sources.txt into DIR, from the machine's own Debian mirror; what is
# there already and has the right hash is kept.
set -eu
folder=$1
table=$(dirname "$0")/sources.txt
mkdir -p "$folder"

# The configured mirror; a machine that is not Debian gets the public one.
# shellcheck disable=SC2016  # apt's own variable
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 2>/dev/null | head -n 1)
mirror=${mirror:-http://deb.debian.org/debian/}

download() {
  if [ -x /usr/lib/apt/apt-helper ]; then
    /usr/lib/apt/apt-helper -qq download-file "$1" "$2" "SHA256:$3"
  else
    curl -fsSLo "$2" "$1"
  fi
}

grep -v '^#' "$table" | while read -r path hash; do
  file=$folder/$(basename "$path")
  if ! echo "$hash  $file" | sha256sum --check --status 2>/dev/null; then
    download "${mirror%/}/pool/main/$path" "$file.part" "$hash"
    echo "$hash  $file.part" | sha256sum --check --status
    mv "$file.part" "$file"
  fi
done
