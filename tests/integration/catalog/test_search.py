"""What a search finds: words, places, times, measures and facts, within a scope."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.harness.gallery_rows import artifact_row, write_artifacts
from tests.unit.model.test_runs import LAYOUTS, UUID

from belvedere.catalog import completion, listings
from belvedere.catalog.filters import Filter
from belvedere.catalog.listings import Order, Total
from belvedere.catalog.ways import ways_for
from belvedere.model.runs import run_of
from belvedere.model.search import read

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TABLE = {"table": {"rows": 2_000_000, "columns": 3}}


@pytest.fixture(scope="module", autouse=True)
def _written(catalog: Connection) -> None:
    deep = {
        "mlflow": {"metrics": {"eval.auc": 0.7, "val loss": 0.25, "test/recall@0.5": 0.3}},
        "nested": {"a": {"b": [1, {"auc": 1}]}},
    }
    write_artifacts(
        catalog,
        artifact_row("runs/a/roc.csv", 1, facts={"roc": {"auc": 0.943}}),
        artifact_row("runs/a/old roc.csv", 2, facts={"roc": {"auc": 0.5}}, title="An old ROC"),
        artifact_row("runs/b/table.csv", 3, kind="table", facts=TABLE, size=20_000_000),
        artifact_row("runs/b/MLmodel", 4, kind="mlflow", facts=deep, tenant="other"),
        artifact_row("runs/b/new.csv", 5, kind=None, state="queued", facts={}),
        artifact_row("runs/b/dead.csv", 6, state="dead", facts={}),
    )


def found(connection: Connection, text: str, scope: tuple[str, ...] | None = None) -> list[str]:
    """Return the names of what a search finds, and hold every way to find it and its total against that."""
    wanted = Filter(search=read(text, NOW))
    keys = [artifact.key for artifact in listings.page(connection, wanted, Order.KEY, 100, scope=scope)]
    for order in (Order.KEY, Order.NEWEST):
        for way in ways_for(wanted, newest_first=order is Order.NEWEST):
            listing = listings.listing_by(way, connection, wanted, order, 100, scope=scope)
            assert sorted(artifact.key for artifact in listing.artifacts) == keys, way
            assert (listing.total, listing.next) == (Total(len(keys), exact=True), None), way
    chosen = listings.listing(connection, wanted, Order.KEY, 100, scope=scope)
    assert ([artifact.key for artifact in chosen.artifacts], chosen.total.count) == (keys, len(keys))
    assert listings.total(connection, wanted, scope=scope).count == len(keys)
    return [key.removeprefix("runs/") for key in keys]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("roc.", ["a/old roc.csv", "a/roc.csv"]),
        ("roc -old", ["a/roc.csv"]),
        ('"old roc"', ["a/old roc.csv"]),
        ("kind:table,mlflow", ["b/MLmodel", "b/table.csv"]),
        ("-kind:roc", ["b/MLmodel", "b/new.csv", "b/table.csv"]),
        ("state:dead", ["b/dead.csv"]),
        ("state:dead,queued -tenant:other", ["b/dead.csv", "b/new.csv"]),
        ("tenant:other", ["b/MLmodel"]),
        ("bucket:nowhere", []),
        ("folder:runs/a", ["a/old roc.csv", "a/roc.csv"]),
        ("-folder:/runs/b/", ["a/old roc.csv", "a/roc.csv"]),
        ("run:a/", ["a/old roc.csv", "a/roc.csv"]),
        ("-run:runs/b", ["a/old roc.csv", "a/roc.csv"]),
        ("auc>0.9", ["a/roc.csv"]),
        ("auc>=0.5 auc<0.9", ["a/old roc.csv", "b/MLmodel"]),
        ("-auc>0.9 kind:roc", ["a/old roc.csv", "b/dead.csv"]),
        ("auc=0.94", ["a/roc.csv"]),
        ("auc!=0.94 kind:roc", ["a/old roc.csv"]),
        ("roc.auc>0.1", ["a/old roc.csv", "a/roc.csv"]),
        ("eval.auc>0.1", ["b/MLmodel"]),
        ("metrics.eval.auc=.7", ["b/MLmodel"]),
        ('"Val Loss"<=0.25', ["b/MLmodel"]),
        ("test/recall@0.5>0.2", ["b/MLmodel"]),
        ("recall@0.5>0.2", ["b/MLmodel"]),
        ("rows>1e6", ["b/table.csv"]),
        ("rows>2e6", []),
        ("size>10MB", ["b/table.csv"]),
        ("-size>10MB kind:table", []),
        ("after:2026-01-01T00:00:03 before:2026-01-01T00:00:05", ["b/MLmodel", "b/table.csv"]),
        ("after:23h", []),
        ("before:today", ["a/old roc.csv", "a/roc.csv", "b/MLmodel", "b/dead.csv", "b/new.csv", "b/table.csv"]),
        ("100%_", []),
        ("ro", ["a/old roc.csv", "a/roc.csv"]),
        ("OLD roc", ["a/old roc.csv"]),
        ("size>=20000000", ["b/table.csv"]),
        ("size>19999999.5 size<20000000.5", ["b/table.csv"]),
        ("-latency>1s attempts=1 state:dead", ["b/dead.csv"]),
        ("kind:roc,table rows>1 columns=3 table", ["b/table.csv"]),
        ("state:superseded,rendered auc>0.9", ["a/roc.csv"]),
    ],
)
def test_a_search_finds_what_it_says(catalog: Connection, text: str, keys: list[str]) -> None:
    assert found(catalog, text) == keys


def test_a_search_stays_within_its_scope(catalog: Connection) -> None:
    assert found(catalog, "auc>0", ("team",)) == ["a/old roc.csv", "a/roc.csv"]
    assert found(catalog, "auc>0", ()) == []
    assert found(catalog, "tenant:other", ("team",)) == []


def test_numbers_follow_their_artifact(catalog: Connection) -> None:
    row = artifact_row("numbers/x", 9, facts={"score": 1, "big": 10**400, "list": [2]})
    write_artifacts(catalog, row)
    assert found(catalog, "score=1") == ["numbers/x"]

    write_artifacts(catalog, row | {"facts": {"score": 2}})
    assert (found(catalog, "score=1"), found(catalog, "score=2")) == ([], ["numbers/x"])
    write_artifacts(catalog, row | {"is_latest": False})
    assert found(catalog, "score=2") == []
    write_artifacts(catalog, row | {"is_latest": True})
    catalog.execute("delete from artifacts where id = %s", (row["id"],))
    assert catalog.execute("select from fact_numbers where artifact_id = %s", (row["id"],)).rowcount == 0


def test_facts_of_other_tenants_are_not_even_named(catalog: Connection) -> None:
    assert completion.fact_names(catalog, "val", None, 10) == ["val_loss"]
    assert completion.fact_names(catalog, "val", ("team",), 10) == []
    assert {key for key, _ in completion.places(catalog, "mlmodel", None)} == {"runs/b/MLmodel"}
    assert completion.places(catalog, "mlmodel", ("team",)) == []


PARTS = [
    "a", "runs", "", "v2", "artifacts", "2026", "11", "1234567", "models", UUID, "4f3a0f9d6c1b4a5f8e7d6c5b4a39281f",
    "m-4f3a0f9d6c1b4a5f8e7d6c5b4a39281f", "wf-x7k2p", "wf-x7k2p-main-1234567", "dag_id=d", "run_id=r", "steps",
    "manual__1", "private-artifacts", "é\n", "run=1",
]  # fmt: skip


def test_the_catalog_tells_runs_as_the_model_does(catalog: Connection) -> None:
    def told(keys: list[str]) -> list[str]:
        rows = catalog.execute("select run_of_key(k) as run from unnest(%s::text[]) as k", (keys,))
        return [row["run"] for row in rows]

    @given(st.lists(st.lists(st.sampled_from(PARTS), max_size=9).map("/".join), min_size=20, max_size=40))
    def alike(keys: list[str]) -> None:
        assert told(keys) == [run_of(key).prefix for key in keys]

    known = [key for key, _, _ in LAYOUTS]
    assert told(known) == [run_of(key).prefix for key in known]
    alike()
