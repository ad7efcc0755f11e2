"""Keys are replaced while people and programs use them."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from minio.error import S3Error
from tests.harness.tenants import DEPLOYMENT
from tests.harness.waiting import eventually

from belvedere.model.tenant_state import CredentialKind, CredentialPhase
from belvedere.tenants.rotating import plan_rotation
from belvedere.tenants.verifying import verify

if TYPE_CHECKING:
    from datetime import datetime

    from tests.harness.tenant_world import TenantWorld

    from belvedere.model.tenant import TenantSpec
    from belvedere.model.tenant_state import Secret


def rotate(world: TenantWorld, spec: TenantSpec, after: timedelta = timedelta(0)) -> int:
    """Rotate as if so much time had passed since the newest record was made."""
    newest = max(record.created_at for record in world.systems.credentials.records(spec.name))
    return rotate_at(world, spec, newest + after)


def rotate_at(world: TenantWorld, spec: TenantSpec, now: datetime) -> int:
    return world.apply(plan_rotation(spec, world.state(spec), DEPLOYMENT.renderings_suffix, now), spec)


class Writer:
    """A program that puts objects with the newest key it has heard of, and never stops."""

    def __init__(self, world: TenantWorld, spec: TenantSpec, key: Secret) -> None:
        self.failures: list[str] = []
        self.puts = 0
        self._store, self._bucket = world.s3_as(key), spec.name
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _write(self) -> None:
        while not self._stop.is_set():
            try:
                self._store.put_object(self._bucket, f"out/{self.puts}", io.BytesIO(b"x"), 1)
            except S3Error as error:
                self.failures.append(error.code or "unknown")
            self.puts += 1


def test_a_writer_never_fails_while_its_key_is_replaced_and_the_old_one_ends_with_its_grace(
    world: TenantWorld,
) -> None:
    spec = world.spec(mlflow={"enabled": False})
    world.provision(spec)
    old = world.key(spec)

    with Writer(world, spec, old) as writer:
        eventually(lambda: writer.puts > 5)
        assert rotate(world, spec, spec.keys.rotate_every) == 2
        assert rotate(world, spec) == 0
        new = world.key(spec)
        done = writer.puts
        eventually(lambda: writer.puts > done + 5)

        with Writer(world, spec, new) as follower:
            eventually(lambda: follower.puts > 5)
        assert follower.failures == []
    assert writer.failures == []
    assert new != old

    retiring = [one for one in world.systems.credentials.records(spec.name) if one.phase is CredentialPhase.RETIRING]
    assert rotate_at(world, spec, retiring[0].retire_at) == 1
    with pytest.raises(S3Error, match=r"InvalidAccessKeyId|does not exist"):
        world.s3_as(old).put_object(spec.name, "late", io.BytesIO(b"x"), 1)
    assert world.plan(spec).changes == ()
    assert verify(spec, world.systems).ok


def test_a_leaked_key_is_replaced_at_once_when_there_is_no_grace(world: TenantWorld) -> None:
    spec = world.spec(mlflow={"enabled": False}, keys={"grace": "0s"})
    world.provision(spec)
    leaked = world.key(spec)
    newest = max(record.created_at for record in world.systems.credentials.records(spec.name))

    planned = plan_rotation(spec, world.state(spec), DEPLOYMENT.renderings_suffix, newest, replace_before=newest)
    world.apply(planned, spec)

    with pytest.raises(S3Error):
        world.s3_as(leaked).put_object(spec.name, "late", io.BytesIO(b"x"), 1)
    again = plan_rotation(spec, world.state(spec), DEPLOYMENT.renderings_suffix, newest, replace_before=newest)
    assert again.changes == ()
    assert verify(spec, world.systems).ok


def test_a_password_of_mlflow_is_renewed_on_request(world: TenantWorld) -> None:
    spec = world.spec()
    world.provision(spec)
    before = world.secret(spec, CredentialKind.MLFLOW_USER)
    newest = max(record.created_at for record in world.systems.credentials.records(spec.name))

    planned = plan_rotation(spec, world.state(spec), DEPLOYMENT.renderings_suffix, newest, mlflow_passwords=True)
    world.apply(planned, spec)

    assert len(planned.changes) == 1
    assert world.secret(spec, CredentialKind.MLFLOW_USER) != before
    assert world.plan(spec).changes == ()
    report = verify(spec, world.systems)
    assert report.ok, str(report)
