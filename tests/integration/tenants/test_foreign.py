"""What is somebody else's is refused by name, stays as it is, and is taken over on request only."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from belvedere.errors import ForeignResource, ServiceUnavailable
from belvedere.model.tenant_state import Secret
from belvedere.tenants.drawing import draw_password
from belvedere.tenants.observing import Fleet
from belvedere.tenants.verifying import verify

if TYPE_CHECKING:
    from minio import Minio
    from tests.harness.tenant_world import TenantWorld

    from belvedere.model.tenant import TenantSpec


@pytest.fixture
def foreign(world: TenantWorld, s3: Minio) -> TenantSpec:
    """The spec of a tenant whose bucket, workspace and MLflow user somebody else has made."""
    spec = world.spec()
    mlflow = world.systems.need_mlflow()
    s3.make_bucket(spec.name)
    s3.put_object(spec.name, "model.bin", io.BytesIO(b"theirs"), 6)
    mlflow.create_workspace(spec.name, "of the team that was here before", "")
    mlflow.put_user(Secret(spec.name, draw_password()))
    return spec


def test_everything_that_is_in_the_way_is_named_at_once_and_nothing_is_changed(
    world: TenantWorld, foreign: TenantSpec, s3: Minio
) -> None:
    with pytest.raises(ForeignResource) as refusal:
        world.plan(foreign)

    for said in (f"bucket {foreign.name} exists", f"workspace {foreign.name} exists", f"user {foreign.name} exists"):
        assert said in refusal.value.message
    assert s3.get_bucket_tags(foreign.name) is None
    assert world.state(foreign).workspace.description == "of the team that was here before"


def test_adoption_takes_it_over_and_keeps_what_is_in_it(world: TenantWorld, foreign: TenantSpec, s3: Minio) -> None:
    adopted = foreign.model_copy(update={"adopt": True})

    world.provision(adopted)

    assert world.plan(adopted).changes == ()
    assert s3.get_object(foreign.name, "model.bin").read() == b"theirs"
    report = verify(adopted, world.systems)
    assert report.ok, str(report)
    assert world.plan(foreign).changes == (), "once it is marked, it need not be declared as adopted any more"


def test_a_bucket_of_another_tenant_cannot_be_adopted(world: TenantWorld, s3: Minio) -> None:
    spec = world.spec(adopt=True, mlflow={"enabled": False})
    s3.make_bucket(spec.name)
    world.systems.buckets.add_tags(spec.name, {"belvedere-tenant": "team-z"})

    with pytest.raises(ForeignResource, match="belvedere-tenant=team-z"):
        world.plan(spec)


def test_names_at_their_limits_work_in_every_system(world: TenantWorld) -> None:
    longest = world.spec(name="a" * 51 + "0")

    world.provision(longest)

    report = verify(longest, world.systems)
    assert report.ok, str(report)


def test_a_tenant_with_as_many_buckets_as_it_may_declare_gets_keys_that_open_these_only(
    world: TenantWorld, s3: Minio
) -> None:
    name = world.spec().name
    buckets = [{"name": f"{name}-{'b' * (48 - len(name))}{number:02}"} for number in range(20)]
    spec = world.spec(name=name, buckets=buckets, mlflow={"enabled": False})
    neighbour = f"{name}-n"
    s3.make_bucket(neighbour)

    world.provision(spec)

    report = verify(spec, world.systems)
    assert report.ok, str(report)
    store = world.systems.as_tenant.store(world.key(spec))
    assert not store.may_read(neighbour)
    assert not store.may_write(neighbour)
    assert world.plan(spec).changes == ()


@pytest.mark.parametrize("system", ["object store", "MLflow"])
def test_a_system_that_does_not_answer_is_named_and_nothing_is_planned_on_half_a_picture(
    world: TenantWorld, system: str
) -> None:
    dead = world.with_dead(system)

    with pytest.raises(ServiceUnavailable, match=system):
        Fleet.take(dead.systems, "artifacts")
