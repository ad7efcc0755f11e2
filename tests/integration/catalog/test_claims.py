from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.harness.databases import empty
from tests.harness.events import arrive, created, open_work, queue_up, removed, state_of

from belvedere.catalog.claims import (
    ClaimedItem,
    ClaimLimits,
    claim_artifact,
    claim_next,
    claimed_items,
    extend_lease,
    hand_back,
    release_expired,
    somebody_starves,
    start_item,
)
from belvedere.catalog.results import learn_cost
from belvedere.clients.postgres import connect

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

LIMITS = ClaimLimits(
    usual_runs=3, most_runs=6, slow_after_seconds=4.0, chunk_seconds=1.5, chunk_items=60, lease_seconds=30.0
)
EVERYTHING = replace(LIMITS, usual_runs=1000, most_runs=1000)
ONE_RUN = replace(LIMITS, usual_runs=1, most_runs=1, chunk_seconds=1e9)


@pytest.fixture(autouse=True)
def _empty_catalog(catalog: Connection) -> None:
    empty(catalog)


def claimed(connection: Connection, limits: ClaimLimits = LIMITS) -> list[ClaimedItem]:
    """Claim once and return what was got."""
    claim_id = claim_next(connection, limits)
    return claimed_items(connection, claim_id) if claim_id else []


def let_leases_run_out(connection: Connection) -> None:
    connection.execute("update inbox set lease_until = now() - interval '1 second' where state = 'claimed'")


def let_time_pass(connection: Connection, seconds: float) -> None:
    connection.execute("update inbox set started_at = started_at - make_interval(secs => %s)", [seconds])


def start(connection: Connection, item: ClaimedItem, claim_id: str) -> bool:
    return start_item(connection, claim_id, item, 20.0, "run")


def test_one_waiting_artifact_is_claimed_alone_and_once(catalog: Connection) -> None:
    queue_up(catalog, ["a.csv"])

    assert [item.key for item in claimed(catalog)] == ["a.csv"]
    assert claimed(catalog) == []


def test_an_empty_inbox_gives_no_claim(catalog: Connection) -> None:
    assert claim_next(catalog, LIMITS) is None


def test_no_more_claims_than_places(catalog: Connection) -> None:
    queue_up(catalog, [f"{n}.csv" for n in range(100)])

    sizes = [len(claimed(catalog)) for _ in range(4)]

    assert all(sizes[:3])
    assert sizes[3] == 0


def test_a_slow_rendering_gives_its_place_to_others(catalog: Connection) -> None:
    limits = replace(LIMITS, usual_runs=1, most_runs=2)
    queue_up(catalog, ["slow.csv"], tenant="a")
    claim_id = claim_next(catalog, limits)
    assert claim_id
    start(catalog, claimed_items(catalog, claim_id)[0], claim_id)
    queue_up(catalog, ["quick.csv"], tenant="b", bucket="other")
    assert claimed(catalog, limits) == []

    let_time_pass(catalog, 5.0)

    assert [item.key for item in claimed(catalog, limits)] == ["quick.csv"]


def test_slow_work_of_one_tenant_never_takes_every_place(catalog: Connection) -> None:
    limits = replace(LIMITS, usual_runs=2, most_runs=4)
    queue_up(catalog, [f"{n}.csv" for n in range(10)], tenant="a")
    held = 0
    for _ in range(10):
        claim_id = claim_next(catalog, replace(limits, chunk_items=1))
        if claim_id is None:
            break
        held += 1
        start(catalog, claimed_items(catalog, claim_id)[0], claim_id)
        let_time_pass(catalog, 5.0)
    assert held == 2, "half of the four places"

    queue_up(catalog, ["small.csv"], tenant="b", bucket="other")

    assert [item.tenant for item in claimed(catalog, limits)] == ["b"]


def test_tenants_take_turns_and_each_is_served_oldest_first(catalog: Connection) -> None:
    queue_up(catalog, ["a1", "a2", "a3"], tenant="a", bucket="aa")
    queue_up(catalog, ["b1", "b2"], tenant="b", bucket="bb")
    queue_up(catalog, ["c1"], tenant="c", bucket="cc")

    seen = []
    for _ in range(6):
        (item,) = claimed(catalog, replace(EVERYTHING, chunk_items=1))
        seen.append(item.key)

    assert seen == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_long_queue_of_slow_work_does_not_keep_another_tenant_waiting(catalog: Connection) -> None:
    learn_cost(catalog, "csv/3", 10.0)
    queue_up(catalog, [f"{n}.csv" for n in range(20)], tenant="a", bucket="aa")
    claimed(catalog)
    queue_up(catalog, ["small.csv"], tenant="b", bucket="bb")

    assert [item.tenant for item in claimed(catalog)] == ["b"]


