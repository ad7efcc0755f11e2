"""What the object store tells us: an object version was created or removed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

SEQUENCER_DIGITS = 20
NS_PER_MS = 1_000_000
EPOCH = datetime.fromtimestamp(0, UTC)
ONE_MS = timedelta(milliseconds=1)


class EventKind(StrEnum):
    """What happened to the object."""

    CREATED = "created"
    REMOVED = "removed"


def artifact_id(bucket: str, key: str, version_id: str, etag: str) -> str:
    """Return the id of one object version: the same wherever and whenever it is computed.

    Ids are derived, not counted, so that a catalog rebuilt from the buckets keeps every shared link.
    """
    identity = "\0".join((bucket, key, version_id, etag))
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def sortable_sequencer(sequencer: str) -> str:
    """Pad MinIO's hexadecimal sequencer so that string order is time order.

    The sequencer is the object's modification time in nanoseconds, in hexadecimal without padding.

    Raises:
        ValueError: if it is not hexadecimal or too long.
    """
    value = int(sequencer, 16)
    text = f"{value:0{SEQUENCER_DIGITS}X}"
    if value < 0 or len(text) > SEQUENCER_DIGITS:
        raise ValueError(f"sequencer {sequencer[:40]!r} is out of range")
    return text


def sequencer_at(moment: datetime) -> str:
    """Return the sequencer of a version that a listing shows as modified at ``moment``.

    Listings cut times to milliseconds. The last nanosecond of the millisecond is taken, because what is listed
    came after everything else of that millisecond.
    """
    return _end_of_ms((moment - EPOCH) // ONE_MS)


def in_listing_precision(sequencer: str) -> str:
    """Return a sequencer as ``sequencer_at`` would have made it from a listing."""
    return _end_of_ms(int(sequencer, 16) // NS_PER_MS)


def sequencer_after(sequencer: str) -> str:
    """Return the sequencer right after another one."""
    return sortable_sequencer(f"{int(sequencer, 16) + 1:X}")


def _end_of_ms(milliseconds: int) -> str:
    return sortable_sequencer(f"{(milliseconds + 1) * NS_PER_MS - 1:X}")


@dataclass(frozen=True, slots=True)
class ArtifactEvent:
    """One object version was created in, or removed from, a bucket.

    ``version_id`` is empty in buckets without versioning; ``etag`` and ``size`` are empty for removals.
    ``sequencer`` orders the events of one key (see ``sortable_sequencer``).
    """

    kind: EventKind
    bucket: str
    key: str
    version_id: str
    etag: str
    size: int
    content_type: str
    sequencer: str
    event_at: datetime

    @property
    def artifact_id(self) -> str:
        """The id of the object version this event is about."""
        return artifact_id(self.bucket, self.key, self.version_id, self.etag)
