from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from belvedere.gallery.freshness_chart import HEIGHT, WIDTH, freshness_chart, nice_top
from belvedere.gallery.operations_responses import FreshnessPointResponse, FreshnessSeriesResponse

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def series(*points: tuple[int, float, float]) -> FreshnessSeriesResponse:
    made = [
        FreshnessPointResponse(at=NOON - timedelta(minutes=ago), p50_ms=p50, p95_ms=p95, samples=3)
        for ago, p50, p95 in points
    ]
    return FreshnessSeriesResponse(window="1h", step_seconds=60, until=NOON, points=made)


def test_the_upper_edge_is_a_round_number_that_holds_everything() -> None:
    assert [nice_top(most) for most in (0, 499, 501, 1500, 4100, 9e9)] == [500, 500, 1000, 2000, 5000, 1e10]


def test_the_lines_break_where_nothing_was_rendered() -> None:
    chart = freshness_chart(series((30, 200, 400), (29, 210, 420), (10, 220, 400)), 3600)

    assert chart.p50.count("M") == 2
    assert chart.p50.count("L") == 1
    assert chart.top_ms == 500


def test_every_spot_lies_in_the_box() -> None:
    chart = freshness_chart(series((61, 1, 2), (60, 1, 99999), (0, 5, 7)), 3600)

    for path in (chart.p50, chart.p95):
        for x, y in re.findall(r"[ML]([\d.-]+) ([\d.-]+)", path):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= HEIGHT


def test_an_empty_window_draws_nothing() -> None:
    assert freshness_chart(series(), 3600).p50 == ""


def test_times_stand_along_the_lower_edge_from_left_to_right() -> None:
    assert freshness_chart(series(), 3600).times == ("11:00", "11:15", "11:30", "11:45", "12:00")
    assert freshness_chart(series(), 7 * 86400).times[0] == "15 Nov"
