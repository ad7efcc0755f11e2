"""A child forked and shut in ahead of its artifact: whoever renders one small thing after another need not wait for it.

It is as shut in as any other, and as short-lived: it renders one artifact and is gone. What differs is when it is
made: while its predecessor still renders.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from belvedere.rendering.isolation.guard import (
    IsolatedResult,
    OnWait,
    nobody_waits,
    render_isolated,
    result_of,
    watch_over,
)
from belvedere.rendering.isolation.inmate import RendererWork
from belvedere.rendering.isolation.servants import fork_servant

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Source
    from belvedere.rendering.isolation.inmate import Strictness
    from belvedere.rendering.isolation.servants import Servant


class ChildAhead:
    """Renders as ``render_isolated``, with one child that waits already. For one thread; forks where no other runs."""

    def __init__(self, limits: Limits, strictness: Strictness) -> None:
        self._limits = limits
        self._strictness = strictness
        self._waiting: Servant | None = None

    def prepare(self) -> None:
        """Have a child wait; at once if one does."""
        if self._waiting is None:
            self._waiting = fork_servant(self._limits, self._strictness)

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
            waiting.clear_away()

    def close(self) -> None:
        """Let the child that waits go."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.dismiss()


def _order(waiting: Servant, source: Source, kind: str | None) -> bool:
    """Lay the artifact before the child and say what to do; False if it is not there any more."""
    lives = waiting.lives
    try:
        if lives:
            waiting.order(RendererWork(kind), source)
    except OSError:
        waiting.end()
        lives = False
    finally:
        os.close(waiting.orders)
    return lives
