"""Rendering in a child forked from this warm process and then shut in: the one door to untrusted bytes.

The caller keeps its sockets and secrets; the child keeps one pipe. Nothing the child says is believed unchecked.
"""

from __future__ import annotations

import fcntl
import logging
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from belvedere.errors import BelvedereError, LimitExceeded, RendererCrashed
from belvedere.model.rendering import NOTHING, Limits, Listing, Reference, Rendering, Source, Usage
from belvedere.rendering.isolation.channel import (
    MAX_HEADER_BYTES,
    decode_kind,
    decode_programs,
    decode_references,
    decode_rendering,
)
from belvedere.rendering.isolation.confinement import prepare
from belvedere.rendering.isolation.inmate import (
    Cell,
    ProgramsWork,
    RecogniserWork,
    RefererWork,
    RendererWork,
    Strictness,
    Work,
    live,
)
from belvedere.rendering.recognition import is_open
from belvedere.rendering.registry import has_references, has_renderer, may_have_programs

if TYPE_CHECKING:
    from belvedere.model.user_code import Program

__all__ = [
    "IsolatedResult",
    "has_references",
    "programs_isolated",
    "recognise_isolated",
    "references_isolated",
    "render_isolated",
    "run_isolated",
]

log = logging.getLogger(__name__)

WAIT_INTERVAL_SECONDS = 0.5
PIPE_BYTES = 1024**2
READ_BYTES = 1024**2
STDERR_TAIL_BYTES = 4096
# How native libraries (PDFium, V8) end their process themselves, which they do where memory is refused to them.
GIVEN_UP = frozenset({signal.SIGABRT, signal.SIGTRAP})
REFERENCES_WALL_SECONDS = 10.0
RECOGNISERS_WALL_SECONDS = 3.0

