"""Airflow under FAB: an API server whose people, roles and login page are FAB's, with databases of its own."""

from __future__ import annotations

import os
import secrets
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stack.services.airflow_settings import airflow_environment
from stack.services.probes import answers
from stack.services.service import Service

from tests.harness.airflow import client_of
from tests.harness.servers import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import httpx
    from stack.instance import Instance

    from tests.harness.databases import Catalogs
    from tests.harness.servers import Servers

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
ADMIN, OP, USER, VIEWER = "ada", "otto", "uma", "vera"
ROLES = {OP: "Op", USER: "User", VIEWER: "Viewer"}
PUBLIC_ROLE = "Public"
READ_PLUGINS = {"action": {"name": "can_read"}, "resource": {"name": "Plugins"}}
SETTINGS = {
    "AIRFLOW__CORE__AUTH_MANAGER": FAB,
    # The role that visitors without a login have. It may nothing at first: who asks for something is to log in.
    "AIRFLOW__FAB__AUTH_ROLE_PUBLIC": PUBLIC_ROLE,
    # For so many seconds FAB goes by what it knows of somebody's rights; its own default is half a minute.
    "AIRFLOW__FAB__CACHE_TTL": "1",
    # Every test logs somebody in; five of them in 40 seconds would be enough.
    "AIRFLOW__FAB__AUTH_RATE_LIMITED": "False",
}
COMMAND_SECONDS = 120.0
START_SECONDS = 180.0


@dataclass(frozen=True, slots=True, repr=False)
class FabAirflow:
    """An API server under FAB, and what is needed to ask it and to change who is who."""

    url: str
    catalog_dsn: str
    password: str
    home: Path
    program: str
    environment: Mapping[str, str]

    def client(self, name: str) -> httpx.Client:
        """Return a client that is logged in as somebody."""
        return client_of(self.url, name, self.password)

    def run(self, *words: str) -> None:
        """Run ``airflow ...`` as an administrator does on the server's machine."""
        ended = subprocess.run(
            [self.program, *words],
            env={**os.environ, **self.environment},
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        assert ended.returncode == 0, f"airflow {words[0]} {words[1]}: {(ended.stdout + ended.stderr)[-2000:]}"

    def add_user(self, name: str, role: str) -> None:
        """Make a user by FAB's own API."""
        about = {"username": name, "email": address_of(name), "first_name": name, "last_name": role}
        self._ask("POST", "users", about | {"password": self.password, "roles": [{"name": role}]})

    def remove_user(self, name: str) -> None:
        """Remove a user by FAB's own API."""
        self._ask("DELETE", f"users/{name}")

    @contextmanager
    def visitors_may_read_plugins(self) -> Iterator[None]:
        """Give the public role the right that lets into the gallery, until the block ends."""
        self._ask("PATCH", f"roles/{PUBLIC_ROLE}", {"name": PUBLIC_ROLE, "actions": [READ_PLUGINS]})
        try:
            yield
        finally:
            self._ask("PATCH", f"roles/{PUBLIC_ROLE}", {"name": PUBLIC_ROLE, "actions": []})

    def _ask(self, method: str, path: str, body: Any = None) -> None:
        with self.client(ADMIN) as admin:
            admin.request(method, f"/auth/fab/v1/{path}", json=body).raise_for_status()


def address_of(name: str) -> str:
    """Return somebody's e-mail address."""
    return f"{name}@example.org"


@contextmanager
def fab_airflow(servers: Servers, catalogs: Catalogs) -> Iterator[FabAirflow]:
    """Start an API server, with somebody of every role."""
    instance = servers.minio()
    with catalogs.fresh(migrated=False) as database, catalogs.fresh() as catalog:
        airflow = _over(instance, database, catalog)
        airflow.home.mkdir(parents=True, exist_ok=True)
        airflow.run("db", "migrate")
        _add_administrator(airflow)
        with running(_api_server(airflow), instance.paths.home, seconds=START_SECONDS):
            for name, role in ROLES.items():
                airflow.add_user(name, role)
            yield airflow


def _over(instance: Instance, database: str, catalog: str) -> FabAirflow:
    databases = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.replace("postgresql", "postgresql+psycopg", 1),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": database.replace("postgresql", "postgresql+asyncpg", 1),
        "BELVEDERE_CATALOG_DSN": catalog,
    }
    return FabAirflow(
        url=instance.airflow_url,
        catalog_dsn=catalog,
        password=secrets.token_hex(8),
        home=instance.paths.airflow_home,
        program=str(instance.paths.venv / "bin" / "airflow"),
        environment=airflow_environment(instance) | databases | SETTINGS,
    )


def _add_administrator(airflow: FabAirflow) -> None:
    """Make the first user, which makes FAB's roles too."""
    names = ("--username", ADMIN, "--firstname", ADMIN, "--lastname", "Admin", "--email", address_of(ADMIN))
    airflow.run("users", "create", *names, "--role", "Admin", "--password", airflow.password)


def _api_server(airflow: FabAirflow) -> Service:
    return Service(
        name="fab-api-server",
        command=(airflow.program, "api-server"),
        environment=airflow.environment,
        healthy=lambda _since: answers(f"{airflow.url}/api/v2/version"),
        folder=airflow.home,
        stop_seconds=20,
    )
