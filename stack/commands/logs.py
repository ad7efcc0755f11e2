"""``make logs``: the end of every service's log, or one service's log as it grows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stack.errors import NotRunning
from stack.health import tail_of
from stack.progress import say
from stack.services.registry import NAMES

if TYPE_CHECKING:
    from stack.paths import Paths

LINES_EACH = 8
LINES_FOLLOWED = 60


def show_logs(paths: Paths) -> None:
    """Print where every log is and how it ends."""
    for name in (*NAMES, "supervisord"):
        log = paths.logs / f"{name}.log"
        if log.exists():
            say(f"== {name}: {log}")
            say("\n".join(f"   {line}" for line in tail_of(paths, name, LINES_EACH)))


def follow_log(paths: Paths, name: str) -> None:
    """Become ``tail -f`` on one service's log.

    Raises:
        NotRunning: that service has no log.
    """
    log = paths.logs / f"{name}.log"
    if not log.exists():
        raise NotRunning(f"no log of {name!r} in {paths.logs}; services are: {', '.join(NAMES)}")
    os.execvp("tail", ["tail", "-n", str(LINES_FOLLOWED), "-F", str(log)])
