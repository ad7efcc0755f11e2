"""What the rendering child does: forget its parent's things, shut itself in, work, send one message."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
import pickle
import signal
import sys
import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from belvedere.errors import BelvedereError, IsolationUnavailable, LimitExceeded, MalformedArtifact, RendererCrashed
from belvedere.rendering.detection import mismatch
from belvedere.rendering.fallback import unsupported
from belvedere.rendering.isolation.channel import (
    LENGTH,
    encode_error,
    encode_facts,
    encode_kind,
    encode_programs,
    encode_references,
    encode_rendering,
)
from belvedere.rendering.isolation.confinement import Confined, confine
from belvedere.rendering.recognition import kind_of, recognise
from belvedere.rendering.registry import find_renderer, has_renderer

if TYPE_CHECKING:
    from pathlib import Path

    from belvedere.model.rendering import Limits, Rendering, Source

Strictness = Literal["strict", "lenient"]
RESULT_DESCRIPTOR = 3
ORDERS_DESCRIPTOR = 4
TERMINAL_TEXT_BYTES = 400


@dataclass(frozen=True, slots=True)
class Cell:
    """What a child is left with: a folder to write to, its ends of the pipes to its parent, and who that is.

    ``orders`` is None for a child that knows its work already.
    """

    workspace: Path
    answers: int
    complaints: int
    parent: int
    orders: int | None = None


class Work(Protocol):
    """Something to do once shut in; returns the message to send."""

    def __call__(self, source: Source, limits: Limits, confined: Confined) -> bytes:
        """Return the message."""
        ...


@dataclass(frozen=True, slots=True)
class RendererWork:
    """Detect the kind (unless it is given) and render."""

    kind: str | None

    def __call__(self, source: Source, limits: Limits, confined: Confined) -> bytes:
        """Return the encoded rendering."""
        rendering = render_here(source, limits, self.kind)
        refused = tuple(
            f"Rendered with less protection than intended: the kernel refused {what}." for what in confined.refused
        )
        return encode_rendering(replace(rendering, warnings=rendering.warnings + refused), confined.in_force)


@dataclass(frozen=True, slots=True)
class RefererWork:
    """List what the artifact points to."""

    kind: str

    def __call__(self, source: Source, limits: Limits, confined: Confined) -> bytes:
        """Return the encoded references."""
        references = find_renderer(self.kind).references
        return encode_references(references(source) if references is not None else ())


@dataclass(frozen=True, slots=True)
class ProgramsWork:
    """List the users' programs that the artifact holds."""

    kind: str

    def __call__(self, source: Source, limits: Limits, confined: Confined) -> bytes:
        """Return the encoded programs."""
        programs = find_renderer(self.kind).programs
        return encode_programs(programs(source) if programs is not None else ())


@dataclass(frozen=True, slots=True)
class RecogniserWork:
    """Ask third parties' recognisers what the artifact is; ``kind`` is what our detection says."""

    kind: str

    def __call__(self, source: Source, limits: Limits, confined: Confined) -> bytes:
        """Return the encoded kind."""
        found = recognise(source, self.kind)
        return encode_kind(found.kind, found.problems)


@dataclass(frozen=True, slots=True)
class FactsWork:
    """Read the facts alone."""

    kind: str

    def __call__(self, source: Source, limits: Limits, confined: Confined) -> bytes:
        """Return the encoded facts."""
        facts = find_renderer(self.kind).facts
        return encode_facts(facts(source, limits) if facts is not None else {})


def render_here(source: Source, limits: Limits, kind: str | None = None) -> Rendering:
    """Render in this very process, unprotected: for the child that is shut in, and for tests.

    Raises:
        UnsupportedArtifact: no renderer takes the kind.
        MalformedArtifact: the bytes are not what their kind demands.
        LimitExceeded: the source or its rendering is too large.
    """
    if source.size > limits.source_bytes:
        text = f"The object has {source.size:,} bytes; at most {limits.source_bytes:,} are rendered."
        raise LimitExceeded(text, code="source_size")
    kind = kind or kind_of(source)
    rendering = _drawn(source, limits, kind)
    written = sum(len(output.content) for output in rendering.outputs)
    if written > limits.output_bytes:
        text = f"The rendering has {written:,} bytes; at most {limits.output_bytes:,} are kept."
        raise LimitExceeded(text, code="output_size")
    odd = mismatch(source, kind)
    return replace(rendering, warnings=(*rendering.warnings, odd)) if odd else rendering


