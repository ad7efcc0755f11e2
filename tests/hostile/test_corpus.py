"""Every hostile artifact ends as a picture without harm or as a clear word, within its limits, and nothing else."""

from __future__ import annotations

import os
import resource
from typing import TYPE_CHECKING

import pytest

from belvedere.errors import BelvedereError, RendererCrashed
from belvedere.model.rendering import Limits, Rendering, Source
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.guard import references_isolated, render_isolated
from belvedere.rendering.isolation.landlock import landlock_abi
from tests.hostile.case import MARK
from tests.hostile.corpus import CASES
from tests.hostile.judging import PASSWORDS, wrong_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hostile.case import Case

LIMITS = Limits(cpu_seconds=20, wall_seconds=60.0)
MOST_CPU_SECONDS = LIMITS.cpu_seconds + 5.0
LONGEST_MESSAGE = 2000

pytestmark = pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock")


def rendered(source: Source, kind: str) -> Rendering | BelvedereError:
    """Return the rendering, or the error that stands in its place."""
    try:
        references_isolated(source, LIMITS, kind=kind, strictness="strict")
        return render_isolated(source, LIMITS, strictness="strict", kind=kind).rendering
    except BelvedereError as error:
        return error


@pytest.fixture
def source(case: Case, tmp_path: Path) -> Source:
    path = tmp_path / "source"
    content = case.content()
    path.write_bytes(content)
    return Source("bucket", case.key, "etag", "", case.content_type, len(content), path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_comes_to_no_harm(case: Case, source: Source, tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    outcome = rendered(source, case.kind or detect(source))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < MOST_CPU_SECONDS, "too much work"
    assert [path.name for path in tmp_path.iterdir()] == ["source"], "a file was written"
    assert not [name for name in os.listdir("/tmp") if MARK in name], "code of the artifact has run"
    if isinstance(outcome, BelvedereError):
        assert not isinstance(outcome, RendererCrashed), outcome.message
        assert 10 < len(outcome.message) <= LONGEST_MESSAGE
        assert PASSWORDS.decode() not in outcome.message
    else:
        assert wrong_in(outcome) == [], case.harm


def test_every_case_says_where_it_comes_from() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert [case.name for case in CASES if len(case.advisory) < 6 or len(case.harm) < 10] == []
