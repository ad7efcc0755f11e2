"""The producers in ``examples/`` do what they say: each is run as a person would, and its artifacts get pictures."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import pytest
from stack.paths import ROOT
from tests.harness.samples import FOLDER
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from tests.harness.wall import Card, Wall
    from tests.harness.whole import RunningStack


def run(stack: RunningStack, program: str, *arguments: str) -> str:
    """Run an example with the variables of `make env` and return the last word it says."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / program), *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(stack.instance.paths.home), **stack.env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()[-1]


def test_any_file_is_put_and_shown(stack: RunningStack, wall: Wall) -> None:
    key = f"uploads/{uuid.uuid4().hex}.jpg"

    run(stack, "put_a_file.py", str(FOLDER / "image" / "china.jpg"), key)

    card = wall.settled(key)
    assert card["facts"]["image"]["format"] == "JPEG"
    assert card["content_type"] == "image/jpeg"


def test_a_kfp_component_shows_its_matrix_and_its_words(stack: RunningStack, wall: Wall) -> None:
    card = wall.settled(run(stack, "kfp_component.py"))

    assert card["state"] == "rendered", card["error"]
    assert card["facts"]["confusion_matrix"]["accuracy"] == pytest.approx(44 / 45, abs=1e-4)
    assert "held-out third" in wall.output(card, "page").text


def test_a_growing_log_ends_with_its_last_line(stack: RunningStack, wall: Wall) -> None:
    key = run(stack, "progress_writer.py", "8", "0.1")

    def last() -> bool:
        card = wall.card(key)
        return card is not None and card["state"] == "rendered" and "epoch 8/8" in wall.output(card, "page").text

    eventually(last, 60.0, what="the last epoch on the wall")
    assert len(wall.cards(key)) == 1


def test_what_an_mlflow_run_logs_hangs_on_the_wall(stack: RunningStack, wall: Wall) -> None:
    run_id = run(stack, "mlflow_run.py")

    def shown() -> dict[str, Card]:
        cards = [card for card in wall.cards("mlflow/") if run_id in card["key"] and card["state"] == "rendered"]
        found = {card["key"].rpartition("/artifacts/")[2]: card for card in cards}
        return found if {"evaluation/roc.csv", "report.md"} <= found.keys() else {}

    cards = eventually(shown, 60.0, what="the run's artifacts on the wall")
    assert cards["evaluation/roc.csv"]["facts"]["roc"]["points"] == 5
    assert cards["report.md"]["kind"] == "markdown"
