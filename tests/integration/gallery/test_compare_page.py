"""The page of a comparison in a browser: what is looked at stands in the address, and keys reach everything."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.harness.gallery_rows import artifact_row, write_artifacts
from tests.harness.own_gallery import BUCKET
from tests.harness.specimens import Specimen, drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from tests.harness.own_gallery import OwnGallery

    Hang = Callable[[str, bytes | str], str]


@pytest.fixture
def hang(own: OwnGallery, tmp_path: Path) -> Hang:
    def hung(key: str, content: bytes | str) -> str:
        place = tmp_path / key.replace("/", "_")
        place.mkdir()
        raw = content if isinstance(content, bytes) else content.encode()
        return own.hang_rendering(key, drawn(Specimen("made", key, raw), place), raw)

    return hung


@pytest.fixture
def view(browser: Browser) -> Iterator[Page]:
    """A page in which an error of a script, or anything that the policy forbids, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if "Content Security Policy" in told.text else None)
    yield page
    context.close()
    assert errors == []


def losses(rate: float) -> str:
    return "".join(json.dumps({"step": at, "loss": rate**at, "accuracy": 1 - rate**at}) + "\n" for at in range(11))


def picture(shade: int) -> bytes:
    from PIL import Image

    image = Image.new("RGB", (200, 100), "#ffffff")
    image.paste((shade, 0, 0), (0, 0, 50, 100))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_one_pointer_points_in_all_curves_and_keys_move_it(own: OwnGallery, hang: Hang, view: Page) -> None:
    ids = [hang(f"page/p{at}.jsonl", losses(rate)) for at, rate in enumerate((0.5, 0.8))]
    view.goto(f"{own.url}/belvedere/compare?ids={','.join(ids)}")
    charts = view.get_by_role("slider", name=re.compile("values at step"))
    expect(charts).to_have_count(2)

    charts.first.focus()
    charts.first.press("Home")
    charts.first.press("ArrowRight")

    readouts = view.locator(".readout")
    expect(readouts.nth(0)).to_have_text("step 1: A 0.5, B 0.8")
    expect(readouts.nth(1)).to_have_text("step 1: A 0.5, B 0.2")
    expect(charts.first).to_have_attribute("aria-valuetext", "step 1: A 0.5, B 0.8")


def test_hidden_lines_and_charts_apart_stand_in_the_address(own: OwnGallery, hang: Hang, view: Page) -> None:
    ids = [hang(f"page/q{at}.jsonl", losses(rate)) for at, rate in enumerate((0.5, 0.7, 0.9))]
    view.goto(f"{own.url}/belvedere/compare?ids={','.join(ids)}")
    lines = view.locator("polyline.series")
    expect(lines).to_have_count(6)

    view.get_by_role("button", name="B", exact=True).click()
    expect(lines).to_have_count(4)
    view.get_by_role("button", name="Side by side").click()
    expect(view.locator(".chart")).to_have_count(4)
    assert view.url.endswith("&hide=B&plots=apart")

    view.reload()
    expect(view.locator(".chart")).to_have_count(4)
    expect(view.get_by_role("button", name="B", exact=True)).to_have_attribute("aria-pressed", "false")


def test_pictures_lie_over_each_other_in_four_ways(own: OwnGallery, hang: Hang, view: Page) -> None:
    ids = [hang(f"page/{shade}.png", picture(shade)) for shade in (100, 200)]
    view.goto(f"{own.url}/belvedere/compare?ids={','.join(ids)}")

    expect(view.locator("[data-said]")).to_have_text("25.00 % of the pixels look different.")
    other = view.locator("[data-picture=other]")
    expect(other).to_have_css("clip-path", "inset(0px 0px 0px 50%)")
    view.get_by_role("slider").focus()
    view.get_by_role("slider").press("End")
    expect(other).to_have_css("clip-path", "inset(0px 0px 0px 0%)")
    view.get_by_role("button", name="Onion skin").click()
    expect(other).to_have_css("opacity", "1")
    view.get_by_role("button", name="Difference").click()
    expect(other).to_have_css("mix-blend-mode", "difference")
    view.locator("section").get_by_role("button", name="Side by side").click()
    expect(view.locator("[data-picture=second]")).to_be_visible()
    assert "picture=apart" in view.url
    assert "at=100" in view.url


def test_x_swaps_and_s_shows_side_by_side(own: OwnGallery, hang: Hang, view: Page) -> None:
    ids = [hang(f"page/{name}.txt", f"{name}\n") for name in ("one", "two")]
    view.goto(f"{own.url}/belvedere/compare?ids={','.join(ids)}")

    view.keyboard.press("x")
    expect(view).to_have_url(re.compile(f"ids={ids[1]},{ids[0]}$"))
    expect(view.locator("tr[data-sign=removed] .text")).to_have_text("two")
    view.keyboard.press("s")
    expect(view.locator("iframe[src]")).to_have_count(2)
    expect(view.frame_locator("iframe").first.locator("body")).to_contain_text("two")
    assert view.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_changes_meanwhile_is_said_and_nothing_moves(own: OwnGallery, hang: Hang, view: Page) -> None:
    ids = [hang(f"page/live-{name}.txt", f"{name}\n") for name in ("one", "two")]
    view.goto(f"{own.url}/belvedere/compare?ids={','.join(ids)}")
    expect(view.get_by_role("heading", name="Text: A to B")).to_be_visible()
    etag = own.client.get(f"/belvedere/api/artifacts/{ids[1]}").json()["etag"]

    write_artifacts(own.catalog, artifact_row("page/live-two.txt", bucket=BUCKET, etag=etag))

    expect(view.get_by_role("status")).to_contain_text("B changed since this page was made.", timeout=20_000)


def test_what_is_chosen_on_the_wall_waits_in_a_tray(own: OwnGallery, hang: Hang, view: Page) -> None:
    ids = [hang(f"tray/{name}.txt", f"{name}\n") for name in ("one", "two")]
    view.goto(f"{own.url}/belvedere/?prefix=tray/&order=key")
    view.wait_for_selector("#live[data-level=live]")
    cards = view.locator("#wall .card")
    expect(cards).to_have_count(2)
    tray = view.get_by_role("complementary", name="Chosen for a comparison")

    cards.first.focus()
    view.keyboard.press("c")
    expect(tray.get_by_role("listitem")).to_contain_text(["Aone.txt"])
    expect(tray.get_by_role("status")).to_have_text("Choose one more (key c).")
    cards.nth(1).focus()
    view.keyboard.press("c")
    expect(tray.get_by_role("link", name="Compare")).to_be_visible()
    assert f"compare={ids[0]},{ids[1]}" in view.url

    view.reload()
    expect(tray.get_by_role("listitem")).to_have_count(2)
    tray.get_by_role("button", name="Leave out one.txt").click()
    expect(tray.get_by_role("listitem")).to_contain_text(["Atwo.txt"])
    cards.first.focus()
    view.keyboard.press("c")
    tray.get_by_role("link", name="Compare").click()
    expect(view).to_have_url(re.compile(f"/compare\\?ids={ids[1]},{ids[0]}$"))
    expect(view.get_by_role("heading", name="Text: A to B")).to_be_visible()
