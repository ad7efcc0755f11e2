"""What tenants' pages and their JSON say, read from the catalog in a fixed number of statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from belvedere.catalog import memberships, operations
from belvedere.catalog.credentials import list_credentials
from belvedere.catalog.sources import sources_in
from belvedere.catalog.tenant_changes import list_changes
from belvedere.catalog.tenants import find_tenant, list_tenants
from belvedere.errors import ObjectMissing
from belvedere.gallery.responses import ProblemResponse, RunResponse
from belvedere.gallery.tenant_responses import (
    DriftResponse,
    KeyResponse,
    MemberResponse,
    TenantChangeResponse,
    TenantChangesResponse,
    TenantDetailResponse,
    TenantResponse,
    TenantsResponse,
    TenantStateName,
)
from belvedere.model.access import Role
from belvedere.model.quantities import read_duration
from belvedere.model.tenant_state import CredentialKind, CredentialPhase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from belvedere.catalog.operations import TenantState
    from belvedere.catalog.tenant_changes import TenantChange
    from belvedere.catalog.tenants import DeclaredTenant
    from belvedere.clients.postgres import Connection
    from belvedere.model.access import Scope, Viewer
    from belvedere.model.tenant_state import CredentialRecord

NEWEST_CHANGES = 20
REMOVED = "removed"


def read_tenants(connection: Connection, scope: Scope, *, with_removed: bool = False) -> TenantsResponse:
    """Read the tenants that are declared or have a source bucket: two statements."""
    declared = {tenant.name: tenant for tenant in list_tenants(connection, scope, with_removed=True)}
    known = {state.tenant: state for state in operations.tenant_states(connection, scope)}
    gone = set() if with_removed else {name for name, tenant in declared.items() if tenant.state == REMOVED}
    with_bucket = {name for name, state in known.items() if state.buckets}
    names = sorted((declared.keys() - gone) | with_bucket)
    return TenantsResponse(tenants=[_tenant(name, declared.get(name), known.get(name)) for name in names])


def read_tenant(connection: Connection, name: str, who: Viewer) -> TenantDetailResponse:
    """Read one tenant: five statements.

    Raises:
        ObjectMissing: there is none of this name, or they are not to know.
    """
    declared, buckets = known_tenant(connection, name, who)
    records = list_credentials(connection, name)
    changes = list_changes(connection, name, who.tenants, limit=NEWEST_CHANGES)
    spec = dict(declared.spec) if declared else None
    return TenantDetailResponse(
        name=name,
        state=state_of(declared),
        source=declared.source if declared else None,
        spec=spec,
        observed=dict(declared.observed) if declared else {},
        drift=[drift_response(each) for each in declared.drift] if declared else [],
        keys=[_key(record, _rotation(spec)) for record in reversed(records)],
        buckets=buckets,
        members=[
            MemberResponse(user=member.user, role=member.role, since=member.since)
            for member in memberships.members_of(connection, name)
        ],
        changes=[change_response(change) for change in changes],
        declared_at=declared.declared_at if declared else None,
        applied_at=declared.applied_at if declared else None,
        observed_at=declared.observed_at if declared else None,
        removed_at=declared.removed_at if declared else None,
        run=_run(declared.dag_id, declared.run_id) if declared else None,
        problem=_problem(declared),
    )


def known_tenant(connection: Connection, name: str, who: Viewer) -> tuple[DeclaredTenant | None, list[str]]:
    """Return a tenant's declaration and its source buckets, one of which there must be: two statements.

    Raises:
        ObjectMissing: there is neither, or they are not to know.
    """
    if who.may_see(name):
        declared = find_tenant(connection, name, who.tenants)
        buckets = [source.bucket for source in sources_in(connection, (name,))]
        if declared or buckets:
            return declared, buckets
    raise ObjectMissing(f"there is no tenant {name[:80]!r}")


def read_changes(
    connection: Connection, tenant: str | None, scope: Scope, *, limit: int, before: int | None
) -> TenantChangesResponse:
    """Read one page of changes: one statement."""
    found = list_changes(connection, tenant, scope, limit=limit + 1, before_id=before)
    shown = found[:limit]
    return TenantChangesResponse(
        changes=[change_response(change) for change in shown],
        next_before=shown[-1].id if len(found) > limit else None,
    )


def change_response(change: TenantChange) -> TenantChangeResponse:
    """Return one change as JSON."""
    told = {name: getattr(change, name) for name in TenantChangeResponse.model_fields if name != "run"}
    return TenantChangeResponse(**told, run=_run(change.dag_id, change.run_id))


def drift_response(found: Mapping[str, Any]) -> DriftResponse:
    """Return one difference as JSON."""
    return DriftResponse(
        system=str(found["system"]),
        property=str(found["property"]),
        summary=str(found.get("summary", "")),
        reason=str(found.get("reason", "")),
        before=found.get("before"),
        after=found.get("after"),
        repair=bool(found.get("repair", False)),
    )


def state_of(declared: DeclaredTenant | None) -> TenantStateName | None:
    """Return a tenant's state; None for one that nobody has declared."""
    # the table has a check of exactly these words
    return cast("TenantStateName", declared.state) if declared else None


def drift_of(declared: DeclaredTenant | None) -> int | None:
    """Return how many properties are not as declared; None where nobody has compared yet."""
    return len(declared.drift) if declared and declared.observed_at else None


def _tenant(name: str, declared: DeclaredTenant | None, known: TenantState | None) -> TenantResponse:
    return TenantResponse(
        name=name,
        state=state_of(declared),
        source=declared.source if declared else None,
        drift=drift_of(declared),
        buckets=list(known.buckets) if known else [],
        quota=_quota(declared.spec) if declared else None,
        members={user: Role(role) for user, role in sorted(known.members.items())} if known else {},
        declared_at=declared.declared_at if declared else None,
        applied_at=declared.applied_at if declared else None,
        observed_at=declared.observed_at if declared else None,
        problem=_problem(declared),
    )


def _quota(spec: Mapping[str, Any]) -> str | None:
    quota = spec.get("bucket", {}).get("quota")
    return str(quota) if quota else None


def _problem(declared: DeclaredTenant | None) -> ProblemResponse | None:
    if declared is None or declared.problem_code is None:
        return None
    return ProblemResponse(code=declared.problem_code, message=declared.problem or "")


def _run(dag_id: str | None, run_id: str | None) -> RunResponse | None:
    return RunResponse(dag_id=dag_id, run_id=run_id) if dag_id and run_id else None


def _rotation(spec: Mapping[str, Any] | None) -> timedelta | None:
    every = (spec or {}).get("keys", {}).get("rotate_every")
    return read_duration(every) if every else None


def _key(record: CredentialRecord, rotate_every: timedelta | None) -> KeyResponse:
    rotates = record.kind is CredentialKind.S3_KEY and record.phase is CredentialPhase.ACTIVE
    return KeyResponse(
        kind=record.kind,
        fingerprint=record.fingerprint,
        phase=record.phase,
        created_at=record.created_at,
        retire_at=record.retire_at,
        rotate_at=record.created_at + rotate_every if rotates and rotate_every else None,
    )
