"""Third parties' detection: their recognisers name more exactly what our detection finds only something generic in.

They are strangers' code over strangers' bytes, so they are asked in the child that is shut in, and nowhere else;
one that raises, dawdles or claims what is not its own is passed over and named in the log.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from belvedere.rendering.detection import EXTENSIONS, detect, extension_of
from belvedere.rendering.registry import find_renderer, has_renderer, recognisers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.model.rendering import Source
    from belvedere.rendering.registry import Renderer

HEAD_BYTES = 64 * 1024
SECONDS_EACH = 0.5
GENERIC = frozenset({"binary", "text", "json", "yaml", "xml", "zip", "gzip", "tar", "archive"})
GUESSED = frozenset({"table", "markdown", "progress", "metrics", "code"})


@dataclass(frozen=True, slots=True)
class Recognised:
    """The kind that was found, and what was wrong with the recognisers that were passed over."""

    kind: str
    problems: tuple[str, ...] = ()


class _TooSlow(BaseException):
    """Not an ``Exception``: a recogniser that catches everything must not catch this."""


def is_open(source: Source, kind: str) -> bool:
    """Whether recognisers may say what ``source`` is, for our detection found nothing more exact than ``kind``."""
    if not recognisers():
        return False
    vague = kind in GUESSED and extension_of(source.key) not in EXTENSIONS
    return vague or kind in GENERIC or not (has_renderer(kind) or kind == "empty")


def recognise(source: Source, kind: str) -> Recognised:
    """Ask the recognisers, in the order of their registration; the first that knows its own wins.

    Runs strangers' code: for the child that is shut in, and for tests.
    """
    if not is_open(source, kind):
        return Recognised(kind)
    head = source.head(HEAD_BYTES)
    problems: list[str] = []
    for each in recognisers():
        said, problem = _ask(each, source, head)
        if said is not None:
            return Recognised(said, tuple(problems))
        if problem is not None:
            problems.append(f"the recogniser of {each.name} {problem}")
    return Recognised(kind, tuple(problems))


def kind_of(source: Source) -> str:
    """Return the kind of ``source``, by our own detection and then third parties'. For the child, and for tests."""
    return recognise(source, detect(source)).kind


def _ask(renderer: Renderer, source: Source, head: bytes) -> tuple[str | None, str | None]:
    if renderer.recognise is None:
        return None, None
    try:
        with _interrupted_after(SECONDS_EACH):
            said = renderer.recognise(source, head)
    except _TooSlow:
        return None, f"took longer than {SECONDS_EACH:g} s"
    except Exception as error:
        return None, f"failed with {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    if said is None:
        return None, None
    if said not in renderer.kinds or find_renderer(said).name != renderer.name:
        return None, f"named a kind that is not its own: {said!r:.80}"
    return said, None


@contextmanager
def _interrupted_after(seconds: float) -> Iterator[None]:
    """Interrupt Python code that takes too long; what hangs in C ends with the child's own time."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise _TooSlow
