// Machines the planner's tests plan for.
#pragma once

#include <string>

namespace invented {

/// What every Linux has.
inline const std::string kernel = R"(
c /dev/null
d /proc
d /proc/acpi
d /proc/bus
d /proc/fs
d /proc/irq
d /proc/scsi
d /proc/sys
f /proc/sys/kernel/random/boot_id "0b5e1a7c-6c1e-4f0e-9d6f-5f2b6a3c9d01\n"
f /proc/kcore
f /proc/keys
f /proc/sysrq-trigger
f /proc/timer_list
d /sys/devices/system/cpu
d /sys/devices/system/node
d /sys/kernel/mm/transparent_hugepage
d /tmp mode=1777
d /var/tmp mode=1777
d /run
)";

/// The top of a merged-usr distribution.
inline const std::string merged_usr = kernel + R"(
f /usr/bin/bash
f /usr/bin/sh
f /usr/bin/env
d /usr/local/bin
d /usr/local/sbin
d /usr/sbin
d /usr/games
d /usr/lib
d /usr/share/zoneinfo/Europe
f /usr/share/zoneinfo/Europe/Vienna
f /usr/lib/os-release
d /usr/src/app
l /bin -> usr/bin
l /sbin -> usr/sbin
l /lib -> usr/lib
l /lib64 -> usr/lib64
d /usr/lib64
d /opt
)";

inline const std::string debian_etc = R"(
d /etc
f /etc/shells "/bin/sh\n/bin/bash\n"
f /etc/passwd
f /etc/group
f /etc/shadow mode=0640 gid=42
f /etc/hosts
f /etc/hostname
f /etc/machine-id
f /etc/nsswitch.conf
f /etc/bash.bashrc
f /etc/profile
f /etc/services size=12813
f /etc/mime.types size=72029
f /etc/ld.so.cache size=30000
f /etc/npmrc
f /etc/sudoers mode=0440
f /etc/debian_version
l /etc/localtime -> /usr/share/zoneinfo/Europe/Vienna
l /etc/os-release -> ../usr/lib/os-release
l /etc/mtab -> ../proc/self/mounts
l /etc/resolv.conf -> ../run/systemd/resolve/stub-resolv.conf
f /run/systemd/resolve/stub-resolv.conf "nameserver 127.0.0.53\n"
d /etc/ssl
d /etc/ssl/certs
d /etc/ssl/private mode=0710
d /etc/ssh
d /etc/ca-certificates
d /etc/alternatives
d /etc/profile.d
d /etc/fonts
d /etc/java-17-openjdk
d /etc/python3.11
d /etc/terminfo
)";

inline const std::string ann = R"(
d /home
d /home/ann uid=1000 mode=0750
d /home/ann/.config uid=1000
d /home/ann/.local/state uid=1000
f /home/ann/.gitconfig uid=1000
f /home/ann/.netrc uid=1000 mode=0600
d /home/ann/.ssh uid=1000 mode=0700
d /home/ann/web uid=1000
d /home/ann/web/src uid=1000
d /home/ann/web/.git uid=1000
f /home/ann/web/.git/HEAD uid=1000
f /home/ann/web/.git/config uid=1000
d /home/ann/web/.git/hooks uid=1000
d /home/ann/web/.git/info uid=1000
d /home/ann/web/.git/objects uid=1000
)";

inline const std::string debian = merged_usr + debian_etc + ann;

/// A CI image: files in /etc are bind mounts of regular files, everything belongs to root.
inline const std::string container = merged_usr + R"(
d /etc
f /etc/hosts dev=7
f /etc/hostname dev=7
f /etc/resolv.conf dev=7 "nameserver 10.0.0.2\n"
f /etc/shells
f /etc/ld.so.cache
f /etc/os-release
d /etc/ssl
d /etc/alternatives
d /root mode=0700
d /workspace
d /workspace/.git
f /workspace/.git/HEAD
f /workspace/.git/config
d /workspace/.git/hooks
)";

inline const std::string nixos = kernel + R"(
d /bin
l /bin/sh -> /nix/store/aaa-bash/bin/sh
d /usr/bin
l /usr/bin/env -> /nix/store/ccc-coreutils/bin/env
f /nix/store/aaa-bash/bin/sh
f /nix/store/aaa-bash/bin/bash
f /nix/store/ccc-coreutils/bin/env
d /nix/store/bbb-system/sw/bin
l /nix/store/bbb-system/sw/bin/bash -> /nix/store/aaa-bash/bin/bash
d /nix/store/eee-etc/etc/ssl/certs
f /nix/store/eee-etc/etc/os-release
f /nix/store/eee-etc/etc/services
s /nix/var/nix/daemon-socket/socket
d /nix/var/nix/profiles/default/bin
l /run/current-system -> /nix/store/bbb-system
d /etc
l /etc/static -> /nix/store/eee-etc/etc
l /etc/os-release -> static/os-release
l /etc/services -> static/services
l /etc/ssl -> static/ssl
f /etc/resolv.conf "nameserver 192.168.1.1\n"
)" + ann;

}  // namespace invented
