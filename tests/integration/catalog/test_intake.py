from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.harness.databases import empty
from tests.harness.events import arrive, created, open_work, removed, state_of, wall

from belvedere.catalog.intake import Arrival, Recorded, occasion_of, record, request_render
from belvedere.model.events import ArtifactEvent, EventKind

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

KEYS = ("a.csv", "b.csv")


@pytest.fixture(autouse=True)
def _empty_catalog(catalog: Connection) -> None:
    empty(catalog)


@st.composite
def histories(draw: st.DrawFn) -> list[ArtifactEvent]:
    """What really happened to two keys: creations (the same bytes may come again) and removals, in order."""
    versioned = draw(st.booleans())
    events = []
    for at in range(1, draw(st.integers(1, 7)) + 1):
        key = draw(st.sampled_from(KEYS))
        if draw(st.integers(0, 3)) == 0:
            events.append(removed(key, at=at))
        else:
            etag = draw(st.sampled_from(["red", "green", "blue"]))
            events.append(created(key, at=at, etag=etag, version=f"v{at}" if versioned else ""))
    return events


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[ArtifactEvent], list[list[ArtifactEvent]]]:
    """A history, and how it was delivered: in any order, some events again, cut into any batches."""
    history = draw(histories())
    repeated = history + draw(st.lists(st.sampled_from(history), max_size=4))
    shuffled = draw(st.permutations(repeated))
    batches: list[list[ArtifactEvent]] = [[]]
    for event in shuffled:
        if draw(st.booleans()):
            batches.append([])
        batches[-1].append(event)
    return history, batches


def expected_wall(history: list[ArtifactEvent]) -> dict[str, str]:
    """Return the etag that should hang on the wall of each key: the last word of its history."""
    last = {event.key: event for event in history}
    return {key: event.etag for key, event in last.items() if event.kind is EventKind.CREATED}


@given(deliveries())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_repetition_of_events_ends_in_the_same_catalog(
    catalog: Connection, delivery: tuple[list[ArtifactEvent], list[list[ArtifactEvent]]]
) -> None:
    history, batches = delivery
    empty(catalog)

    for batch in batches:
        arrive(catalog, *batch)

    shown = wall(catalog)
    assert {key: card.etag for key, card in shown.items()} == expected_wall(history)
    assert {card.state for card in shown.values()} <= {"queued"}
    assert open_work(catalog) == sorted(card.id for card in shown.values())


def test_the_same_event_twice_is_one_card_and_one_piece_of_work(catalog: Connection) -> None:
    event = created()
    arrivals = [Arrival(event, occasion_of(event), "team")]

    assert record(catalog, arrivals) == Recorded(queued=1, removed=0, known=0)
    assert record(catalog, arrivals) == Recorded(queued=0, removed=0, known=1)

    assert open_work(catalog) == [event.artifact_id]


def test_a_newer_version_supersedes_one_that_still_waits(catalog: Connection) -> None:
    old, new = created(at=1), created(at=2)

    arrive(catalog, old)
    arrive(catalog, new)

    assert state_of(catalog, old) == "superseded"
    assert open_work(catalog) == [new.artifact_id]


def test_a_late_event_of_an_older_version_does_not_come_before_the_newer_one(catalog: Connection) -> None:
    old, new = created(at=1), created(at=2)

    arrive(catalog, new)
    arrive(catalog, old)

    assert wall(catalog)["a.csv"].etag == "e2"
    assert state_of(catalog, old) == "superseded"


def test_a_removed_object_leaves_the_wall_and_its_work_is_dropped(catalog: Connection) -> None:
    event = created(at=1)
    arrive(catalog, event)

    arrive(catalog, removed(at=2))

    assert wall(catalog) == {}
    assert open_work(catalog) == []
    assert state_of(catalog, event) == "deleted"


def test_an_object_written_again_after_its_removal_is_back(catalog: Connection) -> None:
    arrive(catalog, created(at=1, etag="same"))
    arrive(catalog, removed(at=2))

    arrive(catalog, created(at=3, etag="same"))

    assert wall(catalog)["a.csv"].state == "queued"
    assert len(open_work(catalog)) == 1


def test_removing_an_old_version_leaves_the_present_one_alone(catalog: Connection) -> None:
    arrive(catalog, created(at=1, version="v1"), created(at=2, version="v2"))

    arrive(catalog, removed(at=3, version="v1"))

    assert wall(catalog)["a.csv"].etag == "e2"


def test_what_the_bucket_shows_overrules_what_events_said(catalog: Connection) -> None:
    event = created(at=1)
    arrive(catalog, event)
    arrive(catalog, removed(at=5))

    record(catalog, [Arrival(event, "sweep:1", "team", seen_in_bucket=True)])

    assert wall(catalog)["a.csv"].state == "queued"
    assert open_work(catalog) == [event.artifact_id]


def test_rendering_again_is_queued_once_and_keeps_the_card(catalog: Connection) -> None:
    event = created()
    arrive(catalog, event)
    catalog.execute("update inbox set state = 'done', finished_at = now()")
    catalog.execute("update artifacts set state = 'rendered', rendered_at = now()")

    assert request_render(catalog, event.artifact_id, occasion="again:1")
    assert not request_render(catalog, event.artifact_id, occasion="again:2"), "a rendering is open already"

    assert open_work(catalog) == [event.artifact_id]
    assert wall(catalog)["a.csv"].state == "queued"


def test_rendering_an_unknown_or_deleted_artifact_again_is_refused(catalog: Connection) -> None:
    event = created(at=1)
    arrive(catalog, event)
    arrive(catalog, removed(at=2))

    assert not request_render(catalog, event.artifact_id, occasion="again:1")
    assert not request_render(catalog, "0" * 24, occasion="again:1")


@pytest.mark.parametrize("key", ["a b+c%2F.csv", "한국어/π.csv", "x" * 900, "quote'\"\\;drop.csv", "\u202eevil.csv"])
def test_any_key_is_kept_as_it_is(catalog: Connection, key: str) -> None:
    arrive(catalog, created(key))

    assert list(wall(catalog)) == [key]
