"""Whatever an object is called, its card carries that very name, and its rendering is found."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from minio.error import S3Error
from playwright.sync_api import expect
from tests.harness.samples import table_csv

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.harness.wall import Wall
    from tests.harness.whole import RunningStack

NAMES = {
    "spaces": "a b  c.csv",
    "plus": "a+b.csv",
    "escaped slash": "a%2Fb.csv",
    "percent": "100%.csv",
    "unicode": "한국어/π ü é.csv",
    "combining": "e\u0301.csv",
    "right to left": "\u202egnp.csv",
    "markup": "<img src=x onerror=alert(1)>.csv",
    "quotes": 'it\'s "quoted" & more;.csv',
    "template": "{{7*7}}${7*7}.csv",
    "900 characters": "/".join(["x" * 200] * 4) + "/" + "y" * 40 + ".csv",
    "dots": "a..b/...csv",
    "question": "a?b=c#d.csv",
    "no suffix": "table",
    "upper case": "TABLE.CSV",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_key_of_any_form_is_shown_as_it_is(wall: Wall, page: Page, stack: RunningStack, name: str) -> None:
    key = f"keys/{uuid.uuid4().hex[:8]}/{name}"

    card = wall.show(key, table_csv(), "text/csv")

    assert card["key"] == key
    assert card["state"] == "rendered", card["error"]
    assert [each["key"] for each in wall.cards(key)] == [key]
    assert wall.output(card, "page").status_code == 200
    assert wall.output(card, "source").content == table_csv()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(f"{stack.url}{card['page']}")
    expect(page.locator("[role=tab]").first).to_be_visible()
    assert dialogs == []


def test_two_keys_that_escape_alike_are_two_cards(wall: Wall) -> None:
    prefix = f"keys/{uuid.uuid4().hex[:8]}/"
    names = ["a b.csv", "a+b.csv", "a%20b.csv", "a%2Bb.csv"]

    etags = {name: wall.put(prefix + name, table_csv(number + 1), "text/csv") for number, name in enumerate(names)}

    for name, etag in etags.items():
        assert wall.settled(prefix + name, etag)["etag"] == etag
    assert len(wall.cards(prefix)) == len(names)


def test_a_key_longer_than_the_store_allows_is_refused_by_the_store_alone(wall: Wall) -> None:
    with pytest.raises(S3Error):
        wall.put("x" * 1025, b"x")
