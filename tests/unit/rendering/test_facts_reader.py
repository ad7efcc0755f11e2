"""Facts alone, read by a child that serves again and again: as shut in as any other, and for one tenant only."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.harness.waiting import eventually

from belvedere.model.rendering import Limits, Source
from belvedere.rendering import registry
from belvedere.rendering.isolation import facts_reader
from belvedere.rendering.isolation.facts_reader import FactsReader
from belvedere.rendering.isolation.landlock import landlock_abi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMITS = Limits()
LINES = b"".join(json.dumps({"step": n, "total": 10, "loss": 1 / n}).encode() + b"\n" for n in range(1, 6))
LOG = "".join(f"epoch {n}/10 loss={1 / n:.3f} {n * 10}%|###| {n}/10 [00:01<00:09]\n" for n in range(1, 7))

pytestmark = pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock")


@pytest.fixture
def reader() -> Iterator[FactsReader]:
    with closing(FactsReader(LIMITS, "strict")) as made:
        yield made


@pytest.fixture
def read_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Source, Limits], object]], str]:
    """Register a renderer whose facts are read by any function, and return its kind."""

    def register(facts: Callable[[Source, Limits], object]) -> str:
        kind = "read_by_a_test"
        monkeypatch.setitem(registry._registered, kind, registry.Renderer("t", "1", (kind,), None, facts=facts))  # type: ignore[arg-type]
        return kind

    return register


@pytest.mark.parametrize(
    ("content", "name", "kind"), [(LINES, "p.jsonl", "progress_lines"), (LOG, "t.log", "progress")]
)
def test_facts_are_those_that_the_rendering_has(make_source, render, reader, content, name, kind) -> None:
    rendering = render(content, name)
    assert rendering.kind == kind
    assert "percent" in rendering.facts

    assert reader.read(make_source(content, name), "team", kind) == json.loads(json.dumps(dict(rendering.facts)))


def test_one_child_serves_a_tenant_again_and_again(make_source, reader, children) -> None:
    seen = set()
    for count in range(1, 6):
        lines = b"".join(LINES.splitlines(keepends=True)[:count])
        facts = reader.read(make_source(lines, "p.jsonl"), "team", "progress_lines")
        assert facts["percent"] == count * 10
        seen |= children()
    assert len(seen) == 1
    reader.close()
    eventually(lambda: not children() & seen, what="its end")


def test_no_child_reads_for_two_tenants(make_source, reader, children) -> None:
    for tenant in ("one", "other", "one", "other"):
        assert reader.read(make_source(LINES, "p.jsonl"), tenant, "progress_lines")
    assert len(children()) == 2


def test_of_many_tenants_the_one_longest_unheard_of_loses_its_child(
    make_source, reader, children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_reader, "MOST_TENANTS", 2)
    for tenant in ("a", "b", "a"):
        assert reader.read(make_source(LINES, "p.jsonl"), tenant, "progress_lines")
    before = children()
    assert reader.read(make_source(LINES, "p.jsonl"), "c", "progress_lines")
    after = children()
    assert reader.read(make_source(LINES, "p.jsonl"), "a", "progress_lines")

    assert len(before) == len(after) == 2
    assert children() == after, "the first tenant's child is still there"


def test_a_child_serves_no_longer_than_its_processor_time_lasts(
    make_source, reader, children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_reader, "MOST_READINGS", 2)
    seen = []
    for _ in range(4):
        assert reader.read(make_source(LINES, "p.jsonl"), "team", "progress_lines")
        seen.append(children())
    assert seen[0] == seen[1] != seen[2] == seen[3]


def test_a_child_that_died_costs_one_reading(make_source, reader, children) -> None:
    source = make_source(LINES, "p.jsonl")
    assert reader.read(source, "team", "progress_lines")
    (child,) = children()
    os.kill(child, signal.SIGKILL)
    eventually(lambda: child not in children(), what="its end")

    assert reader.read(source, "team", "progress_lines") is None
    assert reader.read(source, "team", "progress_lines")


def test_what_is_no_progress_has_no_facts_and_harms_nobody(make_source, reader, children) -> None:
    assert reader.read(make_source(b'{"a": 1}\n', "p.jsonl"), "team", "progress_lines") is None
    before = children()
    assert reader.read(make_source(LINES, "p.jsonl"), "team", "progress_lines")
    assert children() == before


def test_a_kind_whose_facts_are_not_read_alone_needs_no_child(make_source, reader, children) -> None:
    assert reader.read(make_source(b"a,b\n1,2\n", "t.csv"), "team", "table") is None
    assert not children()


def test_reading_that_takes_long_is_given_up(make_source, reader, read_by, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_reader, "READING_SECONDS", 0.1)
    kind = read_by(lambda source, limits: time.sleep(60))

    began = time.monotonic()

    assert reader.read(make_source(LINES, "p.jsonl"), "team", kind) is None
    assert time.monotonic() - began < 30


def test_the_child_sees_its_artifact_and_nothing_else(make_source, reader, read_by, tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    listening = socket.create_server(("127.0.0.1", 0))

    def refused(act: Callable[[], object]) -> bool:
        try:
            act()
        except OSError:
            return True
        return False

    def look(source: Source, limits: Limits) -> dict[str, object]:
        return {
            "own": source.path.read_bytes().decode(),
            "files": refused(secret.read_text),
            "network": refused(lambda: socket.create_connection(listening.getsockname(), 1)),
            "writing": refused(lambda: source.path.write_text("x")),
            "environment": dict(os.environ),
        }

    with closing(listening):
        seen = reader.read(make_source(b"mine", "p.jsonl"), "team", read_by(look))

    assert seen == {
        "own": "mine",
        "files": True,
        "network": True,
        "writing": True,
        "environment": {},
    }


def test_nonsense_from_the_child_is_not_believed(make_source, reader, read_by) -> None:
    kind = read_by(lambda source, limits: os.write(3, b"\xff" * 8) and {})

    assert reader.read(make_source(LINES, "p.jsonl"), "team", kind) is None
