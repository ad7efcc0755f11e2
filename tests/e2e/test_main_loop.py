"""The promise of the product: a file is PUT, and its picture hangs on the wall without anybody reloading."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from playwright.sync_api import expect
from tests.harness.samples import matrix_csv, png, table_csv

if TYPE_CHECKING:
    import httpx
    from playwright.sync_api import Page
    from tests.harness.wall import Wall
    from tests.harness.whole import RunningStack

PICTURE_MS = 30_000


def test_a_card_appears_and_becomes_its_picture_without_a_reload(page: Page, stack: RunningStack, wall: Wall) -> None:
    prefix = f"live/{uuid.uuid4().hex}/"
    page.goto(f"{stack.url}/belvedere/?prefix={prefix}")
    expect(page.locator("#live")).not_to_contain_text("connecting", timeout=PICTURE_MS)
    expect(page.locator("#wall .cell")).to_have_count(0)
    page.evaluate("window.sameDocument = true")

    wall.put(prefix + "matrix.csv", matrix_csv(1), "text/csv")

    card = page.locator("#wall .cell", has_text="matrix.csv")
    expect(card).to_have_count(1, timeout=PICTURE_MS)
    expect(card.locator("[data-state=rendered]")).to_have_count(1, timeout=PICTURE_MS)
    expect(card.locator("img")).to_be_visible(timeout=PICTURE_MS)
    assert card.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert page.evaluate("window.sameDocument") is True


def test_many_kinds_hang_side_by_side_and_each_opens(page: Page, stack: RunningStack, wall: Wall) -> None:
    prefix = f"kinds/{uuid.uuid4().hex}/"
    page.goto(f"{stack.url}/belvedere/?prefix={prefix}&group=none")
    files = {
        "matrix.csv": (matrix_csv(2), "text/csv"),
        "table.csv": (table_csv(), "text/csv"),
        "picture.png": (png(2), "image/png"),
        "notes.md": (b"# Findings\n\nIt *works*.\n", "text/markdown"),
        "report.txt": (b"accuracy 0.93\n", "text/plain"),
        "report.html": (b"<h1>Report</h1><script>document.title = 'ran'</script>", "text/html"),
    }
    for name, (content, content_type) in files.items():
        wall.put(prefix + name, content, content_type)

    expect(page.locator("#wall [data-state=rendered]")).to_have_count(len(files), timeout=2 * PICTURE_MS)

    for name in files:
        page.locator("#wall .cell", has_text=name).locator("a").first.click()
        expect(page.locator("h1")).to_contain_text(name, timeout=PICTURE_MS)
        expect(page.locator("[role=tab]").first).to_be_visible(timeout=PICTURE_MS)
        page.go_back()
        expect(page.locator("#wall .cell")).to_have_count(len(files), timeout=PICTURE_MS)


def test_the_card_is_there_as_queued_before_the_picture(stack: RunningStack, gallery: httpx.Client, wall: Wall) -> None:
    key = f"states/{uuid.uuid4().hex}.csv"
    with gallery.stream("GET", "/belvedere/api/events", params={"key": key}, timeout=60.0) as stream:
        lines = stream.iter_lines()
        assert any(line == "event: ready" for line in lines)

        etag = wall.put(key, matrix_csv(3), "text/csv")

        states: list[str] = []
        for line in lines:
            if line.startswith('data: {"id"'):
                artifact = json.loads(line.removeprefix("data: "))
                assert artifact["etag"] == etag
                states.append(artifact["state"])
            if states[-1:] == ["rendered"]:
                break
    assert states == ["queued", "rendering", "rendered"]


def test_a_picture_comes_with_its_provenance(stack: RunningStack, wall: Wall) -> None:
    key = f"provenance/{uuid.uuid4().hex}.csv"

    card = wall.show(key, matrix_csv(4), "text/csv")

    record = json.loads(stack.s3.get_object("mlpipeline-renderings", f"{key}/{card['etag']}/rendering.json").read())
    assert record["state"] == "rendered"
    assert record["etag"] == card["etag"]
    assert record["facts"] == card["facts"]
    assert record["renderer_name"] == card["renderer"]["name"]
    assert record["usage"]["wall_ms"] > 0
    assert record["usage"]["peak_memory_bytes"] > 0
    assert record["usage"]["isolation"]
    assert card["latency_ms"] is not None
    assert card["run"]["dag_id"] == "render_artifacts"
    assert stack.airflow.get(f"/dags/render_artifacts/dagRuns/{card['run']['run_id']}")["dag_run_id"]


def test_a_growing_progress_file_shows_its_newest_version(page: Page, stack: RunningStack, wall: Wall) -> None:
    key = f"runs/{uuid.uuid4().hex}/progress.txt"
    lines = [f"step {n} of 5, loss {1 / n:.3f}\n" for n in range(1, 6)]

    for count in range(1, 6):
        etag = wall.put(key, "".join(lines[:count]).encode(), "text/plain")

    card = wall.settled(key, etag)
    assert card["is_latest"]
    assert len(wall.cards(key)) == 1
    page.goto(f"{stack.url}{card['page']}")
    expect(page.locator("iframe").first.content_frame.locator("body")).to_contain_text(
        "step 5 of 5", timeout=PICTURE_MS
    )
