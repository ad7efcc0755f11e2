"""Everything that is changed behind Belvedere's back is seen, repaired, and then gone from the plan."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from minio import MinioAdmin
from minio.credentials import StaticProvider
from minio.error import S3Error
from minio.versioningconfig import SUSPENDED, VersioningConfig

from belvedere.errors import ForeignResource
from belvedere.model.access import Role
from belvedere.model.tenant_state import CredentialKind, CredentialPhase, Secret
from belvedere.storage import changes as storage
from belvedere.tenants.changes import GrantMembership, RevokeMembership
from belvedere.tenants.changes_accounts import (
    AttachPolicy,
    CreateAccount,
    DetachPolicy,
    EnableAccount,
    EnableKey,
    PutPolicy,
    ReissueKey,
    ResetAccount,
    RevokeKey,
    SetKeyPolicy,
)
from belvedere.tenants.changes_buckets import SetLifecycle, SetObjectLock, SetQuota
from belvedere.tenants.changes_mlflow import (
    AssignRole,
    CreateMlflowUser,
    CreateWorkspace,
    DemoteMlflowUser,
    EnsureRole,
    UnassignRole,
    UpdateWorkspace,
)
from belvedere.tenants.drawing import draw_key, draw_password
from belvedere.tenants.names import policy_name
from belvedere.tenants.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from minio import Minio
    from tests.harness.tenant_world import TenantWorld

    from belvedere.model.tenant import TenantSpec

DENY_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}],
}


class Saboteur:
    """Changes one tenant's things without telling Belvedere."""

    def __init__(self, world: TenantWorld, spec: TenantSpec, s3: Minio) -> None:
        self.world, self.spec, self.s3 = world, spec, s3
        self.accounts, self.mlflow = world.systems.accounts, world.systems.need_mlflow()
        self.account = world.secret(spec, CredentialKind.S3_ACCOUNT)
        self.key = world.secret(spec, CredentialKind.S3_KEY)
        self.locked = f"{spec.name}-locked"

    def policy_changed(self) -> None:
        self.accounts.put_policy(policy_name(self.spec.name), DENY_ALL)

    def policy_removed(self) -> None:
        self.accounts.detach(policy_name(self.spec.name), self.account.identifier)
        self.accounts.remove_policy(policy_name(self.spec.name))

    def foreign_policy_attached(self) -> None:
        self.accounts.attach("readwrite", self.account.identifier)

    def policy_given_to_a_stranger(self) -> None:
        stranger = draw_key()
        self.accounts.put_account(stranger)
        self.accounts.attach(policy_name(self.spec.name), stranger.identifier)

    def account_removed(self) -> None:
        self.accounts.remove_account(self.account.identifier)

    def account_disabled(self) -> None:
        self.accounts.set_account_enabled(self.account.identifier, enabled=False)

    def key_removed(self) -> None:
        self.accounts.revoke_key(self.key.identifier)

    def key_disabled(self) -> None:
        self.accounts.set_key_enabled(self.key.identifier, enabled=False)

    def key_disabled_by_mc(self) -> None:
        """As ``mc`` does it: the server drops the key's policy then."""
        secrets = self.world.instance.secrets
        admin = MinioAdmin(
            endpoint=self.world.instance.minio_endpoint.removeprefix("http://"),
            credentials=StaticProvider(secrets.minio_root_user, secrets.minio_root_password),
            secure=False,
        )
        admin.update_service_account(access_key=self.key.identifier, status="off")

    def key_policy_changed(self) -> None:
        self.accounts.set_key_policy(self.key.identifier, DENY_ALL)

    def key_made_by_somebody_else(self) -> None:
        self.accounts.issue_key(self.account, draw_key(), DENY_ALL, "mine")

    def quota_changed(self) -> None:
        self.accounts.set_quota(self.spec.name, 1024**3)

    def versioning_suspended(self) -> None:
        self.s3.set_bucket_versioning(self.spec.name, VersioningConfig(SUSPENDED))

    def lifecycle_removed(self) -> None:
        self.s3.delete_bucket_lifecycle(self.spec.name)

    def expiry_of_renderings_removed(self) -> None:
        self.s3.delete_bucket_lifecycle(f"{self.spec.name}-renderings")

    def notifications_removed(self) -> None:
        self.s3.delete_bucket_notification(self.spec.name)

    def tags_of_an_empty_bucket_removed(self) -> None:
        self.s3.delete_bucket_tags(f"{self.spec.name}-renderings")
        self.s3.delete_bucket_lifecycle(f"{self.spec.name}-renderings")

    def renderings_bucket_removed(self) -> None:
        self.s3.remove_bucket(f"{self.spec.name}-renderings")

    def lock_cleared(self) -> None:
        self.s3.delete_object_lock_config(self.locked)

    def source_unregistered(self) -> None:
        self.world.systems.sources.unregister(self.spec.name)

    def topic_kept_for_another_time(self) -> None:
        self.world.systems.topics.set_retention("artifacts", 1000)

    def member_added(self) -> None:
        self.world.systems.members.grant(self.spec.name, "mallory", Role.MEMBER)

    def member_removed(self) -> None:
        self.world.systems.members.revoke(self.spec.name, "alice")

    def member_promoted(self) -> None:
        self.world.systems.members.grant(self.spec.name, "carol", Role.MEMBER)

    def workspace_removed(self) -> None:
        self.mlflow.remove_workspace(self.spec.name, "CASCADE")

    def workspace_moved(self) -> None:
        self.mlflow.update_workspace(self.spec.name, f"Belvedere tenant {self.spec.name}", "s3://mlpipeline/elsewhere")

    def role_unassigned(self) -> None:
        self.mlflow.unassign(self.spec.name, self.spec.name, "user")

    def role_added(self) -> None:
        self.mlflow.assign(self.spec.name, self.spec.name, "admin")

    def role_given_to_a_stranger(self) -> None:
        stranger = f"{self.spec.name}-stranger"
        self.mlflow.put_user(Secret(stranger, draw_password()))
        self.mlflow.assign(stranger, self.spec.name, "user")

    def role_removed(self) -> None:
        login = ("admin", self.world.instance.secrets.mlflow_admin_password)
        with httpx.Client(base_url=f"{self.world.instance.mlflow_url}/api/3.0/mlflow", auth=login, timeout=60) as api:
            roles = api.get("/roles/list", params={"workspace": self.spec.name}).json()["roles"]
            found = next(role["id"] for role in roles if role["name"] == "user")
            api.request("DELETE", "/roles/delete", json={"role_id": found}).raise_for_status()

    def user_promoted(self) -> None:
        self.mlflow.set_admin(self.spec.name, admin=True)

    def user_removed(self) -> None:
        self.mlflow.remove_user(self.spec.name)


