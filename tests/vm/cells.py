"""The machines snug is tried on: a kernel, what root does to it first, and the files of the suite to run."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Cell:
    name: str
    kernel: str
    checks: str  # words, as guest/check reads them
    prepare: str = ""  # a shell script for root
    kernel_line: str = ""
    seconds: int = 900
    ci: bool = True


# What kernels differ in: cgroups, namespaces and capabilities, Landlock's version, the filter.
WALLS = "rootless/limits rootless/walls rootless/landlock"

CELLS = (
    Cell("6.1", "6.1", WALLS),
    Cell("6.12", "6.12", WALLS),
    Cell("newest", "newest", WALLS),
    # A test here changes the machine: none runs beside it.
    Cell("knobs", "newest", "vm/restricted/Knobs"),
    Cell("surroundings", "6.1", "vm/restricted/Surroundings vm/restricted/Podman"),
)
