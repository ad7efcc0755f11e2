"""The operations work around the loop, as people start it: provisioning, rendering again, keeping house."""

from __future__ import annotations

import io
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from minio.error import S3Error
from tests.harness.samples import matrix_csv, table_csv
from tests.harness.waiting import eventually
from tests.harness.wall import Wall

if TYPE_CHECKING:
    import httpx
    from tests.harness.wall import Card
    from tests.harness.whole import RunningStack


@pytest.fixture
def new_bucket() -> str:
    return f"team-{uuid.uuid4().hex[:12]}"


def returned(stack: RunningStack, dag_id: str, conf: dict[str, Any], task_id: str) -> Any:
    """Run a DAG and return what one of its tasks returned."""
    return stack.airflow.xcom(dag_id, stack.airflow.run(dag_id, conf, seconds=180.0), task_id)


def test_a_plan_says_everything_and_does_nothing(stack: RunningStack, new_bucket: str) -> None:
    plan = returned(stack, "provision_storage", {"mode": "plan", "buckets": [new_bucket]}, "plan")

    assert any(line.startswith(f"create bucket {new_bucket}-renderings") for line in plan[new_bucket])
    assert not stack.s3.bucket_exists(new_bucket)


def test_a_new_bucket_becomes_a_source_of_its_own_tenant(
    stack: RunningStack, gallery: httpx.Client, new_bucket: str
) -> None:
    seconds = returned(stack, "provision_storage", {"buckets": [new_bucket]}, "probe")
    assert len(seconds[new_bucket]) == 2

    card = Wall(stack.s3, gallery, new_bucket).show("a.csv", table_csv(), "text/csv")

    assert (card["tenant"], card["state"]) == (new_bucket, "rendered")
    assert returned(stack, "provision_storage", {"buckets": [new_bucket]}, "apply") == {new_bucket: 0}


def test_somebody_elses_bucket_is_refused_and_the_others_are_provisioned(stack: RunningStack, new_bucket: str) -> None:
    theirs = f"{new_bucket}-theirs"
    stack.s3.make_bucket(theirs)
    stack.s3.put_object(theirs, "treasure", io.BytesIO(b"x"), 1)

    conf = {"buckets": [theirs, new_bucket]}
    run_id = stack.airflow.run("provision_storage", conf, seconds=180.0, expect="failed")

    assert "adopt = true" in stack.airflow.logs("provision_storage", run_id)
    assert not stack.s3.bucket_exists(f"{theirs}-renderings")
    with pytest.raises(S3Error, match="NoSuchTagSet"):
        stack.s3._execute("GET", theirs, query_params={"tagging": ""})


@pytest.mark.parametrize(
    ("dag_id", "conf"),
    [
        ("provision_storage", {"buckets": ["Not A Bucket"]}),
        ("provision_storage", {"buckets": []}),
        ("provision_storage", {"mode": "destroy"}),
        ("sweep_unrendered", {"grace_seconds": -1}),
        ("rerender_artifacts", {"older_than": "new"}),
        ("housekeeping", {"keep_runs_days": "two"}),
    ],
)
def test_params_out_of_form_are_refused_at_the_door(stack: RunningStack, dag_id: str, conf: dict[str, Any]) -> None:
    body = {"logical_date": None, "conf": conf}

    assert stack.airflow.http.post(f"/api/v2/dags/{dag_id}/dagRuns", json=body).status_code in (400, 422)


def test_artifacts_are_rendered_again_by_prefix_and_kind(stack: RunningStack, wall: Wall) -> None:
    prefix = f"again/{uuid.uuid4().hex}/"
    matrices = [wall.show(f"{prefix}{number}.csv", matrix_csv(number), "text/csv") for number in range(2)]
    table = wall.show(f"{prefix}table.csv", table_csv(), "text/csv")
    conf = {"bucket": wall.bucket, "prefix": prefix, "kind": "confusion_matrix"}

    assert returned(stack, "rerender_artifacts", {**conf, "dry_run": True}, "request") == {"selected": 2, "queued": 0}
    assert returned(stack, "rerender_artifacts", conf, "request") == {"selected": 2, "queued": 2}

    def rendered_again(card: Card) -> bool:
        now = wall.card(card["key"])
        return now is not None and now["state"] == "rendered" and now["rendered_at"] > card["rendered_at"]

    for card in matrices:
        eventually(lambda card=card: rendered_again(card), 60.0, what="another rendering")  # type: ignore[misc]
    unchanged = wall.card(table["key"])
    assert unchanged is not None
    assert unchanged["rendered_at"] == table["rendered_at"]


def test_emptying_the_catalog_must_be_confirmed_word_for_word(stack: RunningStack, wall: Wall) -> None:
    card = wall.show(f"kept/{uuid.uuid4().hex}.csv", table_csv(), "text/csv")

    conf = {"empty_first": True, "confirm": "yes"}
    run_id = stack.airflow.run("rebuild_catalog", conf, expect="failed")

    assert "empty the catalog" in stack.airflow.logs("rebuild_catalog", run_id)
    assert wall.card(card["key"]) is not None


def objects_below(stack: RunningStack, prefix: str) -> list[str]:
    found = stack.s3.list_objects("mlpipeline-renderings", prefix=prefix, recursive=True)
    return [each.object_name or "" for each in found]


def test_housekeeping_counts_first_and_then_removes_what_nobody_needs(stack: RunningStack, wall: Wall) -> None:
    key = f"kept/{uuid.uuid4().hex}.csv"
    old = wall.show(key, table_csv(2), "text/csv")
    new = wall.show(key, table_csv(3), "text/csv")
    orphan = f"nowhere/{uuid.uuid4().hex}.csv/etag/page.html"
    stack.s3.put_object("mlpipeline-renderings", orphan, io.BytesIO(b"x"), 1)
    keep_nothing = {
        "keep_runs_days": 0,
        "keep_inbox_days": 0,
        "keep_dead_events_days": 0,
        "keep_versions_days": 0,
        "orphan_grace_days": 0,
    }

    run_id = stack.airflow.run("housekeeping", {**keep_nothing, "dry_run": True}, seconds=180.0)
    counted = {
        task: stack.airflow.xcom("housekeeping", run_id, task)
        for task in ("prune_runs", "prune_work", "prune_versions", "prune_orphans")
    }
    assert counted["prune_runs"]["render_artifacts"] >= 2
    assert counted["prune_work"]["inbox"] >= 2
    assert counted["prune_versions"]["versions"] >= 1
    assert counted["prune_orphans"]["mlpipeline"]["orphaned"] >= 1
    assert objects_below(stack, f"{key}/{old['etag']}/")
    assert objects_below(stack, orphan)

    stack.airflow.run("housekeeping", keep_nothing, seconds=180.0)

    assert objects_below(stack, f"{key}/{old['etag']}/") == []
    assert objects_below(stack, orphan) == []
    assert objects_below(stack, f"{key}/{new['etag']}/")
    assert wall.output(wall.settled(key), "page").status_code == 200
    left = stack.airflow.get("/dags/render_artifacts/dagRuns", state=["success", "failed"])["total_entries"]
    assert left < counted["prune_runs"]["render_artifacts"]
    assert stack.airflow.get("/dags/watch_artifacts/dagRuns", state=["running"])["total_entries"] == 1
