"""Fresh catalogs: every migration runs once a session, into a template that each database is copied from."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from stack.instance import CATALOG_DATABASE
from stack.ports import HOST
from stack.services.postgres import SUPERUSER

from belvedere.catalog.schema import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.instance import Instance

    from belvedere.clients.postgres import Connection

TEMPLATE = "catalog_template"
NEVER_EMPTIED = {"alembic_version", "artifact_counts"}


class Catalogs:
    """Makes and drops catalogs on one PostgreSQL."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._has_template = False

    def dsn(self, name: str) -> str:
        """Return the address of a database that the catalog's role owns."""
        secret = self._instance.secrets.catalog_password
        return f"postgresql://{CATALOG_DATABASE}:{secret}@{HOST}:{self._instance.ports.postgres}/{name}"

    @contextmanager
    def fresh(self, *, migrated: bool = True) -> Iterator[str]:
        """Make a database, yield its address, drop it."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        if migrated and not self._has_template:
            self._create(TEMPLATE)
            migrate(self.dsn(TEMPLATE))
            self._has_template = True
        self._create(name, template=TEMPLATE if migrated else None)
        try:
            yield self.dsn(name)
        finally:
            self._run(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def _create(self, name: str, template: str | None = None) -> None:
        statement = sql.SQL("create database {} owner {}").format(
            sql.Identifier(name), sql.Identifier(CATALOG_DATABASE)
        )
        if template:
            statement += sql.SQL(" template {}").format(sql.Identifier(template))
        self._run(statement)

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(
            host=HOST,
            port=self._instance.ports.postgres,
            user=SUPERUSER,
            password=self._instance.secrets.postgres_password,
            dbname="postgres",
            autocommit=True,
        ) as connection:
            connection.execute(statement)


def empty(connection: Connection) -> None:
    """Forget everything in a catalog but its schema."""
    rows = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    names = [row["tablename"] for row in rows if row["tablename"] not in NEVER_EMPTIED]
    connection.execute(f"truncate {', '.join(names)} restart identity cascade")
