"""The operations page's JSON: what waits, what failed, what was buried; and driving it again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness.databases import empty
from tests.harness.events import arrive, created, open_work
from tests.harness.gallery_rows import add_source, artifact_row, write_artifacts
from tests.harness.minio_records import minio_message, minio_record
from tests.harness.own_gallery import BUCKET

from belvedere.catalog.claims import ClaimLimits, claim_next, claimed_items, start_item
from belvedere.catalog.dead_events import bury, dead_events
from belvedere.catalog.express import beat
from belvedere.catalog.memberships import grant
from belvedere.catalog.orphans import note_orphans
from belvedere.catalog.results import retry_later
from belvedere.catalog.sweeps import begin_sweep, end_sweep, save_progress
from belvedere.model.access import Role

if TYPE_CHECKING:
    from httpx import Response
    from tests.harness.own_gallery import OwnGallery

    from belvedere.clients.postgres import Connection

OWN_HEADER = {"X-Belvedere": "test"}
PAGE = {"Accept": "text/html"}
LIMITS = ClaimLimits(
    usual_runs=3, most_runs=6, slow_after_seconds=4, chunk_seconds=60, chunk_items=60, lease_seconds=30
)


@pytest.fixture(autouse=True)
def _fresh(own: OwnGallery) -> None:
    empty(own.catalog)
    own.app.state.operations.forget()
    add_source(own.catalog, BUCKET)


def told(own: OwnGallery, **query: Any) -> Any:
    own.app.state.operations.forget()
    return own.client.get("/belvedere/api/operations", params=query).raise_for_status().json()


def drive(own: OwnGallery, what: str, **body: Any) -> Any:
    answer = own.client.post(f"/belvedere/api/operations/{what}/redrive", headers=OWN_HEADER, json=body)
    return answer.raise_for_status().json()


def failed(own: OwnGallery, count: int, code: str = "malformed", **columns: Any) -> list[str]:
    rows = [
        artifact_row(
            f"failed/{code}/{n}",
            n,
            bucket=BUCKET,
            **({"state": "dead", "error_code": code, "error_message": f"row {n} <b>"} | columns),
        )
        for n in range(count)
    ]
    write_artifacts(own.catalog, *rows)
    return [str(row["id"]) for row in rows]


def bury_one(connection: Connection, raw: bytes, offset: int, reason: str = "not JSON: JSONDecodeError") -> int:
    bury(connection, topic="artifacts", partition=0, offset=offset, reason=reason, raw=raw)
    return dead_events(connection, limit=1)[0].id


def test_the_backlog_tells_tenants_kinds_and_ages(own: OwnGallery) -> None:
    arrive(own.catalog, created("a.csv", at=1), created("b.csv", at=2), created("c.png", at=3), tenant="reds")
    arrive(own.catalog, created("d.csv", at=4), tenant="blues")
    own.catalog.execute("update inbox set received_at = now() - interval '2 minutes' where key = 'a.csv'", ())
    own.catalog.execute("insert into render_costs (cost_class, seconds) values ('csv/3', 2.0)", ())

    backlog = told(own)["backlog"]

    rows = {(row["tenant"], row["kind"]): row for row in backlog["rows"]}
    assert set(rows) == {("reds", "csv"), ("reds", "png"), ("blues", "csv")}
    assert rows["reds", "csv"]["ages"] == [1, 0, 1, 0]
    assert rows["reds", "csv"]["expected_seconds"] == pytest.approx(4.0)
    assert (backlog["waiting"], backlog["working"], backlog["later"]) == (4, 0, 0)
    assert datetime.fromisoformat(backlog["oldest_at"]) < datetime.now(UTC) - timedelta(seconds=100)


def test_work_that_is_claimed_or_waits_for_its_next_try_is_told_apart(own: OwnGallery) -> None:
    arrive(own.catalog, created("a.csv", at=1), created("b.csv", at=2))
    claim = claim_next(own.catalog, LIMITS)
    assert claim
    (item,) = claimed_items(own.catalog, claim)
    assert start_item(own.catalog, claim, item, 30, "run")
    assert retry_later(own.catalog, claim, item, code="renderer_crashed", message="x", delay_seconds=60)
    assert claim_next(own.catalog, LIMITS)

    backlog = told(own)["backlog"]

    assert (backlog["waiting"], backlog["working"], backlog["later"]) == (0, 1, 1)


def test_failures_are_grouped_by_code_and_listed_page_by_page(own: OwnGallery) -> None:
    failed(own, 3)
    failed(own, 1, "limit_exceeded", kind="table", tenant="blues")
    failed(own, 1, "unsupported", state="unsupported")

    groups = told(own)["failures"]
    query = {"state": "dead", "code": "malformed", "limit": 2}
    first = own.client.get("/belvedere/api/operations/failures", params=query).json()
    query["after"] = first["next_after"]
    second = own.client.get("/belvedere/api/operations/failures", params=query).json()

    assert [(group["state"], group["code"], group["count"]) for group in groups] == [
        ("dead", "malformed", 3),
        ("dead", "limit_exceeded", 1),
        ("unsupported", "unsupported", 1),
    ]
    assert (groups[1]["kinds"], groups[1]["tenants"]) == (["table"], ["blues"])
    keys = [one["key"] for page in (first, second) for one in page["artifacts"]]
    assert keys == [f"failed/malformed/{n}" for n in (2, 1, 0)]
    assert second["next_after"] is None
    assert own.client.get(first["artifacts"][0]["page"], headers=PAGE).status_code == 200


def test_one_failure_is_driven_again_and_nothing_else(own: OwnGallery) -> None:
    ids = failed(own, 3)

    assert drive(own, "failures", artifacts=[ids[1]]) == {"driven": 1, "left": False}
    assert drive(own, "failures", artifacts=[ids[1]]) == {"driven": 0, "left": False}

    assert open_work(own.catalog) == [ids[1]]
    assert own.client.get(f"/belvedere/api/artifacts/{ids[1]}").json()["state"] == "queued"
    assert own.client.get(f"/belvedere/api/artifacts/{ids[0]}").json()["error"]["message"] == "row 0 <b>"


def test_all_failures_alike_are_driven_again_and_no_others(own: OwnGallery) -> None:
    ids = failed(own, 1200)
    failed(own, 2, "limit_exceeded")

    assert drive(own, "failures", state="dead", code="malformed") == {"driven": 1200, "left": False}

    assert open_work(own.catalog) == sorted(ids)
    assert [group["code"] for group in told(own)["failures"]] == ["limit_exceeded"]


def test_a_failure_that_waits_for_its_next_try_goes_at_once(own: OwnGallery) -> None:
    arrive(own.catalog, created("a.csv", at=1))
    claim = claim_next(own.catalog, LIMITS)
    assert claim
    (item,) = claimed_items(own.catalog, claim)
    assert start_item(own.catalog, claim, item, 30, "run")
    assert retry_later(own.catalog, claim, item, code="renderer_crashed", message="x", delay_seconds=600)
    assert claim_next(own.catalog, LIMITS) is None

    assert drive(own, "failures", state="failed", code="renderer_crashed")["driven"] == 1

    assert claim_next(own.catalog, LIMITS) is not None
    assert len(open_work(own.catalog)) == 1


def test_what_is_deleted_or_healthy_is_never_driven_again(own: OwnGallery) -> None:
    rows = [artifact_row(f"s/{state}", bucket=BUCKET, state=state) for state in ("rendered", "deleted", "superseded")]
    write_artifacts(own.catalog, *rows)

    assert drive(own, "failures", artifacts=[str(row["id"]) for row in rows])["driven"] == 0
    assert open_work(own.catalog) == []


def test_buried_records_are_told_with_reason_and_content(own: OwnGallery) -> None:
    ids = [bury_one(own.catalog, b"<script>alert(1)</script>", n) for n in range(3)]
    page = own.client.get("/belvedere/api/operations/dead-events", params={"limit": 2}).json()
    rest = own.client.get("/belvedere/api/operations/dead-events", params={"before": page["next_before"]}).json()

    content = own.client.get(f"/belvedere/api/operations/dead-events/{ids[0]}").json()

    assert told(own)["dead_events"] == 3
    assert told(own)["dead_event_groups"][0]["count"] == 3
    assert [event["id"] for event in page["events"] + rest["events"]] == ids[::-1]
    assert (content["form"], content["text"], content["cut"]) == ("text", "<script>alert(1)</script>", False)
    assert own.client.get("/belvedere/api/operations/dead-events/999999").status_code == 404


def test_buried_records_are_driven_again_one_or_all_alike(own: OwnGallery) -> None:
    good = [bury_one(own.catalog, minio_message(minio_record(f"{n}.csv", bucket=BUCKET)), n, "old") for n in range(3)]
    bad = bury_one(own.catalog, b"x", 9)

    assert drive(own, "dead-events", events=[good[0], bad]) == {"taken": 1, "buried": 1, "left": False}
    assert drive(own, "dead-events", reason="old") == {"taken": 2, "buried": 0, "left": False}

    assert [event.id for event in dead_events(own.catalog, limit=9)] == [bad]
    assert told(own)["backlog"]["waiting"] == 3


def test_renderers_are_told_with_their_speed_and_reused_work_does_not_count(own: OwnGallery) -> None:
    now = datetime.now(UTC)
    made = {"renderer_name": "belvedere.roc", "renderer_version": "1.2", "rendered_at": now, "bucket": BUCKET}
    rows = [
        artifact_row(
            f"r/{ms}", ms, **made, provenance={"usage": {"wall_ms": ms, "cpu_ms": ms / 2, "peak_memory_bytes": ms}}
        )
        for ms in (100, 200, 300)
    ]
    twin = {"usage": {"wall_ms": 1, "cpu_ms": 1}, "reused_from": {"key": "r/100"}}
    odd = {"usage": {"wall_ms": "fast", "cpu_ms": None}}
    rows += [artifact_row(f"r/{n}", n, **made, provenance=each) for n, each in enumerate((twin, odd))]
    write_artifacts(own.catalog, *rows)

    (speed,) = told(own)["renderers"]

    assert (speed["renderer"], speed["version"], speed["kind"]) == ("belvedere.roc", "1.2", "roc")
    assert (speed["count"], speed["reused"], speed["failed"]) == (5, 1, 0)
    assert speed["wall_ms"] == {"p50": 200, "p95": pytest.approx(290)}
    assert speed["cpu_ms"]["p50"] == 100
    assert speed["peak_memory_bytes"] == 300


def test_sweeps_and_tenants_are_told(own: OwnGallery) -> None:
    add_source(own.catalog, "blue-bucket", "blues")
    grant(own.catalog, "blues", "alice", Role.MEMBER)
    begin_sweep(own.catalog, BUCKET, afresh=True)
    save_progress(own.catalog, BUCKET, resume_key="k", listed=7, enqueued=2, removed=1)
    end_sweep(own.catalog, BUCKET)
    write_artifacts(own.catalog, artifact_row("t/1", bucket=BUCKET, tenant="blues"))

    body = told(own)

    sweeps = {sweep["bucket"]: sweep for sweep in body["sweeps"]}
    assert (sweeps[BUCKET]["listed"], sweeps[BUCKET]["enqueued"], sweeps[BUCKET]["removed"]) == (7, 2, 1)
    assert sweeps[BUCKET]["finished_at"]
    assert sweeps["blue-bucket"]["started_at"] is None
    blues = next(tenant for tenant in body["tenants"] if tenant["tenant"] == "blues")
    assert (blues["buckets"], blues["members"], blues["states"]) == (
        ["blue-bucket"],
        {"alice": "member"},
        {"rendered": 1},
    )
    assert blues["drift"] is None


def test_what_belongs_to_no_tenant_is_told_until_a_survey_misses_it(own: OwnGallery) -> None:
    key = {"system": "object store", "kind": "key", "name": "0a1b2c3d4e5f", "tenant": "blues", "reason": "no record"}
    bucket = {
        "system": "object store",
        "kind": "bucket",
        "name": "left-over",
        "tenant": "ghosts",
        "reason": "no tenant",
    }
    note_orphans(own.catalog, [key, bucket])
    since = {each["name"]: each["since"] for each in told(own)["orphans"]}
    assert set(since) == {"0a1b2c3d4e5f", "left-over"}
    assert "left-over" in own.client.get("/belvedere/operations").text

    note_orphans(own.catalog, [bucket])
    assert [(each["name"], each["since"]) for each in told(own)["orphans"]] == [("left-over", since["left-over"])]

    note_orphans(own.catalog, [])
    assert told(own)["orphans"] == []


def test_express_lanes_are_told_and_their_absence_is_said(own: OwnGallery) -> None:
    before = own.client.get("/belvedere/operations", headers=PAGE).text
    beat(own.catalog, "lane-1", "run-1", rendered=7, declined=2)

    (lane,) = told(own)["lanes"]
    page = own.client.get("/belvedere/operations", headers=PAGE).text

    assert (lane["name"], lane["alive"], lane["rendered"], lane["declined"]) == ("lane-1", True, 7, 2)
    assert "No lane is at work" in before
    assert "No lane is at work" not in page


def test_freshness_is_told_step_by_step(own: OwnGallery) -> None:
    now = datetime.now(UTC)
    rows = [
        artifact_row(f"f/{n}", n, bucket=BUCKET, rendered_at=now - timedelta(minutes=ago), latency_ms=ms)
        for n, (ago, ms) in enumerate([(90, 9000), (30, 400), (30, 600), (0, 200)])
    ]
    write_artifacts(own.catalog, *rows)

    hour = told(own)["freshness"]
    quarter = told(own, window="6h")["freshness"]

    assert [(point["p50_ms"], point["samples"]) for point in hour["points"]] == [(500, 2), (200, 1)]
    assert sum(point["samples"] for point in quarter["points"]) == 4
    assert (hour["step_seconds"], quarter["step_seconds"]) == (60, 360)


def answer_of(response: Response) -> dict[str, Any] | None:
    return response.json() if response.is_success else None


def test_the_lag_is_asked_of_the_broker(own: OwnGallery, kafka_bootstrap: str) -> None:
    from tests.harness.waiting import eventually

    from belvedere.clients.kafka_admin import KafkaAdmin
    from belvedere.gallery.lag_meter import LagMeter
    from belvedere.model.storage import TopicSpec

    config = {"bootstrap.servers": kafka_bootstrap, "group.id": "ours"}
    KafkaAdmin(config).create(TopicSpec("lagging", 2, 86_400_000), brokers=1)
    before, own.app.state.lag = own.app.state.lag, LagMeter(lambda: config, "lagging")
    try:
        assert "The broker is being asked" in own.client.get("/belvedere/operations", headers=PAGE).text
        address = "/belvedere/api/operations/lag"
        lag = eventually(lambda: answer_of(own.client.get(address)), 30.0, what="the broker's answer")
        page = own.client.get("/belvedere/operations", headers=PAGE).text
    finally:
        own.app.state.lag = before

    assert (lag["group"], lag["topic"], lag["total"], lag["is_read"]) == ("ours", "lagging", 0, False)
    assert len(lag["partitions"]) == 2
    assert "Nobody reads the topic" in page


def test_without_a_broker_the_page_says_so_and_shows_the_rest(own: OwnGallery) -> None:
    failed(own, 1)

    answer = own.client.get("/belvedere/api/operations/lag")
    page = own.client.get("/belvedere/operations", headers=PAGE)

    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert "was not told how to reach Kafka" in page.text
    assert "malformed" in page.text


def test_the_page_shows_what_its_address_asks_for_and_escapes_it_all(own: OwnGallery) -> None:
    failed(own, 1, code="<odd>")
    write_artifacts(own.catalog, artifact_row("<img src=x>", 7, bucket=BUCKET, state="dead", error_code="<odd>"))
    event = bury_one(own.catalog, b'{"a": "<script>x</script>"}', 1, "<b>reason</b> & more")

    query = {"state": "dead", "code": "<odd>", "reason": "<b>reason</b> & more", "event": event}
    page = own.client.get("/belvedere/operations", headers=PAGE, params=query).text

    for hostile in ("<odd>", "<img src=x>", "<script>x", "<b>reason"):
        assert hostile.replace("<", "&lt;").replace(">", "&gt;") in page
        assert hostile not in page
    assert "row 0 &lt;b&gt;" in page
    assert f"Record {event}" in page


def test_a_record_that_was_taken_meanwhile_is_said_to_be_gone(own: OwnGallery) -> None:
    page = own.client.get("/belvedere/operations", headers=PAGE, params={"event": 12345})

    assert page.status_code == 200
    assert "no record 12345 is buried" in page.text


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("operations?window=2h", "window"),
        ("operations/failures?state=rendered&code=x", "state"),
        ("operations/failures?state=dead&code=%00", "code"),
        ("operations/failures?state=dead&code=x&after=zzz", "after"),
        ("operations/failures?code=x", "state"),
        ("operations/dead-events?before=0", "before"),
        ("operations/dead-events?reason=%00", "reason"),
        ("operations/dead-events?limit=5000", "limit"),
        ("operations/dead-events/0", "event_id"),
        ("operations/dead-events/x", "event_id"),
    ],
)
def test_a_bad_query_is_refused_by_its_part(own: OwnGallery, path: str, part: str) -> None:
    answer = own.client.get(f"/belvedere/api/{path}")

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(f"{part}: ")


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("failures", {}),
        ("failures", {"artifacts": []}),
        ("failures", {"artifacts": ["x"]}),
        ("failures", {"artifacts": ["0" * 24], "state": "dead", "code": "x"}),
        ("failures", {"state": "dead"}),
        ("failures", {"state": "rendered", "code": "x"}),
        ("failures", {"artifacts": ["0" * 24] * 501}),
        ("dead-events", {}),
        ("dead-events", {"events": [0]}),
        ("dead-events", {"events": [2**70]}),
        ("dead-events", {"events": [1], "reason": "x"}),
    ],
)
def test_a_request_that_names_nothing_or_too_much_is_refused(own: OwnGallery, what: str, body: Any) -> None:
    answer = own.client.post(f"/belvedere/api/operations/{what}/redrive", headers=OWN_HEADER, json=body)

    assert answer.status_code == 400, json.dumps(body)[:80]
