"""``rendering.json``: the self-contained record beside every rendering, from which the catalog can be rebuilt."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from belvedere.model.artifact import ArtifactState, StoredOutput, stored_outputs
from belvedere.model.events import artifact_id
from belvedere.model.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORD_FORMAT = 1
RECORD_NAME = "rendering.json"
MAX_KEY_BYTES = 1024
ROOM_FOR_NAMES = 64
HASHED_PREFIX = "_hashed"
LATE_SECONDS = 60


def rendering_place(key: str, etag: str) -> str:
    """Return the prefix (without trailing slash) under which the rendering of one object version lies.

    It depends on nothing but the key and the etag, so that rendering twice writes the same objects.
    Keys too long to have anything appended (S3 allows 1,024 bytes) go to a hashed place.
    """
    place = f"{key}/{etag}"
    if len(place.encode("utf-8", "surrogatepass")) + ROOM_FOR_NAMES <= MAX_KEY_BYTES:
        return place
    return f"{HASHED_PREFIX}/{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}/{etag}"


@dataclass(frozen=True, slots=True)
class RenderingRecord:
    """What one rendering was made from, by what, at what cost, and what came of it.

    ``state`` is ``rendered``, ``unsupported`` or ``dead``; the last two carry ``error_code`` and ``error_message``.
    ``usage`` holds ``wall_ms``, ``cpu_ms``, ``peak_memory_bytes`` and ``isolation`` (the protections in force);
    ``sampled`` is ``{"shown", "total", "unit"}`` where only a part was looked at. ``members`` are the keys of the
    same bucket that are parts of it; ``watches`` say whose arrival, change or removal changes the rendering.
    ``fingerprint`` is the same where the rendering would be; ``reused_from`` names the artifact (``bucket``, ``key``,
    ``etag``, ``artifact_id``) whose rendering was copied instead of being made again.
    """

    tenant: str
    bucket: str
    key: str
    version_id: str
    etag: str
    size: int
    content_type: str
    sequencer: str
    event_at: datetime
    queued_at: datetime
    rendered_at: datetime
    state: ArtifactState
    kind: str | None
    attempts: int = 1
    error_code: str | None = None
    error_message: str | None = None
    renderer_name: str | None = None
    renderer_version: str | None = None
    title: str | None = None
    alt_text: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    sampled: Mapping[str, Any] | None = None
    outputs: tuple[StoredOutput, ...] = ()
    usage: Mapping[str, Any] = field(default_factory=dict)
    run_dag_id: str | None = None
    run_id: str | None = None
    members: tuple[str, ...] = ()
    watches: tuple[Watch, ...] = ()
    refreshes: bool = False
    fingerprint: str | None = None
    reused_from: Mapping[str, Any] | None = None

    @property
    def artifact_id(self) -> str:
        """The id of the object version that was rendered."""
        return artifact_id(self.bucket, self.key, self.version_id, self.etag)

    @property
    def latency_ms(self) -> int:
        """Milliseconds from the object's event to its rendering.

        Work that was queued long after the event (a sweep, another rendering on demand), or because a part
        changed, counts from its queueing.
        """
        late = self.refreshes or (self.queued_at - self.event_at).total_seconds() > LATE_SECONDS
        since = self.queued_at if late else self.event_at
        return max(0, round((self.rendered_at - since).total_seconds() * 1000))

    @property
    def object_key(self) -> str:
        """Where the record lies in the renderings bucket."""
        return f"{rendering_place(self.key, self.etag)}/{RECORD_NAME}"

    def to_json(self) -> bytes:
        """Write the record; ``from_json`` reads it back equal."""
        names = [name for name in self.__dataclass_fields__ if name not in TIMES | WRITTEN_APART]
        plain = {name: getattr(self, name) for name in names}
        times = {name: getattr(self, name).isoformat() for name in TIMES}
        outputs = [{name: getattr(output, name) for name in StoredOutput.__slots__} for output in self.outputs]
        watches = [{name: getattr(watch, name) for name in Watch.__slots__} for watch in self.watches]
        document = {"format": RECORD_FORMAT, **plain, **times, "outputs": outputs, "watches": watches}
        return json.dumps(document, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=1).encode()

    @classmethod
    def from_json(cls, content: bytes) -> RenderingRecord:
        """Read a record.

        Raises:
            ValueError: it is not a record of this format.
        """
        document = json.loads(content)
        if not isinstance(document, dict) or document.pop("format", None) != RECORD_FORMAT:
            raise ValueError("not a rendering record of format 1")
        try:
            times: dict[str, Any] = {name: datetime.fromisoformat(document.pop(name)) for name in TIMES}
            outputs = stored_outputs(document.get("kind"), document.pop("outputs"))
            warnings = tuple(document.pop("warnings"))
            state = ArtifactState(document.pop("state"))
            members = tuple(_text(key) for key in document.pop("members", ()))
            watches = tuple(_watch(**watch) for watch in document.pop("watches", ()))
            return cls(
                **document,
                **times,
                outputs=outputs,
                warnings=warnings,
                state=state,
                members=members,
                watches=watches,
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"a rendering record lacks or misnames a field: {error}") from error


def _watch(bucket: str, prefix: str, names: list[str]) -> Watch:
    return Watch(_text(bucket), _text(prefix), tuple(_text(name) for name in names))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


TIMES = frozenset({"event_at", "queued_at", "rendered_at"})
WRITTEN_APART = frozenset({"outputs", "watches"})
