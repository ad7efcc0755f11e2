"""Lists, look-ups and counts, on a real catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty
from tests.harness.gallery_rows import add_source, artifact_row, write_artifacts

from belvedere.catalog import browse, listings, overview
from belvedere.catalog.filters import Filter
from belvedere.catalog.listings import Order, Total
from belvedere.model.artifact import ArtifactState as State
from belvedere.model.search import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.clients.postgres import Connection

pytestmark = pytest.mark.stack


@pytest.fixture(autouse=True)
def _emptied(catalog: Connection) -> Iterator[None]:
    yield
    empty(catalog)


def keys(connection: Connection, wanted: Filter = Filter(), order: Order = Order.NEWEST) -> list[str]:  # noqa: B008
    return [artifact.key for artifact in listings.page(connection, wanted, order, 100, scope=None)]


@pytest.mark.parametrize("order", Order)
def test_pages_by_keyset_show_everything_once_in_order(catalog: Connection, order: Order) -> None:
    same_moment = {"event_at": artifact_row("x").get("event_at"), "size": 7}
    write_artifacts(catalog, *(artifact_row(f"k{n:02}", n) for n in range(20)))
    write_artifacts(catalog, *(artifact_row(f"same{n:02}", n + 50, **same_moment) for n in range(13)))
    whole = listings.page(catalog, Filter(), order, 100, scope=None)
    paged, after = [], None
    while found := listings.page(catalog, Filter(), order, 7, after, scope=None):
        paged += found
        after = listings.position_of(found[-1], order)

    assert [artifact.id for artifact in paged] == [artifact.id for artifact in whole]
    assert len(whole) == len({artifact.id for artifact in whole}) == 33
    if order is Order.NEWEST:
        assert whole[0].key == "k19"
    if order is Order.LARGEST:
        assert whole[0].size == max(artifact.size for artifact in whole)
    if order is Order.KEY:
        assert [artifact.key for artifact in whole] == sorted(artifact.key for artifact in whole)


def test_only_the_latest_version_of_a_key_is_listed(catalog: Connection) -> None:
    write_artifacts(
        catalog,
        artifact_row("a", 1, version_id="v1", is_latest=False),
        artifact_row("a", 2, version_id="v2", is_latest=False, state="superseded"),
        artifact_row("a", 3, version_id="v3"),
    )

    assert [a.version_id for a in listings.page(catalog, Filter(), Order.NEWEST, 10, scope=None)] == ["v3"]
    superseded = listings.page(catalog, Filter(states=(State.SUPERSEDED,)), Order.NEWEST, 10, scope=None)
    assert [a.version_id for a in superseded] == ["v2"]
    versions = browse.versions(catalog, superseded[0], None)
    assert [a.version_id for a in versions] == ["v3", "v2", "v1"]


def test_deleted_artifacts_are_found_by_look_up_and_when_asked_for(catalog: Connection) -> None:
    write_artifacts(catalog, artifact_row("gone", state="deleted"), artifact_row("there", 1))

    assert keys(catalog) == ["there"]
    assert keys(catalog, Filter(states=(State.DELETED,))) == ["gone"]
    found = browse.look_up(catalog, "models", "gone", None)
    assert found is not None
    assert found.state is State.DELETED
    assert browse.look_up(catalog, "models", "never", None) is None


def test_filters_narrow_and_their_totals_agree(catalog: Connection) -> None:
    write_artifacts(
        catalog,
        artifact_row("runs/a/roc.csv", 1),
        artifact_row("runs/a/table.csv", 2, kind="table", tenant="other", bucket="b2"),
        artifact_row("runs_b/roc.csv", 3, state="dead", kind=None, title=None),
        artifact_row("data/Iris%20.csv", 4, kind="table", title="Iris flowers"),
    )
    expected = {
        Filter(): 4,
        Filter(tenant="other"): 1,
        Filter(bucket="models"): 3,
        Filter(kinds=("table",)): 2,
        Filter(kinds=("table", "roc")): 3,
        Filter(states=(State.DEAD,)): 1,
        Filter(states=(State.DEAD, State.RENDERED)): 4,
        Filter(prefix="runs/"): 2,
        Filter(prefix="runs_"): 1,
        Filter(prefix="data/Iris%"): 1,
        Filter(search=read("ROC")): 2,
        Filter(search=read("iris flow")): 1,
        Filter(search=read("%")): 1,
        Filter(search=read('"nothing like that"')): 0,
        Filter(tenant="team", kinds=("table",), search=read("iris")): 1,
    }

    assert {wanted: len(keys(catalog, wanted)) for wanted in expected} == expected
    assert {wanted: listings.total(catalog, wanted, scope=None) for wanted in expected} == {
        wanted: Total(count, exact=True) for wanted, count in expected.items()
    }


def test_the_counted_facets_follow_every_change(catalog: Connection) -> None:
    row = artifact_row("a", 1, state="queued", kind=None)
    write_artifacts(catalog, row, artifact_row("b", 2))
    write_artifacts(catalog, row | {"state": "rendered", "kind": "roc"})
    catalog.execute("update artifacts set tenant = 'moved' where key = 'b'")
    assert sorted((f.tenant, f.kind, f.state, f.count) for f in overview.facets(catalog, None)) == [
        ("moved", "roc", "rendered", 1),
        ("team", "roc", "rendered", 1),
    ]

    catalog.execute("delete from artifacts where key = 'a'")
    assert [f.tenant for f in overview.facets(catalog, None)] == ["moved"]

    catalog.execute("truncate artifacts")
    assert overview.facets(catalog, None) == []


def test_changes_come_in_the_order_of_their_numbers(catalog: Connection) -> None:
    before = browse.last_change(catalog)
    write_artifacts(catalog, artifact_row("a", 5), artifact_row("b", 1))
    write_artifacts(catalog, artifact_row("a", 5, state="dead"))

    changed = browse.changes_since(catalog, before, 10, None)

    assert [artifact.key for artifact in changed] == ["b", "a"]
    assert browse.changes_since(catalog, changed[0].seq, 10, None) == changed[1:]
    assert browse.last_change(catalog) == changed[-1].seq


def test_freshness_is_of_what_was_rendered_lately(catalog: Connection) -> None:
    write_artifacts(catalog, artifact_row("old", latency_ms=90_000))
    write_artifacts(catalog, *(artifact_row(f"n{n}", n, latency_ms=100 * n) for n in range(1, 12)))
    catalog.execute("update artifacts set rendered_at = now() where key <> 'old'")

    fresh = overview.freshness(catalog, 15, None)

    assert (fresh.p50_ms, fresh.p95_ms, fresh.samples) == (600, 1050, 11)


def test_tenants_are_those_with_a_bucket(catalog: Connection) -> None:
    for bucket, tenant in (("one", "a"), ("two", "b"), ("three", "a")):
        add_source(catalog, bucket, tenant)

    assert overview.tenants(catalog, None) == ["a", "b"]
    assert browse.renderings_bucket(catalog, "two") == "two-renderings"
    assert browse.renderings_bucket(catalog, "unknown") is None
