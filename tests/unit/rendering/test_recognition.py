"""Third parties' recognisers name kinds of their own, and harm nobody."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from belvedere.model.rendering import Limits, Output, Rendering, Source
from belvedere.rendering import registry
from belvedere.rendering.isolation.guard import recognise_isolated
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.isolation.landlock import landlock_abi
from belvedere.rendering.recognition import is_open, kind_of, recognise

if TYPE_CHECKING:
    from collections.abc import Callable

GAME = '[Event "Casual"]\n\n1. e4 e5 *\n'


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    registry.renderers()
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))

    def add(recogniser, name: str = "test.chess", kinds: tuple[str, ...] = ("chess",)) -> None:
        def draw(source: Source, limits: Limits) -> Rendering:
            page = Output("page", "page.html", "text/html", b"<p>a game</p>")
            return Rendering(kinds[0], "", "", "A game", "A game.", {}, (page,))

        registry.renderer(name, version="1", kinds=kinds, recognise=recogniser)(draw)

    return add


def knows_games(source: Source, head: bytes) -> str | None:
    return "chess" if head.startswith(b"[Event ") else None


def test_a_recogniser_names_what_is_only_text_to_us(register, make_source) -> None:
    register(knows_games)

    assert kind_of(make_source(GAME)) == "chess"
    assert kind_of(make_source("just words, nothing more\n")) == "text"
    assert render_here(make_source(GAME), Limits()).renderer_name == "test.chess"


def test_bytes_of_a_kind_we_know_are_not_up_for_recognition(register, make_source) -> None:
    register(lambda source, head: "chess")

    assert kind_of(make_source("fpr,tpr,threshold\n0,0,inf\n0.5,0.9,0.5\n1,1,0\n", "roc.csv")) == "roc"
    assert kind_of(make_source("a,b\n1,2\n", "data.csv")) == "table"
    assert kind_of(make_source("")) == "empty"


def test_a_guess_without_a_telling_name_is_up_for_recognition(register, make_source) -> None:
    register(lambda source, head: "chess")

    assert is_open(make_source("a\tb\n1\t2\n3\t4\n", "calls.vcf"), "table")
    assert not is_open(make_source("a\tb\n1\t2\n3\t4\n", "calls.tsv"), "table")


def test_without_recognisers_nothing_is_asked(make_source) -> None:
    assert not is_open(make_source(GAME), "text")


@pytest.mark.parametrize(
    ("recogniser", "said"),
    [
        (lambda source, head: 1 / 0, "failed with ZeroDivisionError"),
        (lambda source, head: "roc", "named a kind that is not its own: 'roc'"),
        (lambda source, head: 7, "named a kind that is not its own: 7"),
    ],
)
def test_one_that_fails_is_passed_over_and_named(register, make_source, recogniser, said: str) -> None:
    register(recogniser, "test.broken", ("broken",))
    register(knows_games)

    found = recognise(make_source(GAME), "text")

    assert found.kind == "chess"
    assert said in found.problems[0]
    assert "test.broken" in found.problems[0]


def test_one_that_never_returns_is_interrupted_even_if_it_catches_everything(register, make_source) -> None:
    def stubborn(source: Source, head: bytes) -> str:
        while True:
            try:
                while True:
                    pass
            except Exception:
                pass

    register(stubborn, "test.stubborn", ("stubborn",))
    register(knows_games)
    started = time.monotonic()

    found = recognise(make_source(GAME), "text")

    assert found.kind == "chess"
    assert "took longer than 0.5 s" in found.problems[0]
    assert time.monotonic() - started < 2


def test_one_that_asks_for_a_kind_already_taken_cannot_have_it(register, make_source) -> None:
    register(lambda source, head: "roc", "test.thief", ("roc", "stolen"))

    assert recognise(make_source(GAME), "text").kind == "text"


@pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock")
class TestShutIn:
    def test_recognisers_run_in_the_child(self, register, make_source, tmp_path, caplog) -> None:
        trace = tmp_path / "outside"

        def curious(source: Source, head: bytes) -> str | None:
            trace.write_text("here")
            return "curious"

        register(curious, "test.curious", ("curious",))
        register(knows_games)

        assert recognise_isolated(make_source(GAME), Limits(), kind="text", strictness="strict") == "chess"
        assert not trace.exists()
        assert "the recogniser of test.curious failed with PermissionError" in caplog.text

    def test_one_that_kills_its_process_leaves_the_kind_as_it_was(self, register, make_source, caplog) -> None:
        import os

        register(lambda source, head: os._exit(3))

        assert recognise_isolated(make_source(GAME), Limits(), kind="text", strictness="strict") == "text"
        assert "no recogniser could be asked" in caplog.text

    def test_no_child_is_forked_for_a_kind_we_know(self, register, make_source, monkeypatch) -> None:
        register(knows_games)
        monkeypatch.setattr("os.fork", lambda: pytest.fail("forked"))

        assert recognise_isolated(make_source(b"x"), Limits(), kind="roc", strictness="strict") == "roc"
