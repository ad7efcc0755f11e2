"""When each state of each artifact became visible: the gallery's event stream, read with a clock beside it."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

READY_SECONDS = 15.0


class Watcher:
    """Notes the moment at which each (key, etag) was first seen in each state; use as a context manager."""

    def __init__(self, gallery: httpx.Client) -> None:
        self._gallery = gallery
        self._seen: dict[tuple[str, str, str], float] = {}
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="watcher", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(READY_SECONDS), "the gallery's event stream did not begin"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()

    def seen(self, key: str, etag: str, state: str) -> float | None:
        """Return when a version was first seen in a state (``time.time()``), None if not yet."""
        return self._seen.get((key, etag, state))

    def await_all(self, wanted: dict[str, str], state: str, seconds: float) -> dict[str, float]:
        """Wait until every key (with its etag) was seen in a state; return those that were, with the moments."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while time.monotonic() < deadline:
                found = {key: at for key, etag in wanted.items() if (at := self.seen(key, etag, state)) is not None}
                if len(found) == len(wanted):
                    break
                self._changed.wait(0.5)
        return found

    def _read(self) -> None:
        with self._gallery.stream("GET", "/belvedere/api/events", timeout=60.0) as stream:
            for line in stream.iter_lines():
                if self._stop.is_set():
                    return
                if line == "event: ready":
                    self._ready.set()
                elif line.startswith('data: {"id"'):
                    self._note(json.loads(line.removeprefix("data: ")), time.time())

    def _note(self, artifact: dict[str, str], now: float) -> None:
        with self._changed:
            self._seen.setdefault((artifact["key"], artifact["etag"], artifact["state"]), now)
            self._changed.notify_all()
