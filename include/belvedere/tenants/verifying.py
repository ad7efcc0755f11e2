"""The proof that a tenant works and that others are refused, by the tenant's own credentials and never by ours."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from belvedere.errors import BelvedereError, CredentialMissing
from belvedere.model.tenant_state import CredentialKind, CredentialPhase, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from belvedere.model.tenant import TenantSpec
    from belvedere.model.tenant_state import CredentialRecord
    from belvedere.tenants.ports import MlflowTenant, TenantStore
    from belvedere.tenants.systems import Systems

NOBODYS = "belvedere-nobodys"
"""A bucket that nobody has: the object store refuses it by policy, before it looks whether it is there."""
MOST_STRANGERS = 3
MLFLOWS_OWN = "default"
"""The workspace that every MLflow has and no tenant can be named like."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried; ``problem`` says what was wrong with it, without secrets."""

    name: str
    took_ms: float
    problem: str | None = None

    @property
    def ok(self) -> bool:
        """Whether all was well."""
        return self.problem is None

    def __str__(self) -> str:
        return f"{self.name}: {self.problem or 'ok'} ({self.took_ms:.0f} ms)"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was tried of one tenant."""

    tenant: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether all was well."""
        return all(check.ok for check in self.checks)

    def __str__(self) -> str:
        failed = sum(not check.ok for check in self.checks)
        heading = f"{failed} of {len(self.checks)} checks failed" if failed else f"{len(self.checks)} checks, all well"
        return "\n".join([f"Tenant {self.tenant}: {heading}.", *(f"  {check}" for check in self.checks)])


def verify(spec: TenantSpec, systems: Systems) -> Verified:
    """Try the tenant's newest key and each of its MLflow users, on what is the tenant's and on what is not.

    Whatever goes wrong is told in the report, and the other checks go on.

    Raises:
        ServiceUnavailable: the records of credentials cannot be read.
    """
    active = [one for one in systems.credentials.all_records() if one.phase is CredentialPhase.ACTIVE]
    hand = _Hand(spec, systems, tuple(active))
    trials = [*_of_store(spec, hand), *_of_strangers(spec, hand), *(_of_mlflow(spec, hand) if systems.mlflow else ())]
    return Verified(spec.name, tuple(trial.made() for trial in trials))


@dataclass(frozen=True, slots=True)
class _Trial:
    """Something to be tried: that it works, or (``refused``) that it answers that it may not be done."""

    name: str
    act: Callable[[], object]
    refused: bool = False

    def made(self) -> Check:
        """Try it."""
        began = time.monotonic()
        problem = self._problem()
        return Check(self.name, (time.monotonic() - began) * 1000, problem)

    def _problem(self) -> str | None:
        try:
            allowed = self.act()
        except BelvedereError as error:
            return error.message
        return "it is allowed, and must not be" if self.refused and allowed else None


