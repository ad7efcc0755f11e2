"""The same bytes drawn by the same renderer need no second drawing: the first one's files are copied instead.

Within one tenant only: that somebody else has the same bytes must not even be told by the time it takes. Each
artifact keeps files of its own, so that cleaning one away never takes another one's picture.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from belvedere.catalog.twins import find_twin
from belvedere.errors import BucketMissing, LimitExceeded, ObjectMissing
from belvedere.model.artifact import ArtifactState
from belvedere.model.record import RECORD_NAME, RenderingRecord, rendering_place
from belvedere.orchestration.storing import PUTS_AT_ONCE, record_of

if TYPE_CHECKING:
    from belvedere.catalog.claims import ClaimedItem
    from belvedere.catalog.twins import Twin
    from belvedere.model.artifact import StoredOutput
    from belvedere.model.rendering import Source
    from belvedere.model.watch import Watch
    from belvedere.orchestration.workplace import Workplace

log = logging.getLogger(__name__)

MOST_RECORD_BYTES = 16 * 1024**2


def reuse(
    place: Workplace, item: ClaimedItem, source: Source, fingerprint: str, watches: tuple[Watch, ...]
) -> RenderingRecord | None:
    """Copy the rendering of the same bytes under another key, and return the record to be; None where there is none.

    Raises:
        ServiceUnavailable, AccessDenied: as their names say.
    """
    twin = find_twin(place.connection, item, fingerprint)
    if twin is None:
        return None
    try:
        found = _record_of(place, twin)
        if found is None or found.fingerprint != fingerprint or found.state is not ArtifactState.RENDERED:
            return None
        if found.members:
            return None
        outputs = _copied(place, item, twin, found)
    except (ObjectMissing, BucketMissing, LimitExceeded) as error:
        log.info("the rendering of %s/%s is gone, so %s is rendered itself: %s", twin.bucket, twin.key, item.key, error)
        return None
    fresh = record_of(item, place.run, source, None, None, outputs, state=ArtifactState.RENDERED, error=None)
    return replace(
        fresh,
        kind=found.kind,
        renderer_name=found.renderer_name,
        renderer_version=found.renderer_version,
        title=found.title,
        alt_text=found.alt_text,
        facts=found.facts,
        warnings=found.warnings,
        sampled=found.sampled,
        watches=watches,
        fingerprint=fingerprint,
        reused_from={"bucket": twin.bucket, "key": twin.key, "etag": twin.etag, "artifact_id": found.artifact_id},
    )


def _record_of(place: Workplace, twin: Twin) -> RenderingRecord | None:
    path = f"{rendering_place(twin.key, twin.etag)}/{RECORD_NAME}"
    content = place.store.read(place.renderings_of(twin.bucket), path, max_bytes=MOST_RECORD_BYTES)
    try:
        return RenderingRecord.from_json(content)
    except ValueError:
        return None


def _copied(place: Workplace, item: ClaimedItem, twin: Twin, found: RenderingRecord) -> tuple[StoredOutput, ...]:
    """Copy the twin's files inside the store, and say where they lie now."""
    here, there = place.renderings_of(item.bucket), place.renderings_of(twin.bucket)
    own = rendering_place(item.key, item.etag)
    moved = tuple(replace(output, object_key=f"{own}/{output.name}") for output in found.outputs)
    pairs = [(old.object_key, new.object_key) for old, new in zip(found.outputs, moved, strict=True)]
    with ThreadPoolExecutor(max_workers=PUTS_AT_ONCE) as copies:
        made = [
            copies.submit(place.store.copy, there, old, here, new) for old, new in pairs if (there, old) != (here, new)
        ]
    for copy in made:
        copy.result()
    return moved
