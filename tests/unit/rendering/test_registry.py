"""The registry names what it cannot import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from belvedere.errors import PermanentError, RendererUnavailable
from belvedere.model.rendering import Limits
from belvedere.rendering import registry
from belvedere.rendering.isolation.guard import recognise_isolated

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installation whose last built-in renderer is not there."""
    monkeypatch.setattr(registry, "BUILT_IN", (*registry.BUILT_IN, "missing"))
    registry.renderers.cache_clear()
    yield
    registry.renderers.cache_clear()


@pytest.mark.usefixtures("broken")
def test_a_built_in_renderer_that_cannot_be_imported_is_named() -> None:
    with pytest.raises(RendererUnavailable) as caught:
        registry.find_renderer("table")

    assert isinstance(caught.value, PermanentError)
    assert caught.value.code == "renderer_unavailable"
    assert "belvedere.rendering.renderers.missing" in caught.value.message
    assert "ModuleNotFoundError" in caught.value.message


@pytest.mark.usefixtures("broken")
def test_it_ends_the_artifact_where_its_kind_is_told_first(make_source) -> None:
    with pytest.raises(RendererUnavailable):
        recognise_isolated(make_source("words\n"), Limits(), kind="text", strictness="lenient")
