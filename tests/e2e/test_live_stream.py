"""One stream of changes for all pages of a browser, and what moves on them while a step runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness.databases import empty
from tests.harness.gallery_rows import add_source, artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page
    from tests.harness.own_gallery import OwnGallery

LIVE = "#live[data-level=live]"
# Without shared workers pages choose one among them; without either each is on its own.
WITHOUT_WORKER = "delete window.SharedWorker"
WITHOUT_ANYTHING = "delete window.SharedWorker; delete window.BroadcastChannel"


@pytest.fixture
def context(browser: Browser, own: OwnGallery) -> Iterator[BrowserContext]:
    empty(own.catalog)
    add_source(own.catalog, BUCKET)
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    yield made
    made.close()


def open_wall(context: BrowserContext, own: OwnGallery) -> Page:
    page = context.new_page()
    page.goto(f"{own.url}/belvedere/")
    page.wait_for_selector(LIVE)
    return page


def streams(own: OwnGallery) -> int:
    return len(own.app.state.resources().changes._subscribers)


def progress_row(step: int, total: int = 100, *, state: str = "rendered") -> dict[str, Any]:
    """Return one version of a progress file, as the express lane leaves it."""
    steps = list(range(1, step + 1))
    curve = {"metric": "loss", "steps": steps, "values": [1 / n for n in steps]}
    done = {
        "lines": step,
        "step": step,
        "total": total,
        "eta_seconds": 2.0 * (total - step),
        "metrics": {"loss": 1 / step},
    }
    facts = {"progress": {**done, "percent": 100 * step / total, "curve": curve}, "percent": 100 * step / total}
    now = datetime.now(UTC)
    return artifact_row(
        "run/progress.jsonl",
        step,
        bucket=BUCKET,
        kind="progress_lines" if state == "rendered" else None,
        state=state,
        facts=facts if state == "rendered" else {},
        event_at=now,
        rendered_at=now + timedelta(milliseconds=100) if state == "rendered" else None,
    )


OVERTAKE = """
update artifacts set is_latest = false, seq = nextval('artifact_seq') where key = %s and id <> %s and is_latest
"""


def write_overtaken(own: OwnGallery, step: int) -> None:
    """Let a version be drawn when a newer one has come already, as where a step writes faster than is rendered."""
    queued, next_one = progress_row(step, state="queued"), progress_row(step + 1, state="queued")
    own.catalog.execute(OVERTAKE, [queued["key"], queued["id"]])
    write_artifacts(own.catalog, queued)
    own.catalog.execute(OVERTAKE, [queued["key"], next_one["id"]])
    write_artifacts(own.catalog, next_one, progress_row(step) | {"is_latest": False})


def write_version(own: OwnGallery, step: int, *, state: str = "rendered") -> None:
    """Let a version be the newest one, as intake does."""
    row = progress_row(step, state=state)
    own.catalog.execute(OVERTAKE, [row["key"], row["id"]])
    write_artifacts(own.catalog, row)


def write_foretold(own: OwnGallery, step: int, *, state: str = "rendering") -> None:
    """Let a version be the newest one, read but not drawn yet: as a lane tells of it."""
    row = progress_row(step) | {"state": state, "rendered_at": None}
    own.catalog.execute(OVERTAKE, [row["key"], row["id"]])
    write_artifacts(own.catalog, row)


def follow(context: BrowserContext, own: OwnGallery, step: int) -> Page:
    """Open the page of a version that says how far the work is."""
    page = context.new_page()
    page.goto(f"{own.url}/belvedere/artifacts/{progress_row(step)['id']}")
    page.wait_for_selector(f".following .progress-share:text-is('{step} %')")
    return page


@pytest.mark.parametrize("script", ["", WITHOUT_WORKER], ids=["worker", "channel"])
def test_all_pages_of_a_browser_share_one_stream(own: OwnGallery, context: BrowserContext, script: str) -> None:
    context.add_init_script(script)
    row = artifact_row("run/roc.csv", 1, bucket=BUCKET)
    write_artifacts(own.catalog, row)
    walls = [open_wall(context, own) for _ in range(3)]
    artifact = context.new_page()
    artifact.goto(f"{own.url}/belvedere/artifacts/{row['id']}")

    write_artifacts(own.catalog, row | {"state": "dead", "error_message": "line 3 is odd", "error_code": "odd"})

    for wall in walls:
        wall.wait_for_selector(".card[data-state=dead]")
    artifact.wait_for_selector(".state[data-state=dead]")
    assert streams(own) == 1


def test_a_page_goes_on_when_the_one_that_kept_the_stream_is_closed(own: OwnGallery, context: BrowserContext) -> None:
    context.add_init_script(WITHOUT_WORKER)
    keeper, other = open_wall(context, own), open_wall(context, own)
    keeper.close()
    write_artifacts(own.catalog, artifact_row("run/while.csv", 1, bucket=BUCKET))

    other.wait_for_selector(".card:has-text('while.csv')")
    write_artifacts(own.catalog, artifact_row("run/after.csv", 2, bucket=BUCKET))
    other.wait_for_selector(".card:has-text('after.csv')")
    eventually(lambda: streams(own) == 1, what="one stream")


def test_a_page_of_a_browser_that_can_share_nothing_has_its_own(own: OwnGallery, context: BrowserContext) -> None:
    context.add_init_script(WITHOUT_ANYTHING)
    wall = open_wall(context, own)

    write_artifacts(own.catalog, artifact_row("run/roc.csv", 1, bucket=BUCKET))

    wall.wait_for_selector(".card:has-text('roc.csv')")


def test_closed_pages_leave_no_stream_behind(own: OwnGallery, context: BrowserContext) -> None:
    wall = open_wall(context, own)
    assert streams(own) == 1

    wall.goto("about:blank")

    eventually(lambda: streams(own) == 0, 10.0, what="no stream")


def test_a_progress_card_moves_in_place_without_blinking(own: OwnGallery, context: BrowserContext) -> None:
    write_version(own, 10)
    wall = open_wall(context, own)
    assert wall.inner_text(".progress-share") == "10 %"
    assert "left" in wall.inner_text(".progress-left")
    before = wall.locator(".card").bounding_box()
    wall.evaluate(
        """() => {
            const card = document.querySelector(".card");
            window.states = new Set([card.dataset.state]);
            new MutationObserver(() => window.states.add(card.dataset.state)).observe(card, { attributes: true });
        }"""
    )

    for step in (20, 30, 40):
        write_version(own, step, state="queued")
        write_version(own, step, state="rendering")
        write_version(own, step)
        wall.wait_for_selector(f".progress-share:text-is('{step} %')")

    assert wall.evaluate("[...window.states]") == ["rendered"], "what is under way is no news on a card that moves"
    assert wall.locator(".card").bounding_box() == before
    assert wall.locator(".progress polyline").get_attribute("points").count(",") == 40
    assert wall.locator(".progress-bar").get_attribute("aria-valuenow") == "40"
    write_version(own, 100)
    wall.wait_for_selector(".progress.done")
    assert wall.inner_text(".progress-left") == "done"


def test_numbers_are_shown_before_their_picture_is_stored(own: OwnGallery, context: BrowserContext) -> None:
    write_version(own, 10)
    wall, page = open_wall(context, own), follow(context, own, 10)
    stood = page.url

    write_foretold(own, 20)

    wall.wait_for_selector(".progress-share:text-is('20 %')")
    assert wall.locator(".card").get_attribute("data-state") == "rendered"
    page.wait_for_selector(".following .progress-share:text-is('20 %')")
    assert page.url == stood, "the page goes to a version when all of it can be seen"
    write_version(own, 20)
    page.wait_for_url(f"**/{progress_row(20)['id']}*")
    assert wall.inner_text(".progress-share") == "20 %"


@pytest.mark.parametrize("state", ["queued", "superseded"])
def test_numbers_move_although_no_version_is_drawn(own: OwnGallery, context: BrowserContext, state: str) -> None:
    write_foretold(own, 10)
    wall, page = open_wall(context, own), context.new_page()
    assert wall.locator(".card").get_attribute("data-state") == "rendered"
    assert wall.inner_text(".progress-share") == "10 %"
    page.goto(f"{own.url}/belvedere/artifacts/{progress_row(10)['id']}")
    page.wait_for_selector(".following .progress-share:text-is('10 %')")
    assert "appears here by itself" in page.inner_text("#viewer")

    for step in (20, 30):
        write_foretold(own, step, state=state)
        wall.wait_for_selector(f".progress-share:text-is('{step} %')")
        page.wait_for_selector(f".following .progress-share:text-is('{step} %')")

    write_version(own, 40)
    wall.wait_for_selector(".progress-share:text-is('40 %')")
    page.wait_for_url(f"**/{progress_row(40)['id']}*")


def test_an_overtaken_version_leads_to_the_newest_and_is_none_of_the_history(
    own: OwnGallery, context: BrowserContext
) -> None:
    write_version(own, 10)
    write_foretold(own, 20, state="superseded")
    write_version(own, 30)
    page = context.new_page()

    page.goto(f"{own.url}/belvedere/artifacts/{progress_row(20)['id']}")

    assert page.url.endswith(progress_row(30)["id"])
    assert "v2 of 2" in page.inner_text(".versions")
    page.click("[data-step='-1']")
    page.wait_for_url(f"**/{progress_row(10)['id']}*")
    assert "not the newest" in page.inner_text("#head")


def test_a_page_that_is_overtaken_before_it_is_told_of_goes_on_with_the_newest(
    own: OwnGallery, context: BrowserContext
) -> None:
    write_version(own, 10, state="queued")
    page = context.new_page()
    page.goto(f"{own.url}/belvedere/artifacts/{progress_row(10)['id']}")
    write_foretold(own, 20)
    write_artifacts(own.catalog, progress_row(10, state="queued") | {"state": "superseded", "is_latest": False})

    page.wait_for_url(f"**/{progress_row(20)['id']}*")
    page.wait_for_selector(".following .progress-share:text-is('20 %')")


def test_while_work_goes_on_nobody_is_told_that_its_picture_is_overtaken(
    own: OwnGallery, context: BrowserContext
) -> None:
    write_version(own, 10)
    page = follow(context, own, 10)

    write_overtaken(own, 20)

    page.wait_for_url(f"**/{progress_row(20)['id']}*")
    assert page.locator(".overtaken").is_hidden()
    page.click("[data-step='-1']")
    page.wait_for_url(f"**/{progress_row(10)['id']}*")
    page.wait_for_selector(".overtaken:visible")


def test_a_page_without_a_picture_goes_to_the_first_that_is_drawn(own: OwnGallery, context: BrowserContext) -> None:
    write_foretold(own, 10)
    page = follow(context, own, 10)

    write_overtaken(own, 20)

    page.wait_for_url(f"**/{progress_row(20)['id']}*")
    write_foretold(own, 30)
    page.wait_for_selector(".following .progress-share:text-is('30 %')")


def test_a_version_that_fails_after_its_numbers_were_shown_says_so(own: OwnGallery, context: BrowserContext) -> None:
    write_version(own, 10)
    wall = open_wall(context, own)
    write_foretold(own, 20)
    wall.wait_for_selector(".progress-share:text-is('20 %')")

    dead = {"state": "dead", "error_code": "odd", "error_message": "line 3 is odd", "rendered_at": None}
    write_artifacts(own.catalog, progress_row(20) | dead)

    wall.wait_for_selector(".card[data-state=dead]")


def test_an_artifacts_page_follows_its_progress_in_place(own: OwnGallery, context: BrowserContext) -> None:
    write_version(own, 10)
    page = follow(context, own, 10)
    before = page.locator("#viewer").bounding_box()
    assert "curve" not in page.inner_text("#panel"), "the way of the metric is drawn, not told in numbers"

    for step in (20, 30, 100):
        write_version(own, step, state="queued")
        write_version(own, step)
        page.wait_for_selector(f".following .progress-share:text-is('{step} %')")

    assert page.locator("#viewer").bounding_box() == before
    page.wait_for_url(f"**/{progress_row(100)['id']}*")
    assert page.locator("#following .progress").count() == 1
    assert page.inner_text(".following .progress-left") == "done"


def test_progress_moves_although_each_version_is_overtaken_before_it_is_drawn(
    own: OwnGallery, context: BrowserContext
) -> None:
    write_version(own, 10)
    wall, page = open_wall(context, own), follow(context, own, 10)

    for step in (20, 30, 40):
        write_overtaken(own, step)
        wall.wait_for_selector(f".progress-share:text-is('{step} %')")
        page.wait_for_selector(f".following .progress-share:text-is('{step} %')")

    write_version(own, 41)
    wall.wait_for_selector(".progress-share:text-is('41 %')")
    page.wait_for_url(f"**/{progress_row(41)['id']}*")


def test_a_rendering_is_drawn_once_although_its_successor_changes_it(own: OwnGallery, context: BrowserContext) -> None:
    context.add_init_script(
        "window.seen = [];"
        "document.addEventListener('belvedere:seen', ({ detail }) => seen.push(detail.facts.progress.step));"
    )
    write_version(own, 10)
    wall = open_wall(context, own)
    for step in (20, 30):
        write_version(own, step)
        wall.wait_for_selector(f".progress-share:text-is('{step} %')")
        write_version(own, step + 5, state="queued")
        wall.wait_for_selector(".card[data-state=queued]")

    assert wall.evaluate("seen") == [10, 20, 30]


def test_a_newer_version_that_takes_long_is_told_of_on_the_card(own: OwnGallery, context: BrowserContext) -> None:
    write_version(own, 10)
    wall = open_wall(context, own)

    write_version(own, 20, state="queued")

    wall.wait_for_selector(".card[data-state=queued]")
    assert wall.inner_text(".progress-share") == "10 %", "the picture stays until the new one is there"


def test_the_meter_tells_how_soon_changes_were_seen_here(own: OwnGallery, context: BrowserContext) -> None:
    wall = open_wall(context, own)
    for step in range(1, 9):
        write_version(own, step)
        wall.wait_for_selector(f".progress-share:text-is('{step} %')")

    wall.wait_for_selector("#live:has-text('p95')")
    wall.click("#live")
    assert wall.locator("#freshness [data-row=here] td").last.inner_text() == "8"
    assert "open" in wall.inner_text("#freshness [data-stream]")


HUB = """async ({ since }) => {
  const { Hub } = await import(document.querySelector('link[href$="stream.js"]').href);
  const sources = [];
  let now = 1000000;
  const open = (address) => {
    const source = new EventTarget();
    Object.assign(source, { address, readyState: 1, close() { this.readyState = 2; } });
    sources.push(source);
    return source;
  };
  const hub = new Hub("/root", { open, now: () => now });
  const tell = (name, seq, data = {}) => {
    const event = new MessageEvent(name, { data: JSON.stringify(data), lastEventId: String(seq) });
    sources.at(-1).dispatchEvent(event);
  };
  const page = (name, since, only = {}) => {
    const heard = [];
    const post = (message) => message.kind !== "level" && heard.push(message.seq ?? message.artifact.seq);
    hub.hear(name, post, { kind: "hello", since, only, visible: true });
    return heard;
  };
  const change = (seq, key = "k") => tell("artifact", seq, { seq, bucket: "b", key });
  const wait = (ms) => (now += ms, hub.look());
  return await (SCRIPT)({ hub, sources, tell, page, change, wait });
}"""


def in_a_hub(context: BrowserContext, own: OwnGallery, script: str) -> Any:
    """Run a script against a hub whose stream the script itself feeds."""
    page = open_wall(context, own)
    return page.evaluate(HUB.replace("SCRIPT", script), {"since": 0})


def test_a_page_that_joins_late_hears_what_it_missed_and_nothing_twice(
    own: OwnGallery, context: BrowserContext
) -> None:
    first, late, other = in_a_hub(
        context,
        own,
        """({ page, change, tell }) => {
          const first = page("first", 10); tell("ready", 10);
          change(11); change(12); change(13, "other");
          const late = page("late", 11), other = page("other", 10, { bucket: "b", key: "other" });
          change(14);
          return [first, late, other];
        }""",
    )

    assert first == [11, 12, 13, 14]
    assert late == [12, 13, 14]
    assert other == [13]


def test_a_page_that_knows_less_than_was_kept_lists_again(own: OwnGallery, context: BrowserContext) -> None:
    heard = in_a_hub(
        context,
        own,
        """({ page, change, tell }) => {
          page("first", 10); tell("ready", 10);
          for (let seq = 11; seq < 1200; seq += 1) change(seq);
          const late = page("late", 20);
          change(1200);
          return late;
        }""",
    )

    assert heard == [1199, 1200], "a reset up to what is known, and what came after it"


def test_the_stream_rests_while_all_pages_are_hidden_and_goes_on_without_a_gap(
    own: OwnGallery, context: BrowserContext
) -> None:
    heard, addresses, states = in_a_hub(
        context,
        own,
        """({ hub, page, change, tell, sources, wait }) => {
          const heard = page("one", 10); tell("ready", 10); change(11);
          hub.hear("one", () => {}, { kind: "seen", visible: false });
          wait(60000); change(12); const states = [sources[0].readyState];
          wait(180000); states.push(sources[0].readyState);
          hub.hear("one", () => {}, { kind: "seen", visible: true });
          tell("ready", 12); change(13);
          return [heard, sources.map((source) => source.address), states];
        }""",
    )

    assert heard == [11, 12, 13]
    assert states == [1, 2], "open for some minutes, then closed"
    assert addresses == ["/root/api/events?since=10", "/root/api/events?since=12"]