@dataclass(frozen=True, slots=True)
class _Hand:
    """Opens the systems with credentials on record, each of them once, and does one thing with them."""

    spec: TenantSpec
    systems: Systems
    active: tuple[CredentialRecord, ...]
    stores: dict[str, TenantStore] = field(default_factory=dict)
    workspaces: dict[str, MlflowTenant] = field(default_factory=dict)

    def list_bucket(self, bucket: str) -> None:
        self._store().check_listing(bucket)

    def use_bucket(self, bucket: str) -> None:
        self._store().check_round_trip(bucket)

    def may_read(self, bucket: str) -> bool:
        return self._store().may_read(bucket)

    def may_write(self, bucket: str) -> bool:
        return self._store().may_write(bucket)

    def may_stranger_read(self, key: CredentialRecord, bucket: str) -> bool:
        return self._opened(key).may_read(bucket)

    def may_stranger_write(self, key: CredentialRecord, bucket: str) -> bool:
        return self._opened(key).may_write(bucket)

    def use_workspace(self, user: str) -> None:
        self._mlflow(user).check_round_trip()

    def may_read_workspace(self, user: str, workspace: str) -> bool:
        return self._mlflow(user).may_read_workspace(workspace)

    def may_write_workspace(self, user: str, workspace: str) -> bool:
        return self._mlflow(user).may_write_workspace(workspace)

    def others(self, kind: CredentialKind) -> tuple[CredentialRecord, ...]:
        """Return the credentials of other tenants."""
        return tuple(one for one in self.active if one.kind is kind and one.tenant != self.spec.name)

    def stranger(self) -> CredentialRecord | None:
        """Return a key of another tenant that works, for one that is refused everywhere proves nothing."""
        for record in self.others(CredentialKind.S3_KEY)[:MOST_STRANGERS]:
            with suppress(BelvedereError):
                self._opened(record).check_listing(record.tenant)
                return record
        return None

    def _store(self) -> TenantStore:
        keys = [one for one in self.active if one.kind is CredentialKind.S3_KEY and one.tenant == self.spec.name]
        if not keys:
            raise CredentialMissing(f"tenant {self.spec.name} has no active key on record: apply its plan")
        return self._opened(max(keys, key=lambda record: (record.created_at, record.id)))

    def _opened(self, key: CredentialRecord) -> TenantStore:
        if key.id not in self.stores:
            self.stores[key.id] = self.systems.as_tenant.store(self.systems.credentials.reveal(key.id))
        return self.stores[key.id]

    def _mlflow(self, user: str) -> MlflowTenant:
        if user not in self.workspaces:
            self.workspaces[user] = self._opened_mlflow(user)
        return self.workspaces[user]

    def _opened_mlflow(self, user: str) -> MlflowTenant:
        wanted = (CredentialKind.MLFLOW_USER, self.spec.name, fingerprint(user))
        found = next((one for one in self.active if (one.kind, one.tenant, one.fingerprint) == wanted), None)
        if found is None:
            raise CredentialMissing(f"no password of MLflow user {user} is on record: apply the tenant's plan")
        return self.systems.as_tenant.mlflow(self.systems.credentials.reveal(found.id), self.spec.name)


def _of_store(spec: TenantSpec, hand: _Hand) -> Iterator[_Trial]:
    for bucket, declared in spec.bucket_specs().items():
        if declared.object_lock:  # what is put there could not be removed again
            yield _Trial(f"list bucket {bucket}", partial(hand.list_bucket, bucket))
        else:
            yield _Trial(f"put, get and remove an object in bucket {bucket}", partial(hand.use_bucket, bucket))
    other = next((record.tenant for record in hand.others(CredentialKind.S3_KEY)), NOBODYS)
    yield _Trial(f"not read bucket {other}", partial(hand.may_read, other), refused=True)
    yield _Trial(f"not write to bucket {other}", partial(hand.may_write, other), refused=True)


def _of_strangers(spec: TenantSpec, hand: _Hand) -> Iterator[_Trial]:
    key = hand.stranger()
    if key is None:
        return
    for bucket in spec.bucket_specs():
        said = f"a key of tenant {key.tenant} does not"
        yield _Trial(f"{said} read bucket {bucket}", partial(hand.may_stranger_read, key, bucket), refused=True)
        yield _Trial(f"{said} write to bucket {bucket}", partial(hand.may_stranger_write, key, bucket), refused=True)


def _of_mlflow(spec: TenantSpec, hand: _Hand) -> Iterator[_Trial]:
    other = next((record.tenant for record in hand.others(CredentialKind.MLFLOW_USER)), MLFLOWS_OWN)
    for user in (each.name for each in spec.mlflow_users()):
        yield _Trial(f"record a run as MLflow user {user}", partial(hand.use_workspace, user))
        said = f"MLflow user {user} does not"
        yield _Trial(f"{said} read workspace {other}", partial(hand.may_read_workspace, user, other), refused=True)
        yield _Trial(f"{said} write to workspace {other}", partial(hand.may_write_workspace, user, other), refused=True)
