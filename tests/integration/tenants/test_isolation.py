"""Two tenants attack each other with everything they have been given, at the real servers. Nothing gives way."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from minio import MinioAdmin
from minio.commonconfig import CopySource, Tags
from minio.credentials import StaticProvider
from minio.error import MinioAdminException, S3Error
from minio.notificationconfig import NotificationConfig
from minio.versioningconfig import SUSPENDED, VersioningConfig

from belvedere.model.tenant_state import CredentialKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness.tenant_world import TenantWorld

    from belvedere.model.tenant import TenantSpec

PUBLIC = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", '
    '"Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::BUCKET/*"]}]}'
)


class Tenant:
    """One tenant with all that its people get."""

    def __init__(self, world: TenantWorld, spec: TenantSpec) -> None:
        self.world, self.spec, self.name = world, spec, spec.name
        self.key = world.key(spec)
        self.s3 = world.s3_as(self.key)
        self.login = world.secret(spec, CredentialKind.MLFLOW_USER)

    def api(self, workspace: str) -> httpx.Client:
        """Return MLflow's API as this tenant, with a header that names a workspace."""
        return httpx.Client(
            base_url=self.world.instance.mlflow_url,
            auth=(self.login.identifier, self.login.password),
            headers={"X-MLFLOW-WORKSPACE": workspace},
            timeout=60,
        )


@pytest.fixture(scope="module")
def two(world: TenantWorld) -> tuple[Tenant, Tenant]:
    """An attacker, and a victim whose name continues the attacker's."""
    name = world.spec().name
    specs = world.spec(name=name), world.spec(name=f"{name}-b")
    for spec in specs:
        world.provision(spec)
    attacker, victim = (Tenant(world, spec) for spec in specs)
    victim.s3.put_object(victim.name, "secret.txt", io.BytesIO(b"victim's"), 8)
    return attacker, victim


@pytest.fixture(scope="module")
def attacker(two: tuple[Tenant, Tenant]) -> Tenant:
    return two[0]


@pytest.fixture(scope="module")
def victim(two: tuple[Tenant, Tenant]) -> Tenant:
    return two[1]


def refusals(attempts: dict[str, Callable[[], object]]) -> dict[str, str]:
    """Return how each attempt ended: the code of the object store's refusal, or that it went through."""
    ended = {}
    for name, attempt in attempts.items():
        try:
            attempt()
            ended[name] = "went through"
        except S3Error as error:
            ended[name] = error.code or "unknown"
    return ended


def test_the_object_store_refuses_everything_at_buckets_of_another_tenant(attacker: Tenant, victim: Tenant) -> None:
    s3, theirs, renderings = attacker.s3, victim.name, f"{victim.name}-renderings"
    s3.put_object(attacker.name, "own.txt", io.BytesIO(b"x"), 1)

    ended = refusals(
        {
            "list": lambda: list(s3.list_objects(theirs)),
            "list versions": lambda: list(s3.list_objects(theirs, include_version=True)),
            "read": lambda: s3.get_object(theirs, "secret.txt"),
            "read tags": lambda: s3.get_object_tags(theirs, "secret.txt"),
            "write": lambda: s3.put_object(theirs, "mine", io.BytesIO(b"x"), 1),
            "overwrite": lambda: s3.put_object(theirs, "secret.txt", io.BytesIO(b"x"), 1),
            "remove": lambda: s3.remove_object(theirs, "secret.txt"),
            "copy from": lambda: s3.copy_object(attacker.name, "stolen", CopySource(theirs, "secret.txt")),
            "copy to": lambda: s3.copy_object(theirs, "mine", CopySource(attacker.name, "own.txt")),
            "list renderings": lambda: list(s3.list_objects(renderings)),
            "write renderings": lambda: s3.put_object(renderings, "x", io.BytesIO(b"x"), 1),
            "open to all": lambda: s3.set_bucket_policy(theirs, PUBLIC.replace("BUCKET", theirs)),
            "remove bucket": lambda: s3.remove_bucket(theirs),
        }
    )

    assert set(ended.values()) == {"AccessDenied"}, ended
    assert victim.s3.get_object(theirs, "secret.txt").read() == b"victim's"


