"""Changes of a tenant's workspace, users and roles at MLflow. Passwords are drawn when the change is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class CreateWorkspace:
    """Make the tenant's workspace at MLflow."""

    workspace: str
    description: str
    artifact_root: str

    def __str__(self) -> str:
        return f"create MLflow workspace {self.workspace} with artifacts in {self.artifact_root}"


@dataclass(frozen=True, slots=True)
class UpdateWorkspace:
    """Correct a workspace's mark and its place of new experiments' artifacts."""

    workspace: str
    description: str
    artifact_root: str

    def __str__(self) -> str:
        return f"mark MLflow workspace {self.workspace} as ours, artifacts of new experiments in {self.artifact_root}"


@dataclass(frozen=True, slots=True)
class RemoveWorkspace:
    """Remove a workspace from MLflow: an empty one (RESTRICT), or with everything in it (CASCADE)."""

    workspace: str
    mode: Literal["RESTRICT", "CASCADE"]

    def __str__(self) -> str:
        return f"remove MLflow workspace {self.workspace}" + (
            " with all of its experiments and models" if self.mode == "CASCADE" else ""
        )


@dataclass(frozen=True, slots=True)
class EnsureRole:
    """Make a role of the workspace again."""

    workspace: str
    role: str

    def __str__(self) -> str:
        return f"make the role {self.role} of MLflow workspace {self.workspace}"


@dataclass(frozen=True, slots=True)
class AssignRole:
    """Assign a role of the workspace to a user."""

    user: str
    workspace: str
    role: str

    def __str__(self) -> str:
        return f"assign the role {self.role} of MLflow workspace {self.workspace} to user {self.user}"


@dataclass(frozen=True, slots=True)
class UnassignRole:
    """Take a role that was not declared from a user."""

    user: str
    workspace: str
    role: str

    def __str__(self) -> str:
        return f"take the role {self.role} of MLflow workspace {self.workspace} from user {self.user}"


@dataclass(frozen=True, slots=True)
class CreateMlflowUser:
    """Make a user at MLflow with a random password: recorded first, then made."""

    user: str

    def __str__(self) -> str:
        return f"create MLflow user {self.user}"


@dataclass(frozen=True, slots=True)
class ResetMlflowPassword:
    """Give a user at MLflow the password on record, or a new one."""

    user: str

    def __str__(self) -> str:
        return f"reset the password of MLflow user {self.user}"


@dataclass(frozen=True, slots=True)
class RenewMlflowPassword:
    """Give a user at MLflow a new password; the old one fails at once, for MLflow knows one a user."""

    user: str

    def __str__(self) -> str:
        return f"give MLflow user {self.user} a new password"


@dataclass(frozen=True, slots=True)
class RemoveMlflowUser:
    """Remove a user from MLflow, and its password from the records."""

    user: str
    record_id: str | None = None

    def __str__(self) -> str:
        return f"remove MLflow user {self.user}"


@dataclass(frozen=True, slots=True)
class DemoteMlflowUser:
    """Take the administration of all of MLflow from a tenant's user."""

    user: str

    def __str__(self) -> str:
        return f"take MLflow's administration from user {self.user}"


WorkspaceChange = CreateWorkspace | UpdateWorkspace | RemoveWorkspace | EnsureRole | AssignRole | UnassignRole
MlflowUserChange = CreateMlflowUser | ResetMlflowPassword | RenewMlflowPassword | RemoveMlflowUser | DemoteMlflowUser
MlflowChange = WorkspaceChange | MlflowUserChange
