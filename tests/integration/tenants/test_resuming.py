"""Applies that die on real servers, and what looking at a tenant costs there."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from tests.fakes.tenants import Crashed, Fuse
from tests.harness.tenants import DEPLOYMENT
from urllib3.connectionpool import HTTPConnectionPool

from belvedere.model.tenant_state import CredentialKind, CredentialPhase
from belvedere.tenants.changes import TenantPlan
from belvedere.tenants.observing import CALLS_A_BUCKET, Fleet, observe
from belvedere.tenants.orphans import find_orphans, marked_buckets
from belvedere.tenants.verifying import verify

if TYPE_CHECKING:
    from tests.harness.tenant_world import TenantWorld

    from belvedere.model.tenant import TenantSpec


def is_whole(world: TenantWorld, spec: TenantSpec) -> bool:
    """Whether a tenant is all that it should be, has one key and no more, and nothing of it is orphaned."""
    records = world.systems.credentials.records(spec.name)
    live = [record for record in records if record.phase is not CredentialPhase.REVOKED]
    fleet = Fleet.take(world.systems, DEPLOYMENT.topic.name)
    orphans = find_orphans(fleet, [spec.name], marked_buckets(world.systems.buckets))
    report = verify(spec, world.systems)
    assert report.ok, str(report)
    assert [orphan for orphan in orphans if orphan.tenant == spec.name] == []
    assert sorted(record.kind for record in live) == sorted(CredentialKind)
    return world.plan(spec).changes == ()


def test_an_apply_that_dies_after_every_single_change_goes_on_where_it_was(world: TenantWorld) -> None:
    spec = world.spec(members=[{"user": "alice"}], bucket={"quota": "10GiB"})
    whole = world.plan(spec)

    for number in range(len(whole.changes)):
        planned = world.plan(spec)
        assert len(planned.changes) <= len(whole.changes) - number
        world.apply(TenantPlan(spec.name, planned.changes[:1]), spec)

    assert is_whole(world, spec)


@pytest.mark.parametrize("after", [False, True])
def test_an_apply_that_dies_in_the_middle_of_changes_is_ended_by_the_next_ones(world: TenantWorld, after: bool) -> None:
    spec = world.spec()

    for calls in count():
        fuse = Fuse(calls, after=after)
        systems = world.systems
        fused = replace(
            systems,
            accounts=fuse.of(systems.accounts),
            mlflow=fuse.of(systems.mlflow),
            credentials=fuse.of(systems.credentials),
        )
        planned = world.plan(spec)
        try:
            replace(world, systems=fused).apply(planned, spec)
            break
        except Crashed:
            continue

    assert calls > 3
    assert is_whole(world, spec)


def test_looking_at_a_tenant_costs_a_fixed_number_of_calls_at_the_object_store(
    world: TenantWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = world.spec(mlflow={"enabled": False})
    world.provision(spec)
    fleet = Fleet.take(world.systems, DEPLOYMENT.topic.name)
    asked: list[str] = []
    send = HTTPConnectionPool.urlopen

    def counted(pool: HTTPConnectionPool, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        asked.append(f"{method} {url}")
        return send(pool, method, url, *arguments, **named)

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", counted)
    observe(spec, fleet, world.systems, DEPLOYMENT.renderings_suffix)

    assert len(asked) == CALLS_A_BUCKET, asked
