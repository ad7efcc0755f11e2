"""MLflow's workspaces, users and roles, as its administrator; roles that MLflow makes for single users are left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from belvedere.clients.mlflow_api import EXISTS, MISSING, NOT_EMPTY, MlflowApi, ResourceMissing
from belvedere.clients.mlflow_contents import holds_only_checks
from belvedere.errors import ConfigurationError, PermanentError, WorkspaceNotEmpty
from belvedere.model.tenant_state import MlflowState, MlflowUserState, Secret, WorkspaceState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from belvedere.settings import Settings

ACCOUNT = "the administrator (BELVEDERE_MLFLOW_ADMIN_USER, BELVEDERE_MLFLOW_ADMIN_PASSWORD)"
SYNTHETIC_ROLE = re.compile(r"__user_\d+__")
EVERYTHING = ("workspace", "*")
GRANTS = {"user": "USE", "admin": "MANAGE"}


class MlflowAdmin:
    """The administration of one MLflow. Safe to share between threads.

    Every method raises AccessDenied, ServiceUnavailable or PermanentError as their names say.
    """

    def __init__(self, url: str, login: Secret) -> None:
        self._api = MlflowApi(url, login, ACCOUNT)

    @classmethod
    def from_settings(cls, settings: Settings) -> MlflowAdmin:
        """Connect as the settings say.

        Raises:
            ConfigurationError: there is no MLflow.
        """
        if not settings.mlflow_url:
            raise ConfigurationError("BELVEDERE_MLFLOW_URL is empty: tenants have no MLflow workspace here")
        user, password = settings.mlflow_admin_user, settings.mlflow_admin_password
        return cls(settings.mlflow_url, Secret(user.get_secret_value(), password.get_secret_value()))

    def state(self) -> MlflowState:
        """Return all workspaces and users with their roles. Three calls, however many there are.

        A role ``user`` or ``admin`` counts as there when it grants what MLflow's own role of that name grants.
        """
        workspaces = self._ask("GET", "/3.0/mlflow/workspaces", "listing the workspaces").get("workspaces", [])
        roles = self._ask("GET", "/3.0/mlflow/roles/list", "listing the roles").get("roles", [])
        users = self._ask("GET", "/2.0/mlflow/users/list", "listing the users").get("users", [])
        standing: dict[str, set[str]] = {}
        for role in roles:
            if _stands(role):
                standing.setdefault(role["workspace"], set()).add(role["name"])
        return MlflowState(
            workspaces={said["name"]: _workspace(said, standing.get(said["name"], set())) for said in workspaces},
            users={said["username"]: _user(said) for said in users},
        )

    def knows(self, workspace: str, users: Sequence[str]) -> bool:
        """Whether there is a workspace, or one of some users. A call for each, and none after the first that is."""
        return self._knows(workspace) or any(self._knows_user(user) for user in users)

    def create_workspace(self, name: str, description: str, artifact_root: str) -> None:
        """Make a workspace with MLflow's own roles ``admin`` and ``user``; harmless when it is there."""
        said = {"name": name, "description": description}
        body = said | ({"default_artifact_root": artifact_root} if artifact_root else {})
        what = f"making workspace {name}"
        self._api.call("POST", "/3.0/mlflow/workspaces", what, body=body, harmless=(EXISTS,))

    def update_workspace(self, name: str, description: str, artifact_root: str) -> None:
        """Correct a workspace; experiments that are there keep their place of artifacts.

        Raises:
            ResourceMissing: there is no such workspace.
        """
        body = {"description": description, "default_artifact_root": artifact_root}
        self._ask("PATCH", f"/3.0/mlflow/workspaces/{name}", f"correcting workspace {name}", body=body)

    def remove_workspace(self, name: str, mode: Literal["RESTRICT", "CASCADE"]) -> None:
        """Remove a workspace with its roles; harmless when it is gone. Artifacts in buckets stay.

        Experiments that we made to check the workspace do not count as something; MLflow keeps them when deleted.

        Raises:
            WorkspaceNotEmpty: mode is RESTRICT and it holds something.
        """
        if self._removed(name, mode) or not self._knows(name):
            return
        if mode == "RESTRICT" and not holds_only_checks(self._api, name):
            raise WorkspaceNotEmpty(
                f"workspace {name} holds experiments (deleted ones count until `mlflow gc` has run), models or the like"
            )
        if not self._removed(name, "CASCADE"):
            raise PermanentError(f"MLflow does not remove workspace {name}", code="mlflow")

    def put_user(self, user: Secret, *, new: bool = False) -> None:
        """Make a user with this password, or give it this password; ``new`` saves a look for one of that name."""
        body = {"username": user.identifier, "password": user.password}
        what = f"making user {user.identifier}"
        # Asked for first: MLflow's refusal to make a user twice writes the new password's hash into its answer.
        there = not new and self._knows_user(user.identifier)
        if there or self._api.call("POST", "/2.0/mlflow/users/create", what, body=body, harmless=(EXISTS,)) is None:
            self._ask("PATCH", "/2.0/mlflow/users/update-password", what, body=body)

    def remove_user(self, name: str) -> None:
        """Remove a user; harmless when it is gone."""
        what = f"removing user {name}"
        self._api.call("DELETE", "/2.0/mlflow/users/delete", what, body={"username": name}, harmless=(MISSING,))

    def set_admin(self, name: str, *, admin: bool) -> None:
        """Make a user an administrator of all of MLflow, or none.

        Raises:
            ResourceMissing: there is no such user.
        """
        body = {"username": name, "is_admin": admin}
        self._ask("PATCH", "/2.0/mlflow/users/update-admin", f"setting what user {name} is", body=body)

    def ensure_role(self, workspace: str, role: str) -> None:
        """Make one of MLflow's own two roles of a workspace anew (``user``: USE, ``admin``: MANAGE).

        A role of that name that grants something else is corrected; the users it is assigned to keep it.
        """
        if role not in GRANTS:
            raise PermanentError(f"MLflow has no role {role} of its own: it has user and admin", code="mlflow")
        found = self._role(workspace, role) or self._new_role(workspace, role)
        right = [grant for grant in found["permissions"] if _scope(grant) == EVERYTHING]
        what = f"correcting role {role} of workspace {workspace}"
        if not right:
            scope = dict(zip(("resource_type", "resource_pattern"), EVERYTHING, strict=True))
            body = {"role_id": found["id"], "permission": GRANTS[role], **scope}
            self._ask("POST", "/3.0/mlflow/roles/permissions/add", what, body=body)
        for grant in found["permissions"]:
            body = {"role_permission_id": grant["id"]}
            if grant not in right:
                self._ask("DELETE", "/3.0/mlflow/roles/permissions/remove", what, body=body)
            elif grant["permission"] != GRANTS[role]:
                body |= {"permission": GRANTS[role]}
                self._ask("PATCH", "/3.0/mlflow/roles/permissions/update", what, body=body)

    def assign(self, user: str, workspace: str, role: str) -> None:
        """Assign a role of a workspace to a user; harmless when it is.

        Raises:
            ResourceMissing: there is no such user or role.
        """
        what = f"assigning role {role} of workspace {workspace} to user {user}"
        found = self._role(workspace, role)
        if found is None:
            raise ResourceMissing(f"there is no role {role} in workspace {workspace}, while {what}")
        body = {"username": user, "role_id": found["id"]}
        self._api.call("POST", "/3.0/mlflow/roles/assign", what, body=body, harmless=(EXISTS,))

    def unassign(self, user: str, workspace: str, role: str) -> None:
        """Take a role of a workspace from a user; harmless when it was not assigned."""
        what = f"taking role {role} of workspace {workspace} from user {user}"
        found = self._role(workspace, role)
        if found is not None:
            body = {"username": user, "role_id": found["id"]}
            self._api.call("DELETE", "/3.0/mlflow/roles/unassign", what, body=body, harmless=(MISSING,))

    def _removed(self, workspace: str, mode: Literal["RESTRICT", "CASCADE"]) -> bool:
        path, what = f"/3.0/mlflow/workspaces/{workspace}", f"removing workspace {workspace}"
        answer = self._api.call("DELETE", path, what, params={"mode": mode}, harmless=(MISSING, NOT_EMPTY))
        return answer is not None

    def _ask(self, method: str, path: str, what: str, **options: Any) -> dict[str, Any]:
        return self._api.call(method, path, what, **options) or {}

    def _knows(self, workspace: str) -> bool:
        path, what = f"/3.0/mlflow/workspaces/{workspace}", f"looking for workspace {workspace}"
        return self._api.call("GET", path, what, harmless=(MISSING,)) is not None

    def _knows_user(self, user: str) -> bool:
        path, what = "/2.0/mlflow/users/get", f"looking for user {user}"
        return self._api.call("GET", path, what, params={"username": user}, harmless=(MISSING,)) is not None

    def _role(self, workspace: str, role: str) -> dict[str, Any] | None:
        asked = {"workspace": workspace}
        roles: Sequence[dict[str, Any]] = self._ask(
            "GET", "/3.0/mlflow/roles/list", f"listing the roles of workspace {workspace}", params=asked
        ).get("roles", [])
        return next((found for found in roles if found["name"] == role), None)

    def _new_role(self, workspace: str, role: str) -> dict[str, Any]:
        what = f"making role {role} of workspace {workspace}"
        body = {"name": role, "workspace": workspace}
        made: dict[str, Any] = self._ask("POST", "/3.0/mlflow/roles/create", what, body=body)["role"]
        return made


def _stands(role: Mapping[str, Any]) -> bool:
    if SYNTHETIC_ROLE.fullmatch(role["name"]):
        return False
    granted = [(_scope(grant), grant["permission"]) for grant in role["permissions"]]
    return role["name"] not in GRANTS or granted == [(EVERYTHING, GRANTS[role["name"]])]


def _scope(grant: Mapping[str, Any]) -> tuple[str, str]:
    return grant["resource_type"], grant["resource_pattern"]


def _workspace(said: Mapping[str, Any], roles: set[str]) -> WorkspaceState:
    return WorkspaceState(
        name=said["name"],
        description=said.get("description", ""),
        artifact_root=said.get("default_artifact_root", ""),
        roles=frozenset(roles),
    )


def _user(said: Mapping[str, Any]) -> MlflowUserState:
    return MlflowUserState(
        name=said["username"],
        is_admin=said["is_admin"],
        roles=frozenset(
            (role["workspace"], role["name"]) for role in said["roles"] if not SYNTHETIC_ROLE.fullmatch(role["name"])
        ),
    )
