"""One listener a process tells every open browser what changed in the catalog.

PostgreSQL's NOTIFY only says *that* something changed; what changed is read from the catalog by sequence
number, so that a lost or merged notification loses nothing. Each subscriber keeps only the newest state of
each artifact that it has not sent yet: a burst costs a slow browser less, never more. A change is put into words
once, however many browsers are told of it; a stream to which nothing happens costs a socket and no processor time.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from belvedere.catalog import browse
from belvedere.clients.postgres import connect_async
from belvedere.errors import BelvedereError
from belvedere.model.access import EVERYONE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from belvedere.clients.postgres_pool import ConnectionPool
    from belvedere.model.access import Scope, Viewer
    from belvedere.model.artifact import Artifact

log = logging.getLogger(__name__)

READ_AT_ONCE = 500
MOST_WAITING = 1000
LOOK_AGAIN_SECONDS = 2.0
COALESCE_SECONDS = 0.02
RECONNECT_SECONDS = 1.0
WATCH_SECONDS = 0.5


class Change:
    """One changed artifact, and how that is told."""

    __slots__ = ("_told", "artifact")

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact
        self._told: dict[str, str] = {}

    def told(self, place: str, tell: Callable[[Artifact], str]) -> str:
        """Return what ``tell`` makes of the artifact for a gallery at ``place``; it is asked once."""
        text = self._told.get(place)
        if text is None:
            text = self._told[place] = tell(self.artifact)
        return text


class Subscription:
    """What one browser has still to be told of what its user may see. Used in the event loop only.

    With a ``bucket`` or a ``key`` it is told of these objects' versions alone.
    """

    def __init__(self, who: Viewer, bucket: str = "", key: str = "") -> None:
        self._who = who
        self._bucket = bucket
        self._key = key
        self._waiting: dict[str, Change] = {}
        self._news = asyncio.Event()
        self.overrun = False
        self.closed = False

    def wants(self, artifact: Artifact) -> bool:
        """Tell whether the artifact is one to be told of."""
        if self.closed:
            return False
        asked_for = self._bucket in ("", artifact.bucket) and self._key in ("", artifact.key)
        return asked_for and self._who.may_see(artifact.tenant)

    def push(self, changes: list[Change]) -> None:
        """Add changes; those that are not taken soon enough end in ``overrun``."""
        wanted = [change for change in changes if self.wants(change.artifact)]
        if not wanted:
            return
        for change in wanted:
            self._waiting.pop(change.artifact.id, None)
            self._waiting[change.artifact.id] = change
        if len(self._waiting) > MOST_WAITING:
            self._waiting.clear()
            self.overrun = True
        self._news.set()

    def is_for_one_of(self, users: frozenset[str]) -> bool:
        """Tell whether it is one of these users' (``EVERYONE``: it is)."""
        return EVERYONE in users or self._who.name in users

    def close(self) -> None:
        """Let the stream end: the server stops, or its user may see something else now."""
        self.closed = True
        self._news.set()

    async def take(self, seconds: float) -> list[Change]:
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
        self._tasks: list[asyncio.Task[None]] = []
        self._seq = 0

    @asynccontextmanager
    async def subscription(self, who: Viewer, bucket: str = "", key: str = "") -> AsyncIterator[Subscription]:
        """Subscribe to every change that somebody may see from now on (of one bucket or key, if they are given)."""
        seq = await self.last_change()
        subscription = Subscription(who, bucket, key)
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
        if not self._tasks or any(task.done() for task in self._tasks):
            self._stop()
            self._seq = seq
            self._tasks = [
                asyncio.create_task(self._listen(), name="belvedere-gallery-changes"),
                asyncio.create_task(self._watch_server(), name="belvedere-gallery-server"),
            ]

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    async def _watch_server(self) -> None:
        """End every stream when the server was asked to stop: it waits for them."""
        while not server_stops():
            await asyncio.sleep(WATCH_SECONDS)
        for subscriber in self._subscribers:
            subscriber.close()

    async def _listen(self) -> None:
        while True:
            try:
                async with connect_async(self._dsn) as connection:
                    async for users in browse.announced_changes(connection, LOOK_AGAIN_SECONDS):
                        self._end_streams_of(users)
                        await self._tell()
                        await asyncio.sleep(COALESCE_SECONDS)
            except BelvedereError as error:
                log.warning("live changes pause: %s", error.message)
                await asyncio.sleep(RECONNECT_SECONDS)

    def _end_streams_of(self, users: frozenset[str]) -> None:
        """Let these users' browsers connect again: as who they are now."""
        for subscriber in self._subscribers:
            if users and subscriber.is_for_one_of(users):
                subscriber.close()

    async def _tell(self) -> None:
        more = True
        while more:
            changed = await self.changes_since(self._seq, READ_AT_ONCE, None)
            more = len(changed) == READ_AT_ONCE
            if changed:
                self._seq = changed[-1].seq
                changes = [Change(artifact) for artifact in changed]
                for subscriber in self._subscribers:
                    subscriber.push(changes)

    def _changes_since(self, seq: int, limit: int, scope: Scope) -> list[Artifact]:
        with self._pool.connection() as connection:
            return browse.changes_since(connection, seq, limit, scope)

    def _last_change(self) -> int:
        with self._pool.connection() as connection:
            return browse.last_change(connection)


def server_stops() -> bool:
    """Tell whether uvicorn was asked to stop: it waits for open streams, and nobody else tells them."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return bool(getattr(server, "should_exit", False))
