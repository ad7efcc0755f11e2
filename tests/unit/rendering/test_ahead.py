"""A child that waits for its artifact already: what it was not made for, or did not live to see, goes the usual way."""

from __future__ import annotations

import json
import os
import signal
from contextlib import closing
from dataclasses import replace

import pytest
from tests.harness.waiting import eventually

from belvedere.model.rendering import Limits, Related
from belvedere.rendering.isolation.ahead import ChildAhead
from belvedere.rendering.isolation.landlock import landlock_abi

LIMITS = Limits()
LINES = b"".join(json.dumps({"step": n, "total": 10, "loss": 1 / n}).encode() + b"\n" for n in range(1, 6))

pytestmark = pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock")


def test_each_child_renders_once_and_the_next_one_waits_already(make_source, children) -> None:
    source = make_source(LINES, "run/progress.jsonl")
    with closing(ChildAhead(LIMITS, "strict")) as ahead:
        ahead.prepare()
        waited = []
        for _ in range(3):
            waited.append(children())
            result = ahead.render(source, LIMITS, strictness="strict", kind="progress_lines")
            assert result.rendering.facts["percent"] == 50
            assert "landlock" in result.usage.isolation
    assert [len(pids) for pids in waited] == [1, 1, 1]
    assert len(set.union(*waited)) == 3
    assert not children() & set.union(*waited)


def test_an_artifact_is_rendered_although_the_child_that_waited_died(make_source, children) -> None:
    source = make_source(LINES, "run/progress.jsonl")
    with closing(ChildAhead(LIMITS, "strict")) as ahead:
        ahead.prepare()
        (waiting,) = children()
        os.kill(waiting, signal.SIGKILL)
        eventually(lambda: waiting not in children(), what="its end")
        result = ahead.render(source, LIMITS, strictness="strict", kind="progress_lines")
    assert result.rendering.facts["percent"] == 50


def test_what_needs_other_limits_or_other_files_gets_a_child_of_its_own(make_source, children, tmp_path) -> None:
    source = make_source(LINES, "run/progress.jsonl")
    other = tmp_path / "other"
    other.write_bytes(b"x")
    with closing(ChildAhead(LIMITS, "strict")) as ahead:
        ahead.prepare()
        waiting = children()
        ahead.render(source, replace(LIMITS, cpu_seconds=7), strictness="strict", kind="progress_lines")
        related = {"minio://b/other": Related("minio://b/other", other, 1, "text/plain")}
        ahead.render(replace(source, related=related), LIMITS, strictness="strict", kind="progress_lines")
        assert children() == waiting, "the one that waits was not made for these"
