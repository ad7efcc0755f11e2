"""Every way to find what is searched for finds the same, page by page: held against a plain look at every artifact."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.harness.databases import empty
from tests.harness.gallery_rows import artifact_row, write_artifacts

from belvedere.catalog import browse, listings, ways
from belvedere.catalog.filters import HIDDEN, Filter
from belvedere.catalog.groups import GroupBy, groups_listing, groups_of_all
from belvedere.catalog.listings import Order
from belvedere.catalog.ways import WALK, Means, Way, ways_for
from belvedere.model.numbers import numbers_of
from belvedere.model.search import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope
    from belvedere.model.artifact import Artifact

TENANTS, KINDS, STATES = ("a", "b", "c"), ("roc", "table", "image", None), ("rendered", "dead", "superseded", "deleted")
WORDS = ("iris", "Wine", "new", "old", "x_y")
ARTIFACTS = 240
PAGE = 7


def row_of(number: int, chance: random.Random) -> dict[str, object]:
    """Return one of a mixed crowd: many at the same moment, some hidden, some parts, facts of one name twice."""
    value = round(chance.random(), 1)
    facts = chance.choice(
        [{}, {"roc": {"auc": value}}, {"eval": {"auc": value}, "train": {"auc": 1 - value}}, {"table": {"rows": 9}}]
    )
    return artifact_row(
        f"runs/{number % 9}/{chance.choice(WORDS)} {number}.csv",
        number // 5,
        tenant=chance.choice(TENANTS),
        kind=chance.choice(KINDS),
        state=chance.choices(STATES, (12, 3, 1, 1))[0],
        is_latest=chance.random() < 0.9,
        part=chance.random() < 0.1,
        title=chance.choice((None, "A Title", "ROC of Iris")),
        size=chance.randrange(5),
        facts=facts,
    )


@pytest.fixture(scope="module", autouse=True)
def _crowd(catalog: Connection) -> Iterator[None]:
    chance = random.Random(9)
    write_artifacts(catalog, *(row_of(number, chance) for number in range(ARTIFACTS)))
    # What happens to an artifact afterwards, its numbers must follow.
    catalog.execute("update artifacts set state = 'superseded', is_latest = false where size = 4 and kind = 'roc'")
    catalog.execute("update artifacts set tenant = 'a', kind = 'table' where size = 3 and tenant = 'c'")
    catalog.execute("update artifacts set part = not part where size = 2 and tenant = 'b'")
    yield
    empty(catalog)


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every limit be reached."""
    for limit in ("MOST_WALKED", "MOST_WALKED_FOR_FACTS", "MOST_NUMBERS", "MOST_FETCHED"):
        monkeypatch.setattr(listings, limit, 20)


def plainly(connection: Connection, wanted: Filter, scope: Scope) -> list[Artifact]:
    """Look at every artifact, and at nothing that is kept for searching."""
    rows = connection.execute(f"select {browse.COLUMNS} from artifacts order by event_at desc, id desc")
    return [one for one in browse.artifacts_of(rows) if is_wanted(one, wanted, scope)]


def is_wanted(one: Artifact, wanted: Filter, scope: Scope) -> bool:
    search, asked = wanted.search, wanted.asked_states
    text = f"{one.key} {one.title or ''}".lower()
    latest = one.is_latest or (one.state == "superseded" and "superseded" in asked)
    shown = one.state in asked if asked else one.state not in HIDDEN
    numbers = numbers_of(one.facts)
    chosen = all((getattr(one, each.name) or "") in each.values for each in search.choices)
    facts = all(
        any(number.name == fact.name and number.value > fact.value for number in numbers) is not fact.negated
        for fact in search.facts
    )
    return (
        latest
        and shown
        and not one.part
        and chosen
        and facts
        and (scope is None or one.tenant in scope)
        and all((word.text.lower() in text) is not word.negated for word in search.words)
        and all(one.size > measure.value for measure in search.measures)
        and one.key.startswith(wanted.prefix)
    )


def pages_by(way: Way, connection: Connection, wanted: Filter, order: Order, scope: Scope) -> list[str]:
    """Page through everything in one way."""
    ids: list[str] = []
    after = None
    while True:
        listing = listings.listing_by(way, connection, wanted, order, PAGE, after, scope=scope)
        assert len(listing.artifacts) <= PAGE
        ids += [artifact.id for artifact in listing.artifacts]
        after = listing.next
        if after is None:
            return ids


