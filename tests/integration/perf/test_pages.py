from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness.databases import empty
from tests.perf.pages import BUCKET, GROUPED, LISTS, NOTHING, fill

from belvedere.catalog import listings
from belvedere.catalog.filters import Filter
from belvedere.catalog.groups import GroupBy, groups_page
from belvedere.catalog.listings import Order
from belvedere.gallery.query import list_query

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

# What a million artifacts hold and two thousand do not.
RARE = {"one prefix", "rare word", "rare fact", "fact, kind and word", "rare fact, kind and word", "large ones"}
RARE_GROUPED = {"by run, a rare word", "by kind, a rare fact"}


def test_the_benchs_artifacts_are_such_as_the_gallery_lists(catalog: Connection) -> None:
    empty(catalog)

    fill(catalog, 2000)

    assert listings.total(catalog, Filter(bucket=BUCKET), scope=None).count == 2000
    for name, query in (LISTS | GROUPED).items():
        asked = {field: [value] if field == "kind" else value for field, value in query.items() if field != "by"}
        wanted = list_query(**asked)  # type: ignore[arg-type]
        found = listings.page(catalog, wanted.filter, Order(query.get("order", "newest")), 50, scope=None)
        assert found or name in RARE | RARE_GROUPED | NOTHING, query
    runs = groups_page(catalog, GroupBy.RUN, Filter(kinds=("roc",)), 12, 8, scope=None)
    assert [group.count for group in runs.groups] == [4, *[5] * 11], "the newest run begins at 1"
