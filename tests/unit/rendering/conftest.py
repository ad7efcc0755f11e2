"""Artifacts made on the spot: bytes under a name, as they would lie in a bucket."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import psutil
import pytest

from belvedere.model.rendering import Limits, Rendering, Source
from belvedere.rendering.isolation.inmate import render_here

if TYPE_CHECKING:
    from pathlib import Path

MakeSource = Callable[..., Source]
Render = Callable[..., Rendering]


@pytest.fixture
def make_source(tmp_path: Path) -> MakeSource:
    def make(
        content: bytes | str, name: str = "runs/a/artifact", content_type: str = "application/octet-stream"
    ) -> Source:
        data = content.encode() if isinstance(content, str) else content
        path = tmp_path / f"source-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(data)
        return Source("bucket", name, "etag", "", content_type, len(data), path)

    return make


def living() -> set[int]:
    return {child.pid for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE}


@pytest.fixture
def children() -> Callable[[], set[int]]:
    """Which children of this process were not there before the test: servers of other tests are, too."""
    before = living()
    return lambda: living() - before


@pytest.fixture
def render(make_source: MakeSource) -> Render:
    """Render in the test's own process: what the child does once it is shut in."""

    def run(content: bytes | str, name: str = "runs/a/artifact", limits: Limits | None = None) -> Rendering:
        return render_here(make_source(content, name), limits or Limits())

    return run


def page_of(rendering: Rendering) -> str:
    return next(output.content.decode() for output in rendering.outputs if output.role == "page")
