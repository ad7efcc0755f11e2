"""When an express lane draws progress: its numbers are told at once, and a picture costs several times as much.

Each key is drawn about once a second, and all pictures together take a third of a lane's time, so that numbers
seldom wait for pictures, however many steps are under way.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# From one picture of a key until its next is begun: with what that takes, one a second.
PAUSE_SECONDS = 0.8
# For each second that pictures take, a lane leaves these to numbers alone.
REST = 2.0


class PicturePace:
    """One lane's pace. ``clock`` gives seconds, as ``time.monotonic`` does."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rests_until = -math.inf
        self._turn_at = math.inf

    @property
    def rests(self) -> bool:
        """Whether the lane leaves pictures alone for now."""
        return self._clock() < self._rests_until

    def pause(self, since_picture: float | None) -> float:
        """Return in how many seconds a key may be drawn that was drawn ``since_picture`` seconds ago, if ever."""
        of_key = PAUSE_SECONDS - since_picture if since_picture is not None else 0.0
        return max(0.0, of_key, self._rests_until - self._clock())

    def drew(self, seconds: float) -> None:
        """Note that a picture is done, which took so long."""
        self._rests_until = self._clock() + REST * seconds

    def left(self, seconds: float) -> None:
        """Note that a picture waits, and when its turn comes."""
        self._turn_at = min(self._turn_at, self._clock() + seconds)

    def next_turn(self) -> float:
        """Return the seconds until a picture that waits has its turn: for a lane that has just found nothing to do."""
        at = max(self._turn_at, self._rests_until)
        left = at - self._clock()
        if left <= 0:
            self._turn_at = math.inf
            return math.inf
        return left
