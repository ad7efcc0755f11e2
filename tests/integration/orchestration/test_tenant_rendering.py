"""What a tenant declares of its renderings is what its artifacts are rendered by; only Airflow is not there."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty
from tests.harness.gallery_rows import add_source
from tests.harness.samples import matrix_csv
from tests.harness.waiting import eventually

from belvedere.catalog import tenants
from belvedere.catalog.claims import ClaimLimits, claim_next
from belvedere.catalog.intake import Arrival, occasion_of, record
from belvedere.catalog.sources import sources_in_use
from belvedere.model.events import sequencer_at
from belvedere.model.limits import LimitsByKind
from belvedere.model.record import RenderingRecord
from belvedere.model.tenant import TenantSpec
from belvedere.orchestration import render_task
from belvedere.orchestration.express import ExpressLane
from belvedere.orchestration.rendering import arrival_of
from belvedere.orchestration.storing import RunIdentity
from belvedere.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from minio import Minio
    from tests.harness.servers import Servers

    from belvedere.clients.object_store import ObjectStore
    from belvedere.clients.postgres import Connection
    from belvedere.model.events import ArtifactEvent

    Land = Callable[..., ArtifactEvent]

ALL_AT_ONCE = ClaimLimits(
    usual_runs=1, most_runs=2, slow_after_seconds=60, chunk_seconds=1e9, chunk_items=60, lease_seconds=30
)
SCRIPT = b"open('drawn.md', 'w').write('# Drawn by ' + 'a program')\n"
TINY = {"confusion_matrix": {"source_bytes": 10}}


@pytest.fixture
def settings(servers: Servers, catalog_dsn: str) -> Settings:
    instance = servers.minio()
    return Settings(
        catalog_dsn=catalog_dsn,
        minio_endpoint=instance.minio_endpoint,
        minio_access_key=instance.secrets.minio_root_user,
        minio_secret_key=instance.secrets.minio_root_password,
    )


@pytest.fixture
def land(catalog: Connection, s3: Minio, make_bucket: Callable[..., str], object_store: ObjectStore) -> Land:
    """A function that puts an object into a tenant's bucket and records its event."""
    empty(catalog)
    catalog.execute("delete from lanes")
    buckets: dict[str, str] = {}

    def bucket_of(tenant: str) -> str:
        if tenant not in buckets:
            buckets[tenant] = make_bucket()
            s3.make_bucket(f"{buckets[tenant]}-renderings")
            add_source(catalog, buckets[tenant], tenant)
        return buckets[tenant]

    def put(key: str, content: bytes, tenant: str = "team") -> ArtifactEvent:
        s3.put_object(bucket_of(tenant), key, io.BytesIO(content), len(content))
        found = arrival_of(object_store.stat(bucket_of(tenant), key), tenant, "").event
        event = replace(found, sequencer=sequencer_at(datetime.now(UTC)))
        record(catalog, [Arrival(event, occasion_of(event), tenant)])
        return event

    return put


