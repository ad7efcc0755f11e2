"""Users' programs go through the child that lists them, the sandbox that runs them, and the child that shows them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from belvedere.catalog.sources import RegisteredRenderer
from belvedere.model.rendering import Limits, Related, Rendering, Source
from belvedere.model.user_code import Program, ProgramRun
from belvedere.orchestration.user_code import MOST_PROGRAMS, renderer_for, run_programs, signed
from belvedere.rendering.isolation.guard import programs_isolated, render_isolated
from belvedere.rendering.isolation.landlock import landlock_abi
from belvedere.sandbox.bubblewrap import Bubblewrap
from belvedere.sandbox.choice import sandbox_of
from belvedere.sandbox.port import NoSandbox, Order
from belvedere.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = Limits(memory_bytes=512 * 1024**2, wall_seconds=20.0)
CODE = """
rows = open("/inputs/scores.csv").read().split()
open("total.md", "w").write(f"# Total\\n\\nThere are **{len(rows) - 1} rows**.\\n")
"""


@pytest.fixture
def script(tmp_path: Path) -> Source:
    code, data = tmp_path / "script", tmp_path / "scores"
    code.write_text(CODE)
    data.write_text("name,score\na,1\nb,2\n")
    related = {"minio://bucket/runs/a/scores.csv": Related("", data, data.stat().st_size, "text/csv")}
    key = "runs/a/scores.csv.viz.py"
    return Source("bucket", key, "etag", "", "text/x-python", code.stat().st_size, code, related)


class Recording:
    """A sandbox that notes its orders."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.orders: list[Order] = []
        self.walls: list[float] = []

    def run(self, order: Order, results: Path, limits: Limits, on_wait) -> ProgramRun:
        assert list(results.iterdir()) == []
        self.orders.append(order)
        self.walls.append(limits.wall_seconds)
        return ProgramRun()


@pytest.mark.skipif(shutil.which("bwrap") is None or landlock_abi() == 0, reason="needs bubblewrap and Landlock")
def test_a_script_becomes_a_page_of_what_it_made(script: Source, tmp_path: Path) -> None:
    sandbox = sandbox_of(Settings())
    programs = programs_isolated(script, LIMITS, kind="viz_script", strictness="strict")
    runs = run_programs(sandbox, script, programs, tmp_path, LIMITS, lambda elapsed: None)
    result = render_isolated(replace(script, ran=runs), LIMITS, kind="viz_script", strictness="strict")

    assert isinstance(sandbox, Bubblewrap)
    assert result.rendering.warnings == ()
    page = next(output for output in result.rendering.outputs if output.role == "page")
    assert b"<strong>2 rows</strong>" in page.content
    assert result.rendering.facts["user_renderer"]["outputs"][0]["kind"] == "markdown"


def test_an_artifact_of_other_kinds_is_not_asked_for_programs(script: Source, monkeypatch) -> None:
    monkeypatch.setattr("os.fork", lambda: pytest.fail("forked"))

    assert programs_isolated(script, LIMITS, kind="table", strictness="strict") == ()


def test_a_program_gets_only_inputs_of_its_artifact(script: Source, tmp_path: Path) -> None:
    sandbox = Recording()
    inputs = {"scores.csv": "minio://bucket/runs/a/scores.csv", "self.py": "", "other.csv": "minio://bucket/other.csv"}
    run_programs(sandbox, script, [Program("one", "pass", inputs)], tmp_path, LIMITS, lambda elapsed: None)

    assert set(sandbox.orders[0].inputs) == {"scores.csv", "self.py"}
    assert sandbox.orders[0].inputs["self.py"] == script.path


def test_all_programs_of_an_artifact_share_its_time_and_there_are_only_so_many(script: Source, tmp_path: Path) -> None:
    sandbox = Recording()
    programs = [Program(f"p{number}", "pass") for number in range(MOST_PROGRAMS + 2)]
    runs = run_programs(sandbox, script, programs, tmp_path, LIMITS, lambda elapsed: None)

    assert len(sandbox.orders) == MOST_PROGRAMS
    assert "more than 10 programs" in str(runs["p11"].problem)
    assert sandbox.walls[0] >= sandbox.walls[-1]


def test_without_time_left_a_program_is_not_begun(script: Source, tmp_path: Path) -> None:
    runs = run_programs(
        Recording(), script, [Program("late", "pass")], tmp_path, Limits(wall_seconds=0.5), lambda elapsed: None
    )

    assert "no time was left" in str(runs["late"].problem)


def test_it_can_be_switched_off_and_says_so_where_bubblewrap_is_missing(monkeypatch) -> None:
    off = sandbox_of(Settings(user_code="off"))
    monkeypatch.setenv("PATH", "/nowhere")
    missing = sandbox_of(Settings())

    assert isinstance(off, NoSandbox)
    assert "BELVEDERE_USER_CODE=off" in off.reason
    assert isinstance(missing, NoSandbox)
    assert "apt-get install bubblewrap" in missing.reason


def test_a_refusal_is_shown_on_the_page(script: Source, tmp_path: Path) -> None:
    programs = [Program("script", CODE)]
    runs = run_programs(sandbox_of(Settings(user_code="off")), script, programs, tmp_path, LIMITS, lambda elapsed: None)
    rendering = render_isolated(replace(script, ran=runs), LIMITS, kind="viz_script", strictness="lenient").rendering

    assert "switched off here" in rendering.warnings[0]


def test_a_tenants_renderer_draws_what_its_patterns_match() -> None:
    scores = RegisteredRenderer("team", "b", ".belvedere/renderers/scores.viz.py", "e1", ("runs/*/scores.csv",))
    everything = RegisteredRenderer("other", "c", ".belvedere/renderers/all.viz.py", "e2", ("*",))

    assert renderer_for((scores, everything), "team", "runs/a/scores.csv") is scores
    assert renderer_for((scores, everything), "team", "runs/a/other.csv") is None
    assert renderer_for((scores, everything), "other", "x/y.bin") is everything
    assert renderer_for((scores, everything), "other", "x/y.viz.py") is None


def test_a_rendering_names_the_tenants_renderer_only_if_that_made_it() -> None:
    chosen = RegisteredRenderer("team", "b", ".belvedere/renderers/scores.viz.py", "e1", ("*",))
    theirs = Rendering("table", "tenant", "", "t", "a", {}, ())
    ours = Rendering("table", "belvedere.table", "2", "t", "a", {}, ())

    assert (signed(theirs, chosen).renderer_name, signed(theirs, chosen).renderer_version) == ("tenant.scores", "e1")
    assert signed(ours, chosen) is ours
