"""Tenants are taken away as far as their policy goes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from minio.error import S3Error
from tests.harness.tenants import DEPLOYMENT

from belvedere.errors import AccessDenied, BucketNotEmpty, PermanentError, WorkspaceNotEmpty
from belvedere.model.tenant import DeletionPolicy
from belvedere.model.tenant_state import CredentialKind, CredentialPhase
from belvedere.tenants.observing import Fleet
from belvedere.tenants.orphans import find_orphans, marked_buckets
from belvedere.tenants.removing import Holdings, plan_removal
from belvedere.tenants.verifying import verify

if TYPE_CHECKING:
    from minio import Minio
    from tests.harness.tenant_world import TenantWorld

    from belvedere.model.tenant import TenantSpec


def remove(world: TenantWorld, spec: TenantSpec, policy: DeletionPolicy) -> int:
    state = world.state(spec)
    return world.apply(plan_removal(spec, state, policy, Holdings.take(state, world.systems)), spec)


def nothing_is_left_of_its_credentials(world: TenantWorld, spec: TenantSpec) -> bool:
    """Whether neither records nor systems know anything of the tenant that could open something."""
    state = world.state(spec)
    live = [record for record in state.records if record.phase is not CredentialPhase.REVOKED]
    return not (live or state.account or state.policy or state.users or state.members)


@pytest.fixture
def spec(world: TenantWorld, s3: Minio) -> TenantSpec:
    """A provisioned tenant with an object of several versions."""
    spec = world.spec(members=[{"user": "alice"}])
    world.provision(spec)
    for content in (b"one", b"two!"):
        s3.put_object(spec.name, "runs/model.bin", io.BytesIO(content), len(content))
    return spec


def test_retain_shuts_everybody_out_and_the_tenant_comes_back_with_all_it_had(
    world: TenantWorld, spec: TenantSpec, s3: Minio
) -> None:
    key, user = world.key(spec), world.secret(spec, CredentialKind.MLFLOW_USER)

    remove(world, spec, DeletionPolicy.RETAIN)

    assert nothing_is_left_of_its_credentials(world, spec)
    with pytest.raises(S3Error):
        world.s3_as(key).stat_object(spec.name, "runs/model.bin")
    with pytest.raises(AccessDenied):
        world.systems.as_tenant.mlflow(user, spec.name).check_round_trip()
    assert s3.get_object(spec.name, "runs/model.bin").read() == b"two!"
    assert remove(world, spec, DeletionPolicy.RETAIN) == 0

    world.provision(spec)
    report = verify(spec, world.systems)
    assert report.ok, str(report)
    assert world.plan(spec).changes == ()


def test_a_tenant_that_holds_something_is_not_deleted_as_an_empty_one(world: TenantWorld, spec: TenantSpec) -> None:
    with pytest.raises(BucketNotEmpty, match=spec.name):
        remove(world, spec, DeletionPolicy.DELETE_IF_EMPTY)

    assert world.plan(spec).changes == ()


def test_a_workspace_that_holds_something_stops_the_removal_before_anything_has_changed(world: TenantWorld) -> None:
    spec = world.spec()
    world.provision(spec)
    world.systems.as_tenant.mlflow(world.secret(spec, CredentialKind.MLFLOW_USER), spec.name).check_round_trip()
    world.make_experiment(spec, "theirs")

    with pytest.raises(WorkspaceNotEmpty, match=spec.name):
        remove(world, spec, DeletionPolicy.DELETE_IF_EMPTY)

    assert world.plan(spec).changes == ()


def test_a_tenant_that_was_verified_and_never_used_counts_as_empty(world: TenantWorld) -> None:
    spec = world.spec()
    world.provision(spec)
    assert verify(spec, world.systems).ok

    remove(world, spec, DeletionPolicy.DELETE_IF_EMPTY)

    assert nothing_is_left_of_its_credentials(world, spec)
    state = world.state(spec)
    assert not state.buckets[spec.name].source.exists
    assert state.workspace is None


def test_delete_all_leaves_nothing_in_any_system(world: TenantWorld, spec: TenantSpec) -> None:
    world.make_experiment(spec, "theirs")
    remove(world, spec, DeletionPolicy.DELETE_ALL)

    assert nothing_is_left_of_its_credentials(world, spec)
    state = world.state(spec)
    found = state.buckets[spec.name]
    left = (found.source.exists, found.renderings.exists, found.registered, state.workspace)
    assert left == (False, False, None, None)
    assert remove(world, spec, DeletionPolicy.DELETE_ALL) == 0
    fleet = Fleet.take(world.systems, DEPLOYMENT.topic.name)
    orphans = find_orphans(fleet, (), marked_buckets(world.systems.buckets))
    assert [orphan for orphan in orphans if orphan.tenant == spec.name] == []


def test_what_is_locked_outlives_its_tenant_and_everything_else_goes(world: TenantWorld, s3: Minio) -> None:
    spec = world.spec(bucket={"object_lock": {"mode": "COMPLIANCE", "days": 1}}, members=[{"user": "alice"}])
    world.provision(spec)
    s3.put_object(spec.name, "evidence.txt", io.BytesIO(b"kept"), 4)

    with pytest.raises(PermanentError, match=rf"1 versions in bucket {spec.name} .* COMPLIANCE") as caught:
        remove(world, spec, DeletionPolicy.DELETE_ALL)

    assert caught.value.code == "versions_locked"
    assert nothing_is_left_of_its_credentials(world, spec)
    assert world.state(spec).workspace is None
    assert s3.get_object(spec.name, "evidence.txt").read() == b"kept"
    with pytest.raises(PermanentError, match="Remove the bucket again when that has ended"):
        remove(world, spec, DeletionPolicy.DELETE_ALL)


def test_a_bucket_that_is_not_declared_any_more_is_named_and_stays(world: TenantWorld, s3: Minio) -> None:
    spec = world.spec(mlflow={"enabled": False})
    further = f"{spec.name}-further"
    world.provision(spec.model_validate(spec.model_dump(mode="json") | {"buckets": [{"name": further}]}))
    state = world.state(spec)

    planned = plan_removal(spec, state, DeletionPolicy.DELETE_ALL, Holdings.take(state, world.systems))
    world.apply(planned, spec)

    assert any(further in warning for warning in planned.warnings)
    assert s3.bucket_exists(further)
    assert not s3.bucket_exists(spec.name)


def test_delete_all_of_one_tenant_leaves_its_neighbour_alone(world: TenantWorld, spec: TenantSpec, s3: Minio) -> None:
    neighbour = world.spec(name=f"{spec.name}-b")
    world.provision(neighbour)
    s3.put_object(neighbour.name, "model.bin", io.BytesIO(b"kept"), 4)

    remove(world, spec, DeletionPolicy.DELETE_ALL)

    assert s3.get_object(neighbour.name, "model.bin").read() == b"kept"
    assert world.plan(neighbour).changes == ()
    report = verify(neighbour, world.systems)
    assert report.ok, str(report)
