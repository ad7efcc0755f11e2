"""The gallery's pages over a hundred thousand artifacts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from belvedere.clients.postgres import connect
from tests.perf.figures import Figure, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.clients.postgres import Connection
    from tests.harness.whole import RunningStack

ARTIFACTS = 100_000
PAGE = 50
BUCKET = "bench-wall"
PAGE_GOAL_MS = 100.0
ROUNDS = 40
QUERIES = {
    "newest": {},
    "one kind": {"kind": "roc"},
    "one prefix": {"prefix": "runs/42"},
    "search": {"q": "report"},
    "by key": {"order": "key"},
}

FILL = """
insert into artifacts (id, tenant, bucket, key, etag, size, content_type, kind, state, is_latest, sequencer, event_at,
    rendered_at, latency_ms, renderer_name, renderer_version, title, alt_text, facts, seq)
select substr(md5('bench' || n), 1, 24), 'bench-' || n %% 20, %(bucket)s,
    'runs/' || n %% 1000 || '/' || (array['roc.csv', 'matrix.csv', 'report.html', 'data.csv'])[1 + n %% 4] || n,
    md5(n::text), n, 'text/csv', (array['roc', 'confusion_matrix', 'html', 'table'])[1 + n %% 4],
    case when n %% 50 = 0 then 'dead' else 'rendered' end, true, lpad(to_hex(n), 20, '0'),
    now() - make_interval(secs => n), now() - make_interval(secs => n - 1), 300, 'belvedere.roc', '1',
    'Title ' || n, 'Alt ' || n, '{"roc": {"auc": 0.9}}', nextval('artifact_seq')
from generate_series(1, %(count)s) as n
"""


def fill(connection: Connection, count: int = ARTIFACTS) -> None:
    """Put so many artifacts into a catalog."""
    with connection.transaction():
        connection.execute(FILL, {"bucket": BUCKET, "count": count})
    connection.execute("analyze artifacts")


def pages(stack: RunningStack) -> Iterator[Figure]:
    """Time a page of each kind of list, whole request over loopback, and count what it asks of the catalog."""
    with connect(stack.env["CATALOG_DSN"]) as connection:
        fill(connection)
        bare = _bare_ms(connection)
    for name, query in QUERIES.items():
        times = [_request_ms(stack, query) for _ in range(ROUNDS)]
        label = f"page of {PAGE} among {ARTIFACTS:,}, {name}"
        yield Figure(f"{label}, p50", percentile(times, 0.5), "ms", PAGE_GOAL_MS, bare)
        yield Figure(f"{label}, p95", percentile(times, 0.95), "ms", PAGE_GOAL_MS)


def _request_ms(stack: RunningStack, query: dict[str, str]) -> float:
    began = time.perf_counter()
    answer = stack.airflow.http.get("/belvedere/api/artifacts", params={"limit": PAGE, **query})
    taken = (time.perf_counter() - began) * 1000
    assert len(answer.raise_for_status().json()["artifacts"]) == PAGE
    return taken


def _bare_ms(connection: Connection) -> float:
    """Time the bare statement behind the newest page."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        connection.execute(
            "select * from artifacts where is_latest and state <> 'deleted' order by event_at desc, id desc limit 50"
        ).fetchall()
        times.append((time.perf_counter() - began) * 1000)
    return percentile(times, 0.5)
