"""What belongs to no tenant, or is known to one side only: nobody's business, so somebody should look at it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.model.tenant_state import CredentialKind, CredentialPhase
from belvedere.storage.ownership import TENANT_TAG
from belvedere.tenants.names import POLICY_PREFIX, WORKSPACE_MARK

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from belvedere.model.tenant_state import CredentialRecord
    from belvedere.storage.discovery import TaggedBuckets
    from belvedere.tenants.observing import Fleet

STORE, MLFLOW, RECORDS = "object store", "mlflow", "records"
LOOKERS = 8
NO_TENANT = "there is no such tenant"


@dataclass(frozen=True, slots=True, order=True)
class Orphan:
    """Something that nobody looks after. Credentials are named by their fingerprints."""

    system: str
    kind: str
    name: str
    tenant: str
    reason: str

    def __str__(self) -> str:
        return f"{self.system}: {self.kind} {self.name} of tenant {self.tenant}: {self.reason}"


def marked_buckets(buckets: TaggedBuckets) -> dict[str, str]:
    """Return the tenant of every bucket that is marked as one's: a call to list them, and one for each.

    Raises:
        ServiceUnavailable, AccessDenied: as their names say.
    """
    names = buckets.names()
    with ThreadPoolExecutor(LOOKERS, thread_name_prefix="tags") as lookers:
        tags = lookers.map(buckets.tags, names)
        return {name: said[TENANT_TAG] for name, said in zip(names, tags, strict=True) if TENANT_TAG in said}


def find_orphans(
    fleet: Fleet, tenants: Collection[str], buckets: Mapping[str, str], *, retained: Collection[str] = ()
) -> tuple[Orphan, ...]:
    """Return what has no tenant, and credentials that only their system or only the records know. Pure.

    ``tenants`` are those that are declared and those of the catalog's sources; ``buckets`` says of each marked bucket
    whose it is; ``retained`` are removed tenants, whose buckets and workspaces stay on purpose.
    """
    known, stays = set(tenants), {*tenants, *retained}
    found = {
        *_of_nobody(fleet, known),
        *_unrecorded_keys(fleet, known),
        *_records_without_credential(fleet, known),
        *_workspaces(fleet, stays),
        *(Orphan(STORE, "bucket", name, tenant, NO_TENANT) for name, tenant in buckets.items() if tenant not in stays),
    }
    return tuple(sorted(found))


def _of_nobody(fleet: Fleet, known: set[str]) -> Iterator[Orphan]:
    for policy in {*fleet.accounts.policies, *fleet.holders}:
        tenant = policy.removeprefix(POLICY_PREFIX)
        if not policy.startswith(POLICY_PREFIX) or tenant in known:
            continue
        if policy in fleet.accounts.policies:
            yield Orphan(STORE, "policy", policy, tenant, NO_TENANT)
        for account in fleet.holders.get(policy, ()):
            yield Orphan(STORE, "account", account.fingerprint, tenant, NO_TENANT)


def _unrecorded_keys(fleet: Fleet, known: set[str]) -> Iterator[Orphan]:
    for tenant in known:
        account = fleet.account_of(tenant)
        recorded = {record.fingerprint for record in _live(fleet.records_of(tenant))}
        for key in account.keys if account else ():
            if key.fingerprint not in recorded:
                yield Orphan(STORE, "key", key.fingerprint, tenant, "it is not on record")


def _records_without_credential(fleet: Fleet, known: set[str]) -> Iterator[Orphan]:
    keys = {key.fingerprint for account in fleet.accounts.accounts for key in account.keys}
    there = {
        CredentialKind.S3_ACCOUNT: fleet.accounts_by_fingerprint.keys(),
        CredentialKind.S3_KEY: keys,
        CredentialKind.MLFLOW_USER: fleet.users_by_fingerprint.keys(),
    }
    for tenant, records in fleet.records.items():
        for record in _live(records):
            if tenant not in known:
                yield Orphan(RECORDS, record.kind.value, record.fingerprint, tenant, NO_TENANT)
            if record.fingerprint not in there[record.kind]:
                yield Orphan(RECORDS, record.kind.value, record.fingerprint, tenant, "its system does not know it")


def _workspaces(fleet: Fleet, stays: set[str]) -> Iterator[Orphan]:
    for workspace in fleet.mlflow.workspaces.values():
        if workspace.description.startswith(WORKSPACE_MARK) and workspace.name not in stays:
            yield Orphan(MLFLOW, "workspace", workspace.name, workspace.name, NO_TENANT)


def _live(records: tuple[CredentialRecord, ...]) -> list[CredentialRecord]:
    return [record for record in records if record.phase is not CredentialPhase.REVOKED]
