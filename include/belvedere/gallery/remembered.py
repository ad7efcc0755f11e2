"""Answers to costly questions, kept for as long as many people at once may as well share them."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Answer = TypeVar("Answer")
MOST_ANSWERS = 64


class Remembered(Generic[Answer]):
    """Asks each question again after a while at the earliest, which is the longer the dearer its answer was.

    An answer is kept for ``least_seconds`` or ``share`` times what it took, whichever is longer: a slow catalog is
    never asked more often because many look at how slow it is. Safe between threads; one asks, the others wait.
    """

    def __init__(self, least_seconds: float = 1.0, share: float = 10.0) -> None:
        self._least = least_seconds
        self._share = share
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[float, Answer]] = OrderedDict()

    def get(self, question: Hashable, ask: Callable[[], Answer]) -> Answer:
        """Return the answer; whatever ``ask`` raises is not remembered."""
        with self._lock:
            known = self._answers.get(question)
            if known is not None and time.monotonic() < known[0]:
                return known[1]
            began = time.monotonic()
            answer = ask()
            took = time.monotonic() - began
            self._answers[question] = (time.monotonic() + max(self._least, self._share * took), answer)
            self._answers.move_to_end(question)
            while len(self._answers) > MOST_ANSWERS:
                self._answers.popitem(last=False)
            return answer

    def forget(self) -> None:
        """Ask everything anew: somebody has just changed what the answers are about."""
        with self._lock:
            self._answers.clear()
