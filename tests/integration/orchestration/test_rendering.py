"""One run's work against a real catalog and a real object store; only Airflow is not there."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from tests.harness.databases import empty
from tests.harness.events import arrive, created, open_work, removed
from tests.harness.samples import matrix_csv

from belvedere.catalog.claims import ClaimLimits, claim_next
from belvedere.catalog.intake import Arrival, occasion_of, record
from belvedere.catalog.sources import sources_in_use
from belvedere.clients.object_store import ObjectStore
from belvedere.clients.postgres import connect
from belvedere.errors import RendererCrashed
from belvedere.model.events import sequencer_at
from belvedere.model.limits import LimitsByKind
from belvedere.model.record import RenderingRecord
from belvedere.orchestration import making, rendering
from belvedere.orchestration.rendering import ClaimReport, arrival_of, render_claim
from belvedere.orchestration.storing import RunIdentity
from belvedere.orchestration.workplace import Workplace
from belvedere.rendering import registry
from belvedere.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from minio import Minio

    from belvedere.clients.postgres import Connection
    from belvedere.model.events import ArtifactEvent

ALL_AT_ONCE = ClaimLimits(
    usual_runs=1, most_runs=2, slow_after_seconds=60, chunk_seconds=1e9, chunk_items=60, lease_seconds=30
)


@pytest.fixture
def place(catalog: Connection, object_store: ObjectStore, s3: Minio, bucket: str) -> Workplace:
    empty(catalog)
    s3.make_bucket(f"{bucket}-renderings")
    return Workplace(
        settings=Settings(capability_secret=SecretStr("x")),
        connection=catalog,
        store=object_store,
        sources={bucket: "team"},
        run=RunIdentity("render_artifacts", "run-1"),
    )


@pytest.fixture
def land(place: Workplace, s3: Minio, bucket: str) -> Callable[..., ArtifactEvent]:
    """A function that puts an object and records its event."""

    def put(key: str, content: bytes, tenant: str = "team") -> ArtifactEvent:
        s3.put_object(bucket, key, io.BytesIO(content), len(content))
        # The store tells times in whole seconds; of two versions within one the second would be no newer.
        event = replace(
            arrival_of(place.store.stat(bucket, key), tenant, "").event, sequencer=sequencer_at(datetime.now(UTC))
        )
        record(place.connection, [Arrival(event, occasion_of(event), tenant)])
        return event

    return put


def work(place: Workplace) -> ClaimReport:
    """Claim everything and do it."""
    claim_id = claim_next(place.connection, ALL_AT_ONCE)
    assert claim_id
    return render_claim(place, claim_id)


def state(place: Workplace, event: ArtifactEvent) -> dict[str, object]:
    row = place.connection.execute(
        "select state, attempts, error_code, error_message from artifacts where id = %s", [event.artifact_id]
    ).fetchone()
    assert row
    return row


def test_an_artifact_is_rendered_stored_and_recorded(place: Workplace, land: Callable[..., ArtifactEvent]) -> None:
    event = land("cm.csv", matrix_csv(1))

    assert work(place) == ClaimReport(rendered=1)

    assert state(place, event)["state"] == "rendered"
    stored = place.store.read(f"{event.bucket}-renderings", f"cm.csv/{event.etag}/rendering.json", max_bytes=10**6)
    kept = RenderingRecord.from_json(stored)
    assert kept.artifact_id == event.artifact_id
    assert all(place.store.stat(f"{event.bucket}-renderings", output.object_key).size for output in kept.outputs)


def test_a_renderer_that_cannot_be_imported_is_named_on_the_card(
    place: Workplace, land: Callable[..., ArtifactEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = land("cm.csv", matrix_csv(1))
    monkeypatch.setattr(registry, "BUILT_IN", (*registry.BUILT_IN, "missing"))
    registry.renderers.cache_clear()
    try:
        assert work(place) == ClaimReport(dead=1)
    finally:
        registry.renderers.cache_clear()

    found = state(place, event)
    assert (found["state"], found["error_code"]) == ("dead", "renderer_unavailable")
    assert "belvedere.rendering.renderers.missing" in str(found["error_message"])


def test_each_item_of_a_chunk_ends_for_itself(place: Workplace, land: Callable[..., ArtifactEvent]) -> None:
    good = land("good.csv", matrix_csv(1))
    binary = land("what.bin", b"\0\1\2" * 100)
    broken = land("broken.png", b"\x89PNG\r\n\x1a\n" + b"x" * 50)
    behind = land("behind.csv", matrix_csv(2))

    report = work(place)

    assert report == ClaimReport(rendered=2, unsupported=1, dead=1)
    assert [state(place, event)["state"] for event in (good, binary, broken, behind)] == [
        "rendered",
        "unsupported",
        "dead",
        "rendered",
    ]
    assert state(place, broken)["error_message"]
    assert open_work(place.connection) == []


def test_an_object_that_went_away_is_deleted_or_said_to_be_missing(
    place: Workplace, land: Callable[..., ArtifactEvent], s3: Minio, bucket: str
) -> None:
    told, untold = land("told.csv", matrix_csv(1)), land("untold.csv", matrix_csv(2))
    claim_id = claim_next(place.connection, ALL_AT_ONCE)
    assert claim_id
    for key in ("told.csv", "untold.csv"):
        s3.remove_object(bucket, key)
    later = replace(removed("told.csv", bucket=bucket), sequencer="F" * 20)
    arrive(place.connection, later)

    render_claim(place, claim_id)

    assert state(place, told)["state"] == "deleted"
    assert state(place, untold)["state"] == "dead"
    assert "not in its bucket" in str(state(place, untold)["error_message"])


def test_an_object_that_changed_is_queued_as_what_it_is_now(
    place: Workplace, land: Callable[..., ArtifactEvent], s3: Minio, bucket: str
) -> None:
    old = land("cm.csv", matrix_csv(1))
    s3.put_object(bucket, "cm.csv", io.BytesIO(matrix_csv(2)), len(matrix_csv(2)))

    assert work(place).dropped == 1
    assert state(place, old)["state"] == "superseded"

    assert work(place).rendered == 1
    latest = place.connection.execute("select etag, state from artifacts where is_latest").fetchall()
    assert latest == [{"etag": place.store.stat(bucket, "cm.csv").etag, "state": "rendered"}]


def test_while_the_object_store_is_away_work_waits_without_an_attempt(
    place: Workplace, land: Callable[..., ArtifactEvent]
) -> None:
    events = [land(f"{n}.csv", matrix_csv(n)) for n in range(3)]
    away = replace(place, store=ObjectStore("http://127.0.0.1:1", "key", "secret"))

    assert work(away) == ClaimReport(waiting=3)

    assert [state(place, event)["state"] for event in events] == ["queued"] * 3
    assert [state(place, event)["attempts"] for event in events] == [0] * 3
    place.connection.execute("update inbox set available_at = now()")
    assert work(place).rendered == 3


def test_a_crash_is_tried_again_and_given_up_after_three_attempts(
    place: Workplace, land: Callable[..., ArtifactEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = land("cm.csv", matrix_csv(1))

    def crash(*_arguments: object, **_options: object) -> None:
        raise RendererCrashed("The rendering process died of SIGSEGV.")

    monkeypatch.setattr(making, "render_isolated", crash)

    seen = []
    for _ in range(3):
        work(place)
        seen.append(state(place, event)["state"])
        place.connection.execute("update inbox set available_at = now()")

    assert seen == ["failed", "failed", "dead"]
    assert "3 attempts" in str(state(place, event)["error_message"])
    assert claim_next(place.connection, ALL_AT_ONCE) is None


def test_a_run_makes_room_when_another_tenant_waits(place: Workplace, land: Callable[..., ArtifactEvent]) -> None:
    for number in range(4):
        land(f"{number}.csv", matrix_csv(number))
    claim_id = claim_next(place.connection, ALL_AT_ONCE)
    assert claim_id
    arrive(place.connection, created("waiting.csv", bucket="other"), tenant="other")

    assert render_claim(place, claim_id) == ClaimReport(rendered=1, waiting=3)


def test_a_run_whose_claim_was_lost_writes_no_result(
    place: Workplace, land: Callable[..., ArtifactEvent], catalog_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = land("cm.csv", matrix_csv(1))
    claim_id = claim_next(place.connection, ALL_AT_ONCE)
    assert claim_id
    original = rendering.store_record

    def lose_then_store(*arguments: object) -> None:
        with connect(catalog_dsn) as other:
            other.execute("update inbox set state = 'queued', claim_id = null, lease_until = null")
        original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rendering, "store_record", lose_then_store)

    render_claim(place, claim_id)

    assert state(place, event)["state"] == "rendering"
    assert open_work(place.connection) == [event.artifact_id]


def work_off(place: Workplace) -> None:
    """Work until nothing waits any more, not even for later."""
    place.connection.execute("update inbox set available_at = now() where state = 'queued'")
    while claim_id := claim_next(place.connection, ALL_AT_ONCE):
        render_claim(place, claim_id)
        place.connection.execute("update inbox set available_at = now() where state = 'queued'")


def kept(place: Workplace, event: ArtifactEvent) -> RenderingRecord:
    path = f"{event.key}/{event.etag}/rendering.json"
    return RenderingRecord.from_json(place.store.read(f"{event.bucket}-renderings", path, max_bytes=10**6))


def no_fork() -> int:
    raise AssertionError("a child was forked")


class TestReuse:
    def test_the_same_bytes_under_another_key_are_not_drawn_again(self, place, land, monkeypatch) -> None:
        first = land("runs/1/cm.csv", matrix_csv(1))
        work_off(place)
        monkeypatch.setattr("os.fork", no_fork)
        second = land("runs/2/cm.csv", matrix_csv(1))

        work_off(place)

        one, two = kept(place, first), kept(place, second)
        assert two.reused_from == {
            "bucket": first.bucket,
            "key": "runs/1/cm.csv",
            "etag": first.etag,
            "artifact_id": first.artifact_id,
        }
        assert (two.facts, two.title, two.renderer_version) == (one.facts, one.title, one.renderer_version)
        assert two.usage == {}
        renderings = f"{first.bucket}-renderings"
        for mine, theirs in zip(two.outputs, one.outputs, strict=True):
            assert mine.object_key.startswith("runs/2/cm.csv/")
            content = place.store.read(renderings, mine.object_key, max_bytes=10**6)
            assert content == place.store.read(renderings, theirs.object_key, max_bytes=10**6)
        row = place.connection.execute(
            "select state, facts, provenance from artifacts where id = %s", [second.artifact_id]
        ).fetchone()
        assert row["state"] == "rendered"
        assert row["facts"] == one.facts
        assert row["provenance"]["reused_from"]["key"] == "runs/1/cm.csv"

    def test_within_one_claim_too(self, place, land) -> None:
        events = [land(f"runs/{number}/cm.csv", matrix_csv(1)) for number in range(3)]

        work_off(place)
        assert [kept(place, event).reused_from is not None for event in events] == [False, True, True]

    def test_not_where_the_picture_would_be_another(self, place, land) -> None:
        land("runs/1/cm.csv", matrix_csv(1))
        work_off(place)
        renamed = land("runs/1/other-name.csv", matrix_csv(1))
        changed = land("runs/2/cm.csv", matrix_csv(2))
        work_off(place)

        assert kept(place, renamed).reused_from is None
        assert kept(place, changed).reused_from is None

    def test_not_with_another_limit_or_renderer_version(self, place, land, monkeypatch) -> None:
        land("runs/1/cm.csv", matrix_csv(1))
        work_off(place)
        limits = LimitsByKind({"confusion_matrix": {"table_cells_shown": 17}})
        limited = land("runs/2/cm.csv", matrix_csv(1))
        work_off(replace(place, settings=place.settings.model_copy(update={"limits": limits})))
        renderer = registry.find_renderer("confusion_matrix")
        monkeypatch.setitem(registry._registered, "confusion_matrix", replace(renderer, version="999"))
        newer = land("runs/3/cm.csv", matrix_csv(1))
        work_off(place)

        assert kept(place, limited).reused_from is None
        assert kept(place, newer).reused_from is None
        assert kept(place, newer).renderer_version == "999"

    def test_never_from_another_tenant(self, place, land, s3, bucket) -> None:
        land("runs/1/cm.csv", matrix_csv(1))
        work_off(place)
        foreign = land("runs/2/cm.csv", matrix_csv(1), tenant="stranger")
        work_off(place)

        assert kept(place, foreign).reused_from is None

    def test_where_the_first_ones_files_are_gone_it_is_drawn(self, place, land, s3) -> None:
        first = land("runs/1/cm.csv", matrix_csv(1))
        work_off(place)
        figure = kept(place, first).outputs[0].object_key
        s3.remove_object(f"{first.bucket}-renderings", figure)
        second = land("runs/2/cm.csv", matrix_csv(1))

        work_off(place)
        assert kept(place, second).reused_from is None

    def test_what_an_artifact_refers_to_counts(self, place, land, bucket) -> None:
        metadata = json.dumps({"outputs": [{"type": "markdown", "source": f"minio://{bucket}/notes.md"}]}).encode()
        land("notes.md", b"# One\n")
        land("runs/1/mlpipeline-ui-metadata.json", metadata)
        work_off(place)
        same = land("runs/2/mlpipeline-ui-metadata.json", metadata)
        work_off(place)
        assert kept(place, same).reused_from is not None

        place.connection.execute("delete from watches")
        land("notes.md", b"# Two\n")
        other = land("runs/3/mlpipeline-ui-metadata.json", metadata)
        work_off(place)
        assert kept(place, other).reused_from is None


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
class TestUsersRenderers:
    def test_a_script_beside_its_data_is_run_and_again_when_the_data_change(self, place, land) -> None:
        code = b"text = open('/inputs/scores.txt').read()\nopen('said.md', 'w').write(f'# It says {text}')\n"
        land("runs/1/scores.txt", b"one")
        script = land("runs/1/scores.txt.viz.py", code)
        work_off(place)
        first, before = kept(place, script), page(place, kept(place, script))
        land("runs/1/scores.txt", b"two")
        work_off(place)

        assert first.kind == "viz_script"
        assert first.warnings == ()
        assert first.facts["user_renderer"]["outputs"][0]["name"] == "said.md"
        assert "It says one" in before
        assert "It says two" in page(place, kept(place, script))

    def test_a_registered_renderer_draws_what_matches_from_then_on(self, place, land, bucket) -> None:
        code = (
            b'# /// belvedere\n# patterns = ["runs/*/scores.txt"]\n# ///\n'
            b"open('drawn.md', 'w').write('# Drawn by the tenant: ' + open('/inputs/scores.txt').read())\n"
        )
        land(".belvedere/renderers/scores.viz.py", code)
        work_off(place)
        found = sources_in_use(place.connection)
        later = replace(place, renderers=found.renderers)
        matching = land("runs/1/scores.txt", b"seven")
        other = land("runs/1/words.txt", b"seven")
        work_off(later)

        assert [(each.key, each.patterns) for each in found.renderers] == [
            (".belvedere/renderers/scores.viz.py", ("runs/*/scores.txt",))
        ]
        assert kept(place, matching).renderer_name == "tenant.scores"
        assert "Drawn by the tenant: seven" in page(place, kept(place, matching))
        assert kept(place, other).renderer_name == "belvedere.text"

    def test_one_that_fails_leaves_the_picture_that_we_draw(self, place, land) -> None:
        code = b'# /// belvedere\n# patterns = ["*.csv"]\n# ///\nraise KeyError("colour")\n'
        land(".belvedere/renderers/broken.viz.py", code)
        work_off(place)
        later = replace(place, renderers=sources_in_use(place.connection).renderers)
        event = land("cm.csv", matrix_csv(1))
        work_off(later)

        assert kept(place, event).renderer_name == "belvedere.confusion_matrix"
        assert "KeyError: 'colour'" in kept(place, event).warnings[0]


def page(place: Workplace, record: RenderingRecord) -> str:
    output = next(output for output in record.outputs if output.role == "page")
    return place.store.read(f"{record.bucket}-renderings", output.object_key, max_bytes=10**6).decode()


RUN = "mlflow/1/465712f3a726671b9caf9b8f314e5d3f"
MLMODEL = b"flavors:\n  sklearn:\n    pickled_model: model.pkl\n"


def facts_of(place: Workplace, event: ArtifactEvent) -> dict[str, Any]:
    row = place.connection.execute("select facts, part from artifacts where id = %s", [event.artifact_id]).fetchone()
    assert row
    return row


def test_a_run_becomes_one_artifact_and_follows_its_files(place: Workplace, land: Callable[..., ArtifactEvent]) -> None:
    metrics = land(f"{RUN}/metrics.json", b'{"rmse": 3.5}')
    model = land(f"{RUN}/artifacts/model/MLmodel", MLMODEL)
    land("elsewhere/metrics.json", b'{"rmse": 9}')
    assert work(place) == ClaimReport(rendered=3)
    assert facts_of(place, model)["facts"]["mlflow"]["metrics"] == {"rmse": 3.5}
    assert facts_of(place, metrics)["part"]

    late = land(f"{RUN}/params.json", b'{"alpha": "0.5"}')
    newer = land(f"{RUN}/metrics.json", b'{"rmse": 2.5}')
    assert facts_of(place, late)["part"]
    assert facts_of(place, newer)["part"]
    assert state(place, model)["state"] == "rendered"
    place.connection.execute("update inbox set available_at = clock_timestamp() where state = 'queued'")
    assert work(place) == ClaimReport(rendered=3)

    assert facts_of(place, model)["facts"]["mlflow"]["metrics"] == {"rmse": 2.5}
    assert facts_of(place, model)["facts"]["mlflow"]["params"] == {"alpha": "0.5"}
    assert open_work(place.connection) == []


def test_another_tenants_run_is_neither_read_nor_taken(
    place: Workplace, land: Callable[..., ArtifactEvent], make_bucket: Callable[..., str], s3: Minio
) -> None:
    foreign = make_bucket()
    s3.put_object(foreign, f"{RUN}/metrics.json", io.BytesIO(b'{"secret": 1}'), 13)
    model = land(f"{RUN}/artifacts/model/MLmodel", MLMODEL + f"artifact_path: s3://{foreign}/{RUN}/\n".encode())

    work(place)

    assert facts_of(place, model)["facts"]["mlflow"]["metrics"] == {}