def test_a_tenant_cannot_undo_what_belvedere_made_of_its_own_bucket(attacker: Tenant) -> None:
    s3, own = attacker.s3, attacker.name

    ended = refusals(
        {
            "stop versioning": lambda: s3.set_bucket_versioning(own, VersioningConfig(SUSPENDED)),
            "stop notifications": lambda: s3.set_bucket_notification(own, NotificationConfig()),
            "forge tags": lambda: s3.set_bucket_tags(own, Tags.new_bucket_tags()),
            "stop lifecycle": lambda: s3.delete_bucket_lifecycle(f"{own}-renderings"),
            "open to all": lambda: s3.set_bucket_policy(own, PUBLIC.replace("BUCKET", own)),
            "write renderings": lambda: s3.put_object(f"{own}-renderings", "x", io.BytesIO(b"x"), 1),
            "make a bucket": lambda: s3.make_bucket(f"{own}-more"),
        }
    )

    assert set(ended.values()) == {"AccessDenied"}, ended


def test_a_tenant_sees_its_own_buckets_only(attacker: Tenant) -> None:
    assert {bucket.name for bucket in attacker.s3.list_buckets()} == {attacker.name, f"{attacker.name}-renderings"}


def test_presigned_addresses_open_what_their_signer_may_open_and_nothing_else(attacker: Tenant, victim: Tenant) -> None:
    hour = timedelta(hours=1)
    own = attacker.s3.presigned_get_object(attacker.name, "own.txt", hour)
    addresses = [
        attacker.s3.presigned_get_object(victim.name, "secret.txt", hour),
        attacker.s3.presigned_put_object(victim.name, "mine", hour),
        own.replace(f"/{attacker.name}/own.txt", f"/{victim.name}/secret.txt"),
        own.replace("/own.txt", f"/../{victim.name}/secret.txt"),
        own.replace("/own.txt", f"/%2e%2e/{victim.name}/secret.txt"),
    ]

    statuses = [httpx.get(address).status_code for address in addresses]
    statuses.append(httpx.put(addresses[1], content=b"x").status_code)

    assert httpx.get(own).status_code == 200
    assert set(statuses) <= {400, 403}, statuses


def test_a_key_administers_nothing(world: TenantWorld, attacker: Tenant, victim: Tenant) -> None:
    admin = MinioAdmin(
        endpoint=world.instance.minio_endpoint.removeprefix("http://"),
        credentials=StaticProvider(attacker.key.identifier, attacker.key.password),
        secure=False,
    )
    own, account = attacker.key.identifier, world.secret(victim.spec, CredentialKind.S3_ACCOUNT)
    attempts: dict[str, Callable[[], object]] = {
        "make a key of its own": admin.add_service_account,
        "free its key of the policy": lambda: admin.update_service_account(access_key=own, status="on"),
        "remove the other's key": lambda: admin.delete_service_account(victim.key.identifier),
        "list the other's keys": lambda: admin.list_service_account(account.identifier),
        "list users": admin.user_list,
        "make a user": lambda: admin.user_add("mallory", "mallory-mallory"),
        "write a policy": lambda: admin.policy_add("mine", policy={"Version": "2012-10-17", "Statement": []}),
        "raise the quota": lambda: admin.bucket_quota_set(attacker.name, 1 << 40),
    }

    ended = {name: _refusal_of_admin(attempt) for name, attempt in attempts.items()}

    assert set(ended.values()) == {"refused"}, ended
    assert victim.s3.get_object(victim.name, "secret.txt").read() == b"victim's"


def _refusal_of_admin(attempt: Callable[[], object]) -> str:
    """Of what is not one's own the server also says that it does not exist."""
    try:
        attempt()
    except MinioAdminException:
        return "refused"
    return "went through"


