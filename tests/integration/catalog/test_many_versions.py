"""A step that writes for hours leaves thousands of versions of one key: what comes next must not look at each."""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness.databases import empty
from tests.harness.events import created

from belvedere.catalog.express_work import BEGIN
from belvedere.catalog.intake import APPLY_REMOVALS, SET_LATEST, SUPERSEDE, UNSET_LATEST
from belvedere.clients.postgres import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.clients.postgres import Connection

VERSIONS = 5000
KEY = created("run/progress.jsonl").key
TOUCHED = {"bucket": ["mlpipeline"], "key": [KEY]}
BEGUN = {"draws": True, "after": "", "claim_id": "c", "lease": 20.0, "dag_id": "d", "run_id": "r"}

FILL = """
insert into artifacts (id, tenant, bucket, key, version_id, etag, state, sequencer, event_at, rendered_at, is_latest,
    seq)
select md5(n::text), 'team', 'mlpipeline', %(key)s, n::text, n::text,
    case when n = %(last)s then 'queued' else 'rendered' end, lpad(n::text, 16, '0'), now(), now(), n = %(last)s, n
from generate_series(1, %(last)s) n
"""
DONE = """
insert into inbox (artifact_id, occasion, tenant, bucket, key, etag, sequencer, event_at, cost_class, express, state)
select id, 'x', tenant, bucket, key, etag, sequencer, event_at, 'jsonl/1', true, 'done' from artifacts
where state = 'rendered'
"""
QUEUE = """
insert into inbox (artifact_id, occasion, tenant, bucket, key, etag, sequencer, event_at, cost_class, express)
select id, 'x', tenant, bucket, key, etag, sequencer, event_at, 'jsonl/1', true from artifacts where state = 'queued'
"""


@pytest.fixture
def crowded(catalog: Connection, catalog_dsn: str) -> Iterator[Connection]:
    empty(catalog)
    catalog.execute(FILL, {"key": KEY, "last": VERSIONS})
    catalog.execute(DONE)
    catalog.execute(QUEUE)
    catalog.execute("analyze artifacts, inbox")
    with connect(catalog_dsn) as own:
        yield own
    empty(catalog)


def most_rows(node: dict[str, Any]) -> float:
    """Return how many rows the busiest step of a plan really looked at."""
    looked = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
    own = looked * node["Actual Loops"]
    return float(max([own, *(most_rows(inner) for inner in node.get("Plans", []))]))


@pytest.mark.parametrize(
    ("statement", "facts"),
    [
        (UNSET_LATEST, TOUCHED),
        (SET_LATEST, TOUCHED),
        (SUPERSEDE, TOUCHED),
        (APPLY_REMOVALS, {"changed": [md5(str(VERSIONS).encode(), usedforsecurity=False).hexdigest()]}),
        (BEGIN, BEGUN),
    ],
    ids=["unset latest", "set latest", "supersede", "apply removals", "begin"],
)
def test_a_key_of_thousands_of_versions_costs_no_more(
    crowded: Connection, statement: str, facts: dict[str, Any]
) -> None:
    found = crowded.execute(f"explain (analyze, format json) {statement}", facts).fetchone()

    assert found
    assert most_rows(found["QUERY PLAN"][0]["Plan"]) < 50
