// What the set-up child and init do, as flat structs in one shared memory: written by the parent, which does all
// the thinking, and interpreted by code that never allocates. Shared with the freestanding init: no C++ library.
//
// The memory is a memfd that parent and child map at one address and init maps privately at `init_base`; offsets
// count from the start of it, 0 means "none".
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace snug::spec {

using Offset = uint32_t;

/// Where init maps the memory: argv and envp are made of pointers ready for it.
inline constexpr uint64_t init_base = 0x10'0000'0000;
inline constexpr size_t memory_size = size_t{96} << 20;  // sparse: only what is written costs
/// Where the plan's steps and the prologue's are: behind all else, so that more can be put while the child does those
/// that are there.
inline constexpr size_t first_step = size_t{64} << 20;
inline constexpr size_t first_prologue_step = size_t{80} << 20;

/// Descriptor registers of the child. A register owns its descriptor: storing into it closes the one before.
inline constexpr int register_count = 32;
inline constexpr int16_t cwd = -1;  ///< as `at`: AT_FDCWD

/// One step is one system call, or a few that belong together (noted). `r` is the register it fills or uses, `at`
/// the register of the directory or mount it works on, `text` a path or key, `text2` a value.
enum class Op : uint16_t {
  // files and directories
  open_source,   // r = openat2(at, text, O_PATH | arg, no symbolic links)
  open_target,   // r = openat2(at, text, O_PATH, no symbolic links, beneath `at`)
  take,          // r = dup of the inherited descriptor arg
  make_dir,      // mkdirat(at, text, arg): may exist
  make_absence,  // mknodat(at, text, S_IFCHR, 0:0), an overlay's mark that nothing is there (Linux 5.8)
  make_link,     // symlinkat(text2, at, text)
  make_file,     // open(at, text, O_CREAT|O_EXCL, arg), write text2 (arg2 bytes), close
  write_text,    // open(at, text, O_WRONLY), write text2 (arg2 bytes) in one call, close
  // mounts
  clone_tree,        // r = open_tree(at, "", OPEN_TREE_CLONE | arg)
  set_attributes,    // mount_setattr(at, "", arg2 = AT_RECURSIVE or 0, {set = arg, private propagation})
  clear_attributes,  // mount_setattr(at, text, {clear = arg})
  attach,            // move_mount(r, "", at, text)
  fs_open,           // r = fsopen(text)
  fs_string,         // fsconfig(r, SET_STRING, text, text2)
  fs_flag,           // fsconfig(r, SET_FLAG, text)
  fs_paths,  // fsconfig(r, SET_STRING, text, "/proc/self/fd/A:/proc/self/fd/B...") of the registers in arg, a byte each
  fs_create,   // fsconfig(r, CMD_CREATE)
  fs_mount,    // r = fsmount(at, arg)
  enter_root,  // chdir to r, pivot_root(".", "."), detach the old root, chdir("/")
  // namespaces and identity
  set_hostname,  // sethostname(text)
  new_group,     // unshare(CLONE_NEWCGROUP): the control group it is in by now is all it sees of them
  new_time,      // unshare(CLONE_NEWTIME), write text2 (arg2 bytes) to /proc/self/timens_offsets
  become,        // setgroups(0), setresgid(arg2), setresuid(arg): only as a stand-in
  // the network
  make_socket,    // r = socket(arg, arg2)
  new_network,    // r = the network of the socket at, then unshare(CLONE_NEWNET)
  enter_network,  // setns(r)
  tell_kernel,  // send text2 (arg2 bytes) to the netlink socket at; `r`, unless -1, is first written at byte arg of it
  serve,        // socket, bind, listen as text2 (Serve) says, sent out
  // descriptors of the command
  make_pty,   // open(at, text) as a terminal: slave into r, started as text2 (Terminal) says, master sent out
  make_pipe,  // a pipe in place of fd arg (kept in r until use_stdio); our end sent out
  use_stdio,  // dup r over fd arg
};

struct Step {
  Op op;
  uint16_t flags;  ///< see StepFlag
  int16_t r, at;
  Offset text, text2;
  uint64_t arg, arg2;
  uint32_t origin;  ///< index of the parent's table of origins, for wording a failure
  uint32_t skip;    ///< with may_be_absent: how many steps to jump over on ENOENT
};

enum StepFlag : uint16_t {
  may_be_absent = 1,  ///< ENOENT and ENOTDIR skip the next `skip` steps instead of failing
};

/// How the sandbox's terminal starts. `modes` is the kernel's struct termios (TCSETS).
struct Terminal {
  unsigned char modes[36];
  uint16_t rows, columns, x_pixels, y_pixels;
};

/// A socket of the sandbox's network or its gateway's, for snug outside.
struct Serve {
  uint32_t what;  ///< protocol::NetworkSocket
  uint16_t type;  ///< SOCK_STREAM: it listens
  uint16_t port;  ///< reported
  uint32_t address_size;
  unsigned char address[28];  ///< a sockaddr_in, sockaddr_in6 or sockaddr_ll
};

struct Rlimit {
  uint32_t resource;
  uint32_t at_most;  ///< 1: a lower one that holds already stays
  uint64_t soft, hard;
};

struct LandlockPath {
  Offset path;
  uint32_t optional;  ///< 1: skipped where absent
  uint64_t allowed;
};

/// Everything init needs. Pointer-valued fields are addresses in init's mapping.
struct Init {
  uint64_t argv, envp;  ///< char*[], null-terminated
  uint64_t shell_argv;  ///< {"/bin/sh", <slot>, argv[1]...} for files without #!, as execvp(3)
  uint64_t candidates;  ///< char*[], null-terminated
  Offset workdir;
  uint32_t has_pty;      ///< fds 0-2 with a 1 bit are the sandbox's terminal
  uint32_t closed_fds;   ///< fds 0-2 with a 1 bit are closed for the command
  uint32_t foreground;   ///< with has_pty: the command's group starts in front
  Offset terminal;       ///< Terminal: of a command that enters, whose leader makes it; 0: none is to be made
  uint64_t signal_mask;  ///< of the command
  Offset rlimits;        ///< Rlimit[rlimit_count]
  uint32_t rlimit_count;
  Offset processors;  ///< the affinity mask that commands start with; 0: snug's own
  uint32_t processors_size;
  uint32_t counts;       ///< at the end init tells how many processes and threads were started, and what they used
  uint32_t stays;        ///< once all has ended, init waits to be let go: until then its control group can be looked at
  uint64_t last_moment;  ///< milliseconds after which init ends everything by itself; 0: never
  Offset filter;         ///< sock_filter[filter_length]; 0: none
  uint32_t filter_length;
  uint32_t filter_reports;     ///< install it with a listener and send that out
  Offset landlock_attributes;  ///< landlock_ruleset_attr bytes; 0: no Landlock
  uint32_t landlock_attributes_size;
  Offset landlock_paths;  ///< LandlockPath[landlock_path_count]
  uint32_t landlock_path_count;
};

struct Steps {
  Offset first;  ///< Step[count]
  uint32_t count;
};

struct Memory {
  Steps prologue;  ///< what the child may do, so far, before there is a plan; count 0: nothing
  Steps plan;      ///< what is there so far of all there is to do; begins with the prologue's, if that was done
  uint32_t used;   ///< bytes of the memory in use: init maps no more
  Init init;
};

/// What init reports with protocol::Report::init_failed.
enum class InitStep : int32_t {
  map = 0,
  session,
  terminal,
  limits,
  no_new_privs,
  landlock,
  filter,
  fork,
  pipe,
  descriptors,
};

/// Descriptors init starts with besides 0-2.
inline constexpr int control_fd = 3;
inline constexpr int memory_fd = 4;
/// Where init keeps the sandbox's terminal, if there is one.
inline constexpr int terminal_fd = 5;

}  // namespace snug::spec
