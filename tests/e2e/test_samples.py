"""Every sample that `make up` shows becomes what ``samples.json`` says of it: facts in JSON, words on the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Error
from tests.harness.samples import SAMPLES, Sample
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.harness.wall import Card, Wall
    from tests.harness.whole import RunningStack

FACTS = (
    "confusion_matrix",
    "roc",
    "table",
    "image",
    "coco",
    "onnx",
    "tensorboard",
    "mlflow",
    "chart",
    "notebook",
    "archive_members",
    "artifacts",
    "outputs",
    "drift_share",
)
TOLERANCE = 6e-5
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


@pytest.fixture(scope="module")
def cards(wall: Wall) -> dict[str, Card]:
    """Every sample uploaded, and its card in its final state."""
    etags = {
        sample.id: [wall.put(key, content, kind) for key, content, kind in sample.objects][-1] for sample in SAMPLES
    }
    return {sample.id: wall.settled(sample.trigger_key, etags[sample.id], seconds=120.0) for sample in SAMPLES}


def differences(expected: Any, found: Any, path: str) -> list[str]:
    """Return where facts contradict what is expected of them; facts may say more."""
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return [f"{path}: {found!r} is no mapping"]
        return [
            text for name, value in expected.items() for text in differences(value, found.get(name), f"{path}.{name}")
        ]
    if isinstance(expected, list):
        if not isinstance(found, (list, tuple)) or len(found) != len(expected):
            return [f"{path}: {found!r} instead of {expected!r}"]
        pairs = enumerate(zip(expected, found, strict=True))
        return [text for number, (one, other) in pairs for text in differences(one, other, f"{path}[{number}]")]
    if isinstance(expected, float) and isinstance(found, (int, float)):
        return (
            []
            if abs(expected - found) <= max(TOLERANCE, abs(expected) * 1e-4)
            else [f"{path}: {found}, not {expected}"]
        )
    return [] if str(expected) == str(found) else [f"{path}: {found!r} instead of {expected!r}"]


def text_of(page: Page) -> str:
    """Return all text of a page and of the frames in it."""
    texts = []
    for frame in page.frames:
        try:
            texts.append(frame.locator("body").inner_text(timeout=5_000))
        except Error:
            continue  # a frame that is just being replaced
    return " ".join(" ".join(texts).split())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_a_sample_is_rendered_with_the_expected_facts(cards: dict[str, Card], sample: Sample) -> None:
    card = cards[sample.id]

    assert card["state"] == sample.expect["state"], card["error"]
    wrong = [
        text
        for name in FACTS
        if name in sample.expect
        for text in differences(sample.expect[name], card["facts"].get(name), name)
    ]
    assert wrong == []
    assert card["alt_text"]
    assert {"page", "thumbnail"} <= {output["role"] for output in card["outputs"]}


@pytest.mark.parametrize(
    "sample",
    [sample for sample in SAMPLES if {"text_all", "numbers"} & set(sample.expect)],
    ids=lambda sample: sample.id,
)
def test_a_samples_words_and_numbers_are_on_its_page(
    page: Page, stack: RunningStack, cards: dict[str, Card], sample: Sample
) -> None:
    page.goto(f"{stack.url}{cards[sample.id]['page']}")

    def missing() -> list[str]:
        seen = text_of(page)
        words = [word for word in sample.expect.get("text_all", []) if " ".join(word.split()) not in seen]
        return words + [each["name"] for each in sample.expect.get("numbers", []) if not is_told(each, seen)]

    eventually(lambda: not missing(), 20.0, what=f"all words and numbers of {sample.id} on the page")


def is_told(wanted: dict[str, Any], text: str) -> bool:
    """Whether a page tells a number under its name, in the precision that is asked for."""
    allowed = wanted.get("abs_tol", 0) + wanted.get("rel_tol", 0) * abs(wanted["value"])
    numbers = [float(found) for found in NUMBER.findall(text)]
    return wanted["name"] in text and any(abs(number - wanted["value"]) <= allowed for number in numbers)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_every_output_of_a_sample_is_served(wall: Wall, cards: dict[str, Card], sample: Sample) -> None:
    card = wall.card(sample.trigger_key)
    assert card is not None

    for output in card["outputs"]:
        answer = wall.gallery.get(output["href"])

        assert answer.status_code == 200, output
        assert "default-src 'none'" in answer.headers["content-security-policy"], output
        assert answer.headers["x-content-type-options"] == "nosniff"
