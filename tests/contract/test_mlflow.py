"""The fake MLflow and the real one, held against the same expectations."""

from __future__ import annotations

import traceback
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest
from stack.instance import ADMIN
from tests.fakes.mlflow import FakeMlflow, FakeMlflowTenant

from belvedere.clients.mlflow_admin import MlflowAdmin
from belvedere.clients.mlflow_api import ResourceMissing
from belvedere.clients.mlflow_tenant import MlflowTenant
from belvedere.errors import AccessDenied, PermanentError, ServiceUnavailable, WorkspaceNotEmpty
from belvedere.model.tenant_state import MlflowUserState, Secret, WorkspaceState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.servers import Servers

OWN_ROLES = frozenset({"admin", "user"})
PASSWORD = "a password of some length"
OTHER_PASSWORD = "another password of some length"


@dataclass(frozen=True)
class World:
    """The MLflow under test, with what happens behind our back."""

    mlflow: FakeMlflow | MlflowAdmin
    url: str = ""
    password: str = ""

    def as_user(self, login: Secret, workspace: str) -> FakeMlflowTenant | MlflowTenant:
        """Return MLflow as a user sees it."""
        if isinstance(self.mlflow, FakeMlflow):
            return self.mlflow.as_user(login, workspace)
        return MlflowTenant(self.url, login, workspace)

    def fill(self, workspace: str) -> None:
        """Put an experiment into a workspace."""
        if isinstance(self.mlflow, FakeMlflow):
            self.mlflow.fill(workspace)
        else:
            self.post("/api/2.0/mlflow/experiments/create", workspace, {"name": "theirs"})

    def remove_role(self, workspace: str, role: str) -> None:
        """Take a role away from MLflow."""
        if isinstance(self.mlflow, FakeMlflow):
            self.mlflow.remove_role(workspace, role)
        else:
            self.post("/api/3.0/mlflow/roles/delete", workspace, {"role_id": self.role_id(workspace, role)}, "DELETE")

    def role_id(self, workspace: str, role: str) -> int:
        """Return MLflow's own number of a role."""
        answer = httpx.get(f"{self.url}/api/3.0/mlflow/roles/list", params={"workspace": workspace}, auth=self._auth)
        return next(int(each["id"]) for each in answer.json()["roles"] if each["name"] == role)

    def post(self, path: str, workspace: str, body: dict[str, object], method: str = "POST") -> None:
        """Send something as the administrator."""
        headers = {"X-MLFLOW-WORKSPACE": workspace}
        answer = httpx.request(method, f"{self.url}{path}", json=body, headers=headers, auth=self._auth, timeout=30)
        assert answer.is_success, answer.status_code

    @property
    def _auth(self) -> tuple[str, str]:
        return ADMIN, self.password


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.stack)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield World(FakeMlflow())
        return
    servers: Servers = request.getfixturevalue("servers")
    instance = servers.mlflow()
    admin: MlflowAdmin = request.getfixturevalue("mlflow_admin")
    yield World(admin, instance.mlflow_url, instance.secrets.mlflow_admin_password)


def make_tenant(world: World) -> Secret:
    """Make a workspace with a user of the same name."""
    user = Secret(f"tenant-{uuid.uuid4().hex[:12]}", PASSWORD)
    world.mlflow.create_workspace(user.identifier, f"Belvedere tenant {user.identifier}", f"s3://{user.identifier}/m")
    world.mlflow.put_user(user)
    world.mlflow.assign(user.identifier, user.identifier, "user")
    return user


def test_the_picture_shows_workspaces_users_and_roles(world: World) -> None:
    name = make_tenant(world).identifier

    state = world.mlflow.state()
    assert state.workspaces[name] == WorkspaceState(name, f"Belvedere tenant {name}", f"s3://{name}/m", OWN_ROLES)
    assert state.users[name] == MlflowUserState(name, is_admin=False, roles=frozenset({(name, "user")}))
    assert state.users[ADMIN].is_admin
    assert "default" in state.workspaces


def test_the_users_own_roles_of_mlflow_are_left_out(world: World) -> None:
    user = make_tenant(world)
    world.as_user(user, user.identifier).check_round_trip()

    assert world.mlflow.state().users[user.identifier].roles == {(user.identifier, "user")}
    assert world.mlflow.state().workspaces[user.identifier].roles == OWN_ROLES


def test_a_tenant_works_in_its_workspace_and_in_no_other(world: World) -> None:
    user, other = make_tenant(world), make_tenant(world).identifier
    world.fill(other)

    tenant = world.as_user(user, user.identifier)
    tenant.check_round_trip()
    tenant.check_round_trip()
    assert tenant.may_read_workspace(user.identifier)
    assert tenant.may_write_workspace(user.identifier)
    assert not tenant.may_read_workspace(other)
    assert not tenant.may_write_workspace(other)
    assert not tenant.may_read_workspace("default")
    assert not tenant.may_write_workspace("default")
    with pytest.raises(AccessDenied):
        world.as_user(user, other).check_round_trip()


