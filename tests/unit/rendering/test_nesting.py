"""Files inside other files: each by its own kind, none able to spoil its neighbours."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from belvedere.errors import BelvedereError, LimitExceeded, UnsupportedArtifact
from belvedere.model.rendering import Limits, Rendering, Source
from belvedere.rendering import nesting
from belvedere.rendering.isolation.guard import render_isolated
from belvedere.rendering.nesting import embedded, is_active, render_within
from belvedere.rendering.pages.merging import merged_body
from belvedere.rendering.pages.page import page

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def outer(make_source) -> Source:
    return make_source(b"outer", "runs/a/everything.tgz")


@pytest.fixture
def within(outer: Source, tmp_path: Path):
    def run(content: bytes | str, name: str, limits: Limits | None = None) -> Rendering:
        path = tmp_path / "inner"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return render_within(outer, limits or Limits(), path=path, name=name)

    return run


def test_a_file_inside_another_is_rendered_by_its_own_kind(within) -> None:
    rendering = within("city,people\nRome,2748109\nOslo,709037\n", "data/rows.csv")
    assert rendering.kind == "table"
    assert rendering.facts["table"]["rows"] == 2
    assert rendering.title == "rows.csv"


def test_what_nobody_renders_is_an_error_of_ours(within) -> None:
    with pytest.raises(UnsupportedArtifact):
        within(b"\x7fELF" + bytes(60), "bin/tool")


def test_a_renderer_that_fails_ends_as_an_error_of_ours(within, monkeypatch) -> None:
    def broken(*_: object) -> Rendering:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(nesting, "render_here", broken)
    with pytest.raises(BelvedereError, match="ZeroDivisionError: division by zero"):
        within("x", "a.txt")


def test_nesting_ends(outer, tmp_path, monkeypatch) -> None:
    path = tmp_path / "inner"
    path.write_bytes(b"x")

    def into_itself(source: Source, limits: Limits) -> Rendering:
        return render_within(source, limits, path=path, name="again")

    monkeypatch.setattr(nesting, "render_here", into_itself)
    with pytest.raises(LimitExceeded) as caught:
        into_itself(outer, Limits())
    assert caught.value.code == "nested_too_deep"


def test_a_file_may_write_half_of_what_its_page_may(within) -> None:
    with pytest.raises(LimitExceeded) as caught:
        within("a line of words\n" * 2000, "a.txt", Limits(output_bytes=40_000))
    assert caught.value.code == "output_size"


def test_the_body_of_a_page_comes_without_its_frame_and_heading(within) -> None:
    body = embedded(within("city,people\nRome,2748109\nOslo,709037\n", "rows.csv"))
    assert "<html" not in body
    assert "<h1>rows.csv</h1>" not in body
    assert "prefers-color-scheme" not in body.replace(" ", "").partition("<svg")[0]
    assert "<table" in body


def test_users_html_stands_in_a_frame_without_rights(within) -> None:
    rendering = within("<!doctype html><html><body onload=\"go('x')\">Hi</body></html>", "report.html")
    body = embedded(rendering)
    assert is_active(rendering)
    assert body.startswith('<iframe sandbox="allow-scripts"')
    assert "allow-same-origin" not in body
    assert "<body" not in body
    assert "&lt;body onload=&quot;" in body


def test_ids_and_all_that_refers_to_them_are_made_unique() -> None:
    inner = (
        "<style>#tab:checked ~ .one{color:#abc}</style>"
        '<input type="radio" id="tab" name="group"><label for="tab">id="tab"</label><a href="#tab">x</a>'
        '<svg><g clip-path="url(#cut)"><clipPath id="cut"/></g></svg><a href="https://a.b/#tab">out</a>'
    )
    body = merged_body(page("T", inner).decode(), "T", "m7-")
    assert "#m7-tab:checked ~ .one{color:#abc}" in body
    assert 'id="m7-tab" name="m7-group"' in body
    assert '<label for="m7-tab">id="tab"</label>' in body
    assert 'href="#m7-tab"' in body
    assert 'url(#m7-cut)"><clipPath id="m7-cut"' in body
    assert 'href="https://a.b/#tab"' in body


def test_two_bodies_of_one_page_share_no_id(within) -> None:
    rendering = within("# Title\n\nA note[^1].\n\n[^1]: The note.\n", "a.md")
    first, second = embedded(rendering), embedded(rendering)
    ids = [set(re.findall(r'\sid="([^"]+)"', body)) for body in (first, second)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_a_file_that_takes_too_long_leaves_time_for_the_others(outer, tmp_path, monkeypatch) -> None:
    import belvedere.rendering.isolation.inmate as inmate

    path = tmp_path / "inner"
    path.write_bytes(b"x")
    usual = inmate.render_here
    said: list[str] = []

    def endless(_source: Source, _limits: Limits) -> Rendering:
        while True:
            pass

    def everything(source: Source, limits: Limits, kind: str | None = None) -> Rendering:
        try:
            render_within(source, limits, path=source.path, name="slow")
        except LimitExceeded as error:
            said.append(error.code)
        rendering = usual(replace(source, key="a.txt"), limits, kind)
        return replace(rendering, facts={"stopped": said})

    monkeypatch.setattr(nesting, "render_here", endless)
    monkeypatch.setattr(inmate, "render_here", everything)
    result = render_isolated(outer, Limits(cpu_seconds=2), strictness="lenient")
    assert result.rendering.facts["stopped"] == ["cpu_time"]