def _drawn(source: Source, limits: Limits, kind: str) -> Rendering:
    if source.ran:
        from belvedere.rendering.users.results import TENANTS_OWN, drawn_by_tenant

        if TENANTS_OWN in source.ran:
            return drawn_by_tenant(source, limits, kind)
    if not has_renderer(kind):
        raise unsupported(source, kind)
    return find_renderer(kind).render(source, limits)


def live(work: Work, source: Source, limits: Limits, strictness: Strictness, cell: Cell) -> None:
    """Live the child's life, from the fork to its only message."""
    _forget(cell)
    confined = confine(source, limits, cell.workspace, cell.parent)
    _send(_outcome(work, source, limits, confined, strictness))


def wait_and_serve(place: Source, limits: Limits, strictness: Strictness, cell: Cell) -> None:
    """Live the life of a child that was forked ahead: shut in already, it waits for orders until no more come.

    ``place`` stands for the sources that will come: its path is the folder in which they will lie. Orders come from the
    parent, whom the child has to believe anyway.
    """
    _forget(cell)
    confined = confine(place, limits, cell.workspace, cell.parent)
    while order := _next_order():
        work, source = pickle.loads(order)  # noqa: S301 - the parent wrote it
        _send(_outcome(work, source, limits, confined, strictness))
        gc.enable()  # whoever serves on must clear up behind itself


def _next_order() -> bytes:
    """Return the next order, which stands after its length; nothing where the parent wants no more."""
    beginning = _read_exactly(LENGTH.size)
    return _read_exactly(*LENGTH.unpack(beginning)) if beginning else b""


def _read_exactly(size: int) -> bytes:
    parts, missing = [], size
    while missing and (part := os.read(ORDERS_DESCRIPTOR, missing)):
        parts.append(part)
        missing -= len(part)
    return b"" if missing else b"".join(parts)


def _forget(cell: Cell) -> None:
    """Drop the parent's descriptors, signal handlers, environment, logging and garbage."""
    gc.freeze()
    gc.disable()
    # Out of the way of the places that others are about to take.
    aside = None if cell.orders is None else fcntl.fcntl(cell.orders, fcntl.F_DUPFD, ORDERS_DESCRIPTOR + 1)
    nothing = os.open(os.devnull, os.O_RDWR)
    places = ((cell.complaints, 2), (nothing, 0), (nothing, 1), (cell.answers, RESULT_DESCRIPTOR))
    for descriptor, place in places:
        os.dup2(descriptor, place)
    last = RESULT_DESCRIPTOR
    if aside is not None:
        last = os.dup2(aside, ORDERS_DESCRIPTOR)
    os.closerange(last + 1, os.sysconf("SC_OPEN_MAX"))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.setitimer(signal.ITIMER_REAL, 0)
    logging.disable(logging.CRITICAL)
    os.environ.clear()
    sys.stdout = sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    os.chdir(cell.workspace)
    tempfile.tempdir = str(cell.workspace)


def _outcome(work: Work, source: Source, limits: Limits, confined: Confined, strictness: Strictness) -> bytes:
    if confined.refused and strictness == "strict":
        text = f"The kernel refuses {', '.join(confined.refused)}: allow it, or set BELVEDERE_ISOLATION=lenient."
        return encode_error(IsolationUnavailable(text))
    try:
        return work(source, limits, confined)
    except BelvedereError as error:
        return encode_error(error)
    except MemoryError:
        text = f"Rendering needs more than the {limits.memory_bytes:,} bytes of memory allowed."
        return encode_error(LimitExceeded(text, code="memory"))
    except RecursionError:
        return encode_error(MalformedArtifact("The artifact is nested too deeply to be read.", code="too_deep"))
    except Exception as error:
        return encode_error(RendererCrashed(_explain(error)))


def _explain(error: Exception) -> str:
    text = " ".join(str(error).split())[:TERMINAL_TEXT_BYTES]
    return f"The renderer failed on this artifact with {type(error).__name__}: {text or 'no further word'}."


def _send(message: bytes) -> None:
    rest = memoryview(message)
    while rest:
        rest = rest[os.write(RESULT_DESCRIPTOR, rest) :]
