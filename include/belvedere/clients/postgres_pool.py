"""A few catalog connections kept open for a server that answers many short requests.

Connecting costs 3 to 8 ms, a page of the gallery needs fifty small answers: worth keeping connections.
The pooling is SQLAlchemy's (it pools any DBAPI connection); no other part of SQLAlchemy is involved.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.pool import QueuePool

from belvedere.clients.postgres import CONNECT_TIMEOUT_SECONDS, SESSION_OPTIONS, Connection, translated
from belvedere.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

TRUSTED_SECONDS = 2.0
LOST = (psycopg.OperationalError, psycopg.InterfaceError, ServiceUnavailable)


class ConnectionPool:
    """Up to ``size`` open connections of this process, and as many again in a rush. Safe between threads.

    A connection that rested is asked whether it still lives before it is lent, so that a restart of the
    database costs nobody an error once the database is back.
    """

    def __init__(self, dsn: str, size: int = 4, wait_seconds: float = 5.0) -> None:
        self._dsn = dsn
        self._pool = QueuePool(self._connect, pool_size=size, max_overflow=size, timeout=wait_seconds)
        event.listen(self._pool, "checkin", _note_return)
        event.listen(self._pool, "checkout", _check_life)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend an autocommitting connection.

        Raises:
            ServiceUnavailable: the database does not answer, or every connection stayed busy.
            CatalogRejected: it refused a statement.
        """
        with translated():
            lent = self._lend()
            try:
                yield cast("Connection", lent.dbapi_connection)
            except LOST:
                lent.invalidate()
                raise
            finally:
                lent.close()

    def close(self) -> None:
        """Close the connections that are not lent."""
        self._pool.dispose()

    def _lend(self) -> Any:
        try:
            return self._pool.connect()
        except PoolExhausted as error:
            raise ServiceUnavailable("every connection to the catalog is busy: try again in a moment") from error

    def _connect(self) -> Any:
        return Connection.connect(
            self._dsn,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            options=SESSION_OPTIONS,
        )


def _note_return(_connection: object, record: Any) -> None:
    record.info["returned_at"] = time.monotonic()


def _check_life(connection: Any, record: Any, _proxy: object) -> None:
    rested = time.monotonic() - record.info.get("returned_at", time.monotonic())
    if rested < TRUSTED_SECONDS:
        return
    try:
        connection.execute("select 1")
    except LOST as error:
        raise DisconnectionError from error
