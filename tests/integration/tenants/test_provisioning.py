"""A tenant from nothing to verified, on real servers; and what is somebody else's is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.tenants.verifying import verify

if TYPE_CHECKING:
    from tests.harness.tenant_world import TenantWorld


def test_a_tenant_is_made_from_nothing_and_proves_itself(world: TenantWorld) -> None:
    spec = world.spec(members=[{"user": "alice"}, {"user": "carol", "role": "viewer"}], bucket={"quota": "10GiB"})

    world.provision(spec)

    assert world.plan(spec).changes == ()
    report = verify(spec, world.systems)
    assert report.ok, str(report)
