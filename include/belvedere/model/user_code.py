"""Users' own code beside their data: a program to run in the sandbox, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Program:
    """Python ``code`` that a user wants to be run; ``name`` tells it from the artifact's other programs.

    ``inputs`` maps names of files in the program's folder of inputs to the addresses under which ``Source.related``
    has them; the empty address is the artifact itself.
    """

    name: str
    code: str
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProducedFile:
    """A file that a program wrote: its name as the program gave it, and where it lies now."""

    name: str
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """What came of a program.

    ``problem`` says in a sentence why it failed (None: it did not), ``notes`` what of its output was left out;
    ``printed`` and ``complained`` are the ends of its standard output and error.
    """

    files: tuple[ProducedFile, ...] = ()
    problem: str | None = None
    notes: tuple[str, ...] = ()
    printed: str = ""
    complained: str = ""
    seconds: float = 0.0
