from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.perf.figures import Figure, percentile, table, write
from tests.perf.page import section

if TYPE_CHECKING:
    from pathlib import Path

GOOD = Figure("latency", 0.31, "s", 0.4, 0.05)
BAD = Figure("share", 71.0, "%", 80.0, 100.0, more_is_better=True)


def test_a_goal_is_met_from_the_right_side() -> None:
    assert (GOOD.met, BAD.met, Figure("x", 1, "").met) == (True, False, None)


def test_percentiles_are_of_the_values_themselves() -> None:
    values = [float(number) for number in range(1, 101)]

    assert (percentile(values, 0.5), percentile(values, 0.95), percentile([7.0], 0.95)) == (51.0, 96.0, 7.0)


def test_the_table_has_a_row_a_figure() -> None:
    assert len(table([GOOD, BAD]).splitlines()) == 4


def test_the_page_says_what_was_written_and_which_goals_were_missed(tmp_path: Path) -> None:
    file = tmp_path / "bench" / "latest.json"

    write([GOOD, BAD], file, seconds=12.3)
    text = section(json.loads(file.read_text()))

    assert "| latency | 0.31 | s | <= 0.4 | 0.05 | yes |" in text
    assert "- share: 71 %, the goal is >= 80." in text
