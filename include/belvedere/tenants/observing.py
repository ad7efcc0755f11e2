"""Looking at what is there: one picture of accounts, MLflow and records for all tenants, then each tenant's buckets.

A tenant that no system knows of needs no picture of the others to be told so: see ``Fleet.glimpse``.

A fleet costs a fixed number of calls, whatever the number of tenants: see ``Accounts.state`` and ``Mlflow.state``, one
statement for all records and one for all sources, two calls for the topic. A tenant costs for each of its source
buckets that exists ``CALLS_A_BUCKET`` calls of the object store and one statement, and one more for its members.

Whatever does not answer is an error that goes up: nothing is ever planned on half a picture.
"""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from belvedere.model.tenant_state import (
    AccountsState,
    AccountState,
    CredentialKind,
    CredentialPhase,
    CredentialRecord,
    MlflowState,
    MlflowUserState,
    TenantBucketState,
    TenantState,
    fingerprint,
)
from belvedere.tenants.names import LIFECYCLE_PREFIX, key_description, policy_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from belvedere.model.storage import TopicState
    from belvedere.model.tenant import TenantSpec
    from belvedere.tenants.systems import Systems

CALLS_A_BUCKET = 11
"""Four for the source bucket, four for its renderings bucket; lifecycle, lock and quota of the source bucket."""
LOOKERS = 4
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Fleet:
    """One picture of what all tenants share, with what each of them is found by. Take a new one for each planning."""

    accounts: AccountsState
    mlflow: MlflowState
    records: Mapping[str, tuple[CredentialRecord, ...]]
    topic: TopicState
    sources: Mapping[str, tuple[str, ...]]
    """Source buckets by their tenant."""
    holders: Mapping[str, tuple[AccountState, ...]]
    """Accounts by the name of a policy attached to them."""
    accounts_by_fingerprint: Mapping[str, AccountState]
    users_by_fingerprint: Mapping[str, MlflowUserState]
    users_in: Mapping[str, tuple[MlflowUserState, ...]]
    """MLflow's users by a workspace that they have a role in."""

    @classmethod
    def take(cls, systems: Systems, topic: str) -> Fleet:
        """Look at everything at once.

        Raises:
            ServiceUnavailable, AccessDenied: one of the systems does not answer, or refuses us.
        """
        with ThreadPoolExecutor(LOOKERS, thread_name_prefix="fleet") as lookers:
            accounts = lookers.submit(systems.accounts.state)
            mlflow = lookers.submit(systems.mlflow.state) if systems.mlflow else None
            records = lookers.submit(systems.credentials.all_records)
            sources = lookers.submit(systems.sources.tenants)
            found = lookers.submit(systems.topics.state, topic)
            return cls.of(
                accounts.result(),
                mlflow.result() if mlflow else MlflowState(),
                records.result(),
                found.result(),
                sources.result(),
            )

    @classmethod
    def glimpse(cls, spec: TenantSpec, systems: Systems, topic: str) -> Fleet:
        """Look at as much as it takes to observe this one tenant.

        The picture of everything costs the more the more tenants there are (MinIO's alone 1.5 ms of a core for each).
        A new tenant has no credentials on record, no policy (to whose holders its account would belong), no workspace
        and no user of MLflow: that takes four cheap calls, and then there is nothing else that could be its.

        Raises:
            ServiceUnavailable, AccessDenied: one of the systems does not answer, or refuses us.
        """
        records = systems.credentials.records(spec.name)
        if any(record.phase is not CredentialPhase.REVOKED for record in records) or _is_known(spec, systems):
            return cls.take(systems, topic)
        return cls.of(AccountsState(), MlflowState(), records, systems.topics.state(topic), systems.sources.tenants())

    @classmethod
    def of(
        cls,
        accounts: AccountsState,
        mlflow: MlflowState,
        records: Iterable[CredentialRecord],
        topic: TopicState,
        tenants: Mapping[str, str],
    ) -> Fleet:
        """Put a picture together."""
        holders = [(policy, account) for account in accounts.accounts for policy in account.policies]
        roles = [
            (workspace, user) for user in mlflow.users.values() for workspace in {place for place, _ in user.roles}
        ]
        return cls(
            accounts=accounts,
            mlflow=mlflow,
            records=_grouped((record.tenant, record) for record in records),
            topic=topic,
            sources=_grouped((tenant, bucket) for bucket, tenant in tenants.items()),
            holders=_grouped(holders),
            accounts_by_fingerprint={account.fingerprint: account for account in accounts.accounts},
            users_by_fingerprint={fingerprint(user.name): user for user in mlflow.users.values()},
            users_in=_grouped(roles),
        )

    def records_of(self, tenant: str) -> tuple[CredentialRecord, ...]:
        """Return what is kept for a tenant, the oldest first."""
        return self.records.get(tenant, ())

    def account_of(self, tenant: str) -> AccountState | None:
        """Return the tenant's account: the recorded one, or (when none is on record) one whose keys say so.

        An account that merely has the tenant's policy is a stranger: somebody may have given it to a person.
        """
        recorded = [record for record in self.records_of(tenant) if _is_live(record, CredentialKind.S3_ACCOUNT)]
        if recorded:
            found = [self.accounts_by_fingerprint.get(record.fingerprint) for record in reversed(recorded)]
            return next((account for account in found if account), None)
        said = key_description(tenant)
        holders = self.holders.get(policy_name(tenant), ())
        return next((each for each in holders if any(key.description == said for key in each.keys)), None)

    def strangers_of(self, tenant: str) -> tuple[AccountState, ...]:
        """Return the accounts that have a tenant's policy without being the tenant's."""
        own = self.account_of(tenant)
        return tuple(account for account in self.holders.get(policy_name(tenant), ()) if account != own)

    def users_of(self, spec: TenantSpec) -> dict[str, MlflowUserState]:
        """Return MLflow's users that are declared, on record, or have a role in the tenant's workspace."""
        declared = [self.mlflow.users.get(user.name) for user in spec.mlflow_users()]
        recorded = [
            self.users_by_fingerprint.get(record.fingerprint)
            for record in self.records_of(spec.name)
            if _is_live(record, CredentialKind.MLFLOW_USER)
        ]
        found = (*declared, *recorded, *self.users_in.get(spec.name, ()))
        return {user.name: user for user in found if user}


