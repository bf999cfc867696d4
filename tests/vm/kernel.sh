# Sourced by images: one of the distributions' kernels as vmlinux (unpacked: an emulated machine would take long to) and initrd.

# NAME: archive, suite, metapackage. Where security updates have a newer kernel, theirs.
declare -A kernels=(
  [5.10]="debian-security bullseye-security linux-image-amd64"
  [6.1]="debian-security bookworm-security linux-image-amd64"
  [6.12]="debian-security bookworm-security linux-image-6.12-amd64"
  [newest]="debian trixie-backports linux-image-amd64"
  [ubuntu]="ubuntu noble-updates linux-image-virtual"
)

# What loads before there is a root, and what a running machine may ask for; both with what they depend on.
boot_modules=(virtio_pci virtio_blk virtio_rng crc32c_generic ext4 overlay)
more_modules=(autofs4 virtio_console 9p 9pnet_virtio fuse tun veth dummy loop xfs btrfs crc32c-intel xxhash_generic blake2b_generic
  sha256_generic unix_diag tcp_diag udp_diag inet_diag nf_tables nft_compat)

# The image a metapackage stands for; newer kernels have the modules, and what is built in, in packages beside it.
kernel_packages() {
  private_apt apt-cache depends --recurse --important "$1" | grep -Ex 'linux-(image|modules|binary|base)-[0-9.-]+[^ ]*-(amd64|generic)' |
    grep -vx "$1" | sort -u
}

# fetch_kernel ARCHIVE SUITE METAPACKAGE: unpacks it into ./tree.
fetch_kernel() {
  local keys=
  if [ "$1" = ubuntu ]; then
    # Ubuntu's keys as Debian vouches for them.
    use_archive debian trixie
    unpack_packages keys ubuntu-keyring
    keys=$PWD/keys/usr/share/keyrings/ubuntu-archive-keyring.gpg
  fi
  use_archive "$1" "$2" $keys
  # shellcheck disable=SC2046  # a list of words
  unpack_packages tree $(kernel_packages "$3")
}

# modules VERSION NAME...: files of ./tree, in the order they must be loaded. A name the kernel has built in has none.
modules() {
  local version=$1 name
  shift
  for name in "$@"; do
    modprobe --dirname tree --set-version "$version" --show-depends "$name" 2>/dev/null || true
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# plain_module FILE TO: copies it, unpacked.
plain_module() {
  case $1 in
    *.xz) xz -dc "$1" >"$2/$(basename "$1" .xz)" ;;
    *.zst) zstd -qdc "$1" >"$2/$(basename "$1" .zst)" ;;
    *) cp "$1" "$2/" ;;
  esac
}

# pack_initramfs VERSION: a shell, the modules, and the order in which those of a boot are loaded.
pack_initramfs() {
  local version=$1 inside=initramfs/lib/modules/$1
  mkdir -p initramfs/bin "$inside"
  cp /bin/busybox initramfs/bin/
  cp "$here/guest/init" initramfs/init
  modules "$version" "${boot_modules[@]}" "${more_modules[@]}" | while read -r file; do plain_module "$file" "$inside"; done
  modules "$version" "${boot_modules[@]}" | sed 's|.*/||; s|\.xz$||; s|\.zst$||' >initramfs/modules
  find "tree/lib/modules/$version" -maxdepth 1 -name 'modules.[bo]*' ! -name '*.bin' -exec cp {} "$inside/" \;
  depmod --basedir initramfs "$version"
  (cd initramfs && find . | cpio --quiet --create --format=newc --owner=0:0) >initrd
}

make_kernel() {
  local version
  # shellcheck disable=SC2086  # three words
  fetch_kernel ${kernels[$1]}
  version=$(basename tree/lib/modules/*)
  depmod --basedir tree "$version"
  "$here/unpack_kernel.py" "$(find tree -name 'vmlinuz*')" vmlinux
  pack_initramfs "$version"
  rm -rf apt keys tree initramfs
}
