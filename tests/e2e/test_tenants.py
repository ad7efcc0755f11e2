"""The life of a tenant on the whole stack: by REST, by the form's fields, by a file; drift, rotation, removal.

Everything is asked from outside: Airflow's REST API, the gallery's API, MinIO and MLflow as the tenant.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import uuid
from io import BytesIO
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from minio import Minio
from minio.credentials import StaticProvider
from minio.error import S3Error
from minio.minioadmin import MinioAdmin
from stack.paths import ROOT
from tests.harness.airflow import client_of
from tests.harness.samples import matrix_csv
from tests.harness.waiting import eventually
from tests.harness.whole import tenants_folder

from belvedere.clients.postgres import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.whole import RunningStack

OWN = {"X-Belvedere": "test"}
SECONDS = 240.0


def spec(name: str, **parts: Any) -> dict[str, Any]:
    members = [{"user": "admin", "role": "member"}, {"user": "viewer", "role": "viewer"}]
    return {"apiVersion": "belvedere/v1", "kind": "Tenant", "name": name, "members": members} | parts


def provision(stack: RunningStack, declared: dict[str, Any], *, expect: str = "success", mode: str = "apply") -> str:
    return stack.airflow.run("provision_tenant", {"mode": mode, "spec": declared}, seconds=SECONDS, expect=expect)


def told(gallery: httpx.Client, name: str) -> dict[str, Any]:
    found: dict[str, Any] = gallery.get(f"/belvedere/api/tenants/{name}").raise_for_status().json()
    return found


def credentials(gallery: httpx.Client, name: str) -> dict[str, Any]:
    answer = gallery.post(f"/belvedere/api/tenants/{name}/credentials", headers=OWN)
    assert answer.headers["cache-control"] == "no-store"
    shown: dict[str, Any] = answer.raise_for_status().json()
    return shown


def store_of(shown: dict[str, Any]) -> Minio:
    s3 = shown["s3"]
    address = s3["endpoint"].removeprefix("http://")
    return Minio(address, access_key=s3["access_key"], secret_key=s3["secret_key"], secure=False, region="us-east-1")


def put(store: Minio, bucket: str, key: str, content: bytes) -> None:
    store.put_object(bucket, key, BytesIO(content), len(content), "text/csv")


def refused(store: Minio, bucket: str, key: str) -> str:
    with pytest.raises(S3Error) as error:
        put(store, bucket, key, b"x")
    return str(error.value.code)


def mlflow_of(shown: dict[str, Any], workspace: str | None = None) -> httpx.Client:
    mlflow = shown["mlflow"]
    return httpx.Client(
        base_url=mlflow["url"],
        auth=(mlflow["username"], mlflow["password"]),
        headers={"X-MLFLOW-WORKSPACE": workspace or mlflow["workspace"]},
        timeout=60.0,
        trust_env=False,
    )


def root_admin(stack: RunningStack) -> MinioAdmin:
    keys = StaticProvider(stack.env["MINIO_ACCESS_KEY"], stack.env["MINIO_SECRET_KEY"])
    return MinioAdmin(endpoint=stack.env["MINIO_ENDPOINT"].removeprefix("http://"), credentials=keys, secure=False)


@pytest.fixture(scope="module")
def second_user(stack: RunningStack) -> Iterator[httpx.Client]:
    with client_of(stack.url, stack.env["AIRFLOW_VIEWER_USER"], stack.env["AIRFLOW_VIEWER_PASSWORD"]) as client:
        yield client


@pytest.fixture(scope="module")
def team(stack: RunningStack) -> str:
    """A tenant made by one REST call."""
    name = f"team-{uuid.uuid4().hex[:8]}"
    provision(
        stack, spec(name, bucket={"versioning": True, "quota": "1GiB"}, keys={"rotate_every": "30d", "grace": "24h"})
    )
    return name


@pytest.fixture(scope="module")
def rival(stack: RunningStack) -> str:
    """Another tenant, made by the fields of the form."""
    name = f"rival-{uuid.uuid4().hex[:8]}"
    conf = {"mode": "apply", "name": name, "members": ["admin", "viewer:member"], "quota": "1GiB", "grace": "1h"}
    stack.airflow.run("provision_tenant", conf, seconds=SECONDS)
    return name


@pytest.fixture
def folder(stack: RunningStack) -> Path:
    return tenants_folder(stack.instance.paths.home)


def test_a_plan_changes_nothing(stack: RunningStack, gallery: httpx.Client) -> None:
    name = f"only-{uuid.uuid4().hex[:8]}"

    run_id = provision(stack, spec(name), mode="plan")

    lines = stack.airflow.xcom("provision_tenant", run_id, "plan")
    assert any(line.startswith(f"create bucket {name} ") for line in lines)
    assert any(f"create MLflow workspace {name}" in line for line in lines)
    assert not stack.s3.bucket_exists(name)
    assert gallery.get(f"/belvedere/api/tenants/{name}").status_code == 404


def test_one_call_makes_a_tenant_that_works(stack: RunningStack, gallery: httpx.Client, team: str) -> None:
    page = told(gallery, team)
    assert page["state"] == "ready"
    assert page["drift"] == []
    assert page["spec"]["bucket"]["quota"] == "1GiB"

    shown = credentials(gallery, team)
    store = store_of(shown)
    put(store, team, "runs/1/cm.csv", matrix_csv(1))
    assert shown["s3"]["bucket"] == team
    assert [bucket.name for bucket in store.list_buckets()] == [team, f"{team}-renderings"]

    with mlflow_of(shown) as mlflow:
        made = mlflow.post("/api/2.0/mlflow/experiments/create", json={"name": "first"}).raise_for_status().json()
        root = mlflow.get("/api/2.0/mlflow/experiments/get", params={"experiment_id": made["experiment_id"]}).json()
    assert root["experiment"]["artifact_location"].startswith(f"s3://{team}/mlflow/")


def test_what_a_tenant_puts_hangs_on_its_wall(gallery: httpx.Client, second_user: httpx.Client, team: str) -> None:
    put(store_of(credentials(gallery, team)), team, "wall/cm.csv", matrix_csv(2))

    query = {"tenant": team, "prefix": "wall/"}

    def rendered() -> bool:
        cards = gallery.get("/belvedere/api/artifacts", params=query).json()["artifacts"]
        return [card["state"] for card in cards] == ["rendered"]

    eventually(rendered, 60.0, what="the tenant's card being a picture")
    seen = second_user.get("/belvedere/api/artifacts", params=query).json()["artifacts"]
    assert [card["key"] for card in seen] == ["wall/cm.csv"]


def test_what_a_tenants_run_logs_with_mlflows_own_client_hangs_on_its_wall(
    stack: RunningStack, gallery: httpx.Client, team: str
) -> None:
    shown = credentials(gallery, team)
    as_tenant = {
        "PATH": os.environ["PATH"],
        "MLFLOW_URL": shown["mlflow"]["url"],
        "MLFLOW_ADMIN_USER": shown["mlflow"]["username"],
        "MLFLOW_ADMIN_PASSWORD": shown["mlflow"]["password"],
        "MLFLOW_WORKSPACE": shown["mlflow"]["workspace"],
        "MLFLOW_S3_ENDPOINT_URL": shown["s3"]["endpoint"],
        "AWS_ACCESS_KEY_ID": shown["s3"]["access_key"],
        "AWS_SECRET_ACCESS_KEY": shown["s3"]["secret_key"],
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    # the server's own environment: unlike the stack's it has boto3, which MLflow's client needs for S3
    python = stack.instance.paths.install / "mlflow" / "bin" / "python"
    program = [str(python), str(ROOT / "examples" / "mlflow_run.py")]

    done = subprocess.run(program, env=as_tenant, capture_output=True, text=True, timeout=200, check=False)

    assert done.returncode == 0, done.stderr[-2000:]
    run_id = done.stdout.split()[-1]

    def rendered() -> bool:
        cards = gallery.get("/belvedere/api/artifacts", params={"tenant": team, "q": run_id}).json()["artifacts"]
        return {card["key"].rsplit("/", 1)[1] for card in cards if card["state"] == "rendered"} >= {"roc.csv"}

    eventually(rendered, 90.0, what="the run's curve on the tenant's wall")


def test_the_same_run_id_twice_is_harmless(stack: RunningStack, team: str) -> None:
    run_id = f"idempotent__{uuid.uuid4().hex}"
    body = {"dag_run_id": run_id, "logical_date": None, "conf": {"mode": "plan", "spec": spec(team)}}
    path = "/api/v2/dags/provision_tenant/dagRuns"

    assert stack.airflow.http.post(path, json=body).status_code == 200
    assert stack.airflow.http.post(path, json=body).status_code == 409


def test_the_same_declaration_again_changes_nothing(stack: RunningStack, gallery: httpx.Client, team: str) -> None:
    declared = told(gallery, team)["spec"]

    run_id = provision(stack, declared)

    assert stack.airflow.xcom("provision_tenant", run_id, "apply") == 0


def test_a_broken_declaration_is_refused_with_field_value_and_rule(stack: RunningStack) -> None:
    run_id = provision(stack, spec("Team_B", bucket={"quota": "ten"}), expect="failed")

    logs = stack.airflow.logs("provision_tenant", run_id)
    assert "name: 'Team_B': a name holds lower-case letters" in logs.replace('\\"', "'").replace("\\'", "'")
    assert "bucket.quota" in logs


def test_credentials_are_for_members_by_name_alone(
    gallery: httpx.Client, second_user: httpx.Client, team: str, rival: str
) -> None:
    answers = {
        "viewer of team": second_user.post(f"/belvedere/api/tenants/{team}/credentials", headers=OWN).status_code,
        "member of rival": second_user.post(f"/belvedere/api/tenants/{rival}/credentials", headers=OWN).status_code,
        "nobody's": second_user.post("/belvedere/api/tenants/nothing-there/credentials", headers=OWN).status_code,
        "without our header": gallery.post(
            f"/belvedere/api/tenants/{team}/credentials", headers={"Authorization": ""}
        ).status_code,
    }

    assert answers == {"viewer of team": 403, "member of rival": 200, "nobody's": 404, "without our header": 401}
    actions = [each["action"] for each in gallery.get(f"/belvedere/api/tenants/{rival}/changes").json()["changes"]]
    assert "reveal_credentials" in actions


def test_two_tenants_are_strangers_to_each_other(gallery: httpx.Client, team: str, rival: str) -> None:
    ours, theirs = credentials(gallery, team), credentials(gallery, rival)
    put(store_of(theirs), rival, "secret/plan.csv", b"a,b\n1,2\n")

    assert refused(store_of(ours), rival, "secret/mine.csv") == "AccessDenied"
    for call in (
        lambda store: store.get_object(rival, "secret/plan.csv"),
        lambda store: list(store.list_objects(rival)),
        lambda store: store.get_bucket_notification(rival),
        lambda store: store.remove_object(rival, "secret/plan.csv"),
        lambda store: store.get_object(f"{rival}-renderings", "x"),
    ):
        with pytest.raises(S3Error) as error:
            call(store_of(ours))
        assert error.value.code == "AccessDenied"
    # their own renderings may be read, and not written
    assert refused(store_of(ours), f"{team}-renderings", "forged/rendering.json") == "AccessDenied"
    # an address that we sign is not worth more than our key
    forged = store_of(ours).presigned_get_object(rival, "secret/plan.csv")
    assert httpx.get(forged, trust_env=False).status_code == 403
    # nor is a forged workspace header at MLflow
    with mlflow_of(ours, workspace=rival) as mlflow:
        created = mlflow.post("/api/2.0/mlflow/experiments/create", json={"name": "intruder"})
        assert created.status_code in (401, 403, 404)
        found = mlflow.get("/api/2.0/mlflow/experiments/search", params={"max_results": 10})
        assert found.status_code >= 400 or found.json().get("experiments", []) == []


def test_a_tenants_key_administers_nothing(stack: RunningStack, gallery: httpx.Client, team: str) -> None:
    s3 = credentials(gallery, team)["s3"]
    keys = StaticProvider(s3["access_key"], s3["secret_key"])
    admin = MinioAdmin(endpoint=s3["endpoint"].removeprefix("http://"), credentials=keys, secure=False)

    for call in (
        admin.user_list,
        admin.policy_list,
        admin.info,
        lambda: admin.add_service_account(name="escalated"),
        lambda: admin.user_add("intruder-key-id", "intruder-secret-key"),
    ):
        with pytest.raises(Exception, match=r"403|AccessDenied"):
            call()


def test_a_file_makes_the_same_tenant_and_its_removal_only_marks_it(
    stack: RunningStack, gallery: httpx.Client, folder: Path
) -> None:
    name = f"file-{uuid.uuid4().hex[:8]}"
    file, broken = folder / f"{name}.yaml", folder / "broken.yaml"
    file.write_text(f"name: {name}\nmembers: [{{user: admin}}]\n")
    broken.write_text("name: Not A Name\n")

    stack.airflow.run("reconcile_tenants", {}, seconds=SECONDS, expect="failed")
    assert told(gallery, name)["state"] == "ready"
    assert told(gallery, name)["source"] == f"git:{file.name}"
    observed = told(gallery, name)["observed"]
    assert observed["buckets"][0]["exists"], "it is looked at once more when it is made"
    assert all(check["ok"] for check in observed["checks"])
    put(store_of(credentials(gallery, name)), name, "kept.csv", b"a,b\n1,2\n")

    broken.unlink()
    file.unlink()
    stack.airflow.run("reconcile_tenants", {}, seconds=SECONDS)
    assert told(gallery, name)["state"] == "orphaned"
    assert stack.s3.stat_object(name, "kept.csv").size == 8
    assert store_of(credentials(gallery, name)).bucket_exists(name)


def test_drift_is_reported_first_and_repaired_when_somebody_says_so(
    stack: RunningStack, gallery: httpx.Client, rival: str
) -> None:
    admin = root_admin(stack)
    admin.bucket_quota_clear(rival)
    stack.s3.delete_bucket_notification(rival)
    with connect(stack.env["CATALOG_DSN"]) as catalog:
        catalog.execute("delete from tenant_members where tenant = %s and user_name = 'viewer'", (rival,))

    stack.airflow.run("reconcile_tenants", {"tenant": rival}, seconds=SECONDS)
    page = told(gallery, rival)
    assert page["state"] == "drifted"
    assert {each["property"] for each in page["drift"]} == {
        f"{rival}: quota",
        f"{rival}: notifications",
        "member viewer",
    }

    stack.airflow.run("reconcile_tenants", {"tenant": rival, "policy": "repair"}, seconds=SECONDS)
    page = told(gallery, rival)
    assert page["state"] == "ready"
    assert page["drift"] == []
    assert len(stack.s3.get_bucket_notification(rival).queue_config_list) == 2


def test_a_rotation_never_breaks_whoever_still_has_the_old_key(
    stack: RunningStack, gallery: httpx.Client, team: str
) -> None:
    before = credentials(gallery, team)

    stack.airflow.run("rotate_tenant_keys", {"tenant": team}, seconds=SECONDS)

    after = credentials(gallery, team)
    assert after["s3"]["access_key"] != before["s3"]["access_key"]
    for shown in (before, after):
        put(store_of(shown), team, f"rotation/{uuid.uuid4().hex}.csv", b"a,b\n1,2\n")
    assert sorted(key["phase"] for key in told(gallery, team)["keys"] if key["kind"] == "s3_key") == [
        "active",
        "retiring",
    ]

    with connect(stack.env["CATALOG_DSN"]) as catalog:
        catalog.execute("update credentials set retire_at = now() where tenant = %s and phase = 'retiring'", (team,))
    stack.airflow.run("rotate_tenant_keys", {"tenant": team, "only_due": True}, seconds=SECONDS)
    assert refused(store_of(before), team, "too-late.csv") == "InvalidAccessKeyId"
    put(store_of(after), team, "in-time.csv", b"a,b\n1,2\n")


def test_a_foreign_bucket_is_refused_until_it_is_adopted(stack: RunningStack, gallery: httpx.Client) -> None:
    name = f"legacy-{uuid.uuid4().hex[:8]}"
    stack.s3.make_bucket(name)
    put(stack.s3, name, "old/data.csv", b"a,b\n1,2\n")

    run_id = provision(stack, spec(name), expect="failed")
    assert "adopt" in stack.airflow.logs("provision_tenant", run_id)

    conf = {"tenant": name, "mode": "apply", "spec": {"members": [{"user": "admin"}]}}
    stack.airflow.run("adopt_tenant", conf, seconds=SECONDS)
    assert told(gallery, name)["state"] == "ready"
    assert told(gallery, name)["source"] == "adopted"
    assert store_of(credentials(gallery, name)).get_object(name, "old/data.csv").data == b"a,b\n1,2\n"


def test_a_removal_goes_as_far_as_was_confirmed(stack: RunningStack, gallery: httpx.Client) -> None:
    name = f"gone-{uuid.uuid4().hex[:8]}"
    provision(stack, spec(name, mlflow={"enabled": True}))
    shown = credentials(gallery, name)
    put(store_of(shown), name, "some.csv", b"a,b\n1,2\n")

    run_id = stack.airflow.run("remove_tenant", {"tenant": name, "policy": "DeleteAll"}, seconds=SECONDS)
    assert any("remove bucket" in line for line in stack.airflow.xcom("remove_tenant", run_id, "plan"))
    assert store_of(shown).bucket_exists(name)

    conf = {"tenant": name, "policy": "DeleteAll", "mode": "apply"}
    run_id = stack.airflow.run("remove_tenant", conf | {"confirm": "wrong"}, seconds=SECONDS, expect="failed")
    assert "confirm" in stack.airflow.logs("remove_tenant", run_id)
    assert store_of(shown).bucket_exists(name)

    stack.airflow.run("remove_tenant", conf | {"policy": "DeleteIfEmpty"}, seconds=SECONDS, expect="failed")
    assert stack.s3.bucket_exists(name)

    stack.airflow.run("remove_tenant", conf | {"confirm": name}, seconds=SECONDS)
    assert not stack.s3.bucket_exists(name)
    assert not stack.s3.bucket_exists(f"{name}-renderings")
    assert refused(store_of(shown), name, "ghost.csv") in ("InvalidAccessKeyId", "NoSuchBucket")
    with mlflow_of(shown, workspace="default") as mlflow:
        assert mlflow.get("/api/2.0/mlflow/experiments/search", params={"max_results": 1}).status_code == 401


def test_no_secret_is_in_logs_xcoms_or_confs(stack: RunningStack, gallery: httpx.Client, team: str, rival: str) -> None:
    secrets = set()
    for name in (team, rival):
        shown = credentials(gallery, name)
        secrets |= {shown["s3"]["access_key"], shown["s3"]["secret_key"], shown["mlflow"]["password"]}
    secrets |= account_names(stack)
    texts = {
        str(file): file.read_text(errors="replace") for file in stack.instance.paths.logs.rglob("*") if file.is_file()
    }
    for dag_id in ("provision_tenant", "adopt_tenant", "reconcile_tenants", "rotate_tenant_keys", "remove_tenant"):
        for run in stack.airflow.get(f"/dags/{dag_id}/dagRuns", limit=100)["dag_runs"]:
            texts[f"conf {run['dag_run_id']}"] = str(run["conf"])
        path = f"/dags/{dag_id}/dagRuns/~/taskInstances/~/xcomEntries"
        texts[f"xcom {dag_id}"] = str(stack.airflow.get(path, limit=1000))
    with connect(stack.env["CATALOG_DSN"]) as catalog:
        for table in ("tenants", "tenant_changes", "orphans"):
            texts[f"table {table}"] = str(catalog.execute(f"select * from {table}").fetchall())

    assert len(secrets) >= 8
    leaks = {where for where, text in texts.items() for secret in secrets if re.search(re.escape(secret), text)}
    assert leaks == set()


def account_names(stack: RunningStack) -> set[str]:
    return set(json.loads(root_admin(stack).user_list()))
