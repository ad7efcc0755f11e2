"""One writer of artifacts at a time, so that ``artifacts.seq`` becomes visible in the order of its values.

The gallery's event stream resumes from the last ``seq`` a browser has seen. Were two writers to overlap,
the later value could be committed first and the earlier one would be skipped for ever. A writer holds the
lock for a few milliseconds only, and since everyone takes it first, writers never deadlock on rows.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.clients.postgres import Connection

ARTIFACTS_CHANNEL = "belvedere_artifacts"
INBOX_CHANNEL = "belvedere_inbox"
# Its messages are names of users who have become something else in some tenant.
MEMBERS_CHANNEL = "belvedere_members"
WRITER_LOCK = 0x42454C01
DISPATCH_LOCK = 0x42454C02
REBUILD_LOCK = 0x42454C03
# The class of the locks on tenants (see ``catalog.tenants.tenant_lock``): a lock of two numbers is never one of these.
TENANT_LOCKS = 0x42454C04


@contextmanager
def writing_artifacts(connection: Connection, *, wakes_dispatcher: bool = False) -> Iterator[None]:
    """Open a transaction that may change artifacts; at its commit the gallery (and the dispatcher) wake up."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (WRITER_LOCK,))
        yield
        connection.execute("select pg_notify(%s, '')", (ARTIFACTS_CHANNEL,))
        if wakes_dispatcher:
            wake_dispatcher(connection)


@contextmanager
def writing_untold(connection: Connection) -> Iterator[None]:
    """Open a transaction that changes artifacts in a way that nobody is told: no ``seq`` is taken in it.

    Its commit does not wait for the disk: only for what may be lost with the server without harm.
    """
    with connection.transaction():
        connection.execute("set local synchronous_commit = off")
        connection.execute("select pg_advisory_xact_lock(%s)", (WRITER_LOCK,))
        yield


@contextmanager
def dispatching(connection: Connection) -> Iterator[None]:
    """Open a transaction in which no other dispatcher counts runs or claims work."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (DISPATCH_LOCK,))
        yield


@contextmanager
def rebuilding(connection: Connection) -> Iterator[None]:
    """Restore the catalog while nobody sweeps it; waits for a sweep that is under way."""
    connection.execute("select pg_advisory_lock(%s)", (REBUILD_LOCK,))
    try:
        yield
    finally:
        connection.execute("select pg_advisory_unlock(%s)", (REBUILD_LOCK,))


@contextmanager
def sweeping(connection: Connection) -> Iterator[bool]:
    """Sweep beside other sweeps; False is given while the catalog is being restored."""
    found = connection.execute("select pg_try_advisory_lock_shared(%s) as taken", (REBUILD_LOCK,)).fetchone()
    taken = bool(found and found["taken"])
    try:
        yield taken
    finally:
        if taken:
            connection.execute("select pg_advisory_unlock_shared(%s)", (REBUILD_LOCK,))


def wake_dispatcher(connection: Connection) -> None:
    """Tell every dispatcher that there may be work or a free place."""
    connection.execute("select pg_notify(%s, '')", (INBOX_CHANNEL,))
