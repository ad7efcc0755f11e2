"""What the stack must know of a server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Service:
    """One server under supervisord.

    ``healthy`` answers at once whether the server does its work, given the moment at which its process started; it
    raises nothing. ``environment`` may hold secrets: it goes into a private file, never onto a command line.
    ``stop_signal`` asks the server to end in order, ``stop_seconds`` is how long it may take.
    """

    name: str
    command: tuple[str, ...]
    healthy: Callable[[datetime], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    folder: Path | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 15
    priority: int = 100
