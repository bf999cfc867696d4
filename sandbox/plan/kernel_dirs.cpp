// /dev, /proc, /sys, /run and the temporary directories.
#include "base/paths.h"
#include "plan/planner.h"

namespace snug {
namespace {

struct TmpfsRow {
  const char* target;
  Tmpfs tmpfs;
};

// A tmpfs takes memory only as it fills; the limits stop a runaway command before it takes the machine's.
constexpr TmpfsRow tmpfs_rows[] = {
    {"/dev/shm", {.size = 1ULL << 30, .inodes = 1 << 16, .mode = 01777}},
    {"/run", {.size = 64ULL << 20, .inodes = 1 << 14, .mode = 0755}},
    {"/tmp", {.size = 4ULL << 30, .inodes = 1 << 20, .mode = 01777}},
    {"/var/tmp", {.size = 4ULL << 30, .inodes = 1 << 20, .mode = 01777}},
};

constexpr const char* devices[] = {"null", "zero", "full", "random", "urandom", "tty"};

struct LinkRow {
  const char* target;
  const char* to;
};
constexpr LinkRow links[] = {
    {"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"}, {"/dev/stdout", "/proc/self/fd/1"},
    {"/dev/stderr", "/proc/self/fd/2"}, {"/dev/ptmx", "pts/ptmx"},         {"/var/run", "/run"},
    {"/var/lock", "/run/lock"},
};

/// Knobs of the whole machine: read-only. They exist in the sandbox's own /proc as in the host's. Writing to pressure
/// makes the kernel watch the whole machine.
constexpr const char* sealed[] = {"/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/pressure"};

/// What tells about the host or reaches its hardware: emptied.
constexpr const char* masked[] = {"/proc/acpi",          "/proc/asound",     "/proc/cmdline",  "/proc/config.gz",
                                  "/proc/diskstats",     "/proc/interrupts", "/proc/iomem",    "/proc/ioports",
                                  "/proc/kallsyms",      "/proc/kcore",      "/proc/keys",     "/proc/kmsg",
                                  "/proc/latency_stats", "/proc/modules",    "/proc/mtrr",     "/proc/partitions",
                                  "/proc/sched_debug",   "/proc/scsi",       "/proc/softirqs", "/proc/sysrq-trigger",
                                  "/proc/timer_list",    "/proc/vmallocinfo"};

/// What language runtimes and allocators read to size themselves.
constexpr const char* sys_places[] = {"/sys/devices/system/cpu", "/sys/devices/system/node",
                                      "/sys/kernel/mm/transparent_hugepage"};

void place(Planner& planner, const std::string& target, ViewKind what, const char* why) {
  planner.layout.place({.target = target, .what = std::move(what), .why = why}, Rank::builtin);
}

void add_dev(Planner& planner) {
  for (const char* name : devices) place(planner, join("/dev", name), Device{join("/dev", name)}, "device");
  place(planner, "/dev/pts", Special{Special::Kind::devpts}, "terminals of its own");
  place(planner, "/dev/mqueue", Special{Special::Kind::mqueue}, "message queues of its own");
}

void add_proc(Planner& planner) {
  place(planner, "/proc", Special{Special::Kind::proc}, "processes of the sandbox");
  if (planner.profile.nested.value) return;  // a masked /proc forbids mounting another inside
  for (const char* path : sealed) {
    if (!planner.host.exists(path)) continue;
    planner.layout.cover({.target = path, .what = Seal{}, .optional = true, .why = "kernel settings"}, Rank::builtin);
  }
  for (const char* path : masked) {
    const FileKind kind = planner.host.status(path).kind;
    if (kind == FileKind::absent) continue;
    const Mask mask{.directory = kind == FileKind::directory};
    planner.layout.cover({.target = path, .what = mask, .optional = true, .why = "tells about the host"},
                         Rank::builtin);
  }
}

void add_sys(Planner& planner) {
  for (const char* path : sys_places) {
    if (planner.host.status(path).kind != FileKind::directory) continue;
    place(planner, path, Bind{.source = path}, "topology of the machine");
  }
  if (planner.facts.cgroup2) place(planner, "/sys/fs/cgroup", Special{Special::Kind::cgroup2}, "cgroup of its own");
}

void add_run(Planner& planner) {
  const std::string runtime = "/run/user/" + std::to_string(planner.plan.identity.inside_uid);
  place(planner, runtime, Directory{.mode = 0700}, "runtime directory");
  place(planner, "/run/lock", Directory{.mode = 01777}, "locks");
  const File marker{.content = planner.profile.name + "\n", .mode = 0444};
  place(planner, sandbox_marker_path, marker, "tells a snug started inside where it is");
}

}  // namespace

void add_kernel_directories(Planner& planner) {
  add_dev(planner);
  add_proc(planner);
  add_sys(planner);
  for (const TmpfsRow& row : tmpfs_rows) place(planner, row.target, row.tmpfs, "temporary files");
  for (const LinkRow& row : links) place(planner, row.target, Symlink{row.to}, "link");
  add_run(planner);
}

}  // namespace snug
