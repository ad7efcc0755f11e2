"""Live changes as server-sent events."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from belvedere.gallery.broadcast import READ_AT_ONCE
from belvedere.gallery.presenting import Presenter
from belvedere.gallery.query import BadQuery
from belvedere.gallery.resources import PresenterDep, ResourcesDep
from belvedere.gallery.responses import ErrorResponse
from belvedere.gallery.viewers import ViewerDep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from belvedere.gallery.broadcast import Broadcaster, Subscription
    from belvedere.model.access import Viewer
    from belvedere.model.artifact import Artifact

router = APIRouter(tags=["events"])

RETRY_MS = 2000
BEAT_SECONDS = 15.0
LIFE_SECONDS = 900.0
TICK_SECONDS = 1.0
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
    changed to tell one by one: list again). The stream ends after some minutes, so that the login is checked again.
    """
    start = _start(last_event_id, since)
    if start is None:
        start = await resources.changes.last_change()
    teller = Teller(presenter, bucket, key)
    stream = _stream(resources.changes, teller, start, who)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


@dataclass(frozen=True, slots=True)
class Teller:
    """Writes events about the artifacts that a subscriber asked for."""

    presenter: Presenter
    bucket: str
    key: str

    def tell(self, artifacts: Iterable[Artifact]) -> str:
        """Return one event for each artifact asked for."""
        return "".join(
            f"event: artifact\nid: {artifact.seq}\ndata: {self.presenter.artifact(artifact).model_dump_json()}\n\n"
            for artifact in artifacts
            if self.bucket in ("", artifact.bucket) and self.key in ("", artifact.key)
        )


def _start(last_event_id: str | None, since: int | None) -> int | None:
    if last_event_id is None or not last_event_id.strip():
        return since
    if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 18:
        raise BadQuery("Last-Event-ID: is not a sequence number of this stream")
    return int(last_event_id)


async def _stream(changes: Broadcaster, teller: Teller, start: int, who: Viewer) -> AsyncIterator[str]:
    async with changes.subscription(who) as subscription:
        yield f"retry: {RETRY_MS}\n\n"
        missed = await changes.changes_since(start, READ_AT_ONCE + 1, who.tenants)
        if len(missed) > READ_AT_ONCE:
            start = await changes.last_change()
            yield _reset(start)
        else:
            start = missed[-1].seq if missed else start
            yield teller.tell(missed) + f"event: ready\nid: {start}\ndata: {{}}\n\n"
        async for text in _live(subscription, teller, start):
            yield text


async def _live(subscription: Subscription, teller: Teller, sent: int) -> AsyncIterator[str]:
    ends = time.monotonic() + LIFE_SECONDS
    spoke = time.monotonic()
    while time.monotonic() < ends and not _server_stops():
        changed = [artifact for artifact in await subscription.take(TICK_SECONDS) if artifact.seq > sent]
        if subscription.overrun:
            subscription.overrun = False
            yield _reset(sent)
        sent = changed[-1].seq if changed else sent
        text = teller.tell(changed)
        if not text and time.monotonic() - spoke > BEAT_SECONDS:
            text = BEAT
        if text:
            spoke = time.monotonic()
            yield text


def _reset(seq: int) -> str:
    return f"event: reset\nid: {seq}\ndata: {{}}\n\n"


def _server_stops() -> bool:
    """Tell whether uvicorn was asked to stop: it waits for open streams, and nobody else tells them."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return bool(getattr(server, "should_exit", False))