def test_a_workspace_or_a_user_is_known_or_not(world: World) -> None:
    name = make_tenant(world).identifier

    assert world.mlflow.knows(name, [])
    assert world.mlflow.knows("never-made", ["nor-this-one", name])
    assert not world.mlflow.knows("never-made", ["nor-this-one"])


def test_making_a_workspace_twice_changes_nothing(world: World) -> None:
    name = make_tenant(world).identifier
    world.mlflow.create_workspace(name, "other words", "s3://elsewhere/m")

    assert world.mlflow.state().workspaces[name].artifact_root == f"s3://{name}/m"


def test_a_workspace_is_corrected(world: World) -> None:
    name = make_tenant(world).identifier
    world.mlflow.update_workspace(name, "other words", "s3://elsewhere/m")

    assert world.mlflow.state().workspaces[name] == WorkspaceState(name, "other words", "s3://elsewhere/m", OWN_ROLES)


def test_an_empty_workspace_is_removed_and_removing_it_again_is_harmless(world: World) -> None:
    name = make_tenant(world).identifier
    world.mlflow.remove_workspace(name, "RESTRICT")
    world.mlflow.remove_workspace(name, "RESTRICT")
    world.mlflow.remove_workspace(name, "CASCADE")

    state = world.mlflow.state()
    assert name not in state.workspaces
    assert state.users[name].roles == frozenset()


def test_our_own_checks_do_not_fill_a_workspace(world: World) -> None:
    user = make_tenant(world)
    world.as_user(user, user.identifier).check_round_trip()
    world.mlflow.remove_workspace(user.identifier, "RESTRICT")

    assert user.identifier not in world.mlflow.state().workspaces


def test_a_workspace_that_holds_something_goes_only_with_all_of_it(world: World) -> None:
    user = make_tenant(world)
    name = user.identifier
    world.as_user(user, name).check_round_trip()
    world.fill(name)
    with pytest.raises(WorkspaceNotEmpty, match=name):
        world.mlflow.remove_workspace(name, "RESTRICT")
    assert name in world.mlflow.state().workspaces

    world.mlflow.remove_workspace(name, "CASCADE")
    assert name not in world.mlflow.state().workspaces


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/2.0/mlflow/registered-models/create", {"name": "theirs"}),
        (
            "/api/2.0/mlflow/registered-models/create",
            {"name": "theirs", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]},
        ),
        ("/api/3.0/mlflow/datasets/create", {"name": "theirs"}),
        (
            "/api/3.0/mlflow/gateway/secrets/create",
            {"secret_name": "s", "secret_value": [{"key": "api_key", "value": "x"}], "provider": "openai"},
        ),
    ],
    ids=["model", "prompt", "dataset", "secret"],
)
def test_nothing_beside_our_checks_is_taken_for_nothing(
    servers: Servers, mlflow_admin: MlflowAdmin, path: str, body: dict[str, object]
) -> None:
    instance = servers.mlflow()
    world = World(mlflow_admin, instance.mlflow_url, instance.secrets.mlflow_admin_password)
    user = make_tenant(world)
    world.as_user(user, user.identifier).check_round_trip()
    world.post(path, user.identifier, body)

    with pytest.raises(WorkspaceNotEmpty):
        mlflow_admin.remove_workspace(user.identifier, "RESTRICT")


@pytest.mark.parametrize("new", [False, True], ids=["known", "taken for new"])
def test_putting_a_user_again_gives_it_its_password_and_keeps_its_roles(world: World, *, new: bool) -> None:
    old = make_tenant(world)
    world.as_user(old, old.identifier).check_round_trip()
    again = Secret(old.identifier, OTHER_PASSWORD)
    world.mlflow.put_user(again, new=new)

    world.as_user(again, again.identifier).check_round_trip()
    with pytest.raises(AccessDenied):
        world.as_user(old, old.identifier).check_round_trip()
    assert world.mlflow.state().users[again.identifier].roles == {(again.identifier, "user")}


def test_a_removed_user_is_refused_at_once(world: World) -> None:
    user = make_tenant(world)
    world.as_user(user, user.identifier).check_round_trip()
    world.mlflow.remove_user(user.identifier)
    world.mlflow.remove_user(user.identifier)

    assert user.identifier not in world.mlflow.state().users
    with pytest.raises(AccessDenied):
        world.as_user(user, user.identifier).check_round_trip()


def test_a_user_becomes_an_administrator_and_none_again(world: World) -> None:
    name = make_tenant(world).identifier
    world.mlflow.set_admin(name, admin=True)
    assert world.mlflow.state().users[name].is_admin
    world.mlflow.set_admin(name, admin=False)
    assert not world.mlflow.state().users[name].is_admin


def test_assigning_and_taking_a_role_twice_is_harmless(world: World) -> None:
    name = make_tenant(world).identifier
    world.mlflow.assign(name, name, "admin")
    world.mlflow.assign(name, name, "admin")
    assert world.mlflow.state().users[name].roles == {(name, "user"), (name, "admin")}

    world.mlflow.unassign(name, name, "admin")
    world.mlflow.unassign(name, name, "admin")
    world.mlflow.unassign(name, name, "no-such-role")
    assert world.mlflow.state().users[name].roles == {(name, "user")}


