"""Tenants while things fail: a server is away halfway, two runs want the same tenant. Nothing is lost or made twice."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from stack.supervisor.client import Supervisor
from tests.harness.airflow import ENDED
from tests.harness.waiting import eventually

from belvedere.catalog.tenants import tenant_lock
from belvedere.clients.postgres import connect
from belvedere.tenants.names import policy_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from tests.harness.whole import RunningStack

DAG = "provision_tenant"
SECONDS = 240.0


@contextmanager
def away(stack: RunningStack, service: str) -> Iterator[None]:
    supervisor = Supervisor(stack.instance.paths)
    supervisor.stop_services([service])
    try:
        yield
    finally:
        supervisor.start_service(service)
        stack.await_healthy()


def conf(name: str) -> dict[str, Any]:
    return {"mode": "apply", "spec": {"name": name, "members": [{"user": "admin"}]}}


def tries(stack: RunningStack, run_id: str, task_id: str) -> tuple[str | None, int]:
    found = stack.airflow.get(f"/dags/{DAG}/dagRuns/{run_id}/taskInstances/{task_id}")
    return found["state"], found["try_number"]


def await_success(stack: RunningStack, run_id: str) -> None:
    eventually(lambda: stack.airflow.state(DAG, run_id) in ENDED, SECONDS, what=f"the end of {run_id}")
    assert stack.airflow.state(DAG, run_id) == "success", stack.airflow.logs(DAG, run_id)


def assert_made_once(stack: RunningStack, gallery: httpx.Client, name: str) -> None:
    page = gallery.get(f"/belvedere/api/tenants/{name}").json()
    assert page["state"] == "ready"
    assert page["problem"] is None
    assert sorted(key["kind"] for key in page["keys"]) == ["mlflow_user", "s3_account", "s3_key"]
    assert {key["phase"] for key in page["keys"]} == {"active"}
    with connect(stack.env["CATALOG_DSN"]) as catalog:
        orphans = catalog.execute("select * from orphans where tenant = %s", (name,)).fetchall()
    assert orphans == []


@pytest.mark.parametrize("service", ["mlflow", "minio"])
def test_a_server_that_is_away_is_named_and_the_run_goes_on_when_it_is_back(
    stack: RunningStack, gallery: httpx.Client, service: str
) -> None:
    name = f"away-{uuid.uuid4().hex[:8]}"
    stack.airflow.await_dag(DAG)

    with away(stack, service):
        run_id = stack.airflow.start(DAG, conf(name))
        eventually(lambda: tries(stack, run_id, "plan")[0] == "up_for_retry", SECONDS, what="a plan that waits")
        said = stack.airflow.logs(DAG, run_id)
        assert {"mlflow": "MLflow", "minio": "object store"}[service] in said
        assert "did not answer" in said or "does not answer" in said

    await_success(stack, run_id)
    assert_made_once(stack, gallery, name)


def test_mlflow_leaving_halfway_leaves_a_tenant_that_is_finished_later(
    stack: RunningStack, gallery: httpx.Client
) -> None:
    name = f"half-{uuid.uuid4().hex[:8]}"
    stack.airflow.run(DAG, conf(name) | {"mode": "plan"}, seconds=SECONDS)
    run_id = stack.airflow.start(DAG, conf(name))
    # the object store's part is done, MLflow's is not
    eventually(lambda: stack.s3.bucket_exists(name), SECONDS, what="the bucket", poll=0.01)

    with away(stack, "mlflow"):
        eventually(
            lambda: any(tries(stack, run_id, task)[0] == "up_for_retry" for task in ("apply", "verify")),
            SECONDS,
            what="a task that waits",
        )
        page = gallery.get(f"/belvedere/api/tenants/{name}").json()
        assert page["state"] == "failed"
        assert page["problem"]["code"] == "service_unavailable"

    await_success(stack, run_id)
    assert_made_once(stack, gallery, name)


def test_two_runs_at_once_on_one_tenant_take_turns(stack: RunningStack, gallery: httpx.Client) -> None:
    name = f"twice-{uuid.uuid4().hex[:8]}"
    stack.airflow.await_dag(DAG)
    with connect(stack.env["CATALOG_DSN"]) as connection, tenant_lock(connection, name):
        runs = [stack.airflow.start(DAG, conf(name)) for _ in range(2)]
        for run_id in runs:
            eventually(
                lambda run=run_id: tries(stack, run, "apply")[0] == "up_for_retry", SECONDS, what="a run that waits"
            )
            assert "another run is at work" in stack.airflow.logs(DAG, run_id)
        assert not stack.s3.bucket_exists(name)

    for run_id in runs:
        await_success(stack, run_id)
    assert_made_once(stack, gallery, name)
    changes = gallery.get(f"/belvedere/api/tenants/{name}/changes", params={"limit": 200}).json()["changes"]
    assert [each["action"] for each in changes].count("create_account") == 1
    assert policy_name(name) in str(changes)
