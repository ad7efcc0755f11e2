"""Waiting on conditions. No test sleeps and hopes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")
POLL_SECONDS = 0.05


def eventually(
    condition: Callable[[], Found], seconds: float = 20.0, *, what: str = "", poll: float = POLL_SECONDS
) -> Found:
    """Return the first truthy value of ``condition``.

    Raises:
        AssertionError: there was none within ``seconds``; the text shows the last value.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or 'the condition'} did not come true within {seconds:.0f} s; last: {value!r}")
        time.sleep(poll)
