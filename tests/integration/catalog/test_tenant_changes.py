"""The record of what was done to tenants, on a real PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty

from belvedere.catalog.tenant_changes import NewChange, list_changes, record_change
from belvedere.clients.postgres import CatalogRejected

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection


@pytest.fixture(autouse=True)
def _empty_catalog(catalog: Connection) -> None:
    empty(catalog)


def change(number: int, tenant: str = "team-a") -> NewChange:
    return NewChange(tenant=tenant, actor="alice", action="set_quota", summary=f"change {number}")


def listed(
    catalog: Connection, tenant: str | None, scope: tuple[str, ...] | None, limit: int = 100, before: int | None = None
) -> list[str]:
    found = list_changes(catalog, tenant, scope, limit=limit, before_id=before)
    return [each.summary.removeprefix("change ") for each in found]


def test_a_change_is_told_as_it_was_recorded(catalog: Connection) -> None:
    new = NewChange(
        tenant="team-a",
        actor="alice",
        action="set_quota",
        summary="quota of team-a: 10GiB -> 20GiB",
        reason="declared so",
        before={"quota": 10},
        after={"quota": 20},
        outcome="failed",
        problem="MinIO does not answer",
        dag_id="provision_tenant",
        run_id="manual__1",
    )

    recorded = record_change(catalog, new)

    (found,) = list_changes(catalog, "team-a", None, limit=10)
    assert found.id == recorded
    assert found.at.tzinfo is not None
    assert {name: getattr(found, name) for name in NewChange.__slots__} == {
        name: getattr(new, name) for name in NewChange.__slots__
    }


def test_what_a_change_does_not_say_is_nothing(catalog: Connection) -> None:
    record_change(catalog, change(1))

    (found,) = list_changes(catalog, "team-a", None, limit=10)
    assert (found.reason, found.before, found.after, found.outcome, found.problem) == ("", None, None, "done", None)
    assert (found.dag_id, found.run_id) == (None, None)


def test_changes_are_paged_from_the_latest_one(catalog: Connection) -> None:
    ids = [record_change(catalog, change(number)) for number in range(5)]
    record_change(catalog, change(9, "team-b"))

    assert listed(catalog, "team-a", None, limit=2) == ["4", "3"]
    assert listed(catalog, "team-a", None, limit=2, before=ids[3]) == ["2", "1"]
    assert listed(catalog, "team-a", None, limit=2, before=ids[1]) == ["0"]
    assert listed(catalog, "team-a", None, limit=2, before=ids[0]) == []
    assert listed(catalog, None, None, limit=2) == ["9", "4"]


def test_changes_of_others_tenants_are_not_told(catalog: Connection) -> None:
    record_change(catalog, change(1))
    record_change(catalog, change(2, "team-b"))
    record_change(catalog, change(3, "team-c"))

    assert listed(catalog, None, ("team-c", "team-a")) == ["3", "1"]
    assert listed(catalog, "team-b", ("team-a",)) == []
    assert listed(catalog, "team-a", ("team-a",)) == ["1"]
    assert listed(catalog, None, ()) == []


def test_a_change_ended_well_or_not_and_nothing_else(catalog: Connection) -> None:
    strange = NewChange(tenant="team-a", actor="alice", action="a", summary="s", outcome="perhaps")  # type: ignore[arg-type]

    with pytest.raises(CatalogRejected):
        record_change(catalog, strange)