def test_a_chunk_holds_every_waiting_tenant_before_anyones_second(catalog: Connection) -> None:
    queue_up(catalog, [f"a{n:03}" for n in range(500)], tenant="a", bucket="aa")
    queue_up(catalog, ["b1"], tenant="b", bucket="bb")

    assert "b" in {item.tenant for item in claimed(catalog)}


def test_chunks_grow_with_the_queue_and_stop_at_the_expected_work(catalog: Connection) -> None:
    learn_cost(catalog, "csv/3", 0.125)
    queue_up(catalog, [f"{n}.csv" for n in range(200)])

    assert len(claimed(catalog)) == 12, "1.5 s of expected work at 0.125 s each"


def test_a_short_queue_is_spread_over_the_free_places(catalog: Connection) -> None:
    learn_cost(catalog, "csv/3", 0.001)
    queue_up(catalog, [f"{n}.csv" for n in range(6)])

    assert [len(claimed(catalog)) for _ in range(3)] == [2, 2, 2]


def test_costs_follow_what_renderings_took(catalog: Connection) -> None:
    for _ in range(50):
        learn_cost(catalog, "csv/3", 0.5)
    queue_up(catalog, [f"{n}.csv" for n in range(100)])

    assert len(claimed(catalog)) == 3


def test_unstarted_work_of_a_lost_claim_waits_again_without_an_attempt(catalog: Connection) -> None:
    queue_up(catalog, ["a.csv"])
    claimed(catalog)
    let_leases_run_out(catalog)

    assert release_expired(catalog, 3) == 1

    (item,) = claimed(catalog)
    assert item.attempts == 0


def test_started_work_of_a_lost_claim_comes_again_alone(catalog: Connection) -> None:
    queue_up(catalog, ["killer.csv", "other.csv"])
    claim_id = claim_next(catalog, ONE_RUN)
    assert claim_id
    killer, other = claimed_items(catalog, claim_id)
    assert start(catalog, killer, claim_id)
    let_leases_run_out(catalog)

    release_expired(catalog, 3)

    assert sorted(len(claimed(catalog, EVERYTHING)) for _ in range(2)) == [1, 1]
    assert open_work(catalog) == sorted([killer.artifact_id, other.artifact_id])


def test_work_that_kills_its_task_three_times_is_dead_and_says_so(catalog: Connection) -> None:
    event = created()
    arrive(catalog, event)
    for _ in range(3):
        claim_id = claim_next(catalog, LIMITS)
        assert claim_id
        assert start(catalog, claimed_items(catalog, claim_id)[0], claim_id)
        let_leases_run_out(catalog)
        release_expired(catalog, 3)

    row = catalog.execute("select state, error_code, error_message, attempts from artifacts").fetchone()
    assert row is not None
    assert (row["state"], row["error_code"], row["attempts"]) == ("dead", "lost_lease", 3)
    assert "3 times" in row["error_message"]
    assert open_work(catalog) == []


def test_a_lease_that_is_kept_is_not_released(catalog: Connection) -> None:
    queue_up(catalog, ["a.csv"])
    claim_id = claim_next(catalog, LIMITS)
    assert claim_id
    let_leases_run_out(catalog)

    extend_lease(catalog, claim_id, 20.0)

    assert release_expired(catalog, 3) == 0


def test_a_lost_claim_cannot_start_its_item(catalog: Connection) -> None:
    queue_up(catalog, ["a.csv"])
    claim_id = claim_next(catalog, LIMITS)
    assert claim_id
    (item,) = claimed_items(catalog, claim_id)
    let_leases_run_out(catalog)
    release_expired(catalog, 3)

    assert not start(catalog, item, claim_id)


def test_an_item_superseded_while_it_was_claimed_is_not_started(catalog: Connection) -> None:
    old = created(at=1)
    arrive(catalog, old)
    claim_id = claim_next(catalog, LIMITS)
    assert claim_id
    (item,) = claimed_items(catalog, claim_id)

    arrive(catalog, created(at=2))

    assert not start(catalog, item, claim_id)
    assert state_of(catalog, old) == "superseded"


