"""Tenants as after some weeks: one as declared, one that drifted, one that failed, and what was done to them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from belvedere.catalog.memberships import grant
from belvedere.catalog.tenant_changes import NewChange, record_change
from belvedere.catalog.tenants import declare, note_applied, note_failed, note_observed
from belvedere.gallery.revealing import ACTION
from belvedere.model.access import Role
from belvedere.model.tenant import TenantSpec
from belvedere.model.tenant_state import CredentialKind, CredentialPhase, Secret
from belvedere.settings import Settings
from belvedere.tenants.credential_store import CatalogCredentials
from tests.harness.gallery_rows import add_source

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

# Nobody ever sealed anything that matters with it.
CREDENTIALS_KEY = base64.urlsafe_b64encode(b"tests only: nothing is sealed!!!").decode()
MLFLOW = "http://mlflow.example:5000"
READY, DRIFTED, FAILED, WAITING = "vision", "churn", "search-ranking", "speech"
RECONCILED = ("reconcile_tenants", "scheduled__2026-11-22T09:00:00+00:00")
PROVISIONED = ("provision_tenant", "manual__2026-11-20T08:00:00+00:00")
KEY = Secret("vision-access-key-of-tests", "vision-secret-key-of-tests")
MLFLOW_USER = Secret(READY, "vision-mlflow-password-of-tests")
DRIFT: list[dict[str, Any]] = [
    {
        "system": "object store",
        "property": "churn: notifications",
        "summary": "send created and removed events of bucket churn to both targets",
        "reason": "a rule is missing",
        "before": ["belvedere/durable"],
        "after": ["belvedere/durable", "belvedere/fast"],
        "repair": True,
    },
    {
        "system": "object store",
        "property": "churn: quota",
        "summary": "let bucket churn hold 50GiB at most",
        "reason": "it is another one",
        "before": "500GiB",
        "after": "50GiB",
        "repair": True,
    },
    {
        "system": "object store",
        "property": "policy",
        "summary": "put policy belvedere-churn",
        "reason": "it says something else",
        "before": '{"Statement": [{"Action": ["s3:*"], "Effect": "Allow", "Resource": ["arn:aws:s3:::*"]}]}',
        "after": '{"Statement": [{"Action": ["s3:*"], "Effect": "Allow", "Resource": ["arn:aws:s3:::churn/*"]}]}',
        "repair": True,
    },
    {
        "system": "mlflow",
        "property": "user churn: administrator",
        "summary": "take MLflow's administration from user churn",
        "reason": "it manages all of MLflow",
        "before": True,
        "after": False,
        "repair": True,
    },
    {
        "system": "",
        "property": "",
        "summary": "bucket churn was made without object lock, and only a new bucket can have it",
        "reason": "",
        "before": None,
        "after": None,
        "repair": False,
    },
]


def observed_of(*buckets: str) -> dict[str, Any]:
    """Return a summary as ``tenants.reporting`` writes it."""
    checks = {"put and get as the tenant": 41, "another tenant is refused": 12, "a run at MLflow as the tenant": 230}
    return {
        "buckets": [
            {"name": name, "exists": True, "versioning": True, "quota_bytes": 50 * 1024**3, "notifications": 2}
            for name in buckets
        ],
        "account_enabled": True,
        "mlflow": {"workspace": buckets[0], "artifact_root": f"s3://{buckets[0]}/mlflow"},
        "checks": [{"name": name, "ok": True, "took_ms": took, "problem": None} for name, took in checks.items()],
    }


def spec_of(name: str, **changes: Any) -> TenantSpec:
    """Return a declaration with two members."""
    members = [{"user": "alice", "role": "member"}, {"user": "carol", "role": "viewer"}]
    return TenantSpec.model_validate({"name": name, "members": members} | changes)


def declare_as(connection: Connection, spec: TenantSpec, source: str = "api") -> None:
    """Keep a declaration, with its buckets known and its members let in: as provisioning would have done."""
    declare(connection, spec.name, spec.document(), spec.digest(), source)
    for bucket in spec.bucket_specs():
        add_source(connection, bucket, spec.name)
    for member in spec.members:
        grant(connection, spec.name, member.user, Role(member.role))


def keep_credentials(connection: Connection, tenant: str, key: Secret = KEY, user: Secret | None = MLFLOW_USER) -> None:
    """Keep an active access key, and an account at MLflow."""
    store = CatalogCredentials.from_settings(connection, Settings(credentials_key=SecretStr(CREDENTIALS_KEY)))
    account = Secret(f"{tenant}-account-of-tests", f"{tenant}-account-password-of-tests")
    store.keep(tenant, CredentialKind.S3_ACCOUNT, account, CredentialPhase.ACTIVE)
    store.keep(tenant, CredentialKind.S3_KEY, key, CredentialPhase.ACTIVE)
    if user:
        store.keep(tenant, CredentialKind.MLFLOW_USER, user, CredentialPhase.ACTIVE)


def fill_tenants(connection: Connection, member: str) -> None:
    """Declare all four; ``member`` belongs to the one that is as declared, by name."""
    ready = spec_of(
        READY,
        bucket={"quota": "50GiB", "lifecycle": [{"id": "tidy", "prefix": "tmp/", "expire_days": 7}]},
        buckets=[{"name": f"{READY}-raw"}],
        members=[{"user": member}, {"user": "alice"}, {"user": "carol", "role": "viewer"}],
        labels={"cost-centre": "4711", "contact": "vision@example.org"},
    )
    drifted = spec_of(DRIFTED, bucket={"quota": "50GiB"})
    failed = spec_of(FAILED)
    declare_as(connection, ready, f"git:{READY}.yaml")
    declare_as(connection, drifted)
    declare_as(connection, failed)
    waiting = spec_of(WAITING)
    declare(connection, WAITING, waiting.document(), waiting.digest(), f"git:{WAITING}.yaml")
    note_applied(connection, READY, ready.digest(), observed_of(READY, f"{READY}-raw"), PROVISIONED)
    note_applied(connection, DRIFTED, drifted.digest(), observed_of(DRIFTED), PROVISIONED)
    note_observed(connection, READY, observed=observed_of(READY, f"{READY}-raw"), drift=[], run=RECONCILED)
    note_observed(connection, DRIFTED, observed=observed_of(DRIFTED), drift=DRIFT, run=RECONCILED)
    why = f"bucket {FAILED} exists, holds something, and is not marked as ours: say adopt: true, or choose another name"
    note_failed(connection, FAILED, "foreign_resource", why, PROVISIONED)
    keep_credentials(connection, READY)
    retire_former_key(connection, READY)
    for change in changes_of(READY, member):
        record_change(connection, change)
    let_time_pass(connection)


def let_time_pass(connection: Connection) -> None:
    """Let it have been days ago, and compared minutes ago: nobody looks at tenants of this very second."""
    connection.execute(
        "update tenants set declared_at = declared_at - interval '9 days', "
        "applied_at = applied_at - interval '8 days', observed_at = observed_at - interval '4 minutes'"
    )
    connection.execute("update credentials set created_at = created_at - interval '8 days' where phase = 'active'")
    connection.execute("update credentials set created_at = created_at - interval '31 days' where phase = 'retiring'")
    connection.execute("update tenant_changes set at = at - make_interval(hours => (190 - 47 * id)::int)")


def retire_former_key(connection: Connection, tenant: str) -> None:
    """Let a replaced key be there, which works for some hours yet."""
    store = CatalogCredentials.from_settings(connection, Settings(credentials_key=SecretStr(CREDENTIALS_KEY)))
    former = store.keep(tenant, CredentialKind.S3_KEY, Secret("a-former-key", "of-tests"), CredentialPhase.ACTIVE)
    store.move(former.id, CredentialPhase.RETIRING, datetime.now(UTC) + timedelta(hours=20))


def changes_of(tenant: str, member: str) -> list[NewChange]:
    """Return some changes, oldest first."""
    dag_id, run_id = PROVISIONED
    run = {"actor": "admin", "dag_id": dag_id, "run_id": run_id, "tenant": tenant}
    return [
        NewChange(action="create_bucket", summary=f"create bucket {tenant}", reason="it is not there", **run),
        NewChange(
            action="set_quota",
            summary=f"let bucket {tenant} hold 50GiB at most",
            reason="it is another one",
            before={"value": None},
            after={"value": "50GiB"},
            **run,
        ),
        NewChange(
            action="create_workspace",
            summary=f"create MLflow workspace {tenant}",
            reason="it is not there",
            outcome="failed",
            problem="MLflow does not answer; it is tried again",
            **run,
        ),
        NewChange(tenant=tenant, actor=member, action=ACTION, summary="looked at access key 0b1c5e0f9d3a"),
    ]
