"""The gallery's pages over a million artifacts: the real app by itself, over servers of its own, without Airflow."""

from __future__ import annotations

import secrets
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minio import Minio

from belvedere.clients.postgres import connect
from belvedere.settings import Settings
from tests.harness.databases import Catalogs
from tests.harness.gallery_rows import add_source
from tests.harness.own_gallery import OwnGallery, own_gallery
from tests.harness.servers import Servers
from tests.perf.figures import Figure, percentile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.clients.postgres import Connection

ARTIFACTS = 1_000_000
PAGE = 50
GROUPS = 12
BUCKET = "bench-wall"
PAGE_GOAL_MS = 100.0
ROUNDS = 40
LISTS = {
    "newest": {},
    "one kind": {"kind": "roc"},
    "one tenant": {"tenant": "bench-7"},
    "one prefix": {"prefix": "runs/42"},
    "common word": {"q": "report"},
    "rare word": {"q": "roc.csv77777"},
    "no such word": {"q": "nothing-like-that"},
    "two words": {"q": "roc title"},
    "common fact": {"q": "auc>0.5"},
    "rare fact": {"q": "auc>0.9999"},
    "no such fact": {"q": "auc>2"},
    "two facts": {"q": "rows>5e5 columns=7"},
    "fact, kind and word": {"q": "kind:table rows>9e5 data.csv12"},
    "rare fact, kind and word": {"q": "kind:table rows>9.99e5 data.csv1"},
    "fact of one tenant": {"tenant": "bench-7", "q": "rows>9e5"},
    "fact and state": {"q": "state:dead auc>0.9"},
    "large ones": {"q": "size>999000"},
    "by key": {"order": "key"},
    "fact, by size": {"order": "largest", "q": "auc>0.9"},
}
NOTHING = {"no such word", "no such fact"}
GROUPED = {
    "by run": {"by": "run"},
    "by run, one kind": {"by": "run", "kind": "roc"},
    "by run, a fact": {"by": "run", "q": "auc>0.9"},
    "by run, a rare word": {"by": "run", "q": "roc.csv7777"},
    "by kind": {"by": "kind"},
    "by kind, a word": {"by": "kind", "q": "report"},
    "by kind, a rare fact": {"by": "kind", "q": "auc>0.999"},
    "by tenant": {"by": "tenant"},
    "by day": {"by": "day"},
}

# Keys are spread over runs of 20 artifacts; every kind has its own fact, spread evenly.
FILL = """
insert into artifacts (id, tenant, bucket, key, etag, size, content_type, kind, state, is_latest, sequencer, event_at,
    rendered_at, latency_ms, renderer_name, renderer_version, title, alt_text, facts, outputs, seq)
select substr(md5('bench' || n), 1, 24), 'bench-' || n / 20 %% 20, %(bucket)s,
    'runs/' || n / 20 || '/' || (array['roc.csv', 'matrix.csv', 'report.html', 'data.csv'])[1 + n %% 4] || n,
    md5(n::text), n, 'text/csv', (array['roc', 'confusion_matrix', 'html', 'table'])[1 + n %% 4],
    case when n %% 50 = 0 then 'dead' else 'rendered' end, true, lpad(to_hex(n), 20, '0'),
    now() - make_interval(secs => n), now() - make_interval(secs => n - 1), 300, 'belvedere.roc', '1',
    'Title ' || n, 'Alt ' || n, case n %% 4
        when 0 then jsonb_build_object('roc', jsonb_build_object('auc', n * 7919 %% 1000003 / 1000003.0))
        when 1 then jsonb_build_object('confusion_matrix', jsonb_build_object('accuracy', n * 7919 %% 1000003 / 1e6))
        when 2 then '{}'
        else jsonb_build_object('table', jsonb_build_object('rows', n * 7919 %% 1000003, 'columns', n %% 30)) end,
    (select jsonb_agg(jsonb_build_object('role', role, 'name', role || '.svg', 'media_type', 'image/svg+xml',
        'size', 4200, 'object_key', md5(n::text) || '/' || role || '.svg', 'active', false))
     from unnest(array['thumbnail', 'figure']) as role),
    nextval('artifact_seq')
from generate_series(1::bigint, %(count)s) as n
"""
NUMBERS = """
insert into fact_numbers (artifact_id, path, name, value, event_at, tenant, kind, part, listed)
select a.id, k.key || '.' || n.key, n.key, n.value::double precision, a.event_at, a.tenant, a.kind, a.part, true
from artifacts a
cross join lateral jsonb_each(a.facts) as k cross join lateral jsonb_each(k.value) as n
where a.bucket = %(bucket)s
"""
INDEXES = """
select indexname, indexdef from pg_indexes
where schemaname = 'public' and tablename in ('artifacts', 'fact_numbers') and indexdef not like '%%UNIQUE%%'
"""


def fill(connection: Connection, count: int = ARTIFACTS) -> None:
    """Put so many artifacts into a catalog; most indexes are made afterwards, which takes a fraction of the time."""
    with connection.transaction():
        indexes = connection.execute(INDEXES).fetchall()
        for index in indexes:
            connection.execute(f"drop index {index['indexname']}")
        connection.execute(FILL, {"bucket": BUCKET, "count": count})
        connection.execute(NUMBERS, {"bucket": BUCKET})
        connection.execute("set local maintenance_work_mem = '256MB'")
        for index in indexes:
            connection.execute(index["indexdef"])
    connection.execute("vacuum analyze artifacts")
    connection.execute("vacuum analyze fact_numbers")


def pages() -> Iterator[Figure]:
    """Time a page of each kind of list, whole request over loopback, and the bare statement behind the newest."""
    with _gallery() as gallery:
        fill(gallery.catalog)
        bare = _bare_ms(gallery.catalog)
        for path, limit, queries in (("artifacts", PAGE, LISTS), ("groups", GROUPS, GROUPED)):
            for name, query in queries.items():
                asked = query | {"limit": limit}
                times = [_request_ms(gallery, path, asked, empty=name in NOTHING) for _ in range(ROUNDS)]
                label = f"{path} among {ARTIFACTS:,}, {limit} a page, {name}"
                yield Figure(f"{label}, p50", percentile(times, 0.5), "ms", PAGE_GOAL_MS, bare)
                yield Figure(f"{label}, p95", percentile(times, 0.95), "ms", PAGE_GOAL_MS)


@contextmanager
def _gallery() -> Iterator[OwnGallery]:
    with (
        tempfile.TemporaryDirectory(prefix="belvedere-pages-") as folder,
        closing(Servers(Path(folder))) as servers,
        Catalogs(servers.postgres()).fresh() as dsn,
        connect(dsn) as catalog,
    ):
        instance = servers.minio()
        user, password = instance.secrets.minio_root_user, instance.secrets.minio_root_password
        settings = Settings(
            catalog_dsn=dsn,
            minio_endpoint=instance.minio_endpoint,
            minio_access_key=user,
            minio_secret_key=password,
            capability_secret=secrets.token_hex(),
        )
        add_source(catalog, BUCKET)
        s3 = Minio(instance.minio_endpoint.removeprefix("http://"), access_key=user, secret_key=password, secure=False)
        with own_gallery(settings, catalog, s3) as gallery:
            yield gallery


def _request_ms(gallery: OwnGallery, path: str, query: dict[str, Any], *, empty: bool) -> float:
    began = time.perf_counter()
    answer = gallery.client.get(f"/belvedere/api/{path}", params=query)
    taken = (time.perf_counter() - began) * 1000
    assert (not answer.raise_for_status().json()[path]) is empty, query
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
