"""Of a run's log, which lines are about an artifact, and what of them people see."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness.artifacts import rendered_curve

from belvedere.clients.airflow_api import TaskLog
from belvedere.errors import ObjectMissing
from belvedere.gallery.render_log import MOST_LETTERS, MOST_LINES, is_about, log_of, said_of

if TYPE_CHECKING:
    from types import TracebackType

ARTIFACT = rendered_curve(id="a" * 24, bucket="models", key="roc.csv", run_dag_id="render_artifacts", run_id="claim__1")


class Airflow:
    """An account that answers with the given lines."""

    def __init__(self, *lines: dict[str, Any], cut: bool = False) -> None:
        self.lines, self.cut = lines, cut
        self.asked: list[tuple[Any, ...]] = []

    def __enter__(self) -> Airflow:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def tasks_of_run(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        self.asked.append((dag_id, run_id))
        waiting = {"task_id": "later", "try_number": 0, "map_index": -1, "state": None}
        return [{"task_id": "render", "try_number": 2, "map_index": -1, "state": "success"}, waiting]

    def task_log(self, dag_id: str, run_id: str, task_id: str, try_number: int, **rest: Any) -> TaskLog:
        self.asked.append((task_id, try_number))
        return TaskLog(self.lines, self.cut)


def log(*lines: dict[str, Any], cut: bool = False) -> Any:
    return log_of(Airflow(*lines, cut=cut), ARTIFACT)  # type: ignore[arg-type]


def test_lines_of_other_artifacts_of_the_run_are_left_out() -> None:
    found = log(
        {"event": "models/roc.csv: 12 bytes fetched", "artifact": "a" * 24, "level": "info", "timestamp": "t"},
        {"event": "models/roc.csv: forged by a key", "artifact": "b" * 24},
        {"event": "secret/plans.csv: rendered", "artifact": "c" * 24},
        {"event": "claim 1: {'rendered': 3}"},
        {"event": "deep inside a library", "artifact": "a" * 24},
    )

    assert [line.text for line in found.lines] == ["12 bytes fetched", "deep inside a library"]
    assert (found.lines[0].at, found.lines[0].level, found.state, found.cut) == ("t", "info", "success", False)


@pytest.mark.parametrize(
    ("event", "about"),
    [("models/roc.csv: rendered", True), ("models/roc.csv2: rendered", False), ("other/roc.csv: rendered", False)],
)
def test_lines_of_older_runs_are_known_by_their_beginning(event: str, about: bool) -> None:
    assert is_about({"event": event}, ARTIFACT) is about


def test_of_an_exception_the_message_is_shown_and_no_path_of_the_server() -> None:
    frames = [{"filename": "/opt/secret/place.py", "lineno": 3, "name": "f"}]
    line = said_of(
        {"event": "it failed", "error_detail": [{"exc_type": "ValueError", "exc_value": "7", "frames": frames}]}
    )

    assert line.text == "it failed\nValueError: 7"


def test_a_log_without_end_is_cut_and_says_so() -> None:
    found = log(*[{"event": "x" * 10_000, "artifact": "a" * 24}] * (MOST_LINES + 1))

    assert found.cut
    assert len(found.lines) == MOST_LINES
    assert len(found.lines[0].text) == MOST_LETTERS
    assert log(cut=True).cut


def test_only_tasks_that_began_are_asked() -> None:
    airflow = Airflow()
    log_of(airflow, ARTIFACT)  # type: ignore[arg-type]

    assert airflow.asked == [("render_artifacts", "claim__1"), ("render", 2)]


def test_what_no_run_has_taken_up_has_no_log() -> None:
    with pytest.raises(ObjectMissing, match="no run"):
        log_of(Airflow(), replace(ARTIFACT, run_id=None))  # type: ignore[arg-type]
