"""Artifacts inside artifacts: a file out of an archive, a cell's output, a model folder's table, each by its own kind.

One bad file must not spoil the page of its neighbours: every failure comes out as an error of ours, and no file may
use up the processor time that the others wait for.
"""

from __future__ import annotations

import resource
import signal
import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact, RendererCrashed
from belvedere.model.rendering import NOTHING
from belvedere.rendering.drawing.svg import escaped
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.pages.merging import merged_body

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from belvedere.model.rendering import Limits, Output, Rendering, Source

DEEPEST = 3
OUTPUT_SHARE = 2
LATEST_START, ONE_FILES_SHARE = 0.6, 0.5
FRAME_HEIGHT, SMALL_FRAME_HEIGHT = 640, 240
SMALL_PAGE_CHARACTERS = 1500
# pages of ours that hold users' HTML only in frames of its own: they may stand in a longer page as they are
OWN_PAGES_WITH_FRAMES = frozenset({"archive", "notebook", "kfp_ui_metadata", "kfp_executor_output", "mlflow_model"})
USERS_PAGES = frozenset({"html"})

_depth: ContextVar[int] = ContextVar("nesting_depth", default=0)
_embedded: ContextVar[int] = ContextVar("nesting_embedded", default=0)


def inner_source(source: Source, *, path: Path, name: str, content_type: str = "", related: bool = False) -> Source:
    """Return the local file ``path``, found inside ``source`` under ``name``, as an artifact of its own.

    ``related``: what was fetched for ``source`` was fetched for this file, which then gets it.
    """
    return replace(
        source,
        key=f"{source.key}/{name.lstrip('/')}",
        content_type=content_type,
        size=path.stat().st_size,
        path=path,
        related=source.related if related else NOTHING,
    )


def render_within(
    source: Source, limits: Limits, *, path: Path, name: str, content_type: str = "", related: bool = False
) -> Rendering:
    """Render the local file ``path``, found inside ``source`` under ``name``, by its own bytes and name.

    It may write half of ``limits.output_bytes`` and use half of the processor time that is left. ``related``: see
    ``inner_source``.

    Raises:
        BelvedereError: whatever is wrong with it, also what would have crashed its renderer; ``LimitExceeded`` with
            the code ``nested_too_deep`` beyond three levels, ``cpu_time`` where no processor time is left for it.
    """
    depth = _depth.get()
    if depth >= DEEPEST:
        text = f"{name!r} is nested more than {DEEPEST} levels deep in other files: it is not looked into."
        raise LimitExceeded(text, code="nested_too_deep")
    inner = inner_source(source, path=path, name=name, content_type=content_type, related=related)
    marker = _depth.set(depth + 1)
    try:
        with _share_of_time(), _our_errors(limits):
            return render_here(inner, replace(limits, output_bytes=limits.output_bytes // OUTPUT_SHARE))
    finally:
        _depth.reset(marker)


def embedded(rendering: Rendering) -> str:
    """Return a rendering as a part of a longer page: its body without its heading, its ids made unique.

    A page that holds users' own HTML becomes a frame without rights.
    """
    page = next((output for output in rendering.outputs if output.role == "page"), None)
    if page is None:
        return f"<p>{escaped(rendering.alt_text)}</p>"
    text = page.content.decode("utf-8", "replace")
    if holds_users_page(rendering, page):
        # Our pages have no script that could fit the frame to what is in it.
        height = SMALL_FRAME_HEIGHT if len(text) < SMALL_PAGE_CHARACTERS else FRAME_HEIGHT
        return framed(text, rendering.title, height=height)
    number = _embedded.get() + 1
    _embedded.set(number)
    return merged_body(text, rendering.title, f"m{number}-")


def holds_users_page(rendering: Rendering, page: Output) -> bool:
    """Whether a page is a stranger's own HTML, which may only stand in a frame without rights."""
    return rendering.kind in USERS_PAGES or (page.active and rendering.kind not in OWN_PAGES_WITH_FRAMES)


def is_active(rendering: Rendering) -> bool:
    """Whether a page that embeds this rendering has to be served with the policy for users' HTML."""
    return rendering.kind in USERS_PAGES or any(output.active for output in rendering.outputs)


def framed(html: str, title: str, *, height: int) -> str:
    """Return users' HTML in a frame, ``height`` pixels high, that may run its own scripts, and reach nothing."""
    rights = 'sandbox="allow-scripts" referrerpolicy="no-referrer"'
    return f'<iframe {rights} height="{height}" title="{escaped(title)}" srcdoc="{escaped(html)}"></iframe>'


@contextmanager
def _our_errors(limits: Limits) -> Iterator[None]:
    """Let only errors of ours out."""
    try:
        yield
    except BelvedereError:
        raise
    except MemoryError:
        text = f"Rendering needs more than the {limits.memory_bytes:,} bytes of memory allowed."
        raise LimitExceeded(text, code="memory") from None
    except RecursionError:
        raise MalformedArtifact("It is nested too deeply to be read.", code="too_deep") from None
    except Exception as error:
        said = " ".join(str(error).split())[:300] or "no further word"
        raise RendererCrashed(f"The renderer failed with {type(error).__name__}: {said}.") from error


@contextmanager
def _share_of_time() -> Iterator[None]:
    """Interrupt what runs longer than its share, so that the files after it get theirs.

    Only where a limit is in force, which is in the rendering child; the kernel's own limit stays behind this one.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_CPU)
    if allowed == resource.RLIM_INFINITY or threading.current_thread() is not threading.main_thread():
        yield
        return
    used = time.process_time()
    if used > LATEST_START * allowed:
        raise LimitExceeded("No processor time is left to look at it.", code="cpu_time")
    before, _ = signal.getitimer(signal.ITIMER_PROF)
    share = ONE_FILES_SHARE * ((before or allowed) - (0 if before else used))
    handler = signal.signal(signal.SIGPROF, _interrupt)
    signal.setitimer(signal.ITIMER_PROF, max(0.05, share))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
        if before:
            signal.setitimer(signal.ITIMER_PROF, max(0.05, before - (time.process_time() - used)))


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise LimitExceeded("It took more than its share of the processor time and was stopped.", code="cpu_time")
