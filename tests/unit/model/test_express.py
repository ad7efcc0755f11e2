from __future__ import annotations

from datetime import UTC, datetime

import pytest

from belvedere.model.artifact import ArtifactState
from belvedere.model.express import EXPRESS_BYTES, is_told, may_go_express

NUMBERS = {"progress": {"step": 3}}


@pytest.mark.parametrize(
    ("key", "content_type"),
    [
        ("runs/7/progress.jsonl", ""),
        ("runs/7/TRAIN.LOG", "application/octet-stream"),
        ("runs/7/out.txt", "text/plain"),
        ("runs/7/metrics", "application/x-ndjson; charset=utf-8"),
    ],
)
def test_small_texts_that_grow_go_express(key: str, content_type: str) -> None:
    assert may_go_express(key, 2000, content_type)


@pytest.mark.parametrize(
    ("key", "size", "content_type"),
    [
        ("runs/7/train.log", EXPRESS_BYTES + 1, "text/plain"),
        ("runs/7/train.log", -1, "text/plain"),
        ("runs/7/report.html", 100, "text/html"),
        ("runs/7/jsonl", 100, "application/octet-stream"),
        ("", 0, ""),
    ],
)
def test_anything_else_goes_the_ordinary_way(key: str, size: int, content_type: str) -> None:
    assert not may_go_express(key, size, content_type)


@pytest.mark.parametrize("state", [ArtifactState.QUEUED, ArtifactState.RENDERING, ArtifactState.SUPERSEDED])
def test_a_version_that_is_not_drawn_may_be_known_by_its_numbers(state: ArtifactState) -> None:
    assert is_told(state, None, NUMBERS)
    assert not is_told(state, None, {"table": {"rows": 3}})
    assert not is_told(state, datetime.now(UTC), NUMBERS), "it is drawn again: its old numbers are no news"


@pytest.mark.parametrize("state", [ArtifactState.RENDERED, ArtifactState.DEAD, ArtifactState.DELETED])
def test_of_what_has_come_to_its_end_more_is_known_than_numbers(state: ArtifactState) -> None:
    assert not is_told(state, None, NUMBERS)
