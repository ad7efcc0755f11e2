"""Every renderer of ours passes the conformance kit; and the kit finds what does not conform."""

from __future__ import annotations

import contextlib
import importlib
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from tests.unit.testing.specimens import samples

from belvedere.model.rendering import Limits, Output, Rendering, Source
from belvedere.rendering import registry
from belvedere.testing import Check, NotConforming, Sample, conformance, cost_of
from belvedere.testing.pages import faults_of

# What renderers load when they need it: loaded here once, so that each child finds it.
for library in ("duckdb", "numpy", "onnx", "pyarrow.parquet", "PIL.ImageOps", "PIL.ImageSequence", "nbformat"):
    with contextlib.suppress(ImportError):
        importlib.import_module(library)

SAMPLES = samples()
checks = sys.modules["belvedere.testing.conformance"]
QUICK = Limits(wall_seconds=60.0)
CHECKS = [
    pytest.param(check, id=f"{name.removeprefix('belvedere.')}-{check}")
    for name, of_renderer in SAMPLES.items()
    for check in conformance(name, of_renderer, limits=QUICK, damages=4)
    if check.name != "light to import"
]


@pytest.mark.parametrize("check", CHECKS)
def test_it_conforms(check: Check) -> None:
    check()


@pytest.mark.parametrize("renderer", registry.renderers(), ids=lambda renderer: renderer.name)
def test_every_renderer_of_ours_has_a_proper_name_and_version(renderer: registry.Renderer) -> None:
    checks.check_names(renderer)


def test_most_renderers_of_ours_are_held_against_samples() -> None:
    ours = {each.name for each in registry.renderers() if each.name.startswith("belvedere.")}

    assert len(ours & set(SAMPLES)) >= 0.75 * len(ours)


def test_no_renderer_of_ours_loads_a_heavy_library_when_it_is_imported() -> None:
    code = "import sys; from belvedere.rendering import registry; registry.renderers(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert {name.partition(".")[0] for name in done.stdout.split()} & set(checks.HEAVY) == set()


PAGE = Output("page", "page.html", "text/html", b"<p>fine</p>")
THUMBNAIL = Output("thumbnail", "thumbnail.svg", "image/svg+xml", b'<svg viewBox="0 0 480 300"></svg>')
GOOD = Rendering("odd", "", "", "Title", "What there is to see.", {"odd": {"n": 1}}, (PAGE, THUMBNAIL))
SAMPLE = Sample(b"some bytes of it", "runs/1/sample.odd", kind="odd")


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch):
    """Return what the kit finds wrong with a renderer that is only this function."""
    registry.renderers()

    def find(draw, *, name: str = "acme.odd", version: str = "1", kinds: tuple[str, ...] = ("odd",)) -> dict[str, str]:
        recognise = lambda source, head: "odd" if source.key.endswith(".odd") else None  # noqa: E731
        made = registry.Renderer(name, version, kinds, draw, recognise=recognise)
        for kind in kinds:
            if kind not in registry._registered:
                monkeypatch.setitem(registry._registered, kind, made)
        monkeypatch.setattr(checks, "renderers", lambda: (made,))
        found = {}
        for check in conformance(name, [SAMPLE], limits=QUICK, damages=4):
            if check.name == "light to import":
                continue
            try:
                check()
            except NotConforming as fault:
                found[str(check).removeprefix("sample.odd: ")] = str(fault)
        return found

    return find


def test_a_good_renderer_has_no_faults(faults) -> None:
    assert faults(lambda source, limits: GOOD) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"alt_text": " "}, "no alt text"),
        ({"title": ""}, "no title"),
        ({"facts": {"Not Snake": 1}}, "no snake_case word"),
        ({"facts": {"odd": float("nan")}}, "cannot be written as JSON"),
        ({"facts": {"odd": {1, 2}}}, "cannot be written as JSON"),
        ({"outputs": (PAGE,)}, "0 thumbnails"),
        ({"outputs": (PAGE, replace(PAGE, name="more.html"), THUMBNAIL)}, "2 pages"),
        ({"outputs": (PAGE, PAGE, THUMBNAIL)}, "two outputs of one name"),
        ({"outputs": (PAGE, replace(THUMBNAIL, content=b"<svg></svg>"))}, "480 by 300"),
        ({"outputs": (replace(PAGE, content=b"<script>1</script>"), THUMBNAIL)}, "the element <script>"),
        ({"outputs": (PAGE, THUMBNAIL, Output("data", "d.json", "application/json", b"{"))}, "is no JSON"),
        ({"kind": "An Odd One"}, "no snake_case word"),
    ],
)
def test_a_rendering_that_does_not_conform_is_named(faults, change: dict[str, object], said: str) -> None:
    found = faults(lambda source, limits: replace(GOOD, **change))

    assert said in found["rendering"]


