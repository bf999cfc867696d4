# Sourced by images: root.img, an ext4 root of bookworm with a systemd user session for the user `tester`.

# A real user session (systemd, its bus, an account that lingers), devices with the modes udev gives, what the tests run.
root_packages=(systemd-sysv dbus-user-session libpam-systemd udev kmod sudo procps iproute2 util-linux python3 git less curl
  strace bubblewrap xfsprogs btrfs-progs podman crun uidmap busybox-static)

# The account and the service that runs a job; nothing that only costs time at boot.
customise_root() {
  cat <<'END'
set -eu
useradd --create-home --shell /bin/bash --uid 1000 tester
echo 'tester ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/tester
mkdir -p /var/lib/systemd/linger /share
touch /var/lib/systemd/linger/tester
echo snug-vm >/etc/hostname
printf '127.0.0.1 localhost snug-vm\n::1 localhost\n' >/etc/hosts
systemctl enable snug-job.service
systemctl --global mask podman-auto-update.service podman-restart.service podman.service podman.socket podman-auto-update.timer
systemctl mask apparmor.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount modprobe@drm.service \
  podman-auto-update.service getty@.service getty.target serial-getty@.service systemd-timesyncd.service apt-daily.timer \
  apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-hwdb-update.service \
  systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-journal-flush.service \
  systemd-journal-catalog-update.service systemd-pcrphase.service ldconfig.service podman-auto-update.timer \
  podman-restart.service podman.service podman.socket systemd-tmpfiles-clean.timer man-db.timer
END
}

# AppArmor's parser of the next release, in ./apparmor: bookworm's does not know user namespaces. It brings its own libc.
fetch_apparmor() {
  local libraries=/opt/apparmor/usr/lib/x86_64-linux-gnu
  use_archive debian trixie
  unpack_packages unpacked apparmor libc6
  mkdir -p apparmor/opt/apparmor/usr/sbin "apparmor$libraries" apparmor/etc apparmor/usr/sbin apparmor/usr/share
  cp unpacked/usr/sbin/apparmor_parser apparmor/opt/apparmor/usr/sbin/
  cp unpacked/usr/lib/x86_64-linux-gnu/{libc.so.6,ld-linux-x86-64.so.2} "apparmor$libraries/"
  cp -r unpacked/etc/apparmor unpacked/etc/apparmor.d apparmor/etc/
  cp -r unpacked/usr/share/apparmor-features apparmor/usr/share/
  printf '#!/bin/sh\nexec %s --library-path %s /opt/apparmor/usr/sbin/apparmor_parser "$@"\n' \
    "$libraries/ld-linux-x86-64.so.2" "$libraries" >apparmor/usr/sbin/apparmor_parser
  chmod 0755 apparmor/usr/sbin/apparmor_parser
  rm -r unpacked
}

# A command whose first argument is the file to write; for a hook of mmdebstrap, whose $1 is the root. A bind that is not
# recursive leaves out the /proc and /sys mounted there.
write_image() {
  # shellcheck disable=SC2016
  echo 'unshare --mount sh -euc '\''mount --bind "$1" /mnt; mke2fs -q -t ext4 -d /mnt "$2" 3G'\'' - "$1"'
}

# The script is made outside and run inside; the image is written by the hook, since there the files belong to root.
make_root() {
  customise_root >customise
  fetch_apparmor
  mkdir -m 1777 image
  mmdebstrap --quiet --variant=minbase --format=null --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --include="$(IFS=,; echo "${root_packages[*]}")" \
    --customize-hook="copy-in $here/guest/snug-job.service /etc/systemd/system" \
    --customize-hook="copy-in apparmor/opt /" --customize-hook="sync-in apparmor/etc /etc" \
    --customize-hook="sync-in apparmor/usr /usr" \
    --customize-hook="upload customise /customise" \
    --customize-hook='chroot "$1" sh /customise' \
    --customize-hook='rm -rf "$1"/customise "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin' \
    --customize-hook="$(write_image) '$PWD/image/root.img'" \
    bookworm - <<<"$(source_line debian bookworm)"$'\n'"$(source_line debian-security bookworm-security)"
  cp --sparse=always image/root.img root.img
  rm -rf apt apparmor image customise
}
