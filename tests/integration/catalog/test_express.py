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
from belvedere.catalog.express_work import Begun, begin_express, foretell, set_aside
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


def tell(connection: Connection, begun: Begun | None, pause: float = 0.0) -> None:
    assert begun
    set_aside(connection, begun.claim_id, begun.item, "progress_lines", {"percent": 62}, pause_seconds=pause)


def test_what_is_set_aside_is_told_and_comes_again_for_its_picture(catalog: Connection) -> None:
    event = created("b.jsonl")
    arrive(catalog, event)
    before = seq_of(catalog, event.artifact_id)
    first = begin(catalog)
    tell(catalog, first)

    row = catalog.execute("select state, facts, attempts from artifacts where id = %s", [event.artifact_id]).fetchone()
    assert row == {"state": "queued", "facts": {"percent": 62}, "attempts": 0}
    assert seq_of(catalog, event.artifact_id) > before
    again = begin(catalog)
    assert first
    assert again
    assert (first.told, again.told) == (False, True)
    assert again.item.attempts == 0, "that it was told is no attempt"


def test_a_picture_waits_as_long_as_it_should(catalog: Connection) -> None:
    arrive(catalog, created("b.jsonl"))
    tell(catalog, begin(catalog), pause=60.0)

    assert begin(catalog) is None
    catalog.execute("update inbox set available_at = available_at - interval '61 seconds'")
    assert begin(catalog)


def test_what_was_overtaken_while_it_was_read_is_told_and_never_drawn(catalog: Connection) -> None:
    old, new = created("b.jsonl", at=1), created("b.jsonl", at=2)
    arrive(catalog, old)
    begun = begin(catalog)
    arrive(catalog, new)
    tell(catalog, begun)

    row = catalog.execute("select state, facts from artifacts where id = %s", [old.artifact_id]).fetchone()
    assert row == {"state": "superseded", "facts": {"percent": 62}}
    assert express(catalog) == ["b.jsonl"]
    assert state_of(catalog, new) == "rendering"


def test_what_waits_for_its_picture_is_superseded_by_a_newer_version(catalog: Connection) -> None:
    old, new = created("b.jsonl", at=1), created("b.jsonl", at=2)
    arrive(catalog, old)
    tell(catalog, begin(catalog))
    arrive(catalog, new)

    assert state_of(catalog, old) == "superseded"
    assert express(catalog) == ["b.jsonl"]


def test_numbers_come_before_pictures(catalog: Connection) -> None:
    queue_up(catalog, ["a.jsonl", "b.jsonl"])
    tell(catalog, begin(catalog))
    queue_up(catalog, ["c.jsonl"], bucket="other")

    assert express(catalog) == ["b.jsonl", "c.jsonl", "a.jsonl"]


def test_a_lane_that_rests_from_pictures_gets_numbers_only(catalog: Connection) -> None:
    queue_up(catalog, ["a.jsonl"])
    tell(catalog, begin(catalog))

    assert begin_express(catalog, "express_lane", "run-1", 20.0, draws_told=False) is None
    queue_up(catalog, ["b.jsonl"], bucket="other")
    begun = begin_express(catalog, "express_lane", "run-1", 20.0, draws_told=False)
    assert begun
    assert begun.item.key == "b.jsonl"


def test_a_lane_knows_when_a_key_was_drawn_last(catalog: Connection) -> None:
    first, second = created("b.jsonl", at=1), created("b.jsonl", at=2)
    arrive(catalog, first)
    begun = begin(catalog)
    assert begun
    assert begun.since_picture is None
    catalog.execute(
        "update artifacts set state = 'rendered', rendered_at = clock_timestamp() - interval '5 seconds' where id = %s",
        [first.artifact_id],
    )
    arrive(catalog, second)

    begun = begin(catalog)
    assert begun
    assert begun.since_picture == pytest.approx(5.0, abs=4.0)


def test_a_lane_that_lost_its_claim_sets_nothing_aside(catalog: Connection) -> None:
    event = created("b.jsonl")
    arrive(catalog, event)
    begun = begin(catalog)
    catalog.execute("update inbox set lease_until = now() - interval '1 second'")
    release_expired(catalog, 3)

    tell(catalog, begun)

    row = catalog.execute("select told from inbox").fetchone()
    assert row == {"told": False}


@pytest.mark.parametrize(("waited", "taken"), [(2.5, []), (10.5, ["b.jsonl"])])
def test_runs_leave_pictures_of_what_is_told_to_a_lane_for_longer(
    catalog: Connection, waited: float, taken: list[str]
) -> None:
    queue_up(catalog, ["b.jsonl"])
    tell(catalog, begin(catalog))
    age_work(catalog, waited)

    assert by_runs(catalog) == taken


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
