from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness.databases import empty
from tests.perf.pages import BUCKET, QUERIES, fill

from belvedere.catalog import browse
from belvedere.catalog.browse import Filter, Order

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection


def test_the_benchs_artifacts_are_such_as_the_gallery_lists(catalog: Connection) -> None:
    empty(catalog)

    fill(catalog, 2000)

    assert browse.total(catalog, Filter(bucket=BUCKET), scope=None).count == 2000
    assert len(browse.page(catalog, Filter(words=("report",)), Order.NEWEST, 50, scope=None)) == 50
    assert len(browse.page(catalog, Filter(kinds=("roc",)), Order.KEY, 50, scope=None)) == 50
    assert set(QUERIES) == {"newest", "one kind", "one prefix", "search", "by key"}
