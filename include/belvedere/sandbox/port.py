"""What a sandbox is to the rest of Belvedere. Bubblewrap is the first; a locked-down pod can take its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from belvedere.model.user_code import ProgramRun

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from belvedere.model.rendering import Limits

OnWait = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Order:
    """One program to run: its ``code``, shown to people as ``title``, and its input files by name."""

    code: str
    title: str
    inputs: Mapping[str, Path]


class Sandbox(Protocol):
    """Runs users' code shut in."""

    def run(self, order: Order, results: Path, limits: Limits, on_wait: OnWait) -> ProgramRun:
        """Run one program to its end, put the files it made into the empty folder ``results``, and say what came of it.

        Whatever the program does ends as a ``ProgramRun``. ``on_wait`` is called about twice a second with the
        seconds passed; what it raises ends the program and travels on.
        """
        ...


@dataclass(frozen=True, slots=True)
class NoSandbox:
    """Runs nothing, and says why."""

    reason: str

    def run(self, order: Order, results: Path, limits: Limits, on_wait: OnWait) -> ProgramRun:
        """Say why the program is not run."""
        return ProgramRun(problem=self.reason)
