"""Children that are shut in before there is anything to do: they wait for orders, in a folder that they may read.

What they have to read is laid into that folder. An order comes from the parent, whom they have to believe anyway.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from belvedere.model.rendering import Source
from belvedere.rendering.isolation.confinement import prepare
from belvedere.rendering.isolation.inmate import Cell

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits
    from belvedere.rendering.isolation.inmate import Strictness

Life = Callable[[Source, "Limits", "Strictness", Cell], None]
"""What a child does: its source stands for what will come, with the folder in which it will lie as its path."""


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

    def given(self, source: Source) -> Source:
        """Lay an artifact before the child; return how the child sees it."""
        path = self.folder / "source" / "artifact"
        shutil.copyfile(source.path, path)
        return replace(source, path=path, related={}, ran={})

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


def fork_servant(life: Life, limits: Limits, strictness: Strictness) -> Servant:
    """Fork a child that lives ``life``. For one thread: forks where no other runs."""
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
        _live(life, here, limits, strictness, Cell(workspace, writing, complaints, parent, orders))
    os.close(writing)
    os.close(orders)
    return Servant(child, limits, strictness, folder, ordering, reading, complaints)


def _live(life: Life, here: Path, limits: Limits, strictness: Strictness, cell: Cell) -> NoReturn:
    code = 1
    try:
        place = Source(bucket="", key="", etag="", version_id="", content_type="", size=0, path=here)
        life(place, limits, strictness, cell)
        code = 0
    finally:
        os._exit(code)