TERMS = (
    "auc>0.5", "auc>0.2", "auc>0.9", "-auc>0.3", "rows>1", "iris", "wine", "-old", "ne", "x_y", "kind:roc", "tenant:a",
    "kind:table,image", "state:dead", "state:superseded", "size>1", '"roc of"',
)  # fmt: skip
SEARCHES = st.lists(st.sampled_from(TERMS), min_size=1, max_size=3, unique=True).map(" ".join)
SCOPES = st.sampled_from([None, ("a",), ("b", "c"), ()])


def test_all_ways_find_the_same_in_the_same_order(catalog: Connection) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(SEARCHES, SCOPES, st.sampled_from(["", "runs/3"]))
    def alike(text: str, scope: Scope, prefix: str) -> None:
        wanted = Filter(search=read(text), prefix=prefix)
        expected = [one.id for one in plainly(catalog, wanted, scope)]
        for way in ways_for(wanted, newest_first=True):
            assert pages_by(way, catalog, wanted, Order.NEWEST, scope) == expected, way
        by_size = [one.id for one in sorted(plainly(catalog, wanted, scope), key=lambda one: (one.size, one.id))][::-1]
        for way in ways_for(wanted, newest_first=False):
            assert pages_by(way, catalog, wanted, Order.LARGEST, scope) == by_size, way

    alike()


def test_totals_say_how_many_there_are_or_that_there_may_be_more(
    catalog: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for looked_at in (1_000, 10):
        for limit in ("LOOKED_AT", "LOOKED_UP", "MOST_COUNTED", "FEW"):
            monkeypatch.setattr(listings, limit, looked_at)
        for text in TERMS:
            wanted = Filter(search=read(text))
            matches = len(plainly(catalog, wanted, None))
            for way in ways_for(wanted, newest_first=True):
                total = listings.listing_by(way, catalog, wanted, Order.NEWEST, PAGE, scope=None).total
                assert (total.count == matches) if total.exact else (total.count <= matches), (text, way)
                assert total.exact or looked_at == 10, (text, way)


@pytest.mark.parametrize("by", GroupBy)
@pytest.mark.parametrize("text", ["auc>0.5", "iris kind:roc,table", "wine auc>0.2", "iris nothing"])
def test_groups_of_all_matches_are_those_found_by_walking(
    catalog: Connection, monkeypatch: pytest.MonkeyPatch, by: GroupBy, text: str
) -> None:
    wanted = Filter(search=read(text))
    monkeypatch.setattr(ways, "MOST_FOUND", -1.0)
    walked, _ = groups_listing(catalog, by, wanted, 50, 50, scope=None)
    for way in (way for way in ways_for(wanted, newest_first=True) if way.means in ways.TO_ALL):
        found, total = groups_of_all(way, catalog, by, wanted, 50, 50, scope=None)
        assert [(group.bucket, group.value, group.artifacts) for group in found.groups] == [
            (group.bucket, group.value, group.artifacts) for group in walked.groups
        ]
        assert total.count == sum(group.count for group in found.groups) == len(plainly(catalog, wanted, None))

        paged, after = [], None
        while True:
            page, _ = groups_of_all(way, catalog, by, wanted, 2, 3, after, scope=None)
            paged += [(group.value, group.count) for group in page.groups]
            after = page.next
            if after is None:
                break
        assert paged == [(group.value, group.count) for group in found.groups]


def test_the_way_is_chosen_by_how_much_matches(catalog: Connection) -> None:
    def way(text: str) -> Means:
        wanted = Filter(search=read(text))
        return ways.quickest_way(catalog, wanted, 5, newest_first=True, scope=None).means

    assert way("csv") is Means.WALKING
    assert way("nothing-like-that") is Means.GATHERING
    assert way("auc>5") is Means.FEW_NUMBERS
    assert ways.quickest_way_to_all(catalog, Filter(search=read("-old")), scope=None) == WALK


def test_many_numbers_are_not_sorted(catalog: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "FEW", 10)

    chosen = ways.quickest_way(catalog, Filter(search=read("auc>0.1")), 3, newest_first=True, scope=None)

    assert chosen.means is not Means.FEW_NUMBERS