@pytest.fixture
def work(catalog: Connection, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that renders all that waits, as the task ``render`` does it, by the settings or others."""

    def run(**changed: object) -> None:
        monkeypatch.setattr(render_task, "settings", lambda: settings.model_copy(update=changed))
        while claim_id := claim_next(catalog, ALL_AT_ONCE):
            render_task.render({"claim": claim_id}, "run-1")

    return run


def declare(catalog: Connection, name: str = "team", **renderers: object) -> None:
    spec = TenantSpec.model_validate({"name": name, "renderers": renderers})
    tenants.declare(catalog, name, spec.document(), spec.digest(), "api")


def outcome(catalog: Connection, event: ArtifactEvent) -> tuple[str, str | None]:
    row = catalog.execute("select state, error_code from artifacts where id = %s", [event.artifact_id]).fetchone()
    assert row
    return row["state"], row["error_code"]


def kept(store: ObjectStore, event: ArtifactEvent) -> RenderingRecord:
    path = f"{event.key}/{event.etag}/rendering.json"
    return RenderingRecord.from_json(store.read(f"{event.bucket}-renderings", path, max_bytes=10**6))


def page(store: ObjectStore, event: ArtifactEvent) -> str:
    output = next(output for output in kept(store, event).outputs if output.role == "page")
    return store.read(f"{event.bucket}-renderings", output.object_key, max_bytes=10**6).decode()


def test_a_tenant_lowers_the_limits_of_its_own_artifacts_and_of_no_others(
    catalog: Connection, land: Land, work: Callable[..., None]
) -> None:
    declare(catalog, limits=TINY)
    mine, other_kind, others = (
        land("cm.csv", matrix_csv(1)),
        land("words.txt", b"more than ten bytes"),
        land("cm.csv", matrix_csv(1), tenant="other"),
    )

    work()

    assert outcome(catalog, mine) == ("dead", "source_size")
    assert outcome(catalog, other_kind) == ("rendered", None)
    assert outcome(catalog, others) == ("rendered", None)


def test_a_tenant_raises_the_limits_of_the_deployment(
    catalog: Connection, land: Land, work: Callable[..., None]
) -> None:
    declare(catalog, limits={"*": {"source_bytes": 10**6}})
    mine, others = land("cm.csv", matrix_csv(1)), land("cm.csv", matrix_csv(1), tenant="other")

    work(limits=LimitsByKind(TINY | {"*": {"source_bytes": 5}}))

    assert outcome(catalog, mine) == ("rendered", None)
    assert outcome(catalog, others)[0] == "dead"


def test_the_express_lane_goes_by_the_tenants_limits_too(catalog: Connection, land: Land, settings: Settings) -> None:
    declare(catalog, limits={"progress_lines": {"source_bytes": 10}})
    lane = ExpressLane(settings, RunIdentity("express_lane", "session-1"), 1, 60.0)
    lines = b'{"step": 1, "total": 9}\n{"step": 2, "total": 9}\n'
    mine, others = land("progress.jsonl", lines), land("progress.jsonl", lines, tenant="other")
    lane.start()
    try:
        eventually(lambda: outcome(catalog, others)[0] == "rendered", what="the other tenant's picture")
        eventually(lambda: outcome(catalog, mine)[0] == "dead", what="a refusal")
    finally:
        lane.stop()
        assert lane.join(10.0)


def test_where_a_tenant_switches_users_code_off_the_card_is_that_of_the_setting(
    catalog: Connection, land: Land, work: Callable[..., None], object_store: ObjectStore
) -> None:
    declare(catalog, user_code="off")
    mine, others = land("a.viz.py", SCRIPT), land("a.viz.py", SCRIPT, tenant="other")
    work()
    by_setting = land("a.viz.py", SCRIPT, tenant="third")
    work(user_code="off")

    assert "Drawn by a program" in page(object_store, others)
    assert "Drawn by a program" not in page(object_store, mine)
    assert "switched off" in kept(object_store, mine).warnings[0]
    assert kept(object_store, mine).warnings == kept(object_store, by_setting).warnings
    assert page(object_store, mine) == page(object_store, by_setting)


def test_a_tenants_own_renderer_is_switched_off_too(
    catalog: Connection, land: Land, work: Callable[..., None], object_store: ObjectStore
) -> None:
    code = b'# /// belvedere\n# patterns = ["*.txt"]\n# ///\n' + SCRIPT
    land(".belvedere/renderers/own.viz.py", code)
    work()
    declare(catalog, user_code="off")
    event = land("words.txt", b"seven")
    work()

    assert kept(object_store, event).renderer_name == "belvedere.text"
    assert "switched off" in kept(object_store, event).warnings[0]


def test_a_tenant_switches_nothing_on_that_the_deployment_has_off(
    catalog: Connection, land: Land, work: Callable[..., None], object_store: ObjectStore
) -> None:
    declare(catalog, user_code="sandbox", limits={"pdf": {"pages": 3}})
    event = land("a.viz.py", SCRIPT)

    work(user_code="off")

    assert "switched off" in kept(object_store, event).warnings[0]


def test_only_tenants_that_say_something_of_their_renderings_are_read(catalog: Connection, land: Land) -> None:
    land("words.txt", b"seven")
    declare(catalog, "says-nothing")
    declare(catalog, "team", limits=TINY)
    declare(catalog, "strict", user_code="off")
    declare(catalog, "gone", user_code="off")
    tenants.note_removed(catalog, "gone")

    found = sources_in_use(catalog)

    assert set(found.rendering) == {"team", "strict"}
    assert (found.rendering["team"].user_code, dict(found.rendering["team"].limits.changes)) == (True, TINY)
    assert (found.rendering["strict"].user_code, dict(found.rendering["strict"].limits.changes)) == (False, {})
    assert list(found.tenants.values()) == ["team"]


def test_limits_that_are_none_any_more_hold_up_nobody(
    catalog: Connection, caplog: pytest.LogCaptureFixture, land: Land, work: Callable[..., None]
) -> None:
    old = {"renderers": {"user_code": "off", "limits": {"table": {"furlongs": 3}}}}
    tenants.declare(catalog, "team", old, "digest", "api")
    mine, others = land("cm.csv", matrix_csv(1)), land("cm.csv", matrix_csv(2), tenant="other")

    work()

    assert (outcome(catalog, mine), outcome(catalog, others)) == (("rendered", None),) * 2
    assert not sources_in_use(catalog).rendering["team"].user_code
    assert "the limits of the tenant team are left out: there is no limit table.furlongs" in caplog.text
