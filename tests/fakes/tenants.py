"""The rest of what tenants live in, in memory: credentials, members, sources; and all the systems together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from belvedere.errors import CredentialMissing
from belvedere.model.tenant_state import CredentialPhase, CredentialRecord
from belvedere.tenants.systems import Systems
from tests.fakes.accounts import FakeAccounts
from tests.fakes.buckets import FakeBuckets, FakeSources, FakeTopics
from tests.fakes.mlflow import FakeMlflow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.model.access import Role
    from belvedere.model.tenant_state import CredentialKind, Secret
    from tests.fakes.accounts import FakeTenantStore
    from tests.fakes.mlflow import FakeMlflowTenant

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class FakeClock:
    """A clock that goes on by a second each time somebody looks at it, and as far as it is told."""

    now: datetime = BEGINNING

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def pass_on(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time


class FakeCredentials:
    """Credentials, kept open."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._records: dict[str, CredentialRecord] = {}
        self._secrets: dict[str, Secret] = {}

    def records(self, tenant: str) -> tuple[CredentialRecord, ...]:
        return tuple(record for record in self.all_records() if record.tenant == tenant)

    def all_records(self) -> tuple[CredentialRecord, ...]:
        return tuple(sorted(self._records.values(), key=lambda record: (record.tenant, record.created_at, record.id)))

    def keep(self, tenant: str, kind: CredentialKind, secret: Secret, phase: CredentialPhase) -> CredentialRecord:
        record_id = f"{tenant}/{kind}/{secret.fingerprint}"
        self._records[record_id] = CredentialRecord(record_id, tenant, kind, secret.fingerprint, phase, self._clock())
        self._secrets[record_id] = secret
        return self._records[record_id]

    def reveal(self, record_id: str) -> Secret:
        if record_id not in self._secrets:
            raise CredentialMissing(f"nothing is kept under {record_id}")
        return self._secrets[record_id]

    def move(self, record_id: str, phase: CredentialPhase, retire_at: datetime | None = None) -> None:
        if record_id not in self._records:
            raise CredentialMissing(f"nothing is kept under {record_id}")
        self._records[record_id] = replace(self._records[record_id], phase=phase, retire_at=retire_at)
        if phase is CredentialPhase.REVOKED:
            self._secrets.pop(record_id, None)


class FakeMembers:
    """Who belongs to which tenant."""

    def __init__(self) -> None:
        self._roles: dict[str, dict[str, Role]] = defaultdict(dict)

    def roles(self, tenant: str) -> dict[str, Role]:
        return dict(self._roles[tenant])

    def grant(self, tenant: str, user: str, role: Role) -> None:
        self._roles[tenant][user] = role

    def revoke(self, tenant: str, user: str) -> None:
        self._roles[tenant].pop(user, None)


class FakeTenantSources(FakeSources):
    """Sources that end, too."""

    def tenants(self) -> dict[str, str]:
        return {bucket: registered.tenant for bucket, registered in self._sources.items()}

    def unregister(self, bucket: str) -> bool:
        return self._sources.pop(bucket, None) is not None

    def forget_artifacts(self, bucket: str) -> int:
        return 0


@dataclass(frozen=True)
class FakeTenantClients:
    """Opens the fakes with a tenant's own credentials."""

    accounts: FakeAccounts
    fake_mlflow: FakeMlflow

    def store(self, key: Secret) -> FakeTenantStore:
        return self.accounts.store(key)

    def mlflow(self, user: Secret, workspace: str) -> FakeMlflowTenant:
        return self.fake_mlflow.as_user(user, workspace)


class Crashed(BaseException):
    """The process died: nothing catches this."""


@dataclass
class Fuse:
    """Lets so many calls through and then blows, before or after the last call was made."""

    calls: int | None = None
    after: bool = False

    def of(self, target: Any) -> Any:
        """Return the target behind this fuse."""
        return _Fused(target, self)

    def spend(self, *, after: bool) -> None:
        """Count a call."""
        if self.calls is None or after is not self.after:
            return
        if self.calls <= 0:
            raise Crashed
        self.calls -= 1


class _Fused:
    def __init__(self, target: Any, fuse: Fuse) -> None:
        self._target, self._fuse = target, fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._fuse.spend(after=False)
            answer = method(*arguments, **named)
            self._fuse.spend(after=True)
            return answer

        return call


@dataclass
class FakeWorld:
    """All systems in memory. ``systems`` go through the fuse; the parts themselves never do."""

    arns: Sequence[str]
    clock: FakeClock = field(default_factory=FakeClock)
    fuse: Fuse = field(default_factory=Fuse)

    def __post_init__(self) -> None:
        self.buckets = FakeBuckets(self.arns)
        self.topics, self.sources, self.members = FakeTopics(), FakeTenantSources(), FakeMembers()
        self.accounts, self.mlflow = FakeAccounts(self.buckets), FakeMlflow()
        self.credentials = FakeCredentials(self.clock)
        self.systems = Systems(
            buckets=self.fuse.of(self.buckets),
            topics=self.fuse.of(self.topics),
            sources=self.fuse.of(self.sources),
            accounts=self.fuse.of(self.accounts),
            mlflow=self.fuse.of(self.mlflow),
            credentials=self.fuse.of(self.credentials),
            members=self.fuse.of(self.members),
            as_tenant=FakeTenantClients(self.accounts, self.mlflow),
        )
