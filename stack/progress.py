"""What a person sees while things are installed and started: one line a step."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK = threading.Lock()
NAME_WIDTH = 28


def say(text: str = "") -> None:
    """Print one line at once, whole, from any thread."""
    with _LOCK:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def say_step(name: str, outcome: str, seconds: float | None = None, detail: str = "") -> None:
    """Print one step's line: what, how it ended, how long it took, where to read more."""
    took = f"{seconds:6.1f} s" if seconds is not None else " " * 8
    say(f"  {name:<{NAME_WIDTH}} {outcome:<9} {took}  {detail}".rstrip())


@contextmanager
def step(name: str) -> Iterator[None]:
    """Time a step and print its line when it ends, well or badly."""
    started = time.monotonic()
    try:
        yield
    except BaseException:
        say_step(name, "failed", time.monotonic() - started)
        raise
    say_step(name, "ok", time.monotonic() - started)
