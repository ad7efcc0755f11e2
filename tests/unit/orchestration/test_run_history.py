from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from belvedere.orchestration.run_history import count_old_runs, our_dags, prune_old_runs

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Airflow:
    """Airflow's REST API as far as run history needs it: run ids with their ends, some of which it will not give up."""

    def __init__(self, runs: dict[str, datetime], *, kept: frozenset[str] = frozenset()) -> None:
        self.runs = dict(runs)
        self._kept = kept
        self.requests = 0

    def request(self, method: str, path: str, *, json: Any = None, params: Any = None) -> Any:
        self.requests += 1
        if path == "/dags":
            assert params["tags"] == "belvedere"
            return {"dags": [{"dag_id": "b"}, {"dag_id": "a"}]}
        if path == "/dags/~/dagRuns/list":
            assert json["dag_ids"] == ["render_artifacts"]
            assert set(json["states"]) == {"success", "failed"}
            before = datetime.fromisoformat(json["end_date_lt"])
            old = sorted(run for run, end in self.runs.items() if end < before)
            return {"dag_runs": [{"dag_run_id": run} for run in old[: json["page_limit"]]], "total_entries": len(old)}
        assert (method, path) == ("PATCH", "/dags/render_artifacts/dagRuns")
        asked = [entity["dag_run_id"] for entity in json["actions"][0]["entities"]]
        gone = [run for run in asked if run not in self._kept]
        for run in gone:
            del self.runs[run]
        return {"delete": {"success": gone, "errors": []}}


def runs(number: int) -> dict[str, datetime]:
    return {f"run{n:04d}": NOW - timedelta(hours=n) for n in range(number)}


def test_old_runs_go_page_by_page_and_young_ones_stay() -> None:
    api = Airflow(runs(260))

    assert prune_old_runs(api, "render_artifacts", NOW - timedelta(hours=9)) == 250  # type: ignore[arg-type]

    assert len(api.runs) == 10
    assert api.requests == 7


def test_counting_removes_nothing() -> None:
    api = Airflow(runs(30))

    assert count_old_runs(api, "render_artifacts", NOW - timedelta(hours=9)) == 20  # type: ignore[arg-type]
    assert len(api.runs) == 30


def test_runs_that_airflow_keeps_do_not_keep_us_busy_for_ever() -> None:
    api = Airflow(runs(5), kept=frozenset({"run0003"}))

    assert prune_old_runs(api, "render_artifacts", NOW + timedelta(hours=1)) == 4  # type: ignore[arg-type]
    assert list(api.runs) == ["run0003"]


def test_our_dags_are_those_with_our_tag() -> None:
    assert our_dags(Airflow({})) == ["a", "b"]  # type: ignore[arg-type]
