"""The part of a tenant's plan that is about MLflow: workspace, users, roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.model.tenant_state import CredentialKind, CredentialPhase, MlflowUserState, fingerprint
from belvedere.tenants.changes import PlannedChange
from belvedere.tenants.changes_accounts import DropRecord
from belvedere.tenants.changes_mlflow import (
    AssignRole,
    CreateMlflowUser,
    CreateWorkspace,
    DemoteMlflowUser,
    EnsureRole,
    RemoveMlflowUser,
    ResetMlflowPassword,
    UnassignRole,
    UpdateWorkspace,
)
from belvedere.tenants.names import WORKSPACE_MARK, is_workspace_of, workspace_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.model.tenant import MlflowUserSpec, TenantSpec
    from belvedere.model.tenant_state import CredentialRecord, TenantState

SYSTEM = "mlflow"


def mlflow_objections(spec: TenantSpec, state: TenantState) -> Iterator[str]:
    """Say what of MLflow is not ours to change."""
    if not spec.mlflow.enabled:
        return
    workspace = state.workspace
    if workspace and not _is_marked(spec, state):
        if workspace.description.startswith(WORKSPACE_MARK):
            yield f"MLflow workspace {spec.name} is marked as another tenant's: {workspace.description}"
        elif not spec.adopt:
            yield (
                f"MLflow workspace {spec.name} exists and is not marked as Belvedere's: declare adopt: true to take it "
                "over (its experiments stay), or choose another name"
            )
    for user in spec.mlflow_users():
        found = state.users.get(user.name)
        if found and not spec.adopt and not _is_ours(spec, state, found):
            yield (
                f"MLflow user {user.name} exists and is not Belvedere's: declare adopt: true to take it over "
                "(its password is set anew), or declare mlflow.users with other names"
            )


def mlflow_warnings(spec: TenantSpec, state: TenantState, *, has_mlflow: bool) -> Iterator[str]:
    """Say what of MLflow nobody can repair."""
    if spec.mlflow.enabled and not has_mlflow:
        yield "there is no MLflow here (BELVEDERE_MLFLOW_URL is empty): the tenant has no workspace"
    if not spec.mlflow.enabled and state.workspace and _is_marked(spec, state):
        yield f"MLflow workspace {spec.name} stays, though mlflow is not enabled any more: remove it by hand"
    for user, role in _strangers(spec, state) if spec.adopt else ():
        yield (
            f"MLflow user {user} had the role {role} of workspace {spec.name} before it was adopted, and keeps it: "
            "take it away by hand, or declare adopt: false"
        )


def mlflow_changes(spec: TenantSpec, state: TenantState) -> Iterator[PlannedChange]:
    """Return the changes in MLflow, the workspace first."""
    if spec.mlflow.enabled:
        yield from _workspace_changes(spec, state)
    for user in spec.mlflow_users():
        yield from _user_changes(spec, state, user)
    wanted = {fingerprint(user.name) for user in spec.mlflow_users()}
    for record in _records(state):
        if record.fingerprint not in wanted:
            name = _name_of(state, record)
            gone = RemoveMlflowUser(name, record.id) if name else DropRecord(record.id, record.fingerprint)
            prop = f"user {name or record.fingerprint}"
            yield PlannedChange(gone, "it is not declared any more", SYSTEM, prop, "exists", None)
    for stranger, role in () if spec.adopt else _strangers(spec, state):
        unassign = UnassignRole(stranger, spec.name, role)
        yield PlannedChange(unassign, "the user is not declared", SYSTEM, f"user {stranger}: roles", role, None)


def _workspace_changes(spec: TenantSpec, state: TenantState) -> Iterator[PlannedChange]:
    mark, root, found = workspace_mark(spec.name), spec.artifact_root(), state.workspace
    if found is None:
        create = CreateWorkspace(spec.name, mark, root)
        yield PlannedChange(create, "there is no such workspace", SYSTEM, "workspace", None, root)
    elif not _is_marked(spec, state) or found.artifact_root != root:
        now = f"artifacts go to {found.artifact_root or 'the default'}"
        reason = now if _is_marked(spec, state) else "it is adopted"
        update = UpdateWorkspace(spec.name, mark, root)
        yield PlannedChange(update, reason, SYSTEM, "workspace", found.artifact_root, root)
    if found is not None:
        for role in sorted({user.role for user in spec.mlflow_users()} - found.roles):
            yield PlannedChange(EnsureRole(spec.name, role), "it is gone", SYSTEM, f"role {role}", None, role)


def _user_changes(spec: TenantSpec, state: TenantState, user: MlflowUserSpec) -> Iterator[PlannedChange]:
    found, record = state.users.get(user.name), _record(state, user.name)
    prop = f"user {user.name}"
    if found is None:
        reason = "there is no such user" if record is None else "it is gone"
        yield PlannedChange(CreateMlflowUser(user.name), reason, SYSTEM, prop, None, "exists")
    elif record is None or record.phase is CredentialPhase.CREATING:
        reason = "it is adopted" if record is None else "making it was interrupted"
        yield PlannedChange(ResetMlflowPassword(user.name), reason, SYSTEM, f"{prop}: password")
    found = found or MlflowUserState(user.name)
    if found.is_admin:
        demote = DemoteMlflowUser(user.name)
        yield PlannedChange(demote, "it administers all of MLflow", SYSTEM, f"{prop}: administration", True, False)
    wanted = (spec.name, user.role)
    if wanted not in found.roles:
        assign = AssignRole(user.name, *wanted)
        after = f"{spec.name}/{user.role}"
        yield PlannedChange(assign, "it does not have it", SYSTEM, f"{prop}: roles", _roles(found), after)
    for workspace, role in sorted(found.roles - {wanted}):
        unassign = UnassignRole(user.name, workspace, role)
        yield PlannedChange(unassign, "it is not declared", SYSTEM, f"{prop}: roles", f"{workspace}/{role}", None)


def _strangers(spec: TenantSpec, state: TenantState) -> Iterator[tuple[str, str]]:
    """Return who has which role in the tenant's workspace without being declared or on record."""
    ours = {user.name for user in spec.mlflow_users()}
    for user in sorted(state.users.values(), key=lambda each: each.name):
        if spec.mlflow.enabled and user.name not in ours and _record(state, user.name) is None:
            yield from ((user.name, role) for workspace, role in sorted(user.roles) if workspace == spec.name)


def _roles(user: MlflowUserState) -> list[str]:
    return sorted(f"{workspace}/{role}" for workspace, role in user.roles)


def _is_ours(spec: TenantSpec, state: TenantState, user: MlflowUserState) -> bool:
    """Whether a user is on record; or, when the record was lost, has roles in the marked workspace and nowhere else."""
    if _record(state, user.name) is not None:
        return True
    return _is_marked(spec, state) and {workspace for workspace, _ in user.roles} == {spec.name}


def _is_marked(spec: TenantSpec, state: TenantState) -> bool:
    return state.workspace is not None and is_workspace_of(state.workspace.description, spec.name)


def _records(state: TenantState) -> list[CredentialRecord]:
    return [
        record
        for record in state.records
        if record.kind is CredentialKind.MLFLOW_USER and record.phase is not CredentialPhase.REVOKED
    ]


def _record(state: TenantState, user: str) -> CredentialRecord | None:
    wanted = fingerprint(user)
    return next((record for record in _records(state) if record.fingerprint == wanted), None)


def _name_of(state: TenantState, record: CredentialRecord) -> str | None:
    return next((name for name in state.users if fingerprint(name) == record.fingerprint), None)
