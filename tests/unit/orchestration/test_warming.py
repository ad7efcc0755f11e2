from __future__ import annotations

import subprocess
import sys

import pytest
from airflow.jobs.job import Job
from stack.paths import ROOT

from belvedere import settings
from belvedere.errors import ConfigurationError
from belvedere.orchestration import warming


@pytest.fixture
def warmed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(warming, "warm", lambda: calls.append("warm"))
    return calls


@pytest.mark.parametrize(
    ("component", "arguments", "expected"),
    [
        (Job.__new__(Job), ["airflow", "scheduler"], ["warm"]),
        (Job.__new__(Job), ["airflow", "triggerer"], []),
        (object(), ["airflow", "scheduler"], []),
    ],
    ids=["the scheduler", "another job", "a task forked from the scheduler"],
)
def test_only_the_scheduler_warms_itself(
    monkeypatch: pytest.MonkeyPatch, warmed: list[str], component: object, arguments: list[str], expected: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", arguments)

    warming.on_starting(component)

    assert warmed == expected


def test_the_plugin_brings_no_heavy_library_into_other_processes() -> None:
    probe = "import sys; import belvedere.orchestration.warming; print({'duckdb', 'PIL', 'minio'} & set(sys.modules))"

    found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    assert found.stdout.splitlines()[-1] == "set()"


def test_what_is_parsed_beforehand_are_dags_of_ours() -> None:
    missing = [name for name in warming.WARM_DAGS if not (ROOT / "dags" / f"{name}.py").exists()]

    assert missing == []


def test_wrong_settings_stop_tasks_and_never_the_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise ConfigurationError("BELVEDERE_CORES: not a number")

    monkeypatch.setattr(settings, "settings", refuse)

    warming.read_settings()