DRIFTS: dict[str, set[type]] = {
    "policy_changed": {PutPolicy},
    "policy_removed": {PutPolicy, AttachPolicy},
    "foreign_policy_attached": {DetachPolicy},
    "policy_given_to_a_stranger": {DetachPolicy},
    "account_removed": {CreateAccount, ReissueKey},
    "account_disabled": {EnableAccount},
    "key_removed": {ReissueKey},
    "key_disabled": {EnableKey},
    "key_disabled_by_mc": {SetKeyPolicy, EnableKey},
    "key_policy_changed": {SetKeyPolicy},
    "key_made_by_somebody_else": {RevokeKey},
    "quota_changed": {SetQuota},
    "versioning_suspended": {storage.EnableVersioning},
    "lifecycle_removed": {SetLifecycle},
    "expiry_of_renderings_removed": {storage.SetExpiry},
    "notifications_removed": {storage.SetNotifications},
    "tags_of_an_empty_bucket_removed": {storage.TagBucket, storage.SetExpiry},
    "renderings_bucket_removed": {
        storage.CreateBucket,
        storage.TagBucket,
        storage.EnableVersioning,
        storage.SetExpiry,
    },
    "lock_cleared": {SetObjectLock},
    "source_unregistered": {storage.RegisterSource},
    "topic_kept_for_another_time": {storage.SetRetention},
    "member_added": {RevokeMembership},
    "member_removed": {GrantMembership},
    "member_promoted": {GrantMembership},
    "workspace_removed": {CreateWorkspace, AssignRole},
    "workspace_moved": {UpdateWorkspace},
    "role_unassigned": {AssignRole},
    "role_added": {UnassignRole},
    "role_given_to_a_stranger": {UnassignRole},
    "role_removed": {EnsureRole, AssignRole},
    "user_promoted": {DemoteMlflowUser},
    "user_removed": {CreateMlflowUser, AssignRole},
}


@pytest.fixture(scope="module")
def spec(world: TenantWorld) -> TenantSpec:
    """A provisioned tenant that declares something of everything."""
    name = world.spec().name
    spec = world.spec(
        name=name,
        members=[{"user": "alice"}, {"user": "carol", "role": "viewer"}],
        bucket={"quota": "10GiB", "lifecycle": [{"id": "old", "noncurrent_days": 30}]},
        buckets=[{"name": f"{name}-locked", "object_lock": {"days": 1}}],
    )
    world.provision(spec)
    return spec


@pytest.fixture
def saboteur(world: TenantWorld, spec: TenantSpec, s3: Minio) -> Saboteur:
    return Saboteur(world, spec, s3)


