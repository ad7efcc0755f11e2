from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from belvedere.catalog.memberships import grant, members_of
from belvedere.catalog.schema import migrate
from belvedere.catalog.sources import SourceBucket, list_sources
from belvedere.catalog.tenants import declare, list_tenants
from belvedere.clients.postgres import CatalogRejected, Jsonb, connect
from belvedere.errors import ServiceUnavailable
from belvedere.model.access import Role
from belvedere.model.numbers import numbers_of

if TYPE_CHECKING:
    from tests.harness.databases import Catalogs

TENANT_TABLES = {"tenants", "credentials", "tenant_changes"}
TABLES = {"artifacts", "inbox", "dead_events", "render_costs", "sources", "sweeps"} | TENANT_TABLES


def tables_of(dsn: str) -> set[str]:
    with connect(dsn) as connection:
        return {row["tablename"] for row in connection.execute("select tablename from pg_tables").fetchall()}


def test_an_empty_database_gets_every_table(catalogs: Catalogs) -> None:
    with catalogs.fresh(migrated=False) as dsn:
        assert not TABLES & tables_of(dsn)

        migrate(dsn)

        assert tables_of(dsn) >= TABLES


def test_migrating_again_changes_nothing(catalogs: Catalogs) -> None:
    with catalogs.fresh() as dsn, connect(dsn) as connection:
        connection.execute("insert into sources (bucket, tenant, renderings_bucket) values ('a', 'b', 'c')")

        migrate(dsn)

        assert connection.execute("select count(*) as n from sources").fetchone() == {"n": 1}


def test_what_was_there_before_is_grouped_and_found_too(catalogs: Catalogs) -> None:
    with catalogs.fresh(migrated=False) as dsn:
        migrate(dsn, "0005")
        with connect(dsn) as connection:
            facts = {"roc": {"AUC": 0.9, "points": [[0, 1]]}, "metrics": {"val loss": {"last_value": 1}}, "n": 2}
            connection.execute(
                "insert into artifacts (id, tenant, bucket, key, etag, state, is_latest, sequencer, event_at, facts) "
                "values ('a', 't', 'b', 'runs/x/roc.csv', 'e', 'rendered', true, '1', now(), %s)",
                (Jsonb(facts),),
            )
            migrate(dsn)

            found = connection.execute("select path, name, value from fact_numbers order by path").fetchall()
            assert [tuple(row.values()) for row in found] == [
                (number.path, number.name, number.value)
                for number in sorted(numbers_of(facts), key=lambda number: number.path)
            ]
            of = connection.execute("select distinct tenant, kind, part, listed, event_at from fact_numbers").fetchall()
            assert (
                of
                == connection.execute("select tenant, kind, part, true as listed, event_at from artifacts").fetchall()
            ), "each number knows what it belongs to"
            assert connection.execute("select run, words from artifacts").fetchone() == {
                "run": "runs/x/",
                "words": "runs/x/roc.csv ",
            }
            assert connection.execute("select count(*) as n from fact_names").fetchone() == {"n": 3}


def test_a_catalog_without_tenants_keeps_its_sources_and_members_and_takes_tenants(catalogs: Catalogs) -> None:
    with catalogs.fresh(migrated=False) as dsn:
        migrate(dsn, "0009")
        assert not TENANT_TABLES & tables_of(dsn)
        with connect(dsn) as connection:
            connection.execute("insert into sources (bucket, tenant, renderings_bucket) values ('a', 'team', 'a-r')")
            grant(connection, "team", "alice", Role.MEMBER)

            migrate(dsn)

            assert tables_of(dsn) >= TENANT_TABLES
            assert list_sources(connection) == [SourceBucket("a", "team", "a-r")]
            assert [member.user for member in members_of(connection, "team")] == ["alice"]
            assert list_tenants(connection, None) == []
            assert declare(connection, "team", {"name": "team"}, "digest", "adopted")


def test_two_processes_may_migrate_at_once(catalogs: Catalogs) -> None:
    with catalogs.fresh(migrated=False) as dsn:
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(migrate, dsn) for _ in range(2)]:
                done.result()

        assert tables_of(dsn) >= TABLES


def test_a_database_that_is_away_is_told_as_such() -> None:
    with pytest.raises(ServiceUnavailable):
        migrate("postgresql://nobody@127.0.0.1:1/nothing")


def test_a_refused_value_is_never_repeated_in_the_error(catalogs: Catalogs) -> None:
    with catalogs.fresh() as dsn, connect(dsn) as connection, pytest.raises(CatalogRejected) as raised:
        connection.execute(
            "insert into dead_events (topic, partition, \"offset\", reason) values ('t', 0, 0, %s)", ["a\0secret"]
        )

    assert "secret" not in str(raised.value)