OnWait = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class IsolatedResult:
    """A rendering and what it cost. The peak memory includes the pages inherited from the parent by the fork."""

    rendering: Rendering
    usage: Usage


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: all it wrote, its exit status, its use of the machine, the end of its standard error."""

    message: bytes
    status: int
    cpu_seconds: float
    peak_memory_bytes: int
    wall_seconds: float
    complaint: str


def nobody_waits(_elapsed: float) -> None:
    """Take no notice of waiting."""


def render_isolated(
    source: Source,
    limits: Limits,
    *,
    strictness: Strictness,
    on_wait: OnWait = nobody_waits,
    kind: str | None = None,
) -> IsolatedResult:
    """Detect the kind of ``source`` (unless ``kind`` says it) and render it in a child process that is shut in.

    ``strictness`` decides what happens where the kernel refuses a protection: ``strict`` does not render,
    ``lenient`` goes on with a visible warning. ``on_wait`` is called about twice a second with the seconds
    passed; what it raises ends the child and travels on.

    Raises:
        UnsupportedArtifact: no renderer takes the kind.
        MalformedArtifact: the bytes are not what their kind demands.
        LimitExceeded: with the code ``wall_time``, ``cpu_time``, ``memory``, ``output_size`` or a renderer's own.
        IsolationUnavailable: the kernel refuses a protection, and ``strictness`` is ``strict``.
        RendererCrashed: the child died or talked nonsense.
    """
    return result_of(_run(RendererWork(kind), source, limits, strictness, on_wait), limits)


def references_isolated(
    source: Source,
    limits: Limits,
    *,
    kind: str,
    strictness: Strictness,
    on_wait: OnWait = nobody_waits,
) -> tuple[Reference | Listing, ...]:
    """Return what else the renderer of ``kind`` needs for ``source``; at once and without a child where nothing.

    Raises:
        BelvedereError: as ``render_isolated``.
    """
    if not has_references(kind):
        return ()
    shorter = replace(limits, wall_seconds=min(limits.wall_seconds, REFERENCES_WALL_SECONDS))
    alone = replace(source, related=NOTHING)
    ended = _run(RefererWork(kind), alone, shorter, strictness, on_wait)
    return decode_references(message_of(ended, shorter))


def programs_isolated(source: Source, limits: Limits, *, kind: str, strictness: Strictness) -> tuple[Program, ...]:
    """Return the users' programs that ``source`` holds; at once and without a child where it can hold none.

    Raises:
        BelvedereError: as ``render_isolated``.
    """
    if not may_have_programs(kind, source):
        return ()
    shorter = replace(limits, wall_seconds=min(limits.wall_seconds, REFERENCES_WALL_SECONDS))
    ended = _run(ProgramsWork(kind), source, shorter, strictness, nobody_waits)
    return decode_programs(message_of(ended, shorter))


def recognise_isolated(source: Source, limits: Limits, *, kind: str, strictness: Strictness) -> str:
    """Return what third parties' recognisers say ``source`` is, or ``kind``, which our own detection found.

    At once and without a child where no recogniser is asked. A recogniser harms nobody: whatever goes wrong there
    is logged, and ``kind`` it stays.
    """
    if not is_open(source, kind):
        return kind
    shorter = replace(limits, wall_seconds=RECOGNISERS_WALL_SECONDS)
    try:
        ended = _run(RecogniserWork(kind), replace(source, related=NOTHING), shorter, strictness, nobody_waits)
        found, problems = decode_kind(message_of(ended, shorter))
    except BelvedereError as error:
        log.warning("no recogniser could be asked about %s: %s", source.key, error)
        return kind
    for problem in problems:
        log.warning("%s on %s", problem, source.key)
    return found if has_renderer(found) else kind


def run_isolated(
    work: Work, source: Source, limits: Limits, *, strictness: Strictness, workspace: Path | None = None
) -> bytes:
    """Do any work on ``source`` in a child process that is shut in; return its message.

    ``workspace``: a folder of the caller's that the child may write to, and that stays.

    Raises:
        BelvedereError: as ``render_isolated``.
    """
    return message_of(_run(work, source, limits, strictness, nobody_waits, workspace), limits)


def _run(
    work: Work,
    source: Source,
    limits: Limits,
    strictness: Strictness,
    on_wait: OnWait,
    kept: Path | None = None,
) -> Ended:
    prepare()
    workspace = kept or Path(tempfile.mkdtemp(prefix="belvedere-render-"))
    complaints = os.memfd_create("belvedere-stderr")
    reading, writing = os.pipe()
    started = time.monotonic()
    try:
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            _become_inmate(work, source, limits, strictness, Cell(workspace, writing, complaints, parent))
        os.close(writing)
        return watch_over(child, reading, complaints, limits, started, on_wait)
    finally:
        os.close(reading)
        os.close(complaints)
        if kept is None:
            shutil.rmtree(workspace, ignore_errors=True)


def _become_inmate(work: Work, source: Source, limits: Limits, strictness: Strictness, cell: Cell) -> NoReturn:
    code = 1
    try:
        live(work, source, limits, strictness, cell)
        code = 0
    finally:
        os._exit(code)


def watch_over(child: int, reading: int, complaints: int, limits: Limits, started: float, on_wait: OnWait) -> Ended:
    """Read what a child says, end it, and tell how it ended; whatever happens, it lives no longer than this.

    Raises:
        LimitExceeded: it takes too long or writes too much.
    """
    reaped = False
    try:
        message = _read_all(reading, limits, started, on_wait)
        os.kill(child, signal.SIGKILL)
        _, status, used = os.wait4(child, 0)
        reaped = True
    finally:
        if not reaped:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return Ended(
        message=message,
        status=status,
        cpu_seconds=used.ru_utime + used.ru_stime,
        peak_memory_bytes=used.ru_maxrss * 1024,
        wall_seconds=time.monotonic() - started,
        complaint=_tail(complaints),
    )


def _read_all(reading: int, limits: Limits, started: float, on_wait: OnWait) -> bytes:
    """Read what the child writes until it closes its end.

    Raises:
        LimitExceeded: it takes too long or writes too much.
    """
    fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    os.set_blocking(reading, False)
    poller = select.poll()
    poller.register(reading, select.POLLIN)
    most = limits.output_bytes + MAX_HEADER_BYTES + 1024
    parts: list[bytes] = []
    size, next_call = 0, started + WAIT_INTERVAL_SECONDS
    while True:
        now = time.monotonic()
        if now - started >= limits.wall_seconds:
            raise _too_slow(limits)
        if now >= next_call:
            on_wait(now - started)
            next_call = now + WAIT_INTERVAL_SECONDS
        pause = max(0.0, min(next_call, started + limits.wall_seconds) - now)
        if not poller.poll(pause * 1000 + 1):
            continue
        part = os.read(reading, READ_BYTES)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > most:
            raise LimitExceeded(
                f"The rendering is larger than the {limits.output_bytes:,} bytes allowed.", code="output_size"
            )


def _tail(complaints: int) -> str:
    size = os.fstat(complaints).st_size
    tail = os.pread(complaints, STDERR_TAIL_BYTES, max(0, size - STDERR_TAIL_BYTES))
    return tail.decode("utf-8", "replace").strip()


def _too_slow(limits: Limits) -> LimitExceeded:
    text = f"Rendering took longer than the {limits.wall_seconds:g} s allowed and was stopped."
    return LimitExceeded(text, code="wall_time")


def result_of(ended: Ended, limits: Limits) -> IsolatedResult:
    """Return the rendering that a child has sent, and what it cost; raises as ``render_isolated``."""
    rendering, isolation = decode_rendering(message_of(ended, limits))
    usage = Usage(ended.wall_seconds, ended.cpu_seconds, ended.peak_memory_bytes, isolation)
    return IsolatedResult(rendering, usage)


def message_of(ended: Ended, limits: Limits) -> bytes:
    """Return what the child wrote, if it ended well.

    Raises:
        LimitExceeded: it was ended by its processor or memory limit, or ended itself for lack of memory.
        RendererCrashed: it died of anything else.
    """
    if ended.complaint:
        log.warning("the rendering process complained: %s", ended.complaint)
    if os.WIFEXITED(ended.status) and os.WEXITSTATUS(ended.status) == 0:
        return ended.message
    killed_by = os.WTERMSIG(ended.status) if os.WIFSIGNALED(ended.status) else 0
    if killed_by == signal.SIGXCPU or (killed_by == signal.SIGKILL and ended.cpu_seconds >= limits.cpu_seconds):
        text = f"Rendering used more than the {limits.cpu_seconds} s of processor time allowed and was stopped."
        raise LimitExceeded(text, code="cpu_time")
    if killed_by == signal.SIGKILL and not ended.message:
        raise LimitExceeded("The system ended the rendering: the machine was short of memory.", code="memory")
    if killed_by in GIVEN_UP:
        name = signal.Signals(killed_by).name
        text = f"A library of the renderer gave up ({name}): most likely {limits.memory_bytes:,} bytes do not suffice."
        raise LimitExceeded(text, code="memory")
    if killed_by:
        name = signal.Signals(killed_by).name
        raise RendererCrashed(f"The rendering process died of {name}: the renderer may not stand this artifact.")
    raise RendererCrashed("The rendering process ended without a result.")
