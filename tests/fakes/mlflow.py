"""MLflow's workspaces, users and roles in memory, and MLflow as a user. The contract tests hold them against MLflow."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from belvedere.clients.mlflow_api import ResourceMissing
from belvedere.errors import AccessDenied, PermanentError, WorkspaceNotEmpty
from belvedere.model.tenant_state import MlflowState, MlflowUserState, WorkspaceState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.model.tenant_state import Secret

OWN_ROLES = frozenset({"user", "admin"})


@dataclass
class _User:
    password: str
    is_admin: bool = False
    roles: set[tuple[str, str]] = field(default_factory=set)


class FakeMlflow:
    """One MLflow with the workspace that it always has, and its administrator."""

    def __init__(self) -> None:
        self._workspaces = {"default": WorkspaceState("default")}
        self._users = {"admin": _User("", is_admin=True)}
        self._filled: set[str] = set()

    def state(self) -> MlflowState:
        return MlflowState(
            workspaces=dict(self._workspaces),
            users={
                name: MlflowUserState(name, user.is_admin, frozenset(user.roles)) for name, user in self._users.items()
            },
        )

    def knows(self, workspace: str, users: Sequence[str]) -> bool:
        return workspace in self._workspaces or any(user in self._users for user in users)

    def create_workspace(self, name: str, description: str, artifact_root: str) -> None:
        self._workspaces.setdefault(name, WorkspaceState(name, description, artifact_root, OWN_ROLES))

    def update_workspace(self, name: str, description: str, artifact_root: str) -> None:
        self._change(name, description=description, artifact_root=artifact_root)

    def remove_workspace(self, name: str, mode: Literal["RESTRICT", "CASCADE"]) -> None:
        if mode == "RESTRICT" and name in self._filled:
            raise WorkspaceNotEmpty(f"workspace {name} holds something")
        self._workspaces.pop(name, None)
        self._filled.discard(name)
        for user in self._users.values():
            user.roles = {held for held in user.roles if held[0] != name}

    def put_user(self, user: Secret, *, new: bool = False) -> None:
        self._users.setdefault(user.identifier, _User(user.password)).password = user.password

    def remove_user(self, name: str) -> None:
        self._users.pop(name, None)

    def set_admin(self, name: str, *, admin: bool) -> None:
        self._user(name).is_admin = admin

    def ensure_role(self, workspace: str, role: str) -> None:
        if role not in OWN_ROLES:
            raise PermanentError(f"MLflow has no role {role} of its own")
        self._change(workspace, roles=self._workspaces[workspace].roles | {role})

    def assign(self, user: str, workspace: str, role: str) -> None:
        if workspace not in self._workspaces or role not in self._workspaces[workspace].roles:
            raise ResourceMissing(f"no role {role} in workspace {workspace}")
        self._user(user).roles.add((workspace, role))

    def unassign(self, user: str, workspace: str, role: str) -> None:
        if user in self._users:
            self._users[user].roles.discard((workspace, role))

    def remove_role(self, workspace: str, role: str) -> None:
        """Take a role away behind everybody's back, and from its users with it."""
        self._change(workspace, roles=self._workspaces[workspace].roles - {role})
        for user in self._users.values():
            user.roles.discard((workspace, role))

    def fill(self, workspace: str) -> None:
        """Put an experiment into a workspace."""
        self._filled.add(workspace)

    def as_user(self, login: Secret, workspace: str) -> FakeMlflowTenant:
        """Return MLflow as a user sees it."""
        return FakeMlflowTenant(self, login, workspace)

    def opened_by(self, login: Secret) -> set[str]:
        """Return the workspaces that a login opens.

        Raises:
            AccessDenied: there is no such user, or its password is another one.
        """
        user = self._users.get(login.identifier)
        if user is None or user.password != login.password:
            raise AccessDenied(f"the login of user {login.identifier} is refused")
        return set(self._workspaces) if user.is_admin else {workspace for workspace, _ in user.roles}

    def _user(self, name: str) -> _User:
        if name not in self._users:
            raise ResourceMissing(f"no user {name}")
        return self._users[name]

    def _change(self, workspace: str, **changes: object) -> None:
        if workspace not in self._workspaces:
            raise ResourceMissing(f"no workspace {workspace}")
        self._workspaces[workspace] = replace(self._workspaces[workspace], **changes)  # type: ignore[arg-type]


class FakeMlflowTenant:
    """MLflow as one user sees it in its workspace."""

    def __init__(self, mlflow: FakeMlflow, login: Secret, workspace: str) -> None:
        self._mlflow, self._login, self._workspace = mlflow, login, workspace

    def check_round_trip(self) -> None:
        if self._workspace not in self._mlflow.opened_by(self._login):
            raise AccessDenied(f"user {self._login.identifier} may not work in workspace {self._workspace}")

    def may_read_workspace(self, other: str) -> bool:
        return other in self._mlflow.opened_by(self._login)

    def may_write_workspace(self, other: str) -> bool:
        return other in self._mlflow.opened_by(self._login)
