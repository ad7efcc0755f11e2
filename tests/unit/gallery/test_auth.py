"""Who operates, renders and gets in, by the real rules of both of Airflow's auth managers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from airflow.providers.fab.auth_manager.models import Action, Permission, Resource, User
from airflow.providers.fab.auth_manager.models import Role as FabRole
from airflow.providers.fab.auth_manager.models.anonymous_user import AnonymousUser
from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from fastapi import HTTPException

from belvedere.errors import AccessDenied
from belvedere.gallery import auth
from belvedere.gallery.auth import identity, may_render, require_login

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.base_auth_manager import BaseAuthManager

PLUGINS = ("can_read", "Plugins")
FAB_ROLES = {config["role"]: tuple(config["perms"]) for config in FabAirflowSecurityManagerOverride.ROLE_CONFIGS}


def fab_user(name: str, role: str, *more: tuple[str, str]) -> User:
    """Return a user as FAB's tables hold it, with what a role of FAB permits at first, and more."""
    permissions = [
        Permission(action=Action(name=action), resource=Resource(name=resource))
        for action, resource in (*FAB_ROLES[role], *more)
    ]
    return User(username=name, active=True, roles=[FabRole(name=role, permissions=permissions)])


def simple_user(name: str, role: str) -> SimpleAuthManagerUser:
    return SimpleAuthManagerUser(username=name, role=role)


@pytest.fixture
def managed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make an auth manager the process's."""

    def manage(manager: type[BaseAuthManager[Any]]) -> None:
        monkeypatch.setattr(auth, "get_auth_manager", lambda: manager.__new__(manager))

    return manage


@pytest.mark.parametrize(
    ("role", "enters", "renders", "operates"),
    [
        ("viewer", True, False, False),
        ("user", True, True, False),
        ("op", True, True, True),
        ("admin", True, True, True),
    ],
)
def test_roles_of_the_simple_manager(managed: Any, role: str, enters: bool, renders: bool, operates: bool) -> None:
    managed(SimpleAuthManager)
    user = simple_user("ada", role)

    assert enters_with(user) is enters
    assert may_render(user) is renders
    assert (identity(user).name, identity(user).operates, identity(user).public) == ("ada", operates, False)


@pytest.mark.parametrize(
    ("role", "enters", "renders", "operates"),
    [
        ("Viewer", False, False, False),
        ("User", False, True, False),
        ("Op", True, True, True),
    ],
)
def test_roles_of_fab(managed: Any, role: str, enters: bool, renders: bool, operates: bool) -> None:
    managed(FabAuthManager)
    user = fab_user("ada@example.org", role)

    assert enters_with(user) is enters
    assert may_render(user) is renders
    assert (identity(user).name, identity(user).operates, identity(user).public) == ("ada@example.org", operates, False)


def test_fabs_members_enter_once_their_role_may_read_plugins(managed: Any) -> None:
    managed(FabAuthManager)

    assert enters_with(fab_user("ada", "User", PLUGINS))
    with pytest.raises(AccessDenied, match="airflow roles add-perms User --action can_read --resource Plugins"):
        require_login(fab_user("ada", "User"))


def test_fabs_visitors_without_a_login_are_nobody_in_particular(managed: Any) -> None:
    managed(FabAuthManager)
    visitor = AnonymousUser()
    visitor._perms = {PLUGINS}

    assert enters_with(visitor)
    assert identity(visitor).public
    assert not identity(visitor).operates


def test_visitors_without_a_login_who_may_not_enter_are_to_log_in(managed: Any) -> None:
    managed(FabAuthManager)
    visitor = AnonymousUser()
    visitor._perms = {("can_read", "Website")}

    with pytest.raises(HTTPException) as refused:
        require_login(visitor)
    assert refused.value.status_code == 401


def enters_with(user: Any) -> bool:
    try:
        require_login(user)
    except AccessDenied:
        return False
    return True
