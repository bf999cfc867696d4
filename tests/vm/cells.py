"""The machines snug is tried on: a kernel, what root does to it first, and the files of the suite to run."""
import dataclasses
import fnmatch
import pathlib


@dataclasses.dataclass(frozen=True)
class Cell:
    name: str
    kernel: str
    checks: str  # words, as guest/check reads them; or one of WHOLE
    prepare: str = ""  # a shell script for root
    kernel_line: str = ""
    seconds: int = 1200
    ci: bool = True


# What kernels differ in: cgroups, namespaces and capabilities, the filter; Landlock's version.
WALLS = "rootless/limits rootless/walls"

# What "suite" leaves out, and why. Everything else of rootless/ and escape/ runs, whole files each.
LEFT_OUT = {
    "rootless/real_*": "builds whole projects, with compilers and registries that are not in the machine",
    "escape/everyday": "twenty of a developer's tools, most of which are not in the machine",
    "rootless/network_limits": "ten thousand connections take hours here",
    "rootless/differential": "compares captures of invented trees, thousands of runs: hours",
    "rootless/faults*": "kills runs at every stage and makes each call fail in turn, thousands of runs: hours",
    "rootless/allow": "edits profiles: no kernel has a part in it",
    "rootless/check": "reads profiles: no kernel has a part in it",
    "rootless/completion": "completes words: no kernel has a part in it",
    "rootless/manual": "compares the manual with --help: no kernel has a part in it",
    "rootless/schema": "compares the schema with the keys: no kernel has a part in it",
}


def files(tests, label):
    """Those of a folder of `tests` that LEFT_OUT does not name."""
    found = [f"{label}/{file.name[:-len('_test.py')]}" for file in sorted(pathlib.Path(tests, label).glob("*_test.py"))]
    return [name for name in found if not any(fnmatch.fnmatch(name, pattern) for pattern in LEFT_OUT)]


def escapes(tests, *modes):
    return [f"{name}:{mode}" for mode in modes for name in files(tests, "escape")]


# The words for guest/check, of the folder `tests`.
WHOLE = {
    "suite": lambda tests: files(tests, "rootless") + escapes(tests, "user"),
    "modes": lambda tests: escapes(tests, "nested", "mounts"),
    # Between them the kernels try every way out each time; each on all of them takes too long for that.
    "escapes 1": lambda tests: escapes(tests, "user")[0::3],
    "escapes 2": lambda tests: escapes(tests, "user")[1::3],
    "escapes 3": lambda tests: escapes(tests, "user")[2::3],
}


def words_of(cell, tests):
    return WHOLE[cell.checks](tests) if cell.checks in WHOLE else cell.checks.split()


# Overlays lie on the home's file system, and so do the renames, names and attributes of captures.
CAPTURES = "rootless/capture/DiffTest{0} rootless/capture/ApplyTest{0} rootless/host/StoredHome{0} rootless/layers/StackTest{0} escape/layers/CaptureOfEverything:user{0}"

MAKE_FILE_SYSTEMS = """for kind in xfs btrfs; do
  truncate -s 500M /var/tmp/$kind.img
  mkfs.$kind -q /var/tmp/$kind.img >/dev/null
  mkdir /$kind
  mount -o loop /var/tmp/$kind.img /$kind
  chmod 1777 /$kind
  test "$(stat -f -c %T /$kind)" = $kind
done
"""

CELLS = (
    Cell("5.10", "5.10", "vm/too_old"),
    Cell("6.1", "6.1", WALLS),
    Cell("6.12", "6.12", WALLS),
    Cell("newest", "newest", WALLS),
    Cell("6.1-escapes", "6.1", "escapes 1"),
    Cell("6.12-escapes", "6.12", "escapes 2"),
    Cell("newest-escapes", "newest", "escapes 3"),
    Cell("landlock", "newest", "rootless/landlock", ci=False),
    Cell("6.1-suite", "6.1", "suite", seconds=4 * 3600, ci=False),
    Cell("6.12-suite", "6.12", "suite", seconds=4 * 3600, ci=False),
    Cell("newest-suite", "newest", "suite", seconds=4 * 3600, ci=False),
    Cell("6.1-modes", "6.1", "modes", seconds=4 * 3600, ci=False),
    Cell("newest-modes", "newest", "modes", seconds=4 * 3600, ci=False),
    # A test here changes the machine: none runs beside it.
    Cell("knobs", "6.1", "vm/restricted/Knobs"),
    Cell("newer-knobs", "newest", "vm/restricted/Newer"),
    Cell("ubuntu", "ubuntu", "vm/restricted/Ubuntu"),
    Cell("ubuntu-walls", "ubuntu", WALLS, ci=False),
    Cell("surroundings", "6.1", "vm/restricted/Surroundings vm/restricted/Root vm/restricted/Podman"),
    Cell("overlay-root", "6.12", "vm/overlay_root", kernel_line="snug.root=overlay"),
    Cell("xfs-btrfs", "6.1", f"{CAPTURES.format('@/xfs')} {CAPTURES.format('@/btrfs')}", prepare=MAKE_FILE_SYSTEMS, ci=False),
)
