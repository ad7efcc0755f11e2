"""Changes of a tenant's workspace, users and roles at MLflow. Passwords are on record before MLflow knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from belvedere.model.tenant_state import CredentialKind, CredentialPhase, Secret, fingerprint
from belvedere.tenants.changes_mlflow import (
    AssignRole,
    CreateMlflowUser,
    CreateWorkspace,
    DemoteMlflowUser,
    EnsureRole,
    MlflowChange,
    MlflowUserChange,
    RemoveMlflowUser,
    RemoveWorkspace,
    RenewMlflowPassword,
    ResetMlflowPassword,
    UnassignRole,
    UpdateWorkspace,
    WorkspaceChange,
)
from belvedere.tenants.drawing import draw_password

if TYPE_CHECKING:
    from belvedere.model.tenant_state import CredentialRecord
    from belvedere.tenants.systems import Systems


@dataclass(frozen=True, slots=True)
class MlflowHand:
    """Makes changes of one tenant at MLflow."""

    tenant: str
    systems: Systems

    def make(self, change: MlflowChange) -> None:
        """Make one change; harmless when it is made already."""
        if isinstance(change, WorkspaceChange):
            self._change_workspace(change)
        else:
            self._change_user(change)

    def _change_workspace(self, change: WorkspaceChange) -> None:
        mlflow = self.systems.need_mlflow()
        match change:
            case CreateWorkspace(workspace, description, artifact_root):
                mlflow.create_workspace(workspace, description, artifact_root)
            case UpdateWorkspace(workspace, description, artifact_root):
                mlflow.update_workspace(workspace, description, artifact_root)
            case RemoveWorkspace(workspace, mode):
                mlflow.remove_workspace(workspace, mode)
            case EnsureRole(workspace, role):
                mlflow.ensure_role(workspace, role)
            case AssignRole(user, workspace, role):
                mlflow.assign(user, workspace, role)
            case UnassignRole(user, workspace, role):
                mlflow.unassign(user, workspace, role)
            case _:
                assert_never(change)

    def _change_user(self, change: MlflowUserChange) -> None:
        mlflow = self.systems.need_mlflow()
        match change:
            case CreateMlflowUser(user):  # planned a moment ago, because nobody has that name
                self._put_user(self._recorded(user) or self._keep(user), new=True)
            case ResetMlflowPassword(user):
                self._put_user(self._recorded(user) or self._keep(user))
            case RenewMlflowPassword(user):
                self._put_user(self._begun(user) or self._keep(user))
            case RemoveMlflowUser(user, record_id):
                mlflow.remove_user(user)
                self._revoked(record_id)
            case DemoteMlflowUser(user):
                mlflow.set_admin(user, admin=False)
            case _:
                assert_never(change)

    def _put_user(self, record: CredentialRecord, *, new: bool = False) -> None:
        self.systems.need_mlflow().put_user(self.systems.credentials.reveal(record.id), new=new)
        self.systems.credentials.move(record.id, CredentialPhase.ACTIVE)

    def _keep(self, user: str) -> CredentialRecord:
        secret = Secret(user, draw_password())
        return self.systems.credentials.keep(self.tenant, CredentialKind.MLFLOW_USER, secret, CredentialPhase.CREATING)

    def _recorded(self, user: str) -> CredentialRecord | None:
        wanted = fingerprint(user)
        for record in self.systems.credentials.records(self.tenant):
            if record.kind is CredentialKind.MLFLOW_USER and record.fingerprint == wanted:
                return None if record.phase is CredentialPhase.REVOKED else record
        return None

    def _begun(self, user: str) -> CredentialRecord | None:
        """Return the record of a password that MLflow may not know yet: a renewal that died is finished."""
        record = self._recorded(user)
        return record if record and record.phase is CredentialPhase.CREATING else None

    def _revoked(self, record_id: str | None) -> None:
        if record_id is not None:
            self.systems.credentials.move(record_id, CredentialPhase.REVOKED)
