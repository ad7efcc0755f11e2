"""From what a tenant is to what it was declared to be: the ordered changes with their reasons. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.errors import ForeignResource
from belvedere.tenants.changes import GrantMembership, PlannedChange, RevokeMembership, TenantPlan
from belvedere.tenants.plan_accounts import account_changes
from belvedere.tenants.plan_buckets import BucketPlan
from belvedere.tenants.plan_mlflow import mlflow_changes, mlflow_objections, mlflow_warnings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from belvedere.model.access import Role
    from belvedere.model.tenant import TenantSpec
    from belvedere.model.tenant_state import TenantState
    from belvedere.tenants.plan_buckets import Deployment


def plan(spec: TenantSpec, state: TenantState, deployment: Deployment) -> TenantPlan:
    """Return the changes that lead from ``state`` to ``spec``, in the order of making them.

    Buckets come first, since keys and MLflow's artifacts need them; people come last.

    Raises:
        ForeignResource: something that is in the way is not ours to change; the message says all of it.
    """
    buckets = {
        name: BucketPlan(spec, name, wanted, state.buckets[name], deployment, state.topic)
        for name, wanted in spec.bucket_specs().items()
    }
    _refuse_foreign(spec, state, buckets)
    changes: list[PlannedChange] = []
    for each in buckets.values():
        changes += [one for one in each.changes() if one not in changes]
    changes += account_changes(spec, state, deployment.renderings_suffix)
    if deployment.has_mlflow:
        changes += mlflow_changes(spec, state)
    changes += _member_changes(spec, state)
    warnings = [warning for each in buckets.values() for warning in each.warnings()]
    warnings += [_left(spec, bucket) for bucket in state.undeclared]
    warnings += mlflow_warnings(spec, state, has_mlflow=deployment.has_mlflow)
    return TenantPlan(spec.name, tuple(changes), tuple(warnings))


def _refuse_foreign(spec: TenantSpec, state: TenantState, buckets: Mapping[str, BucketPlan]) -> None:
    said = [text for each in buckets.values() if (text := each.objection())]
    said += mlflow_objections(spec, state)
    if said:
        raise ForeignResource("; ".join(said))


def _left(spec: TenantSpec, bucket: str) -> str:
    return (
        f"bucket {bucket} is not declared and stays a source of {spec.name}: what lands there is rendered for it, but "
        "its keys do not open it; declare it, or give it to another tenant (provision_storage with adopt)"
    )


def _member_changes(spec: TenantSpec, state: TenantState) -> Iterator[PlannedChange]:
    wanted: dict[str, Role] = {member.user: member.role for member in spec.members}
    for user, role in wanted.items():
        now = state.members.get(user)
        if now is not role:
            reason = f"now {now.value}" if now else "not in the tenant yet"
            grant = GrantMembership(spec.name, user, role)
            yield PlannedChange(grant, reason, "gallery", f"member {user}", now.value if now else None, role.value)
    for user, role in sorted(state.members.items()):
        if user not in wanted:
            revoke = RevokeMembership(spec.name, user)
            yield PlannedChange(revoke, "not declared", "gallery", f"member {user}", role.value, None)
