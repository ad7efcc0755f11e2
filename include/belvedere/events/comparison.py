"""Two streams in key order, the bucket's listing and the catalog, laid side by side. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

from belvedere.model.artifact import ArtifactState
from belvedere.model.events import in_listing_precision, sequencer_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta

    from belvedere.catalog.sweeps import KnownArtifact
    from belvedere.clients.object_store import ObjectInfo


class Keyed(Protocol):
    """Something that has a key."""

    @property
    def key(self) -> str:
        """The key, by which its stream is ordered."""


A = TypeVar("A", bound=Keyed)
B = TypeVar("B", bound=Keyed)


class Verdict(StrEnum):
    """What is to be done about one key."""

    SETTLED = "settled"
    MISSING = "missing"
    VANISHED = "vanished"
    STRANDED = "stranded"


def side_by_side(listed: Iterable[A], known: Iterable[B]) -> Iterator[tuple[A | None, B | None]]:
    """Join two streams on their keys; memory stays flat. Both must be ordered by key, each key once."""
    lefts, rights = iter(listed), iter(known)
    left, right = next(lefts, None), next(rights, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.key < right.key):
            yield left, None
            left = next(lefts, None)
        elif left is None or right.key < left.key:
            yield None, right
            right = next(rights, None)
        else:
            yield left, right
            left, right = next(lefts, None), next(rights, None)


def judge(listed: ObjectInfo | None, known: KnownArtifact | None, *, now: datetime, grace: timedelta) -> Verdict:
    """Say what is to be done about one key.

    Whatever changed within the last ``grace`` is left to its event, and to the next sweep.
    """
    if known is not None and known.fresh:
        return Verdict.SETTLED
    if listed is None:
        gone = known is None or known.state is ArtifactState.DELETED
        return Verdict.SETTLED if gone else Verdict.VANISHED
    if known is None or not _same_version(listed, known):
        return Verdict.SETTLED if now - listed.modified_at < grace else Verdict.MISSING
    return Verdict.STRANDED if known.stranded else Verdict.SETTLED


def _same_version(listed: ObjectInfo, known: KnownArtifact) -> bool:
    """Tell by etag and time, for listings name no version; a time before the catalog's is an older state."""
    if known.state is ArtifactState.DELETED or listed.etag != known.etag:
        return False
    return sequencer_at(listed.modified_at) <= in_listing_precision(known.sequencer)
