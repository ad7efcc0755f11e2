"""Waiting for a condition that somebody else brings about."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stack.errors import NotReady

if TYPE_CHECKING:
    from collections.abc import Callable


def wait_until(condition: Callable[[], bool], seconds: float, complaint: Callable[[], str], poll: float = 0.2) -> None:
    """Ask again and again until the condition holds; a server too busy to answer once is asked again too.

    Raises:
        NotReady: it did not within ``seconds``; ``complaint`` words it.
    """
    deadline = time.monotonic() + seconds
    while not _holds(condition):
        if time.monotonic() > deadline:
            raise NotReady(complaint())
        time.sleep(poll)


def _holds(condition: Callable[[], bool]) -> bool:
    try:
        return condition()
    except NotReady:
        return False
