"""Every DAG file parses, is light, and its form explains itself."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))
TAGS = {"belvedere", "rendering", "storage", "tenants", "upkeep"}
EXPECTED = {
    "adopt_tenant",
    "express_lane",
    "housekeeping",
    "notify_reports",
    "provision_storage",
    "provision_tenant",
    "rebuild_catalog",
    "reconcile_tenants",
    "remove_tenant",
    "render_artifacts",
    "rerender_artifacts",
    "rotate_tenant_keys",
    "sweep_unrendered",
    "watch_artifacts",
}
# What a DAG file may import before its tasks run: names and wiring, never what does the work.
WIRING = re.compile(
    r"__future__|datetime|typing|airflow\.sdk|belvedere\.settings|belvedere\.orchestration\.(sensor|render_operator)"
)
HEAVY = {
    "minio",
    "confluent_kafka",
    "psycopg",
    "sqlalchemy.dialects.mysql",
    "kubernetes",
    "duckdb",
    "PIL",
    "pandas",
    "numpy",
    "mlflow",
    "altair",
    "matplotlib",
    "plotly",
    "nh3",
    "markdown_it",
    "belvedere.clients",
    "belvedere.catalog",
    "belvedere.rendering",
    "belvedere.events",
    "belvedere.storage",
    "belvedere.tenants",
    "belvedere.upkeep",
    "belvedere.gallery",
}
MOST_MODULES = 100


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("airflow")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "BELVEDERE"))}
    environment |= {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    answer = subprocess.run(
        [sys.executable, "-m", "tests.harness.parse_dags", str(ROOT / "dags")],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr[-3000:]
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found


def test_every_dag_file_parses_without_errors_or_deprecated_imports(parsed: dict[str, Any]) -> None:
    assert parsed["errors"] == {}


def test_the_dags_that_others_rely_on_are_there_each_in_the_file_of_its_name(parsed: dict[str, Any]) -> None:
    assert set(parsed["dags"]) >= EXPECTED
    assert {f"{dag_id}.py" for dag_id in parsed["dags"]} == {dag["file"] for dag in parsed["dags"].values()}
    assert {dag["file"] for dag in parsed["dags"].values()} == {file.name for file in FILES}


def test_every_dag_says_what_it_is_for_and_whose_it_is(parsed: dict[str, Any]) -> None:
    for dag_id, dag in parsed["dags"].items():
        assert dag["description"], dag_id
        assert len(dag["doc_md"]) > 100, dag_id
        assert set(dag["tags"]) <= TAGS, dag_id
        assert "belvedere" in dag["tags"], dag_id
        assert len(dag["tags"]) >= 2, dag_id
        assert {task["owner"] for task in dag["tasks"].values()} == {"belvedere"}, dag_id


def test_no_dag_makes_up_for_the_past_or_runs_without_bounds(parsed: dict[str, Any]) -> None:
    for dag_id, dag in parsed["dags"].items():
        assert dag["catchup"] is False, dag_id
        assert dag["max_active_runs"] <= 16, dag_id
        for task_id, task in dag["tasks"].items():
            assert task["bounded"] or task["waits_in_triggerer"], f"{dag_id}.{task_id}"


def test_upkeep_and_storage_run_one_at_a_time_and_are_tried_again(parsed: dict[str, Any]) -> None:
    for dag_id in EXPECTED - {"render_artifacts", "watch_artifacts", "express_lane", "provision_tenant"}:
        assert parsed["dags"][dag_id]["max_active_runs"] == 1, dag_id
        tasks = {name: task for name, task in parsed["dags"][dag_id]["tasks"].items() if name != "report"}
        assert all(task["retries"] > 0 for task in tasks.values()), dag_id


def test_tenants_are_provisioned_side_by_side_and_tried_again(parsed: dict[str, Any]) -> None:
    dag = parsed["dags"]["provision_tenant"]

    assert dag["max_active_runs"] > 1
    assert all(task["retries"] > 0 for task in dag["tasks"].values())


def test_every_param_has_a_title_a_description_and_a_valid_default(parsed: dict[str, Any]) -> None:
    for dag_id, dag in parsed["dags"].items():
        for name, param in dag["params"].items():
            where = f"{dag_id}.{name}"
            assert param["schema"].get("title"), where
            assert param["description"] or param["schema"].get("description_md"), where
            assert param["schema"].get("type"), where


def test_every_free_text_in_a_form_is_bounded(parsed: dict[str, Any]) -> None:
    for dag_id, dag in parsed["dags"].items():
        for name, param in dag["params"].items():
            schema = param["schema"]
            if "string" in schema["type"]:
                assert {"enum", "pattern", "maxLength"} & schema.keys(), f"{dag_id}.{name}"


def test_no_file_brings_in_what_does_the_work(parsed: dict[str, Any]) -> None:
    for file, modules in parsed["brought"].items():
        heavy = {name for name in modules if any(name == root or name.startswith(f"{root}.") for root in HEAVY)}
        assert heavy == set(), file


def test_all_files_together_bring_in_few_modules_beyond_airflow_itself(parsed: dict[str, Any]) -> None:
    """Counted, not timed: the same on every machine."""
    numbers = {file: len(modules) for file, modules in parsed["brought"].items()}

    assert sum(numbers.values()) <= MOST_MODULES, numbers


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dag_file_is_wiring_only(file: Path) -> None:
    tree = ast.parse(file.read_text())
    imported = [
        name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    ]

    assert [name for name in imported if not WIRING.fullmatch(name)] == []
    assert len(file.read_text().splitlines()) <= 160
