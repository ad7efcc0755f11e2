from __future__ import annotations

import threading
import time

import pytest

from belvedere.gallery.remembered import Remembered


def test_an_answer_is_shared_for_a_while_and_then_asked_anew() -> None:
    asked: list[int] = []
    memory = Remembered[int](least_seconds=0.05, share=0)

    def ask() -> int:
        asked.append(1)
        return len(asked)

    assert [memory.get("a", ask), memory.get("a", ask), memory.get("b", ask)] == [1, 1, 2]
    time.sleep(0.06)
    assert memory.get("a", ask) == 3


def test_a_dear_answer_is_kept_for_longer() -> None:
    memory = Remembered[int](least_seconds=0.0, share=100.0)
    memory.get("a", lambda: time.sleep(0.02) or 1)
    time.sleep(0.05)

    assert memory.get("a", lambda: 2) == 1


def test_forgetting_asks_anew_and_failures_are_not_remembered() -> None:
    memory = Remembered[int](least_seconds=60)

    with pytest.raises(ZeroDivisionError):
        memory.get("a", lambda: 1 // 0)
    assert memory.get("a", lambda: 1) == 1
    memory.forget()
    assert memory.get("a", lambda: 2) == 2


def test_many_who_ask_at_once_ask_once() -> None:
    asked: list[int] = []
    memory = Remembered[int](least_seconds=60)
    threads = [
        threading.Thread(target=lambda: memory.get("a", lambda: time.sleep(0.02) or asked.append(1) or 1))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert asked == [1]
