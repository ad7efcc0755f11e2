"""Children that are shut in before there is anything to do: they wait for orders, in a folder that they may read.

What they have to read is laid into that folder. An order comes from the parent, whom they have to believe anyway.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from belvedere.model.rendering import Source
from belvedere.rendering.isolation.channel import LENGTH
from belvedere.rendering.isolation.confinement import prepare
from belvedere.rendering.isolation.inmate import Cell, wait_and_serve

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits
    from belvedere.rendering.isolation.inmate import Strictness, Work


@dataclass(frozen=True, slots=True)
class Servant:
    """A child that waits for orders: what it was made for, and the parent's ends of what leads to it."""

    child: int
    limits: Limits
    strictness: Strictness
    folder: Path
    orders: int
    reading: int
    complaints: int

    @property
    def lives(self) -> bool:
        """Whether it is still there; one that is not was reaped by this question."""
        return os.waitpid(self.child, os.WNOHANG) == (0, 0)

    def order(self, work: Work, source: Source) -> None:
        """Lay an artifact before the child and say what to do with it.

        Raises:
            OSError: the child is not there any more.
        """
        path = self.folder / "source" / "artifact"
        shutil.copyfile(source.path, path)
        order = pickle.dumps((work, replace(source, path=path, related={}, ran={})))
        os.write(self.orders, LENGTH.pack(len(order)) + order)

    def end(self) -> None:
        """Have it end at once."""
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)

    def clear_away(self) -> None:
        """Forget its answers and its folder. Whoever gave the last order has closed the orders already."""
        os.close(self.reading)
        os.close(self.complaints)
        shutil.rmtree(self.folder, ignore_errors=True)

    def dismiss(self) -> None:
        """Let it go, whatever it does."""
        if self.lives:
            self.end()
        os.close(self.orders)
        self.clear_away()


def fork_servant(limits: Limits, strictness: Strictness) -> Servant:
    """Fork a child that waits for orders. For one thread: forks where no other runs."""
    prepare()
    folder = Path(tempfile.mkdtemp(prefix="belvedere-ahead-"))
    here, workspace = folder / "source", folder / "work"
    here.mkdir()
    workspace.mkdir()
    complaints = os.memfd_create("belvedere-stderr")
    reading, writing = os.pipe()
    orders, ordering = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _live(here, limits, strictness, Cell(workspace, writing, complaints, parent, orders))
    os.close(writing)
    os.close(orders)
    return Servant(child, limits, strictness, folder, ordering, reading, complaints)


def _live(here: Path, limits: Limits, strictness: Strictness, cell: Cell) -> NoReturn:
    code = 1
    try:
        place = Source(bucket="", key="", etag="", version_id="", content_type="", size=0, path=here)
        wait_and_serve(place, limits, strictness, cell)
        code = 0
    finally:
        os._exit(code)
