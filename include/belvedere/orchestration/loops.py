"""Threads that go on through outages: a step is repeated for ever, with growing pauses while it fails.

A trigger that ended at every outage would end its task, and the continuous DAG would start it again at once:
a hot loop of failed runs. So failures are waited out inside, and said in the log once per pause.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
JOIN_SECONDS = 5.0


class Loop(ABC):
    """A thread that opens its resources, repeats one step, and on any failure closes them and starts over."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)
        self._failures = 0

    @abstractmethod
    def open(self, resources: ExitStack) -> None:
        """Connect to what the steps need; ``resources`` closes it again."""

    @abstractmethod
    def step(self) -> None:
        """Do a bounded piece of work, waiting for it a second or so at most."""

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ask for the end; returns at once (see ``join``)."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether somebody asked for the end."""
        return self._stop.is_set()

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the end and tell whether it came."""
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def run(self) -> None:
        """Repeat the step in the caller's own thread until somebody stops it."""
        while not self._stop.is_set():
            try:
                with ExitStack() as resources:
                    self.open(resources)
                    while not self._stop.is_set():
                        self.step()
                        self._failures = 0
            except Exception as error:
                # The one broad except of the loop: whatever a step may raise, ending the thread would be worse.
                self._pause(error)

    def _pause(self, error: Exception) -> None:
        pause = min(FIRST_PAUSE_SECONDS * 2**self._failures, LONGEST_PAUSE_SECONDS)
        self._failures = min(self._failures + 1, 10)
        log.warning("%s: %s: %s; trying again in %.1f s", self.name, type(error).__name__, error, pause)
        log.debug("%s failed", self.name, exc_info=error)
        self._stop.wait(pause)


async def end_loops(loops: Iterable[Loop]) -> None:
    """Ask loops to end and wait for it a while, without holding up the event loop."""
    ending = list(loops)
    for loop in ending:
        loop.stop()
    await asyncio.gather(*(asyncio.to_thread(loop.join, JOIN_SECONDS) for loop in ending))
