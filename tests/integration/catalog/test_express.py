"""Who takes what: the lane small fresh updates, ordinary runs everything else, and all of it when no lane lives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty
from tests.harness.events import arrive, created, open_work, queue_up, state_of

from belvedere.catalog.claims import ClaimLimits, claim_next, claimed_items, release_expired
from belvedere.catalog.express import beat, decline, lanes, leave
from belvedere.catalog.express_work import Begun, begin_express, foretell
from belvedere.clients.postgres import connect

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

RUNS = ClaimLimits(
    usual_runs=1, most_runs=1, slow_after_seconds=60, chunk_seconds=1e9, chunk_items=60, lease_seconds=30
)


@pytest.fixture(autouse=True)
def _lane_that_lives(catalog: Connection) -> None:
    empty(catalog)
    catalog.execute("delete from lanes")
    beat(catalog, "lane", "run-1")


def begin(connection: Connection, after: str = "") -> Begun | None:
    return begin_express(connection, "express_lane", "run-1", 20.0, after_tenant=after)


def express(connection: Connection, most: int = 10) -> list[str]:
    keys, after = [], ""
    while len(keys) < most and (begun := begin(connection, after)) is not None:
        keys.append(begun.item.key)
        after = begun.item.tenant
    return keys


def by_runs(connection: Connection) -> list[str]:
    claim_id = claim_next(connection, RUNS)
    return [item.key for item in claimed_items(connection, claim_id)] if claim_id else []


def age_work(connection: Connection, seconds: float) -> None:
    connection.execute("update inbox set received_at = received_at - make_interval(secs => %s)", [seconds])


def test_the_lane_gets_small_updates_and_runs_get_the_rest(catalog: Connection) -> None:
    queue_up(catalog, ["a.csv", "b.jsonl", "c.log", "d.png"])

    assert express(catalog) == ["b.jsonl", "c.log"]
    assert by_runs(catalog) == ["a.csv", "d.png"]


def test_runs_leave_fresh_updates_to_a_lane_that_lives(catalog: Connection) -> None:
    queue_up(catalog, ["b.jsonl"])

    assert by_runs(catalog) == []


def test_runs_take_what_the_lane_did_not_manage_in_time(catalog: Connection) -> None:
    queue_up(catalog, ["b.jsonl"])
    age_work(catalog, 2.5)

    assert by_runs(catalog) == ["b.jsonl"]
    assert express(catalog) == []


@pytest.mark.parametrize("lane", ["silent", "gone"])
def test_runs_take_everything_when_no_lane_lives(catalog: Connection, lane: str) -> None:
    if lane == "gone":
        leave(catalog, "lane")
    else:
        catalog.execute("update lanes set beat_at = beat_at - interval '5 seconds'")
    queue_up(catalog, ["b.jsonl"])

    assert by_runs(catalog) == ["b.jsonl"]


def test_what_the_lane_works_on_takes_no_runs_place(catalog: Connection) -> None:
    queue_up(catalog, ["b.jsonl"])
    assert express(catalog) == ["b.jsonl"]
    queue_up(catalog, ["a.csv"], bucket="other")

    assert by_runs(catalog) == ["a.csv"]


def test_what_a_run_took_over_takes_its_place(catalog: Connection) -> None:
    queue_up(catalog, ["b.jsonl"])
    age_work(catalog, 2.5)
    by_runs(catalog)
    queue_up(catalog, ["a.csv"], bucket="other")

    assert by_runs(catalog) == []


def test_tenants_take_turns_on_the_lane(catalog: Connection) -> None:
    queue_up(catalog, [f"{n}.log" for n in range(9)], tenant="noisy")
    queue_up(catalog, ["calm.log"], tenant="quiet", bucket="other")

    assert express(catalog, 2) == ["0.log", "calm.log"]


def test_only_the_newest_waiting_version_is_there_to_be_claimed(catalog: Connection) -> None:
    versions = [created("b.jsonl", at=n) for n in range(1, 6)]
    for version in versions:
        arrive(catalog, version)

    begun = begin(catalog)

    assert begun
    assert begun.item.etag == "e5"
    assert begin(catalog) is None
    assert {state_of(catalog, version) for version in versions[:-1]} == {"superseded"}


def test_what_was_superseded_before_its_turn_is_dropped(catalog: Connection) -> None:
    event = created("b.jsonl")
    arrive(catalog, event)
    catalog.execute("update artifacts set state = 'superseded' where id = %s", [event.artifact_id])

    assert begin(catalog) is None
    assert open_work(catalog) == []
    assert state_of(catalog, event) == "superseded"


def test_what_the_lane_begins_is_counted_and_leased_once(catalog: Connection) -> None:
    event = created("b.jsonl")
    arrive(catalog, event)
    begun = begin(catalog)
    assert begun
    assert begun.item.attempts == 0, "how often it was tried before"
    assert begin(catalog) is None

    work = catalog.execute(
        "select state, attempts, claim_id, lease_until > now() as leased, started_at is not null as started, "
        "started_seq is not null as noted from inbox"
    ).fetchone()
    assert work == {
        "state": "claimed",
        "attempts": 1,
        "claim_id": begun.claim_id,
        "leased": True,
        "started": True,
        "noted": True,
    }
    assert state_of(catalog, event) == "rendering"


def seq_of(connection: Connection, artifact_id: str) -> int:
    row = connection.execute("select seq from artifacts where id = %s", [artifact_id]).fetchone()
    assert row
    return int(row["seq"])


def test_that_an_update_is_begun_is_no_news(catalog: Connection) -> None:
    event = created("b.jsonl")
    arrive(catalog, event)
    before = seq_of(catalog, event.artifact_id)

    assert begin(catalog)

    assert seq_of(catalog, event.artifact_id) == before


def test_what_was_read_of_an_update_is_told_before_it_is_done(catalog: Connection) -> None:
    event = created("b.jsonl")
    arrive(catalog, event)
    begun = begin(catalog)
    assert begun
    before = seq_of(catalog, event.artifact_id)

    foretell(catalog, begun.claim_id, begun.item, "progress_lines", {"percent": 62})

    row = catalog.execute("select state, kind, facts from artifacts where id = %s", [event.artifact_id]).fetchone()
    assert row == {"state": "rendering", "kind": "progress_lines", "facts": {"percent": 62}}
    assert seq_of(catalog, event.artifact_id) > before


def test_a_lane_that_lost_its_claim_foretells_nothing(catalog: Connection) -> None:
    event = created("b.jsonl")
    arrive(catalog, event)
    begun = begin(catalog)
    assert begun
    before = seq_of(catalog, event.artifact_id)
    catalog.execute("update inbox set lease_until = now() - interval '1 second'")
    release_expired(catalog, 3)

    foretell(catalog, begun.claim_id, begun.item, "progress_lines", {"percent": 62})

    row = catalog.execute("select state, facts from artifacts where id = %s", [event.artifact_id]).fetchone()
    assert row == {"state": "queued", "facts": {}}
    assert seq_of(catalog, event.artifact_id) >= before


def test_a_declined_item_goes_to_the_runs_with_all_its_attempts(catalog: Connection) -> None:
    event = created("b.jsonl")
    arrive(catalog, event)
    begun = begin(catalog)
    assert begun

    decline(catalog, begun.claim_id, replace(begun.item, attempts=1))

    assert state_of(catalog, event) == "queued"
    assert express(catalog) == []
    claim_id = claim_next(catalog, RUNS)
    assert claim_id
    assert [(item.key, item.attempts) for item in claimed_items(catalog, claim_id)] == [("b.jsonl", 0)]


def test_work_that_was_lost_with_its_lane_goes_to_the_runs(catalog: Connection) -> None:
    arrive(catalog, created("b.jsonl"))
    assert begin(catalog)
    catalog.execute("update inbox set lease_until = now() - interval '1 second'")

    release_expired(catalog, 3)

    assert express(catalog) == []
    assert by_runs(catalog) == ["b.jsonl"]


def test_a_card_names_the_run_of_the_lane(catalog: Connection) -> None:
    event = created("b.jsonl")
    arrive(catalog, event)
    assert begin(catalog)

    run = catalog.execute("select run_dag_id, run_id from artifacts where id = %s", [event.artifact_id]).fetchone()

    assert run == {"run_dag_id": "express_lane", "run_id": "run-1"}


def test_two_lanes_never_get_the_same_update(catalog: Connection, catalog_dsn: str) -> None:
    queue_up(catalog, [f"{n}.log" for n in range(40)])

    def take(_: int) -> list[str]:
        with connect(catalog_dsn) as own:
            return [key for _ in range(6) for key in express(own, 4)]

    with ThreadPoolExecutor(4) as pool:
        taken = [key for keys in pool.map(take, range(4)) for key in keys]

    assert sorted(taken) == sorted(f"{n}.log" for n in range(40))
    assert len(open_work(catalog)) == 40


def test_lanes_say_what_they_did_and_whether_they_live(catalog: Connection) -> None:
    beat(catalog, "lane", "run-1", rendered=7, declined=2)
    beat(catalog, "old", "run-0")
    catalog.execute("update lanes set beat_at = beat_at - interval '1 minute' where name = 'old'")

    assert [(lane.name, lane.alive, lane.rendered, lane.declined) for lane in lanes(catalog)] == [
        ("lane", True, 7, 2),
        ("old", False, 0, 0),
    ]