def test_a_user_without_a_role_is_refused(world: World) -> None:
    user = make_tenant(world)
    world.mlflow.unassign(user.identifier, user.identifier, "user")

    tenant = world.as_user(user, user.identifier)
    assert not tenant.may_write_workspace(user.identifier)
    with pytest.raises(AccessDenied):
        tenant.check_round_trip()


@pytest.mark.parametrize("role", ["user", "admin"])
def test_a_role_that_is_gone_is_made_anew(world: World, role: str) -> None:
    user = make_tenant(world)
    world.remove_role(user.identifier, role)
    assert world.mlflow.state().workspaces[user.identifier].roles == OWN_ROLES - {role}

    world.mlflow.ensure_role(user.identifier, role)
    world.mlflow.ensure_role(user.identifier, role)
    world.mlflow.assign(user.identifier, user.identifier, role)

    assert world.mlflow.state().workspaces[user.identifier].roles == OWN_ROLES
    world.as_user(user, user.identifier).check_round_trip()


def test_what_is_missing_is_told_as_such(world: World) -> None:
    name = make_tenant(world).identifier
    with pytest.raises(ResourceMissing):
        world.mlflow.assign("nobody-of-that-name", name, "user")
    with pytest.raises(ResourceMissing):
        world.mlflow.assign(name, name, "no-such-role")
    with pytest.raises(ResourceMissing):
        world.mlflow.update_workspace("no-such-workspace", "words", "s3://b/m")
    with pytest.raises(ResourceMissing):
        world.mlflow.set_admin("nobody-of-that-name", admin=True)
    with pytest.raises(PermanentError, match="no role owner of its own"):
        world.mlflow.ensure_role(name, "owner")


def test_a_role_that_grants_something_else_is_corrected_and_stays_assigned(
    servers: Servers, mlflow_admin: MlflowAdmin
) -> None:
    instance = servers.mlflow()
    world = World(mlflow_admin, instance.mlflow_url, instance.secrets.mlflow_admin_password)
    user = make_tenant(world)
    name = user.identifier
    grant = {"role_id": world.role_id(name, "user"), "resource_type": "experiment", "resource_pattern": "*"}
    world.post("/api/3.0/mlflow/roles/permissions/add", name, grant | {"permission": "MANAGE"})
    assert mlflow_admin.state().workspaces[name].roles == {"admin"}

    mlflow_admin.ensure_role(name, "user")

    assert mlflow_admin.state().workspaces[name].roles == OWN_ROLES
    assert mlflow_admin.state().users[name].roles == {(name, "user")}


def test_the_picture_of_all_tenants_is_three_calls(servers: Servers, mlflow_admin: MlflowAdmin) -> None:
    instance = servers.mlflow()
    world = World(mlflow_admin, instance.mlflow_url, instance.secrets.mlflow_admin_password)
    names = {make_tenant(world).identifier for _ in range(2)}
    watched = MlflowAdmin(instance.mlflow_url, Secret(ADMIN, instance.secrets.mlflow_admin_password))
    calls: list[str] = []
    watched._api._http.event_hooks["request"] = [lambda sent: calls.append(sent.url.path)]

    state = watched.state()

    assert len(calls) == 3
    assert names <= set(state.workspaces)
    assert names <= set(state.users)


def test_a_wrong_password_of_the_administrator_is_told_by_its_settings(servers: Servers) -> None:
    wrong = MlflowAdmin(servers.mlflow().mlflow_url, Secret(ADMIN, OTHER_PASSWORD))
    with pytest.raises(AccessDenied, match="BELVEDERE_MLFLOW_ADMIN_PASSWORD"):
        wrong.state()


def test_a_tenants_user_is_no_administrator(servers: Servers, mlflow_admin: MlflowAdmin) -> None:
    instance = servers.mlflow()
    user = make_tenant(World(mlflow_admin, instance.mlflow_url, instance.secrets.mlflow_admin_password))
    with pytest.raises(AccessDenied):
        MlflowAdmin(instance.mlflow_url, user).create_workspace("not-allowed", "", "")


def test_a_server_that_is_away_may_come_back() -> None:
    with pytest.raises(ServiceUnavailable):
        MlflowAdmin("http://127.0.0.1:9", Secret(ADMIN, PASSWORD)).state()


def test_no_error_of_mlflow_repeats_a_password(servers: Servers, mlflow_admin: MlflowAdmin) -> None:
    short = Secret(f"tenant-{uuid.uuid4().hex[:12]}", "tooshort")
    with pytest.raises(PermanentError) as caught:
        mlflow_admin.put_user(short)
    away = MlflowAdmin("http://127.0.0.1:9", Secret(ADMIN, PASSWORD))
    with pytest.raises(ServiceUnavailable) as unreachable:
        away.put_user(short)

    told = "".join(traceback.format_exception(caught.value) + traceback.format_exception(unreachable.value))
    assert short.password not in told
    assert PASSWORD not in told
    assert "INVALID_PARAMETER_VALUE" in str(caught.value)
