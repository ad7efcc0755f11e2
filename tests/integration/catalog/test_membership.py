"""Related objects as one artifact, on a real catalog."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.harness.databases import empty
from tests.harness.events import NOON, arrive, created, removed

from belvedere.catalog import browse, listings, membership, overview
from belvedere.catalog.claims import ClaimedItem, ClaimLimits, claim_next, claimed_items, start_item
from belvedere.catalog.filters import Filter
from belvedere.catalog.listings import Order
from belvedere.catalog.results import finish
from belvedere.model.artifact import ArtifactState
from belvedere.model.record import RenderingRecord
from belvedere.model.search import read
from belvedere.model.watch import Watch

if TYPE_CHECKING:
    from belvedere.clients.postgres import Connection

pytestmark = pytest.mark.stack

LIMITS = ClaimLimits(
    usual_runs=99, most_runs=99, slow_after_seconds=60, chunk_seconds=1e9, chunk_items=10_000, lease_seconds=30
)
FOLDER = Watch("models", "run/", ("*.png",))


@pytest.fixture(autouse=True)
def _empty_catalog(catalog: Connection) -> None:
    empty(catalog)


class Loop:
    """The main loop without Kafka, Airflow and renderers: what lands is claimed, and 'rendered' as told."""

    def __init__(self, catalog: Connection) -> None:
        self.catalog = catalog
        self.now = 0
        self.claims: dict[int, str] = {}

    def land(self, *keys: str, tenant: str = "team", bucket: str = "models") -> None:
        """Let objects land in one batch, each with new bytes."""
        events = []
        for key in keys:
            self.now += 1
            events.append(created(key, at=self.now, etag=f"e{self.now}", bucket=bucket))
        arrive(self.catalog, *events, tenant=tenant)

    def remove(self, key: str) -> None:
        """Let an object go."""
        self.now += 1
        arrive(self.catalog, removed(key, at=self.now))

    def begin(self) -> dict[str, ClaimedItem]:
        """Claim and start everything that may be rendered now."""
        started = {}
        while claim_id := claim_next(self.catalog, LIMITS):
            for item in claimed_items(self.catalog, claim_id):
                if start_item(self.catalog, claim_id, item, 20, "run"):
                    started[item.key] = item
                    self.claims[item.inbox_id] = claim_id
        return started

    def end(self, item: ClaimedItem, **result: object) -> None:
        """End the rendering of one item."""
        record = RenderingRecord(
            tenant=item.tenant,
            bucket=item.bucket,
            key=item.key,
            version_id="",
            etag=item.etag,
            size=1,
            content_type="",
            sequencer=item.sequencer,
            event_at=item.event_at,
            queued_at=item.queued_at,
            rendered_at=NOON,
            state=ArtifactState.RENDERED,
            kind="coco",
        )
        assert finish(self.catalog, self.claims[item.inbox_id], item, replace(record, **result))  # type: ignore[arg-type]

    def render(self, **members: tuple[str, ...]) -> list[str]:
        """Render all that waits and is due; keys without dots name leaders of the folder ``run/``."""
        started = self.begin()
        for key, item in started.items():
            name = key.removeprefix("run/")
            led = {"members": members[name], "watches": (FOLDER,)} if name in members else {}
            self.end(item, **led)
        return sorted(started)

    def let_calm_pass(self) -> None:
        """Let whatever waits for calm be due."""
        self.catalog.execute("update inbox set available_at = clock_timestamp() where state = 'queued'")

    def waiting(self) -> list[str]:
        """Return the keys of open work."""
        rows = self.catalog.execute("select key from inbox where state in ('queued', 'claimed') order by key")
        return [row["key"] for row in rows]


@pytest.fixture
def loop(catalog: Connection) -> Loop:
    return Loop(catalog)


@pytest.fixture
def coco(loop: Loop) -> Loop:
    """A rendered leader ``run/coco`` with two images."""
    loop.land("run/coco", "run/a.png", "run/b.png", "run/other.txt")
    loop.render(coco=("run/a.png", "run/b.png"))
    return loop


def keys(connection: Connection, **wanted: object) -> list[str]:
    found = listings.page(connection, Filter(**wanted), Order.KEY, 100, scope=None)  # type: ignore[arg-type]
    assert listings.total(connection, Filter(**wanted), scope=None).count == len(found)  # type: ignore[arg-type]
    return [artifact.key for artifact in found]


def family(connection: Connection, key: str) -> tuple[list[str], list[str]]:
    artifact = browse.look_up(connection, "models", key, None)
    assert artifact
    found = browse.family(connection, artifact, None)
    return [kin.key for kin in found.leaders], [kin.key for kin in found.members]


def test_members_of_a_rendered_leader_leave_the_wall_and_stay_reachable(catalog: Connection, coco: Loop) -> None:
    assert keys(catalog) == ["run/coco", "run/other.txt"]
    assert keys(catalog, parts=True) == ["run/a.png", "run/b.png", "run/coco", "run/other.txt"]
    assert keys(catalog, prefix="run/") == ["run/coco", "run/other.txt"]
    assert keys(catalog, prefix="run/a.png") == ["run/a.png"]
    assert keys(catalog, search=read("png")) == []
    assert keys(catalog, search=read("png"), parts=True) == ["run/a.png", "run/b.png"]
    assert family(catalog, "run/coco") == ([], ["run/a.png", "run/b.png"])
    assert family(catalog, "run/a.png") == (["run/coco"], [])
    found = browse.look_up(catalog, "models", "run/a.png", None)
    assert found is not None
    assert found.part
    assert {(facet.part, facet.count) for facet in overview.facets(catalog, None)} == {(True, 2), (False, 2)}


def test_what_lands_in_a_listed_folder_is_a_part_at_once_and_its_leader_is_rendered_again(
    catalog: Connection, coco: Loop
) -> None:
    coco.land("run/c.png", "run/d.txt", "elsewhere/c.png")

    assert keys(catalog) == ["elsewhere/c.png", "run/coco", "run/d.txt", "run/other.txt"]
    assert coco.waiting() == ["elsewhere/c.png", "run/c.png", "run/coco", "run/d.txt"]
    assert coco.render() == ["elsewhere/c.png", "run/c.png", "run/d.txt"]  # the leader waits for calm

    coco.let_calm_pass()
    assert coco.render(coco=("run/a.png", "run/b.png")) == ["run/coco"]
    assert "run/c.png" in keys(catalog)  # the leader has the last word
    assert coco.waiting() == []


def test_a_leader_shows_its_picture_while_it_is_rendered_again(catalog: Connection, coco: Loop) -> None:
    coco.land("run/a.png")
    coco.let_calm_pass()
    started = coco.begin()

    leader = browse.look_up(catalog, "models", "run/coco", None)
    assert leader is not None
    assert leader.state is ArtifactState.RENDERED
    assert started["run/coco"].refreshes
    assert not started["run/a.png"].refreshes
    coco.end(started["run/coco"], members=("run/a.png",), watches=(FOLDER,))
    assert "run/b.png" in keys(catalog)


@pytest.mark.parametrize("change", ["replaced", "removed"])
def test_a_changed_or_removed_member_renders_its_leader_again(coco: Loop, change: str) -> None:
    if change == "replaced":
        coco.land("run/a.png")
    else:
        coco.remove("run/a.png")

    assert "run/coco" in coco.waiting()


def test_a_new_version_of_a_member_is_a_part_too(catalog: Connection, coco: Loop) -> None:
    coco.land("run/a.png")

    assert keys(catalog) == ["run/coco", "run/other.txt"]


def test_a_deleted_leader_frees_its_members(catalog: Connection, coco: Loop) -> None:
    coco.remove("run/coco")

    assert keys(catalog) == ["run/a.png", "run/b.png", "run/other.txt"]
    coco.land("run/c.png")
    assert "run/c.png" in keys(catalog)
    assert "run/coco" not in coco.waiting()


def test_a_member_of_two_leaders_stays_a_part_until_both_are_gone(catalog: Connection, loop: Loop) -> None:
    loop.land("run/train", "run/val", "run/a.png")
    loop.render(train=("run/a.png",), val=("run/a.png",))
    loop.remove("run/train")
    assert keys(catalog) == ["run/val"]

    loop.remove("run/val")
    assert keys(catalog) == ["run/a.png"]


def test_a_leader_that_died_keeps_no_members(catalog: Connection, coco: Loop) -> None:
    coco.land("run/coco")
    started = coco.begin()
    coco.end(started["run/coco"], state=ArtifactState.DEAD, watches=(FOLDER,))

    assert keys(catalog) == ["run/a.png", "run/b.png", "run/coco", "run/other.txt"]


def test_what_lands_while_its_leader_is_rendered_for_the_first_time_is_not_missed(
    catalog: Connection, loop: Loop
) -> None:
    loop.land("run/coco")
    started = loop.begin()
    loop.land("run/a.png", "run/b.txt")
    assert keys(catalog) == ["run/a.png", "run/b.txt", "run/coco"]

    loop.end(started["run/coco"], watches=(FOLDER,))

    assert keys(catalog) == ["run/b.txt", "run/coco"]
    assert loop.waiting() == ["run/a.png", "run/b.txt", "run/coco"]


def test_members_that_are_rendered_meanwhile_are_no_reason_to_render_the_leader_again(loop: Loop) -> None:
    loop.land("run/coco", "run/a.png")
    started = loop.begin()
    loop.end(started["run/a.png"])
    loop.end(started["run/coco"], members=("run/a.png",), watches=(FOLDER,))

    assert loop.waiting() == []


def test_a_thousand_images_cost_a_handful_of_renderings(
    catalog: Connection, coco: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CALM_SECONDS", "PATIENCE_SECONDS", "BURST_SECONDS"):  # so slow that this test's own time is nothing
        monkeypatch.setattr(membership, name, 1000 * getattr(membership, name))
    renderings = 0
    for number in range(100):
        coco.land(*(f"run/{number}-{at}.png" for at in range(10)))
        catalog.execute("update inbox set state = 'done' where key like '%.png'")  # the images are not the point
        passed = "available_at = available_at - interval '300 s', received_at = received_at - interval '300 s'"
        catalog.execute(f"update inbox set {passed} where state = 'queued'")
        catalog.execute("update inbox set finished_at = finished_at - interval '300 s' where key = 'run/coco'")
        renderings += "run/coco" in coco.render(coco=("run/a.png",))
    coco.let_calm_pass()
    renderings += "run/coco" in coco.render(coco=tuple(f"run/{n}-{at}.png" for n in range(100) for at in range(10)))

    assert 2 <= renderings <= 6
    assert coco.waiting() == []
    assert keys(catalog) == ["run/a.png", "run/b.png", "run/coco", "run/other.txt"]


def test_a_calm_change_waits_less_than_a_second(catalog: Connection, coco: Loop) -> None:
    coco.land("run/a.png")

    row = catalog.execute(
        "select extract(epoch from available_at - received_at) as s from inbox "
        "where key = 'run/coco' and state = 'queued'"
    ).fetchone()
    assert row is not None
    assert 0.3 < row["s"] < 1


def test_another_tenants_objects_never_become_members_and_never_wake_a_leader(catalog: Connection, loop: Loop) -> None:
    foreign = Watch("theirs", "run/", ("*",))
    loop.land("run/coco")
    started = loop.begin()
    loop.end(started["run/coco"], watches=(FOLDER, foreign))

    loop.land("run/a.png", tenant="other", bucket="theirs")

    assert keys(catalog) == ["run/coco", "run/a.png"]
    assert loop.waiting() == ["run/a.png"]


def test_another_bucket_of_the_same_tenant_wakes_a_leader_but_holds_no_members(catalog: Connection, loop: Loop) -> None:
    loop.land("run/coco")
    started = loop.begin()
    loop.end(started["run/coco"], watches=(Watch("second", "run/", ("*",)),))

    loop.land("run/a.png", bucket="second")

    assert keys(catalog) == ["run/coco", "run/a.png"]
    assert loop.waiting() == ["run/a.png", "run/coco"]


def test_of_two_that_claim_each_other_the_smaller_key_leads(catalog: Connection, loop: Loop) -> None:
    logs = Watch("models", "run/", ("log*",))
    loop.land("run/log2")
    started = loop.begin()
    loop.end(started["run/log2"], watches=(logs,))
    loop.land("run/log1")  # adopted by the one that was first
    assert keys(catalog) == ["run/log2"]

    started = loop.begin()
    loop.end(started["run/log1"], members=("run/log2",), watches=(logs,))
    loop.let_calm_pass()
    started = loop.begin()
    loop.end(started["run/log2"], watches=(logs,))

    assert keys(catalog) == ["run/log1"]
    assert loop.waiting() == []
    loop.land("run/log2")
    assert loop.waiting() == ["run/log1", "run/log2"]


def test_siblings_without_members_leave_looking_to_the_one_that_leads(catalog: Connection, loop: Loop) -> None:
    logs = Watch("models", "run/", ("log*",))
    names = [f"run/log{number}" for number in range(5)]
    loop.land(*names)
    started = loop.begin()
    for key, item in started.items():
        loop.end(item, members=tuple(names[1:]) if key == names[0] else (), watches=(logs,))
    assert keys(catalog) == names[:1]

    loop.land(names[3])
    assert loop.waiting() == [names[0], names[3]]

    loop.let_calm_pass()
    started = loop.begin()
    for key, item in started.items():
        loop.end(item, members=tuple(names[1:]) if key == names[0] else (), watches=(logs,))
    loop.remove(names[0])
    assert loop.waiting() == names[1:]  # one of them leads from now on


def test_a_longer_circle_hides_nobody_for_ever(catalog: Connection, loop: Loop) -> None:
    everything = Watch("models", "run/", ("*",))
    loop.land("run/a", "run/b", "run/c")
    started = loop.begin()
    for key, member in (("run/a", "run/b"), ("run/b", "run/c"), ("run/c", "run/a")):
        loop.end(started[key], members=(member,), watches=(everything,))

    assert keys(catalog) == ["run/a"]


def test_a_key_that_is_watched_alone_wakes_its_leader_and_is_no_part(catalog: Connection, loop: Loop) -> None:
    loop.land("run/metadata")
    started = loop.begin()
    loop.end(started["run/metadata"], watches=(Watch("models", "run/roc.csv"),))

    loop.land("run/roc.csv", "run/roc.csv.bak")

    assert keys(catalog) == ["run/metadata", "run/roc.csv", "run/roc.csv.bak"]
    assert "run/metadata" in loop.waiting()


@pytest.mark.parametrize("key", ["run/%_'\\.png", "run/한국어 \n.png", "run//.png", "run/" + "x" * 900 + ".png"])
def test_any_key_can_be_a_member(catalog: Connection, loop: Loop, key: str) -> None:
    loop.land("run/coco", key)
    loop.render(coco=(key,))

    assert keys(catalog) == ["run/coco"]


def test_an_older_version_of_a_leader_says_nothing_about_members(catalog: Connection, loop: Loop) -> None:
    loop.land("run/coco", "run/a.png")
    started = loop.begin()
    loop.land("run/coco")
    loop.end(started["run/coco"], members=("run/a.png",), watches=(FOLDER,))

    assert keys(catalog) == ["run/a.png", "run/coco"]
