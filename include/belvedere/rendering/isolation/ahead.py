"""A child forked and shut in ahead of its artifact: whoever renders one small thing after another need not wait for it.

It is as shut in as any other, and as short-lived: it renders one artifact and is gone. What differs is when it is
made: while its predecessor still renders. Its artifact is laid into a folder that it may read since its beginning.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from belvedere.model.rendering import Source
from belvedere.rendering.isolation.confinement import prepare
from belvedere.rendering.isolation.guard import (
    IsolatedResult,
    OnWait,
    nobody_waits,
    render_isolated,
    result_of,
    watch_over,
)
from belvedere.rendering.isolation.inmate import RendererWork, Strictness, wait_and_live

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A child that waits: what it was made for, and the parent's ends of what leads to it."""

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


class ChildAhead:
    """Renders as ``render_isolated``, with one child that waits already. For one thread; forks where no other runs."""

    def __init__(self, limits: Limits, strictness: Strictness) -> None:
        self._limits = limits
        self._strictness = strictness
        self._waiting: _Waiting | None = None

    def prepare(self) -> None:
        """Have a child wait; at once if one does."""
        if self._waiting is None:
            self._waiting = _forked(self._limits, self._strictness)

    def render(
        self,
        source: Source,
        limits: Limits,
        *,
        strictness: Strictness,
        on_wait: OnWait = nobody_waits,
        kind: str | None = None,
    ) -> IsolatedResult:
        """Render in the child that waits, if it was made for such an artifact, else in one of its own.

        Raises:
            BelvedereError: as ``render_isolated``.
        """
        fits = (limits, strictness) == (self._limits, self._strictness) and not source.related and not source.ran
        waiting, self._waiting = (self._waiting, None) if fits else (None, self._waiting)
        if waiting is None:
            return render_isolated(source, limits, strictness=strictness, on_wait=on_wait, kind=kind)
        started = time.monotonic()
        try:
            if not _order(waiting, source, kind):
                return render_isolated(source, limits, strictness=strictness, on_wait=on_wait, kind=kind)
            self.prepare()  # while this one works
            ended = watch_over(waiting.child, waiting.reading, waiting.complaints, limits, started, on_wait)
            return result_of(ended, limits)
        finally:
            _clear_away(waiting)

    def close(self) -> None:
        """Let the child that waits go."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            if waiting.lives:
                _end(waiting.child)
            os.close(waiting.orders)
            _clear_away(waiting)


def _forked(limits: Limits, strictness: Strictness) -> _Waiting:
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
        _wait_for_order(here, limits, strictness, workspace, orders, writing, complaints, parent)
    os.close(writing)
    os.close(orders)
    return _Waiting(child, limits, strictness, folder, ordering, reading, complaints)


def _wait_for_order(
    here: Path,
    limits: Limits,
    strictness: Strictness,
    workspace: Path,
    orders: int,
    writing: int,
    complaints: int,
    parent: int,
) -> NoReturn:
    code = 1
    try:
        place = Source(bucket="", key="", etag="", version_id="", content_type="", size=0, path=here)
        wait_and_live(place, limits, strictness, workspace, orders, writing, complaints, parent)
        code = 0
    finally:
        os._exit(code)


def _order(waiting: _Waiting, source: Source, kind: str | None) -> bool:
    """Lay the artifact before the child and say what to do; False if it is not there any more."""
    path = waiting.folder / "source" / "artifact"
    order = pickle.dumps((RendererWork(kind), replace(source, path=path, related={}, ran={})))
    lives = waiting.lives
    try:
        if lives:
            shutil.copyfile(source.path, path)
            os.write(waiting.orders, order)
    except OSError:
        _end(waiting.child)
        lives = False
    finally:
        os.close(waiting.orders)
    return lives


def _end(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _clear_away(waiting: _Waiting) -> None:
    os.close(waiting.reading)
    os.close(waiting.complaints)
    shutil.rmtree(waiting.folder, ignore_errors=True)
