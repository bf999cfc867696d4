"""The machines snug is tried on: a kernel, what root does to it first, and the files of the suite to run."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Cell:
    name: str
    kernel: str
    checks: str  # words, as guest/check reads them
    prepare: str = ""  # a shell script for root
    kernel_line: str = ""
    seconds: int = 400
    ci: bool = True


# What kernels differ in: cgroups, namespaces and capabilities, the filter; Landlock's version.
WALLS = "rootless/limits rootless/walls"

# Overlays lie on the home's file system, and so do the renames, names and attributes of captures.
CAPTURES = "rootless/capture/DiffTest{0} rootless/layers/StackTest{0} escape/layers/CaptureOfEverything:user{0}"

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
    Cell("6.12", "6.12", WALLS + " rootless/landlock", ci=False),
    Cell("newest", "newest", WALLS + " rootless/landlock", ci=False),
    # A test here changes the machine: none runs beside it.
    Cell("knobs", "6.1", "vm/restricted/Knobs"),
    Cell("newer-knobs", "newest", "vm/restricted/Newer", ci=False),
    Cell("surroundings", "6.1", "vm/restricted/Surroundings vm/restricted/Podman"),
    Cell("overlay-root", "6.12", "vm/overlay_root", kernel_line="snug.root=overlay"),
    Cell("xfs-btrfs", "6.1", f"{CAPTURES.format('@/xfs')} {CAPTURES.format('@/btrfs')}", prepare=MAKE_FILE_SYSTEMS, ci=False),
)
