"""Facts without a picture, in a moment: read by children that are shut in as any other, but serve again and again.

Forking and shutting in take longer than reading what a progress file says. A child serves one tenant only, so that
nothing of one tenant is ever where another's bytes are read, and not for ever.
"""

from __future__ import annotations

import logging
import os
import select
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.errors import BelvedereError, MalformedArtifact, RendererCrashed
from belvedere.rendering.isolation.channel import LENGTH, MAX_HEADER_BYTES, decode_facts
from belvedere.rendering.isolation.inmate import FactsWork
from belvedere.rendering.isolation.servants import fork_servant
from belvedere.rendering.registry import reads_facts

if TYPE_CHECKING:
    from belvedere.model.rendering import Facts, Limits, Source
    from belvedere.rendering.isolation.inmate import Strictness
    from belvedere.rendering.isolation.servants import Servant

log = logging.getLogger(__name__)

READING_SECONDS = 0.5
# The processor time that a child may use is counted over its whole life.
MOST_READINGS = 500
MOST_TENANTS = 8


@dataclass(slots=True)
class _Reader:
    servant: Servant
    readings: int = 0


class FactsReader:
    """Reads the facts of small artifacts. For one thread; forks where no other runs."""

    def __init__(self, limits: Limits, strictness: Strictness) -> None:
        self._limits = limits
        self._strictness = strictness
        self._readers: dict[str, _Reader] = {}

    def read(self, source: Source, tenant: str, kind: str) -> Facts | None:
        """Return what the rendering would have as its facts; None where that cannot be told in a moment.

        Why it cannot is nothing to worry about here: the rendering comes, and says it.
        """
        if not reads_facts(kind):
            return None
        try:
            return decode_facts(_answer(self._servant_of(tenant), source, kind))
        except MalformedArtifact:
            return None
        except (BelvedereError, OSError) as error:
            log.info("%s: no facts ahead of the rendering: %s", source.key, error)
            self._dismiss(tenant)
            return None

    def close(self) -> None:
        """Let all children go."""
        for tenant in list(self._readers):
            self._dismiss(tenant)

    def _servant_of(self, tenant: str) -> Servant:
        known = self._readers.get(tenant)
        if known is not None and known.readings >= MOST_READINGS:
            self._dismiss(tenant)
        if tenant not in self._readers and len(self._readers) >= MOST_TENANTS:
            self._dismiss(next(iter(self._readers)))
        reader = self._readers.pop(tenant, None) or _Reader(fork_servant(self._limits, self._strictness))
        reader.readings += 1
        self._readers[tenant] = reader  # last of all: the first is the one longest unused
        return reader.servant

    def _dismiss(self, tenant: str) -> None:
        self._readers.pop(tenant).servant.dismiss()


def _answer(servant: Servant, source: Source, kind: str) -> bytes:
    """Give one order and return the answer to it.

    Raises:
        RendererCrashed: none came in time.
        OSError: the child is not there any more.
    """
    servant.order(FactsWork(kind), source)
    ends = time.monotonic() + READING_SECONDS
    beginning = _read(servant.reading, LENGTH.size, ends)
    (length,) = LENGTH.unpack(beginning)
    if length > MAX_HEADER_BYTES:
        raise RendererCrashed("the reading process answered at too great length")
    return beginning + _read(servant.reading, length, ends)


def _read(reading: int, size: int, ends: float) -> bytes:
    poller = select.poll()
    poller.register(reading, select.POLLIN)
    parts, missing = [], size
    while missing:
        if not poller.poll(max(0.0, ends - time.monotonic()) * 1000):
            raise RendererCrashed(f"the reading process took longer than {READING_SECONDS:g} s")
        part = os.read(reading, missing)
        if not part:
            raise RendererCrashed("the reading process ended")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
