// /dev, /proc, /sys, /run and the temporary directories.
#include <algorithm>
#include <string>
#include <utility>

#include "base/paths.h"
#include "base/sha256.h"
#include "plan/planner.h"
#include "plan/print.h"
#include "plan/usual.h"

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

/// Knobs of the whole machine: read-only. Writing to pressure makes the kernel watch the whole machine.
constexpr const char* sealed[] = {"/proc/sys", "/proc/pressure"};

/// What tells about the host or reaches its hardware: emptied. Which of these a kernel has depends on how it was built;
/// the sandbox's own /proc has the same, and what it does not have is skipped there. bus, fs and irq hold knobs, too,
/// and tell devices, disks and file servers by name.
constexpr const char* masked_directories[] = {"/proc/acpi", "/proc/asound", "/proc/bus",
                                              "/proc/fs",   "/proc/irq",    "/proc/scsi"};
constexpr const char* masked_files[] = {
    "/proc/cmdline",       "/proc/config.gz",     "/proc/diskstats",  "/proc/interrupts", "/proc/iomem",
    "/proc/ioports",       "/proc/kallsyms",      "/proc/kcore",      "/proc/keys",       "/proc/kmsg",
    "/proc/latency_stats", "/proc/modules",       "/proc/mtrr",       "/proc/partitions", "/proc/sched_debug",
    "/proc/softirqs",      "/proc/sysrq-trigger", "/proc/timer_list", "/proc/vmallocinfo"};

/// The same for all who ask until the machine starts again, and readable by all: it would tell that two sandboxes, or
/// one and a browser outside, are on one machine.
constexpr const char* boot_id = "/proc/sys/kernel/random/boot_id";

/// What language runtimes and allocators read to size themselves.
constexpr const char* sys_places[] = {"/sys/devices/system/cpu", "/sys/devices/system/node",
                                      "/sys/kernel/mm/transparent_hugepage"};

bool covers(const ViewKind& what) { return std::holds_alternative<Mask>(what) || std::holds_alternative<Seal>(what); }

class UsualView {
 public:
  std::vector<ViewEntry> take(std::uint32_t inside_uid) {
    entries_.reserve(64);
    add_dev();
    add_proc();
    for (const TmpfsRow& row : tmpfs_rows) add(row.target, row.tmpfs, "temporary files");
    for (const LinkRow& row : links) add(row.target, Symlink{row.to}, "link");
    add("/run/user/" + std::to_string(inside_uid), Directory{.mode = 0700}, "runtime directory");
    add("/run/lock", Directory{.mode = 01777}, "locks");
    std::sort(entries_.begin(), entries_.end(),
              [](const ViewEntry& a, const ViewEntry& b) { return TreeOrder()(a.target, b.target); });
    return std::move(entries_);
  }

 private:
  void add(std::string target, ViewKind what, const char* why) {
    // Of what covers something, only /proc's: not every kernel has it.
    const bool optional = covers(what);
    entries_.push_back(
        {.target = std::move(target), .what = std::move(what), .optional = optional, .usual = true, .why = why});
  }

  void add_dev() {
    for (const char* name : devices) add(join("/dev", name), Device{join("/dev", name)}, "device");
    add("/dev/pts", Special{Special::Kind::devpts}, "terminals of its own");
    add("/dev/mqueue", Special{Special::Kind::mqueue}, "message queues of its own");
  }

  void add_proc() {
    add("/proc", Special{Special::Kind::proc}, "processes of the sandbox");
    for (const char* path : sealed) add(path, Seal{}, "kernel settings");
    for (const char* path : masked_directories) add(path, Mask{.directory = true}, "tells about the host");
    for (const char* path : masked_files) add(path, Mask{}, "tells about the host");
  }

  std::vector<ViewEntry> entries_;
};

void place(Planner& planner, const std::string& target, ViewKind what, const char* why) {
  planner.layout.place({.target = target, .what = std::move(what), .why = why}, Rank::builtin);
}

void add_usual(Planner& planner) {
  for (ViewEntry& entry : usual_view(planner.plan.identity.inside_uid)) {
    if (!covers(entry.what)) {
      planner.layout.place(std::move(entry), Rank::builtin);
    } else if (!planner.profile.nested.value) {  // a masked /proc forbids mounting another inside
      planner.layout.cover(std::move(entry), Rank::builtin);
    }
  }
}

/// One as the kernel writes them (RFC 9562, version 4).
std::string uuid_of(const std::string& text) {
  std::string id = sha256_hex(text).substr(0, 32);
  id[12] = '4';
  id[16] = "89ab"[static_cast<unsigned char>(id[16]) % 4];
  for (const std::size_t dash : {8, 13, 18, 23}) id.insert(dash, "-");
  return id + "\n";
}

/// Another one that changes with it: programs tell by it whether their locks are of this boot.
void replace_boot_id(Planner& planner) {
  if (planner.profile.nested.value) return;
  const auto of_host = planner.host.read_small(boot_id, 64);
  if (!of_host) return;
  const Mask own{.content = uuid_of("boot-id\n" + planner.key + "\n" + *of_host)};
  planner.layout.cover({.target = boot_id, .what = own, .optional = true, .why = "this boot's id, for this sandbox"},
                       Rank::builtin);
}

void add_sys(Planner& planner) {
  for (const char* path : sys_places) {
    if (planner.host.status(path).kind != FileKind::directory) continue;
    place(planner, path, Bind{.source = path}, "topology of the machine");
  }
  if (planner.facts.cgroup2) place(planner, "/sys/fs/cgroup", Special{Special::Kind::cgroup2}, "cgroup of its own");
}

void add_marker(Planner& planner) {
  const File marker{.content = planner.profile.name + "\n", .mode = 0444};
  place(planner, sandbox_marker_path, marker, "tells a snug started inside where it is");
  const File info{.content = info_to_json(planner.profile, planner.plan.project), .mode = 0444};
  place(planner, sandbox_info_path, info, "tells programs inside what they may do, and what to ask for");
  // The directory, so that no other one can take its place either: a mount point has no other name.
  planner.layout.cover({.target = std::string(parent_of(sandbox_info_path)),
                        .what = Seal{},
                        .optional = true,
                        .why = "stays as it is: the next one believes it"},
                       Rank::builtin);
}

}  // namespace

std::vector<ViewEntry> usual_view(std::uint32_t inside_uid) { return UsualView().take(inside_uid); }

void add_kernel_directories(Planner& planner) {
  add_usual(planner);
  replace_boot_id(planner);
  add_sys(planner);
  add_marker(planner);
}

}  // namespace snug
