"""Live changes as server-sent events."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from belvedere.gallery.broadcast import READ_AT_ONCE, Change
from belvedere.gallery.presenting import Presenter
from belvedere.gallery.query import BadQuery
from belvedere.gallery.resources import PresenterDep, ResourcesDep
from belvedere.gallery.responses import ErrorResponse
from belvedere.gallery.viewers import ViewerDep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from contextlib import AbstractAsyncContextManager

    from belvedere.gallery.broadcast import Broadcaster, Subscription
    from belvedere.model.access import Scope
    from belvedere.model.artifact import Artifact

router = APIRouter(tags=["events"])

RETRY_MS = 400
BEAT_SECONDS = 15.0
LIFE_SECONDS = 900.0
BEAT = ": still here\n\n"


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}, 503: {"model": ErrorResponse}},
)
async def events(
    resources: ResourcesDep,
    presenter: PresenterDep,
    who: ViewerDep,
    since: Annotated[int | None, Query(ge=0, description="Start after this sequence number.")] = None,
    bucket: Annotated[str, Query(max_length=255, description="Only one bucket's artifacts.")] = "",
    key: Annotated[str, Query(max_length=2048, description="Only one object's versions.")] = "",
    last_event_id: Annotated[
        str | None, Header(description="Overrules `since`: browsers send it by themselves.")
    ] = None,
) -> StreamingResponse:
    """Stream every change of an artifact that the asker may see from now on, or after a sequence number.

    Events are `artifact` (its JSON; `id` is its `seq`), `ready` (the stream has started) and `reset` (too much
    changed to tell one by one: list again); the latter two tell the server's time, `now`, in milliseconds. The stream
    ends after some minutes, so that the login is checked again: connect again with the last `id` that was heard.
    """
    start = _start(last_event_id, since)
    if start is None:
        start = await resources.changes.last_change()
    listening = resources.changes.subscription(who, bucket, key)
    stream = _stream(resources.changes, Teller(presenter), start, listening, who.tenants)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


def _start(last_event_id: str | None, since: int | None) -> int | None:
    if last_event_id is None or not last_event_id.strip():
        return since
    if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 18:
        raise BadQuery("Last-Event-ID: is not a sequence number of this stream")
    return int(last_event_id)


@dataclass(frozen=True, slots=True)
class Teller:
    """Writes changes as events, each once for all who are told of it."""

    presenter: Presenter

    def tell(self, changes: Iterable[Change]) -> str:
        """Return one event for each change."""
        return "".join(change.told(self.presenter.root, self._event) for change in changes)

    def _event(self, artifact: Artifact) -> str:
        told = self.presenter.artifact(artifact).model_dump_json()
        return f"event: artifact\nid: {artifact.seq}\ndata: {told}\n\n"


async def _stream(
    changes: Broadcaster, teller: Teller, start: int, listening: AbstractAsyncContextManager[Subscription], scope: Scope
) -> AsyncIterator[str]:
    async with listening as subscription:
        yield f"retry: {RETRY_MS}\n\n"
        missed = await changes.changes_since(start, READ_AT_ONCE + 1, scope)
        if len(missed) > READ_AT_ONCE:
            start = await changes.last_change()
            yield _event("reset", start)
        else:
            start = missed[-1].seq if missed else start
            told = [Change(artifact) for artifact in missed if subscription.wants(artifact)]
            yield teller.tell(told) + _event("ready", start)
        async for text in _live(subscription, teller, start):
            yield text


async def _live(subscription: Subscription, teller: Teller, sent: int) -> AsyncIterator[str]:
    # Streams that began together, after a restart of the server, do not end together.
    ends = time.monotonic() + LIFE_SECONDS * random.uniform(0.8, 1.0)  # noqa: S311
    while not subscription.closed and time.monotonic() < ends:
        changed = [change for change in await subscription.take(BEAT_SECONDS) if change.artifact.seq > sent]
        if subscription.overrun:
            subscription.overrun = False
            yield _event("reset", sent)
        sent = changed[-1].artifact.seq if changed else sent
        yield teller.tell(changed) or BEAT


def _event(name: str, seq: int) -> str:
    """Return an event about the stream itself, with the server's clock for browsers whose clock is wrong."""
    return f'event: {name}\nid: {seq}\ndata: {{"now": {round(time.time() * 1000)}}}\n\n'
