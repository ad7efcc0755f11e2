"""The sandbox made of bubblewrap: namespaces, a read-only system, memory file systems of bounded size.

The program sees the system's libraries and our Python environment, read-only; its inputs, read-only; and three small
file systems in memory. It has no network, no environment of ours, no other process in sight, no rights to gain.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import belvedere
from belvedere.sandbox.inside import INPUTS, OUTPUTS, PROGRAMS
from belvedere.sandbox.supervision import supervise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from belvedere.model.rendering import Limits
    from belvedere.model.user_code import ProgramRun
    from belvedere.sandbox.port import OnWait, Order

SCRATCH_BYTES = {"/tmp": 256 * 1024**2, "/dev/shm": 64 * 1024**2}  # noqa: S108 - inside, not here
LONGEST_NAME = 200
SYSTEM_LINKS = ("bin", "sbin", "lib", "lib32", "lib64")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/fonts", "/etc/localtime", "/etc/alternatives")
# What container runtimes mask too: the machine's own, readable or writable for whoever owns it outside.
MASKED = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/bus",
    "/proc/fs",
    "/proc/interrupts",
    "/proc/irq",
    "/proc/kcore",
    "/proc/keys",
    "/proc/kmsg",
    "/proc/latency_stats",
    "/proc/mounts",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/sys",
    "/proc/sysrq-trigger",
    "/proc/timer_list",
)
ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108
    "TMPDIR": "/tmp",  # noqa: S108
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp/matplotlib",  # noqa: S108
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": "0",
    # one thread each: what they reserve for more counts against the program's memory
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "BELVEDERE_INPUTS": INPUTS,
    "BELVEDERE_OUTPUTS": OUTPUTS,
}


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """Runs users' code by the program ``bwrap``."""

    program: Path

    def run(self, order: Order, results: Path, limits: Limits, on_wait: OnWait) -> ProgramRun:
        """Run one program; see ``Sandbox.run``."""
        with tempfile.TemporaryDirectory(prefix="belvedere-sandbox-") as folder:
            code = Path(folder) / "program.py"
            code.write_text(order.code, encoding="utf-8", errors="surrogateescape")
            name = file_name_of(order.title)
            options = [*isolation(limits), *system(), *files(code, name, named_inputs(order.inputs)), *last_steps()]
            command = [sys.executable, "-I", "-m", "belvedere.sandbox.inside", f"{PROGRAMS}/{name}", *given(limits)]
            return supervise(self.program, options, command, results, limits, on_wait)


def given(limits: Limits) -> list[str]:
    """Return the limits that the program's own process sets itself, in the order in which it reads them."""
    numbers = (limits.memory_bytes, limits.cpu_seconds, limits.output_bytes, limits.open_files)
    return [str(number) for number in numbers]


def isolation(limits: Limits) -> list[str]:
    """Return the options that take everything away, and then give memory file systems of bounded size."""
    options = ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    options += ["--cap-drop", "ALL", "--uid", "65534", "--gid", "65534", "--hostname", "sandbox", "--clearenv"]
    options += [part for name, value in ENVIRONMENT.items() for part in ("--setenv", name, value)]
    options += ["--proc", "/proc", *masks(), "--remount-ro", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    for place, size in {**SCRATCH_BYTES, OUTPUTS: limits.output_bytes}.items():
        options += ["--size", str(size), "--tmpfs", place]
    return options


def masks() -> list[str]:
    """Return the options that put nothing in the place of what tells of the machine."""
    options: list[str] = []
    for place in MASKED:
        if os.path.isdir(place):
            options += ["--size", "4096", "--tmpfs", place, "--remount-ro", place]
        elif os.path.exists(place) and not os.path.islink(place):
            options += ["--ro-bind", os.devnull, place]
    return options


def system() -> list[str]:
    """Return the options that show the system's libraries and our Python environment, read-only."""
    options = ["--ro-bind", "/usr", "/usr"]
    for name in SYSTEM_LINKS:
        place = Path("/", name)
        if place.is_symlink():
            options += ["--symlink", str(place.readlink()), str(place)]
        elif place.is_dir():
            options += ["--ro-bind", str(place), str(place)]
    options += [part for place in SYSTEM_FILES for part in ("--ro-bind-try", place, place)]
    for folder in python_folders():
        options += ["--ro-bind", str(folder), str(folder)]
    return options


def python_folders() -> tuple[Path, ...]:
    """Return the folders of the interpreter, its environment and this package that do not lie in /usr."""
    wanted = (Path(sys.base_prefix), Path(sys.prefix), Path(belvedere.__file__).parent)
    found: list[Path] = [Path("/usr")]
    for folder in wanted:
        if not any(folder.is_relative_to(other) for other in found):
            found.append(folder)
    return tuple(found[1:])


def files(code: Path, name: str, inputs: Mapping[str, Path]) -> list[str]:
    """Return the options that put the program and its inputs in their places, read-only."""
    options = ["--ro-bind", str(code), f"{PROGRAMS}/{name}", "--dir", INPUTS]
    for place, path in inputs.items():
        options += ["--ro-bind", str(path), f"{INPUTS}/{place}"]
    return options


def last_steps() -> list[str]:
    """Return the options that close the root after everything has its place in it."""
    return ["--remount-ro", "/", "--chdir", OUTPUTS]


def named_inputs(inputs: Mapping[str, Path]) -> dict[str, Path]:
    """Return inputs under names that lead nowhere else: no step upward, nothing that a file system refuses."""
    placed: dict[str, Path] = {}
    for name, path in inputs.items():
        safe = "/".join(_part(part) for part in PurePosixPath(name).parts if part not in ("/", ".", "..")) or "input"
        if safe not in placed and not any(_one_inside_other(safe, other) for other in placed):
            placed[safe] = path
    return placed


def file_name_of(title: str) -> str:
    """Return the last part of a title as a file's name, for tracebacks to name it."""
    return _part(title.rpartition("/")[2]) or "program.py"


def _part(text: str) -> str:
    kept = "".join(character if character.isprintable() and character != "/" else "_" for character in text)
    return kept.encode("utf-8", "replace")[:LONGEST_NAME].decode("utf-8", "ignore")


def _one_inside_other(one: str, other: str) -> bool:
    return one.startswith(f"{other}/") or other.startswith(f"{one}/")
