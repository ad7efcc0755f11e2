"""The stories of the gallery, walked by two people on the whole stack: olga operates it, vera is in one team."""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING, NamedTuple

import pytest
from playwright.sync_api import expect
from tests.harness.airflow import log_in
from tests.harness.samples import SAMPLES, matrix_csv, table_csv
from tests.harness.stack_fixtures import logged_in
from tests.harness.wall import Wall

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from playwright.sync_api import Browser, Locator, Page
    from tests.harness.whole import RunningStack

TEAM = "team-of-vera"
OTHERS = "team-of-others"
OWN_PAGE = {"X-Belvedere": "test"}
SLOW_MS = 60_000
ROC = next(content for sample in SAMPLES for key, content, _ in sample.objects if key.endswith("breast-cancer/roc.csv"))


class Teams(NamedTuple):
    """Two teams' buckets."""

    vera: Wall
    others: Wall


@pytest.fixture(scope="module")
def teams(stack: RunningStack, gallery: httpx.Client) -> Teams:
    """Two tenants; vera is a member of the first."""
    for name in (TEAM, OTHERS):
        stack.airflow.run("provision_storage", {"buckets": [name], "tenant": name}, seconds=180.0)
    vera = stack.env["AIRFLOW_VIEWER_USER"]
    joined = gallery.put(f"/belvedere/api/tenants/{TEAM}/members/{vera}", json={"role": "member"}, headers=OWN_PAGE)
    joined.raise_for_status()
    return Teams(Wall(stack.s3, gallery, TEAM), Wall(stack.s3, gallery, OTHERS))


@pytest.fixture(scope="module")
def run(teams: Teams) -> str:
    """A run of a few artifacts in vera's bucket; the folder they are in."""
    folder = f"runs/{uuid.uuid4().hex[:12]}"
    progress = "".join(json.dumps({"step": n, "total_steps": 10, "loss": 1 / n}) + "\n" for n in range(1, 6))
    files = {"roc.csv": ROC, "matrix.csv": matrix_csv(5), "table.csv": table_csv(400), "broken.json": b'{"outputs": ['}
    etags = {name: teams.vera.put(f"{folder}/{name}", content) for name, content in files.items()}
    etags["train.jsonl"] = teams.vera.put(f"{folder}/train.jsonl", progress.encode())
    for name, etag in etags.items():
        teams.vera.settled(f"{folder}/{name}", etag)
    return folder


@pytest.fixture(scope="module")
def secret_of_others(teams: Teams) -> str:
    """The id of an artifact that vera must not see."""
    return str(teams.others.show(f"plans/{uuid.uuid4().hex}.csv", matrix_csv(9))["id"])


@pytest.fixture
def olga(browser: Browser, stack: RunningStack) -> Iterator[Page]:
    yield from visit(browser, stack, stack.env["AIRFLOW_USER"], stack.env["AIRFLOW_PASSWORD"])


@pytest.fixture
def vera(browser: Browser, stack: RunningStack) -> Iterator[Page]:
    yield from visit(browser, stack, stack.env["AIRFLOW_VIEWER_USER"], stack.env["AIRFLOW_VIEWER_PASSWORD"])


