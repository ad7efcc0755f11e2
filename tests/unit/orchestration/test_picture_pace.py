from __future__ import annotations

import math

import pytest

from belvedere.orchestration.picture_pace import PAUSE_SECONDS, REST, PicturePace


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> PicturePace:
    return PicturePace(clock)


def test_what_was_never_drawn_is_drawn_at_once(pace: PicturePace) -> None:
    assert pace.pause(None) == 0.0
    assert not pace.rests


@pytest.mark.parametrize(("since", "pause"), [(0.0, PAUSE_SECONDS), (0.3, PAUSE_SECONDS - 0.3), (5.0, 0.0)])
def test_a_key_is_drawn_about_once_a_second(pace: PicturePace, since: float, pause: float) -> None:
    assert pace.pause(since) == pytest.approx(pause)


def test_after_a_picture_the_lane_has_time_for_numbers(pace: PicturePace, clock: Clock) -> None:
    pace.drew(0.1)

    assert pace.rests
    assert pace.pause(None) == pytest.approx(REST * 0.1)
    clock.now += REST * 0.1 + 0.01
    assert not pace.rests
    assert pace.pause(None) == 0.0


def test_a_lane_is_woken_for_the_first_picture_whose_turn_comes(pace: PicturePace, clock: Clock) -> None:
    pace.left(0.5)
    pace.left(0.3)

    assert pace.next_turn() == pytest.approx(0.3)
    clock.now += 0.31
    assert pace.next_turn() == math.inf, "its turn has come, and another lane had it"


def test_a_turn_comes_after_the_rest(pace: PicturePace) -> None:
    pace.left(0.1)
    pace.drew(0.2)

    assert pace.next_turn() == pytest.approx(REST * 0.2)


def test_a_lane_that_left_nothing_waits_for_nothing(pace: PicturePace) -> None:
    pace.drew(0.2)

    assert pace.next_turn() == math.inf