def observe(spec: TenantSpec, fleet: Fleet, systems: Systems, renderings_suffix: str) -> TenantState:
    """Return what is there of one tenant; the module's docstring says how many calls that takes.

    Raises:
        ServiceUnavailable, AccessDenied: one of the systems does not answer, or refuses us.
    """
    declared = spec.bucket_specs()
    return TenantState(
        buckets={bucket: _bucket(bucket, systems, renderings_suffix) for bucket in declared},
        undeclared=tuple(bucket for bucket in fleet.sources.get(spec.name, ()) if bucket not in declared),
        topic=fleet.topic,
        policy=fleet.accounts.policies.get(policy_name(spec.name)),
        account=fleet.account_of(spec.name),
        strangers=fleet.strangers_of(spec.name),
        workspace=fleet.mlflow.workspaces.get(spec.name),
        users=fleet.users_of(spec),
        members=systems.members.roles(spec.name),
        records=fleet.records_of(spec.name),
    )


def _bucket(bucket: str, systems: Systems, renderings_suffix: str) -> TenantBucketState:
    source = systems.buckets.state(bucket)
    renderings = systems.buckets.state(bucket + renderings_suffix)
    registered = systems.sources.registration(bucket)
    if not source.exists:
        return TenantBucketState(source, renderings, registered=registered)
    lockable, lock = systems.buckets.lock(bucket)
    return TenantBucketState(
        source=source,
        renderings=renderings,
        quota_bytes=systems.accounts.quota(bucket),
        lifecycle=systems.buckets.lifecycle(bucket, LIFECYCLE_PREFIX),
        lockable=lockable,
        lock=lock,
        registered=registered,
    )


def _is_known(spec: TenantSpec, systems: Systems) -> bool:
    """Whether the object store or MLflow knows anything of a tenant's name, its buckets left aside."""
    if systems.accounts.knows_policy(policy_name(spec.name)):
        return True
    users = [user.name for user in spec.mlflow_users()]
    return systems.mlflow is not None and systems.mlflow.knows(spec.name, users)


def _is_live(record: CredentialRecord, kind: CredentialKind) -> bool:
    return record.kind is kind and record.phase is not CredentialPhase.REVOKED


def _grouped(pairs: Iterable[tuple[str, Thing]]) -> dict[str, tuple[Thing, ...]]:
    groups: dict[str, list[Thing]] = defaultdict(list)
    for name, thing in pairs:
        groups[name].append(thing)
    return {name: tuple(things) for name, things in groups.items()}