def test_an_item_deleted_while_it_was_claimed_is_not_started(catalog: Connection) -> None:
    event = created(at=1)
    arrive(catalog, event)
    claim_id = claim_next(catalog, LIMITS)
    assert claim_id
    (item,) = claimed_items(catalog, claim_id)

    arrive(catalog, removed(at=2))

    assert not start(catalog, item, claim_id)
    assert state_of(catalog, event) == "deleted"


def test_handing_back_gives_away_only_what_has_not_begun(catalog: Connection) -> None:
    queue_up(catalog, ["a.csv", "b.csv", "c.csv"])
    claim_id = claim_next(catalog, ONE_RUN)
    assert claim_id
    items = claimed_items(catalog, claim_id)
    start(catalog, items[0], claim_id)

    assert hand_back(catalog, claim_id) == 2

    assert [item.key for item in claimed_items(catalog, claim_id)] == ["a.csv"]


def test_somebody_starves_only_while_a_tenant_has_nothing_claimed(catalog: Connection) -> None:
    queue_up(catalog, ["a1", "a2"], tenant="a", bucket="aa")
    claim_next(catalog, replace(ONE_RUN, chunk_items=1))
    assert not somebody_starves(catalog)

    queue_up(catalog, ["b1"], tenant="b", bucket="bb")
    assert somebody_starves(catalog)

    claim_next(catalog, replace(EVERYTHING, chunk_items=60))
    assert not somebody_starves(catalog)


def test_a_person_claims_one_artifact_unless_a_run_has_it(catalog: Connection) -> None:
    event = created()
    arrive(catalog, event)

    claim_id = claim_artifact(catalog, event.artifact_id, 30.0)

    assert claim_id
    assert [item.artifact_id for item in claimed_items(catalog, claim_id)] == [event.artifact_id]
    assert claim_artifact(catalog, event.artifact_id, 30.0) is None


def test_dispatchers_side_by_side_never_claim_the_same_work(catalog: Connection, catalog_dsn: str) -> None:
    keys = [f"{n:04}.csv" for n in range(600)]
    queue_up(catalog, keys[:300], tenant="a", bucket="aa")
    queue_up(catalog, keys[300:], tenant="b", bucket="bb")
    barrier = threading.Barrier(4)

    def dispatch() -> list[str]:
        got = []
        with connect(catalog_dsn) as connection:
            barrier.wait()
            while (claim_id := claim_next(connection, EVERYTHING)) is not None:
                got += [item.key for item in claimed_items(connection, claim_id)]
        return got

    with ThreadPoolExecutor(4) as pool:
        everything = [key for found in [pool.submit(dispatch) for _ in range(4)] for key in found.result()]

    assert Counter(everything) == Counter(keys)


@given(
    st.lists(st.sampled_from(["claim", "start", "lose", "release", "hand back", "finish"]), min_size=1, max_size=25),
    st.integers(1, 8),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_work_is_ever_lost_or_held_twice(catalog: Connection, steps: list[str], count: int) -> None:
    empty(catalog)
    keys = [f"{n}.csv" for n in range(count)]
    queue_up(catalog, keys)
    claims: list[str] = []
    finished = 0

    for step in steps:
        match step:
            case "claim":
                claims += filter(None, [claim_next(catalog, replace(LIMITS, chunk_items=3))])
            case "start":
                start_first(catalog, claims)
            case "lose":
                let_leases_run_out(catalog)
            case "release":
                release_expired(catalog, 1_000)
            case "hand back":
                sum(hand_back(catalog, claim_id) for claim_id in claims)
            case "finish":
                finished += finish_first(catalog, claims)

        assert len(open_work(catalog)) == count - finished
        held = catalog.execute("select artifact_id from inbox where state = 'claimed'").fetchall()
        assert len(held) == len({row["artifact_id"] for row in held})


def start_first(connection: Connection, claims: list[str]) -> None:
    for claim_id in claims[:1]:
        for item in claimed_items(connection, claim_id)[:1]:
            start(connection, item, claim_id)


def finish_first(connection: Connection, claims: list[str]) -> int:
    statement = "update inbox set state = 'done' where claim_id = %s and state = 'claimed'"
    return sum(connection.execute(statement, [claim_id]).rowcount for claim_id in claims[:1])