@pytest.mark.parametrize("drift", DRIFTS)
def test_what_was_changed_behind_our_back_is_seen_and_repaired(
    world: TenantWorld, spec: TenantSpec, saboteur: Saboteur, drift: str
) -> None:
    assert world.plan(spec).changes == ()

    sabotage: Callable[[], None] = getattr(saboteur, drift)
    sabotage()
    planned = world.provision(spec)

    assert {type(each.change) for each in planned.changes} == DRIFTS[drift]
    assert all(each.reason and each.system and each.prop for each in planned.changes)
    assert world.plan(spec).changes == ()


def test_after_all_of_it_the_tenant_works_with_the_credentials_it_had(
    world: TenantWorld, spec: TenantSpec, saboteur: Saboteur
) -> None:
    before = [world.secret(spec, kind) for kind in CredentialKind]
    saboteur.account_removed()
    saboteur.user_removed()
    saboteur.workspace_removed()

    world.provision(spec)

    assert [world.secret(spec, kind) for kind in CredentialKind] == before
    report = verify(spec, world.systems)
    assert report.ok, str(report)


def test_a_key_in_its_grace_comes_back_with_its_account_and_goes_on_retiring(world: TenantWorld) -> None:
    spec = world.spec(mlflow={"enabled": False})
    world.provision(spec)
    old = world.key(spec)
    world.systems.credentials.move(
        next(
            record.id for record in world.systems.credentials.records(spec.name) if record.kind is CredentialKind.S3_KEY
        ),
        CredentialPhase.RETIRING,
        datetime.now(UTC) + timedelta(hours=1),
    )
    world.provision(spec)  # the next key
    world.systems.accounts.remove_account(world.secret(spec, CredentialKind.S3_ACCOUNT).identifier)

    world.provision(spec)

    assert world.s3_as(old).bucket_exists(spec.name)
    phases = [one.phase for one in world.systems.credentials.records(spec.name) if one.kind is CredentialKind.S3_KEY]
    assert phases == [CredentialPhase.RETIRING, CredentialPhase.ACTIVE]
    assert world.plan(spec).changes == ()


def test_a_password_that_is_no_longer_on_record_is_set_anew(world: TenantWorld) -> None:
    spec = world.spec(mlflow={"enabled": False})
    world.provision(spec)
    for record in world.systems.credentials.records(spec.name):
        if record.kind is CredentialKind.S3_ACCOUNT:
            world.systems.credentials.move(record.id, CredentialPhase.REVOKED)

    planned = world.provision(spec)

    assert ResetAccount in {type(each.change) for each in planned.changes}
    assert world.plan(spec).changes == ()
    assert verify(spec, world.systems).ok


def test_a_bucket_that_lost_its_marks_and_holds_something_is_not_touched_without_adoption(
    world: TenantWorld, s3: Minio
) -> None:
    spec = world.spec(mlflow={"enabled": False})
    world.provision(spec)
    s3.fput_object(spec.name, "model.txt", __file__)
    s3.delete_bucket_tags(spec.name)

    with pytest.raises(ForeignResource, match=rf"bucket {spec.name} exists"):
        world.plan(spec)

    adopted = spec.model_copy(update={"adopt": True})
    assert {type(each.change) for each in world.provision(adopted).changes} == {storage.TagBucket}


def test_a_bucket_that_is_not_declared_any_more_is_told_of_and_kept(world: TenantWorld) -> None:
    spec = world.spec(mlflow={"enabled": False})
    further = f"{spec.name}-further"
    before = spec.model_validate(spec.model_dump(mode="json") | {"buckets": [{"name": further}]})
    world.provision(before)
    opened = world.s3_as(world.key(spec))
    opened.fput_object(further, "model.txt", __file__)

    planned = world.provision(spec)

    assert [warning for warning in planned.warnings if f"bucket {further} is not declared" in warning]
    assert world.systems.buckets.state(further).exists
    with pytest.raises(S3Error, match="AccessDenied"):
        opened.stat_object(further, "model.txt") and opened.get_object(further, "model.txt")
    assert world.plan(before).warnings == (), "declared again, it is as it was"


def test_plans_and_what_is_recorded_of_changes_hold_no_secret(world: TenantWorld, spec: TenantSpec) -> None:
    """Runs last: everything that this module applied was recorded."""
    credentials = world.systems.credentials
    live = [one for one in credentials.all_records() if one.phase is not CredentialPhase.REVOKED]
    hidden = {credentials.reveal(record.id).password for record in live}
    s3_only = [record for record in live if record.kind is not CredentialKind.MLFLOW_USER]
    hidden |= {credentials.reveal(record.id).identifier for record in s3_only}

    told = [
        f"{each.planned} {each!r} {json.dumps([each.planned.before, each.planned.after])}" for each in world.recorded
    ]
    text = "\n".join([*told, repr(world.state(spec)), str(world.plan(spec)), repr(credentials.all_records())])

    assert len(world.recorded) > len(DRIFTS)
    assert [secret for secret in hidden if secret in text] == []