def test_names_versions_and_kinds_that_cannot_be_are_named(faults) -> None:
    assert "is not a number" in faults(lambda source, limits: GOOD, version="new")["names and versions"]
    assert "belongs to belvedere.roc" in faults(lambda source, limits: GOOD, kinds=("odd", "roc"))["names and versions"]
    assert "owner.name" in faults(lambda source, limits: GOOD, name="odd")["names and versions"]


def test_a_rendering_that_differs_from_time_to_time_is_named(faults) -> None:
    found = faults(lambda source, limits: replace(GOOD, title=f"At {time.monotonic_ns()}"))

    assert "others the second time" in found["the same every time"]


def test_a_renderer_that_needs_more_than_the_child_may_is_named(faults) -> None:
    def draw(source: Source, limits: Limits) -> Rendering:
        socket.create_connection(("127.0.0.1", 9))
        return GOOD

    assert "does not render it" in faults(draw)["rendering"]
    assert "PermissionError" in faults(draw)["rendering"]


def test_one_that_falls_over_damaged_bytes_is_named(faults) -> None:
    def draw(source: Source, limits: Limits) -> Rendering:
        return GOOD if source.path.read_bytes() == SAMPLE.content else 1 / 0  # type: ignore[return-value]

    assert "ZeroDivisionError" in faults(draw)["hostile bytes"]


def test_one_that_writes_names_unescaped_is_named(faults) -> None:
    def draw(source: Source, limits: Limits) -> Rendering:
        return replace(GOOD, outputs=(replace(PAGE, content=f"<p>{source.key}</p>".encode()), THUMBNAIL))

    assert "onerror" in faults(draw)["a name made of markup"]


def test_an_unknown_renderer_and_no_samples_are_named() -> None:
    with pytest.raises(NotConforming, match=r"no renderer 'acme\.none' is registered"):
        conformance("acme.none", [SAMPLE])
    with pytest.raises(NotConforming, match="no sample"):
        conformance("belvedere.roc", [])


def test_what_a_rendering_costs_is_measured_in_the_child() -> None:
    cost = cost_of(SAMPLES["belvedere.roc"][0], "roc")

    assert 0 < cost.cpu_seconds < 5
    assert cost.peak_memory_bytes > 1024**2
    assert "ms of processor time" in str(cost)


@pytest.mark.parametrize(
    "page",
    [
        '<img src="https://a.example/x.png">',
        '<img src=" //a.example/x.png">',
        '<a href="java\tscript:alert(1)">x</a>',
        "<p onclick=x>",
        "<style>@import 'x.css'</style>",
        "<style>p{background:url(https://a.example)}</style>",
        '<p style="background:url(//a.example)">',
        '<iframe srcdoc="x"></iframe>',
        '<iframe sandbox="allow-scripts allow-same-origin" srcdoc="x"></iframe>',
        '<meta http-equiv="refresh" content="0;url=//a">',
        "<form action=x>",
        "<svg><use href='other.svg#a'/></svg>",
        "<base href='//a.example'>",
    ],
)
def test_what_would_fetch_or_run_is_found(page: str) -> None:
    assert faults_of(page)


@pytest.mark.parametrize(
    "page",
    [
        '<img src="data:image/png;base64,AAAA">',
        '<a href="https://a.example">x</a>',
        "<style>p{background:url(#g);fill:url('#h')}</style>",
        '<iframe sandbox="allow-scripts" srcdoc="&lt;script>1&lt;/script>"></iframe>',
        '<svg><use href="#a"/></svg>',
        "<p>on the url(https://a.example) javascript: of it</p>",
    ],
)
def test_what_is_harmless_is_not(page: str) -> None:
    assert faults_of(page) == []
