from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from tests.harness.waiting import eventually

from belvedere.errors import ServiceUnavailable
from belvedere.orchestration import loops
from belvedere.orchestration.loops import Loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import ExitStack


class Counting(Loop):
    """Counts what it does; a step does what the test says."""

    def __init__(self, work: Callable[[int], None]) -> None:
        super().__init__("counting")
        self._work = work
        self.opened = self.closed = self.steps = 0

    def open(self, resources: ExitStack) -> None:
        self.opened += 1
        resources.callback(self._close)

    def _close(self) -> None:
        self.closed += 1

    def step(self) -> None:
        self.steps += 1
        self._work(self.steps)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(loops, "LONGEST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def run() -> Iterator[Callable[[Callable[[int], None]], Counting]]:
    started: list[Counting] = []

    def start(work: Callable[[int], None]) -> Counting:
        loop = Counting(work)
        loop.start()
        started.append(loop)
        return loop

    yield start
    for loop in started:
        loop.stop()
        assert loop.join(5.0), "the loop did not end"


def test_steps_go_on_with_the_resources_opened_once(run: Callable[..., Counting]) -> None:
    loop = run(lambda _number: None)

    eventually(lambda: loop.steps > 5)

    assert (loop.opened, loop.closed) == (1, 0)


@pytest.mark.parametrize("error", [ServiceUnavailable("away"), ValueError("a bug"), MemoryError()])
def test_a_failing_step_closes_everything_and_starts_over(run: Callable[..., Counting], error: Exception) -> None:
    def fail_twice(number: int) -> None:
        if number <= 2:
            raise error

    loop = run(fail_twice)

    eventually(lambda: loop.steps > 5)
    assert (loop.opened, loop.closed) == (3, 2)


def test_stopping_ends_a_loop_that_only_fails(run: Callable[..., Counting]) -> None:
    def fail(_number: int) -> None:
        raise ServiceUnavailable("away for good")

    loop = run(fail)
    eventually(lambda: loop.opened > 3)

    loop.stop()

    assert loop.join(5.0)
    assert loop.opened == loop.closed


def test_stopping_waits_for_the_step_at_hand(run: Callable[..., Counting]) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def wait(_number: int) -> None:
        inside.set()
        go_on.wait(5.0)

    loop = run(wait)
    inside.wait(5.0)
    loop.stop()
    assert not loop.join(0.05)

    go_on.set()

    assert loop.join(5.0)
    assert loop.closed == 1


def test_pauses_grow_and_are_bounded(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(loops, "FIRST_PAUSE_SECONDS", 0.5)
    monkeypatch.setattr(loops, "LONGEST_PAUSE_SECONDS", 10.0)
    loop = Counting(lambda _number: None)
    loop.stop()

    for _ in range(8):
        loop._pause(ServiceUnavailable("away"))

    told = [record.args[3] for record in caplog.records if isinstance(record.args, tuple)]
    assert told == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0]
