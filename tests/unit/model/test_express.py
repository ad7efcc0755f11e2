from __future__ import annotations

import pytest

from belvedere.model.express import EXPRESS_BYTES, may_go_express


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
