"""One listener a process tells every open browser what changed in the catalog.

PostgreSQL's NOTIFY only says *that* something changed; what changed is read from the catalog by sequence
number, so that a lost or merged notification loses nothing. Each subscriber keeps only the newest state of
each artifact that it has not sent yet: a burst costs a slow browser less, never more.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from belvedere.catalog import browse
from belvedere.clients.postgres import connect_async
from belvedere.errors import BelvedereError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from belvedere.clients.postgres_pool import ConnectionPool
    from belvedere.model.access import Scope, Viewer
    from belvedere.model.artifact import Artifact

log = logging.getLogger(__name__)

READ_AT_ONCE = 500
MOST_WAITING = 1000
LOOK_AGAIN_SECONDS = 2.0
COALESCE_SECONDS = 0.04
RECONNECT_SECONDS = 1.0


class Subscription:
    """What one browser has still to be told of what its user may see. Used in the event loop only."""

    def __init__(self, who: Viewer) -> None:
        self._who = who
        self._waiting: dict[str, Artifact] = {}
        self._news = asyncio.Event()
        self.overrun = False

    def push(self, artifacts: list[Artifact]) -> None:
        """Add changes; those that are not taken soon enough end in ``overrun``."""
        seen = [artifact for artifact in artifacts if self._who.may_see(artifact.tenant)]
        if not seen:
            return
        for artifact in seen:
            self._waiting.pop(artifact.id, None)
            self._waiting[artifact.id] = artifact
        if len(self._waiting) > MOST_WAITING:
            self._waiting.clear()
            self.overrun = True
        self._news.set()

    async def take(self, seconds: float) -> list[Artifact]:
        """Wait for changes and return them in the order of their sequence numbers; empty when none came."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return []
        self._news.clear()
        taken, self._waiting = list(self._waiting.values()), {}
        return taken


class Broadcaster:
    """Listens while anybody is subscribed; survives restarts of the database."""

    def __init__(self, dsn: str, pool: ConnectionPool) -> None:
        self._dsn = dsn
        self._pool = pool
        self._subscribers: set[Subscription] = set()
        self._listener: asyncio.Task[None] | None = None
        self._seq = 0

    @asynccontextmanager
    async def subscription(self, who: Viewer) -> AsyncIterator[Subscription]:
        """Subscribe to every change that somebody may see from now on."""
        seq = await self.last_change()
        subscription = Subscription(who)
        self._subscribers.add(subscription)
        self._start(seq)
        try:
            yield subscription
        finally:
            self._subscribers.discard(subscription)
            if not self._subscribers:
                self._stop()

    async def changes_since(self, seq: int, limit: int, scope: Scope) -> list[Artifact]:
        """Read changes after ``seq`` from the catalog, without blocking the event loop."""
        return await asyncio.to_thread(self._changes_since, seq, limit, scope)

    async def last_change(self) -> int:
        """Read the newest sequence number."""
        return await asyncio.to_thread(self._last_change)

    def _start(self, seq: int) -> None:
        if self._listener is None or self._listener.done():
            self._seq = seq
            self._listener = asyncio.create_task(self._listen(), name="belvedere-gallery-changes")

    def _stop(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            self._listener = None

    async def _listen(self) -> None:
        while True:
            try:
                async with connect_async(self._dsn) as connection:
                    async for _ in browse.announced_changes(connection, LOOK_AGAIN_SECONDS):
                        await self._tell()
                        await asyncio.sleep(COALESCE_SECONDS)
            except BelvedereError as error:
                log.warning("live changes pause: %s", error.message)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _tell(self) -> None:
        more = True
        while more:
            changed = await self.changes_since(self._seq, READ_AT_ONCE, None)
            more = len(changed) == READ_AT_ONCE
            if changed:
                self._seq = changed[-1].seq
                for subscriber in self._subscribers:
                    subscriber.push(changed)

    def _changes_since(self, seq: int, limit: int, scope: Scope) -> list[Artifact]:
        with self._pool.connection() as connection:
            return browse.changes_since(connection, seq, limit, scope)

    def _last_change(self) -> int:
        with self._pool.connection() as connection:
            return browse.last_change(connection)