def test_mlflow_shows_and_takes_nothing_of_another_workspace_even_with_a_forged_header(
    attacker: Tenant, victim: Tenant
) -> None:
    with victim.api(victim.name) as api:
        made = api.post("/api/2.0/mlflow/experiments/create", json={"name": "secret"}).json()["experiment_id"]
        run = api.post("/api/2.0/mlflow/runs/create", json={"experiment_id": made}).json()["run"]["info"]["run_id"]

    for workspace in (victim.name, attacker.name, "default", ""):
        with attacker.api(workspace) as api:
            searched = api.post("/api/2.0/mlflow/experiments/search", json={"max_results": 100})
            assert "secret" not in searched.text, workspace
            attempts = {
                "read experiment": api.get("/api/2.0/mlflow/experiments/get", params={"experiment_id": made}),
                "read run": api.get("/api/2.0/mlflow/runs/get", params={"run_id": run}),
                "list artifacts": api.get("/api/2.0/mlflow/artifacts/list", params={"run_id": run}),
                "fetch artifact": api.get("/get-artifact", params={"run_id": run, "path": "x"}),
                "log": api.post(
                    "/api/2.0/mlflow/runs/log-metric", json={"run_id": run, "key": "m", "value": 1, "timestamp": 1}
                ),
                "new run": api.post("/api/2.0/mlflow/runs/create", json={"experiment_id": made}),
                "remove": api.post("/api/2.0/mlflow/experiments/delete", json={"experiment_id": made}),
                "administer": api.post("/api/2.0/mlflow/users/create", json={"username": "m", "password": "m" * 12}),
                "make a workspace": api.post("/api/3.0/mlflow/workspaces", json={"name": "mine"}),
                "remove a workspace": api.delete(f"/api/3.0/mlflow/workspaces/{victim.name}"),
                "become admin": api.patch(
                    "/api/2.0/mlflow/users/update-admin", json={"username": attacker.login.identifier, "is_admin": True}
                ),
                "set the other's password": api.patch(
                    "/api/2.0/mlflow/users/update-password",
                    json={"username": victim.login.identifier, "password": "m" * 12},
                ),
            }
        went_through = {name: answer.status_code for name, answer in attempts.items() if answer.status_code < 400}
        assert went_through == {}, workspace

    victim.world.systems.as_tenant.mlflow(victim.login, victim.name).check_round_trip()


def test_mlflow_does_not_fetch_from_another_tenants_bucket_on_somebodys_word(attacker: Tenant, victim: Tenant) -> None:
    """The server reaches every bucket with its own key: a model may not say that its files lie somewhere else."""
    victim.s3.put_object(victim.name, "runs/secret.txt", io.BytesIO(b"victim's"), 8)
    run = new_run(victim)

    with attacker.api(attacker.name) as api:
        located = {"name": "loot", "artifact_location": f"s3://{victim.name}/runs"}
        answers = [api.post("/api/2.0/mlflow/experiments/create", json=located)]
        api.post("/api/2.0/mlflow/registered-models/create", json={"name": "loot"}).raise_for_status()
        for source in (f"s3://{victim.name}/runs", f"S3://{victim.name}/runs", f"runs:/{run}/x", f"models:/m-{run}"):
            version = {"name": "loot", "source": source}
            answers.append(api.post("/api/2.0/mlflow/model-versions/create", json=version))
        fetched = [
            api.get("/model-versions/get-artifact", params={"name": "loot", "version": number, "path": "secret.txt"})
            for number in ("1", "2", "3", "4")
        ]

    assert [answer.status_code for answer in answers if answer.status_code < 400] == []
    assert [answer.status_code for answer in fetched if answer.status_code < 400] == []


def test_a_tenant_registers_models_of_its_own_runs(attacker: Tenant) -> None:
    run = new_run(attacker)

    with attacker.api(attacker.name) as api:
        api.post("/api/2.0/mlflow/registered-models/create", json={"name": "own"}).raise_for_status()
        version = {"name": "own", "source": f"runs:/{run}/model", "run_id": run}
        made = api.post("/api/2.0/mlflow/model-versions/create", json=version)

    assert made.status_code == 200, made.text


def new_run(tenant: Tenant) -> str:
    """Make a run as a tenant, in an experiment of its own; return its id."""
    with tenant.api(tenant.name) as api:
        name = f"experiment-{uuid.uuid4().hex[:8]}"
        experiment = api.post("/api/2.0/mlflow/experiments/create", json={"name": name}).json()["experiment_id"]
        made = api.post("/api/2.0/mlflow/runs/create", json={"experiment_id": experiment, "start_time": 1})
        return str(made.json()["run"]["info"]["run_id"])
