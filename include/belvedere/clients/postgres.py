"""Connections to the catalog's database, with psycopg's errors told as ours."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from belvedere.errors import PermanentError, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

Row = dict[str, Any]
AsyncConnection = psycopg.AsyncConnection[Row]

__all__ = ["AsyncConnection", "Connection", "Jsonb", "Row", "connect", "connect_async", "translated"]

CONNECT_TIMEOUT_SECONDS = 5
# One statement takes one event or five hundred: a plan made for the first ones is 30 times too slow for the others.
SESSION_OPTIONS = "-c plan_cache_mode=force_custom_plan -c jit=off"


class CatalogRejected(PermanentError):
    """The database refused a statement or a value: trying the same again is useless."""

    code = "catalog_rejected"


@contextmanager
def translated() -> Iterator[None]:
    """Turn psycopg's errors into ours. The text of a refused value is never repeated."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise ServiceUnavailable(f"the catalog's database does not answer ({type(error).__name__})") from error
    except psycopg.Error as error:
        detail = error.diag.message_primary or type(error).__name__
        raise CatalogRejected(f"the catalog refused a statement: {detail}") from error


class Connection(psycopg.Connection[Row]):
    """A connection whose statements raise our errors where they fail, not where the connection is closed."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> psycopg.Cursor[Row]:
        """Run one statement; see psycopg."""
        with translated():
            return super().execute(query, params, **options)

    @contextmanager
    def transaction(self, *arguments: Any, **options: Any) -> Iterator[psycopg.Transaction]:
        """Run the block in one transaction; see psycopg."""
        with translated(), super().transaction(*arguments, **options) as transaction:
            yield transaction

    @contextmanager
    def pipeline(self) -> Iterator[psycopg.Pipeline]:
        """Send the block's statements without waiting for each one's answer, which is read where it is looked at."""
        with translated(), super().pipeline() as pipeline:
            yield pipeline


@contextmanager
def connect(dsn: str, *, autocommit: bool = True) -> Iterator[Connection]:
    """Open a connection whose rows are dicts; use ``connection.transaction()`` around more than one statement.

    Raises:
        ServiceUnavailable: the database does not answer.
        CatalogRejected: it refused a statement.
    """
    with translated():
        connection = Connection.connect(
            dsn,
            autocommit=autocommit,
            row_factory=dict_row,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            options=SESSION_OPTIONS,
        )
        with connection:
            yield connection


@asynccontextmanager
async def connect_async(dsn: str) -> AsyncIterator[AsyncConnection]:
    """Open an autocommitting connection for asyncio code; raises as ``connect`` does."""
    with translated():
        connection = await psycopg.AsyncConnection.connect(
            dsn,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            options=SESSION_OPTIONS,
        )
        async with connection:
            yield connection
