from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty
from tests.harness.events import arrive, created, open_work, queue_up, removed, state_of, wall

from belvedere.catalog.rerender import Selection, count_selected, progress_of, request_renders

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

EVERYTHING = Selection()


@pytest.fixture(autouse=True)
def _empty_catalog(catalog: Connection) -> None:
    empty(catalog)


def rendered(connection: Connection, **by_key: tuple[str, str, str]) -> None:
    """Have artifacts ``key=(kind, renderer, version)`` that are rendered, without open work."""
    queue_up(connection, by_key)
    for key, (kind, renderer, version) in by_key.items():
        connection.execute(
            "update artifacts set state = 'rendered', kind = %s, renderer_name = %s, renderer_version = %s"
            " where key = %s",
            [kind, renderer, version, key],
        )
    connection.execute("update inbox set state = 'done', finished_at = now()")


def selected_keys(connection: Connection, selection: Selection) -> set[str]:
    request_renders(connection, selection, occasion="run1")
    return {key for key, card in wall(connection).items() if card.state == "queued"}


def test_everything_is_queued_once_a_run(catalog: Connection) -> None:
    rendered(catalog, a=("table", "t", "1"), b=("roc", "r", "1"))

    assert count_selected(catalog, EVERYTHING, occasion="run1") == 2
    assert request_renders(catalog, EVERYTHING, occasion="run1") == 2
    assert len(open_work(catalog)) == 2
    catalog.execute("update inbox set state = 'done'")
    assert request_renders(catalog, EVERYTHING, occasion="run1") == 0
    assert request_renders(catalog, EVERYTHING, occasion="run2") == 2


def test_what_is_on_its_way_is_left_alone(catalog: Connection) -> None:
    queue_up(catalog, ["a"])

    assert count_selected(catalog, EVERYTHING, occasion="run1") == 0
    assert request_renders(catalog, EVERYTHING, occasion="run1") == 0


def test_deleted_and_superseded_versions_are_not_selected(catalog: Connection) -> None:
    old, new = created("a", at=1), created("a", at=2)
    arrive(catalog, old)
    arrive(catalog, new)
    arrive(catalog, created("b", at=1), removed("b", at=2))
    catalog.execute("update inbox set state = 'done'")

    assert request_renders(catalog, EVERYTHING, occasion="run1") == 1
    assert state_of(catalog, new) == "queued"
    assert state_of(catalog, old) == "superseded"


@pytest.mark.parametrize(
    ("selection", "keys"),
    [
        (Selection(bucket="models"), {"x1", "x2", "y"}),
        (Selection(bucket="others"), set()),
        (Selection(prefix="x"), {"x1", "x2"}),
        (Selection(prefix="%"), set()),
        (Selection(kind="roc"), {"x2"}),
        (Selection(state="rendered"), {"x1", "x2", "y"}),
        (Selection(state="dead"), set()),
        (Selection(renderer="t"), {"x1", "y"}),
        (Selection(prefix="x", renderer="t"), {"x1"}),
        (Selection(older_than="1.10"), {"x1", "x2"}),
        (Selection(older_than="1.9.1"), {"x1", "x2"}),
        (Selection(older_than="2.1"), {"x1", "x2", "y"}),
        (Selection(older_than="1.2"), {"x2"}),
        (Selection(renderer="t", older_than="2"), {"x1"}),
    ],
)
def test_all_conditions_must_hold(catalog: Connection, selection: Selection, keys: set[str]) -> None:
    rendered(catalog, x1=("table", "t", "1.9"), x2=("roc", "r", "beta"), y=("table", "t", "2.0"))

    assert count_selected(catalog, selection, occasion="run1") == len(keys)
    assert selected_keys(catalog, selection) == keys


def test_a_limit_holds_across_batches(catalog: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belvedere.catalog.rerender.BATCH_ROWS", 2)
    rendered(catalog, **{f"k{n}": ("table", "t", "1") for n in range(7)})

    assert request_renders(catalog, EVERYTHING, occasion="run1", limit=5) == 5
    assert len(open_work(catalog)) == 5
    assert request_renders(catalog, EVERYTHING, occasion="run1") == 2


def test_what_another_version_than_the_installed_one_made_is_outdated(catalog: Connection) -> None:
    rendered(
        catalog,
        old=("table", "t", "1"),
        new=("table", "t", "2"),
        later=("table", "t", "3-beta"),
        foreign=("fasta", "acme.gone", "1"),
    )

    assert selected_keys(catalog, Selection(installed={"t": "2", "r": "1"})) == {"old", "later"}


def test_progress_counts_what_one_occasion_asked_for(catalog: Connection) -> None:
    rendered(catalog, a=("table", "t", "1"), b=("roc", "r", "1"), c=("roc", "r", "1"))
    request_renders(catalog, EVERYTHING, occasion="run1")
    before = progress_of(catalog, "run1")
    catalog.execute("update inbox set state = 'done' where occasion = 'run1' and key = 'a'")
    catalog.execute("update inbox set state = 'dead' where occasion = 'run1' and key = 'b'")
    between = progress_of(catalog, "run1")
    catalog.execute("update inbox set state = 'done' where occasion = 'run1' and key = 'c'")

    assert (before.asked, before.done, before.is_over) == (3, 0, False)
    assert str(between) == "2 of 3 artifacts rendered again, 1 of them given up (their cards say why)"
    assert progress_of(catalog, "run1").is_over
    assert progress_of(catalog, "another").is_over
