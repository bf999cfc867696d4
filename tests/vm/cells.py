"""The machines and set-ups snug is tried on: a kernel, what root does to it first, and the files of the suite to run."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Cell:
    name: str
    kernel: str
    checks: tuple
    prepare: str = ""
    kernel_line: str = ""
    seconds: int = 600
    ci: bool = True


WALLS = ("rootless/walls", "rootless/host")

CELLS = (
    Cell("6.1", "6.1", WALLS),
)
