from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.harness.events import arrive, created
from tests.harness.waiting import eventually

from belvedere.catalog.serial import ARTIFACTS_CHANNEL, INBOX_CHANNEL, rebuilding, sweeping, writing_artifacts
from belvedere.clients.postgres import connect

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

WRITERS = 6
EVENTS_EACH = 40


def test_a_reader_that_resumes_from_the_last_seq_misses_no_writer(catalog: Connection, catalog_dsn: str) -> None:
    def write(number: int) -> None:
        with connect(catalog_dsn) as connection:
            for at in range(1, EVENTS_EACH + 1):
                arrive(connection, created(f"{number}/{at}.csv", at=at))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    seen: set[str] = set()
    last = 0

    def read() -> bool:
        nonlocal last
        rows = catalog.execute("select key, seq from artifacts where seq > %s order by seq", [last]).fetchall()
        seen.update(row["key"] for row in rows)
        last = rows[-1]["seq"] if rows else last
        return len(seen) == WRITERS * EVENTS_EACH

    eventually(read, 60.0, what="every artifact seen", poll=0.0)
    for writer in writers:
        writer.join()


def test_a_commit_wakes_the_gallery_and_new_work_the_dispatcher(catalog: Connection, catalog_dsn: str) -> None:
    with connect(catalog_dsn) as listener:
        listener.execute(f"listen {ARTIFACTS_CHANNEL}")
        listener.execute(f"listen {INBOX_CHANNEL}")

        arrive(catalog, created("wake.csv"))

        heard = {notice.channel for notice in listener.notifies(timeout=5, stop_after=2)}
    assert heard == {ARTIFACTS_CHANNEL, INBOX_CHANNEL}


def test_a_write_that_fails_wakes_nobody_and_leaves_nothing(catalog: Connection, catalog_dsn: str) -> None:
    with connect(catalog_dsn) as listener:
        listener.execute(f"listen {ARTIFACTS_CHANNEL}")
        try:
            with writing_artifacts(catalog):
                catalog.execute("insert into sources (bucket, tenant, renderings_bucket) values ('a', 'a', 'a')")
                raise RuntimeError
        except RuntimeError:
            pass

        assert list(listener.notifies(timeout=0.3, stop_after=1)) == []
    assert catalog.execute("select count(*) as n from sources").fetchone() == {"n": 0}


def test_sweeps_run_side_by_side_and_none_while_the_catalog_is_restored(catalog: Connection, catalog_dsn: str) -> None:
    with connect(catalog_dsn) as other:
        with sweeping(catalog) as first, sweeping(other) as second:
            assert (first, second) == (True, True)
        with rebuilding(catalog), sweeping(other) as free:
            assert not free
        with sweeping(other) as free:
            assert free