def visit(browser: Browser, stack: RunningStack, user: str, password: str) -> Iterator[Page]:
    """Open a tab of somebody's session at the gallery; an error in a script of ours fails the test."""
    context = browser.new_context(base_url=f"{stack.url}/belvedere/", viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "_token", "value": log_in(stack.url, user, password), "url": stack.url}])
    context.set_default_timeout(SLOW_MS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def card(page: Page, name: str) -> Locator:
    return page.locator(".card", has=page.locator(".name", has_text=name)).first


def test_the_bar_leads_everybody_to_what_is_theirs(olga: Page, vera: Page, teams: Teams) -> None:
    for page, labels in (
        (olga, ["Wall", "Upload", "Tenants", "Operations", "Notifications", "Help"]),
        (vera, ["Wall", "Upload", "Tenants", "Notifications", "Help"]),
    ):
        page.goto("help")
        bar = page.get_by_role("navigation", name="Belvedere")
        expect(bar.get_by_role("listitem")).to_have_text(labels)
        expect(bar.locator("[aria-current=page]")).to_have_text("Help")
    expect(vera.locator(".standing")).to_contain_text(TEAM)
    expect(olga.locator(".standing")).to_contain_text("all tenants")


def test_a_run_is_found_grouped_and_kept(vera: Page, run: str) -> None:
    vera.goto("?group=run")
    heading = vera.locator(".group", has=vera.locator("h2", has_text=run.split("/")[-1]))
    expect(heading.locator(".card")).to_have_count(5)
    expect(heading.locator(".has-picture")).not_to_have_count(0)

    vera.keyboard.press("/")
    vera.keyboard.type(f"auc>0.9 {run}")
    expect(vera.locator(".card .name")).to_have_text(["roc.csv"])
    assert "auc" in vera.url
    vera.reload()
    expect(vera.locator(".card .name")).to_have_text(["roc.csv"])

    name = f"good curves {uuid.uuid4().hex[:6]}"
    vera.get_by_role("button", name="Views").click()
    vera.get_by_label("Keep these filters as").fill(name)
    vera.get_by_role("button", name="Keep", exact=True).click()
    vera.get_by_text("Kept.").wait_for()
    vera.goto("")
    vera.get_by_role("button", name="Views").click()
    vera.get_by_role("link", name=name).click()
    expect(vera.locator(".card .name")).to_have_text(["roc.csv"])


def test_a_search_that_makes_no_sense_says_which_part(vera: Page, teams: Teams) -> None:
    vera.goto("?q=auc%3Eplenty")

    expect(vera.locator("body")).to_contain_text("'plenty' is not a number")


def test_an_artifact_is_read_from_all_sides(vera: Page, run: str) -> None:
    vera.goto(f"?q={run}")
    card(vera, "table.csv").click()
    expect(vera.locator("h1")).to_have_text("table.csv")
    expect(vera.locator("#panel")).to_contain_text("belvedere.table")

    vera.get_by_role("tab", name="Rows").click()
    rows = vera.locator(".rows tbody tr")
    expect(rows).not_to_have_count(0)
    vera.get_by_role("button", name=re.compile("^value")).click()
    vera.get_by_role("button", name=re.compile("^value")).click()
    expect(rows.first).to_contain_text("399")
    address = vera.url
    vera.goto("help")
    vera.goto(address)
    expect(rows.first).to_contain_text("399")

    vera.get_by_role("button", name="Share").click()
    expect(vera.locator("#share")).to_be_visible()
    vera.keyboard.press("Escape")
    vera.get_by_role("button", name="Export").click()
    with vera.expect_download() as downloaded:
        vera.get_by_role("link", name="Rendering and source").click()
    assert downloaded.value.suggested_filename.endswith(".zip")


def test_versions_are_gone_through_and_compared(vera: Page, teams: Teams, run: str) -> None:
    key = f"{run}/again.csv"
    for seed in (1, 2, 3):
        newest = teams.vera.show(key, matrix_csv(seed))
    vera.goto(newest["page"].removeprefix("/belvedere/"))
    expect(vera.locator("[data-version-said]")).to_have_text("v3")

    vera.keyboard.press("[")
    expect(vera.locator("[data-version-said]")).to_have_text("v2")
    vera.get_by_role("link", name="Compare with v1").click()

    expect(vera.locator("h1")).to_have_text("Compare 2 artifacts")
    expect(vera.locator("#main")).to_contain_text("accuracy")


def test_anything_chosen_on_the_wall_is_compared(vera: Page, run: str) -> None:
    vera.goto(f"?q={run}")
    vera.wait_for_selector("#live[data-level=live]")
    for name in ("roc.csv", "matrix.csv"):
        card(vera, name).focus()
        vera.keyboard.press("c")
    vera.locator("a[href*='compare?ids=']").click()

    expect(vera.locator("h1")).to_have_text("Compare 2 artifacts")


def test_progress_moves_on_its_card_while_the_step_runs(vera: Page, teams: Teams, run: str) -> None:
    vera.goto(f"?q={run}")
    moving = card(vera, "train.jsonl")
    expect(moving).to_contain_text("50")
    before = vera.locator(".card .name").all_inner_texts()

    lines = "".join(json.dumps({"step": n, "total_steps": 10, "loss": 1 / n}) + "\n" for n in range(1, 10))
    teams.vera.put(f"{run}/train.jsonl", lines.encode())

    expect(moving).to_contain_text("90")
    assert vera.locator(".card .name").all_inner_texts() == before, "cards moved"


def test_a_member_puts_a_file_into_the_box_and_its_picture_appears(vera: Page, teams: Teams) -> None:
    vera.goto("upload")
    options = vera.locator(".upload-where option").all_inner_texts()
    assert any(TEAM in option for option in options)
    assert not any(OTHERS in option for option in options)

    vera.locator(".upload-where select").select_option(label=next(option for option in options if TEAM in option))
    content = matrix_csv(uuid.uuid4().int % 900)
    vera.locator("input[type=file]").first.set_input_files(
        {"name": "first try.csv", "mimeType": "text/csv", "buffer": content}
    )
    vera.get_by_role("link", name="Open first try.csv").click()

    expect(vera.locator("h1")).to_have_text("first try.csv")
    expect(vera.locator(".state")).to_contain_text("rendered")


def test_an_operator_sees_what_failed_and_drives_it_again(olga: Page, teams: Teams, run: str) -> None:
    broken = teams.vera.card(f"{run}/broken.json")
    assert broken is not None
    code = broken["error"]["code"]
    olga.goto("operations")

    row = olga.locator("#failures tr", has_text=code)
    row.get_by_role("link", name=code).click()
    one = olga.locator("#failures li", has_text=f"{run}/broken.json")
    one.get_by_role("button", name=re.compile("^Drive")).click()

    expect(olga.locator("#said")).to_be_visible()
    again = teams.vera.settled(f"{run}/broken.json", broken["etag"])
    assert again["state"] == "dead"


def test_a_private_address_is_refused_as_a_webhook_in_words(vera: Page, teams: Teams) -> None:
    vera.goto(f"notifications?tenant={TEAM}")
    vera.get_by_role("textbox", name="Address").fill("https://127.0.0.1/hook")
    vera.get_by_role("button", name="Add the address").click()

    expect(vera.locator("#main")).to_contain_text(re.compile("private|loopback|not public|inside", re.IGNORECASE))


def test_others_work_is_not_there_for_her(vera: Page, teams: Teams, secret_of_others: str) -> None:
    vera.goto(f"?tenant={OTHERS}")
    expect(vera.locator("#none")).to_be_visible()
    assert vera.goto(f"artifacts/{secret_of_others}").status == 404
    assert vera.goto(f"compare?ids={secret_of_others},{secret_of_others}").status in (400, 404)
    assert vera.goto("operations").status == 403
    expect(vera.locator("h1")).to_have_text("Not allowed")

    vera.goto("")
    expect(vera.locator(".card").first).to_be_visible()
    tenants = vera.locator("select[name=tenant] option").all_inner_texts()
    assert not any(OTHERS in tenant for tenant in tenants)


def test_who_leaves_a_team_no_longer_sees_it(
    vera: Page, stack: RunningStack, gallery: httpx.Client, teams: Teams, secret_of_others: str
) -> None:
    member = f"/belvedere/api/tenants/{OTHERS}/members/{stack.env['AIRFLOW_VIEWER_USER']}"
    gallery.put(member, json={"role": "viewer"}, headers=OWN_PAGE).raise_for_status()
    assert vera.goto(f"artifacts/{secret_of_others}").status == 200
    assert vera.locator("[data-rerender]").count() == 0, "viewers only look"

    gallery.delete(member, headers=OWN_PAGE).raise_for_status()

    assert vera.goto(f"artifacts/{secret_of_others}").status == 404


def test_the_gallery_is_at_home_in_airflow(browser: Browser, stack: RunningStack, run: str) -> None:
    context = logged_in(browser, stack)
    page = context.new_page()
    page.goto(f"{stack.url}/plugin/gallery/belvedere/?q={run}", timeout=SLOW_MS)
    frame = page.frame_locator("iframe[src*='belvedere']")
    frame.locator(".card", has_text="roc.csv").click(timeout=SLOW_MS)
    expect(frame.locator("h1")).to_have_text("roc.csv", timeout=SLOW_MS)
    page.wait_for_url(re.compile("/plugin/gallery/belvedere/artifacts/"), timeout=SLOW_MS)
    context.close()
