"""Objects change while their events travel: the newest bytes win, and what is gone leaves the wall."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from tests.harness.samples import matrix_csv, table_csv
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.wall import Wall
    from tests.harness.whole import RunningStack


@pytest.fixture
def held_work(stack: RunningStack) -> Iterator[None]:
    """Nothing is rendered while the block runs: runs of ``render_artifacts`` queue up."""
    stack.airflow.pause("render_artifacts")
    try:
        yield
    finally:
        stack.airflow.unpause("render_artifacts")


def test_an_object_overwritten_before_it_is_rendered_shows_only_the_new_bytes(
    stack: RunningStack, wall: Wall, held_work: None
) -> None:
    key = f"changing/{uuid.uuid4().hex}.csv"
    old = wall.put(key, matrix_csv(1), "text/csv")
    eventually(lambda: wall.card(key), what="the first version queued")
    new = wall.put(key, matrix_csv(2), "text/csv")
    stack.airflow.unpause("render_artifacts")

    card = wall.settled(key, new)

    assert card["state"] == "rendered"
    versions = wall.gallery.get(f"/belvedere/api/artifacts/{card['id']}/versions").json()["versions"]
    assert {each["etag"]: each["state"] for each in versions} == {new: "rendered", old: "superseded"}


def test_an_object_deleted_before_it_is_rendered_leaves_the_wall(
    stack: RunningStack, wall: Wall, held_work: None
) -> None:
    key = f"changing/{uuid.uuid4().hex}.csv"
    wall.put(key, matrix_csv(3), "text/csv")
    eventually(lambda: wall.card(key), what="a card")
    wall.remove(key)
    stack.airflow.unpause("render_artifacts")

    card = wall.settled(key)

    assert card["state"] == "deleted"
    assert wall.cards(key) == []


def test_a_rendered_object_that_is_deleted_leaves_the_wall(wall: Wall) -> None:
    key = f"changing/{uuid.uuid4().hex}.csv"
    assert wall.show(key, matrix_csv(4), "text/csv")["state"] == "rendered"

    wall.remove(key)

    eventually(lambda: wall.cards(key) == [], what="an empty wall")


def test_an_object_that_comes_back_is_shown_again(wall: Wall) -> None:
    key = f"changing/{uuid.uuid4().hex}.csv"
    wall.show(key, matrix_csv(5), "text/csv")
    wall.remove(key)
    eventually(lambda: wall.cards(key) == [], what="an empty wall")

    wall.put(key, matrix_csv(5), "text/csv")

    eventually(lambda: [card["state"] for card in wall.cards(key)] == ["rendered"], 60.0, what="the card back")


def test_an_object_rewritten_many_times_ends_as_its_last_bytes(wall: Wall) -> None:
    key = f"changing/{uuid.uuid4().hex}.csv"

    for rows in range(1, 16):
        etag = wall.put(key, table_csv(rows), "text/csv")

    card = wall.settled(key, etag)
    assert card["facts"]["table"]["rows"] == 15
    assert len(wall.cards(key)) == 1
