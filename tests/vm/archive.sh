# Sourced by images: packages of an archive, unpacked without being installed here, as anybody may.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# archive NAME: the mirror this machine gets it from.
archive() {
  local suite='^bookworm$' found
  [ "$1" != ubuntu ] || { echo http://archive.ubuntu.com/ubuntu && return; }
  [ "$1" = debian ] || suite='^bookworm-security$'
  found=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
    awk -v suite="$suite" '$2 ~ suite { print $1; exit }')
  echo "${found:-http://deb.debian.org/$1}"
}

# source_line ARCHIVE SUITE [KEYRING]
source_line() { echo "deb [signed-by=${3:-$keyring}] $(archive "$1") $2 main"; }

# private_apt TOOL ARGUMENT...: apt-get or apt-cache with lists, cache and sources of their own, below ./apt.
private_apt() {
  local tool=$1 apt=$PWD/apt
  shift
  "$tool" -q -o Dir::State="$apt" -o Dir::State::lists="$apt/lists" -o Dir::State::status="$apt/status" \
    -o Dir::Cache="$apt/cache" -o Dir::Etc::sourcelist="$apt/sources" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User= "$@"
}

# use_archive ARCHIVE SUITE [KEYRING]: what private_apt knows from now on.
use_archive() {
  rm -rf apt
  mkdir -p apt/lists/partial apt/cache/archives/partial
  : >apt/status
  source_line "$@" >apt/sources
  private_apt apt-get update -qq
}

# unpack_packages TO NAME...: of the archive in use, without their scripts.
unpack_packages() {
  local to=$1
  shift
  private_apt apt-get download -qq "$@"
  mkdir -p "$to/usr/lib"
  [ -e "$to/lib" ] || ln -s usr/lib "$to/lib"
  for package in ./*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x -C "$to" --keep-directory-symlink; done
  rm ./*.deb
}
