"""What belongs together is one artifact on the wall, whose parts come, change and go while people look."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from tests.harness.wall import Card, Wall

MODEL = b"""flavors:
  python_function:
    loader_module: mlflow.sklearn
    python_version: 3.11.7
model_uuid: 0a1b2c3d4e5f60718293a4b5c6d7e8f9
utc_time_created: '2026-11-22 10:00:00'
"""
SECONDS = 60.0


def said_of_run(card: Card | None) -> dict[str, Any]:
    found: dict[str, Any] = (card or {}).get("facts", {}).get("mlflow", {})
    return found


def on_the_wall(wall: Wall, run: str) -> list[str]:
    return [card["key"].removeprefix(run) for card in wall.cards(run)]


def test_a_runs_files_become_parts_of_its_model_and_change_it(wall: Wall) -> None:
    run = f"families/{uuid.uuid4().hex}/"
    model, metrics = f"{run}artifacts/model/MLmodel", f"{run}metrics.json"
    wall.show(metrics, b'{"rmse": 3.5}', "application/json")
    assert on_the_wall(wall, run) == ["metrics.json"]

    card = wall.show(model, MODEL, "text/yaml")
    assert said_of_run(card)["metrics"] == {"rmse": 3.5}
    eventually(lambda: on_the_wall(wall, run) == ["artifacts/model/MLmodel"], SECONDS, what="one card for the run")

    wall.put(metrics, b'{"rmse": 2.5}', "application/json")
    late = f"{run}params.json"
    wall.put(late, b'{"alpha": "0.5"}', "application/json")
    eventually(
        lambda: (
            said_of_run(wall.card(model)).get("metrics") == {"rmse": 2.5}
            and said_of_run(wall.card(model)).get("params") == {"alpha": "0.5"}
        ),
        SECONDS,
        what="the model with its run's new figures",
    )
    assert on_the_wall(wall, run) == ["artifacts/model/MLmodel"]

    wall.remove(model)
    eventually(
        lambda: sorted(on_the_wall(wall, run)) == ["metrics.json", "params.json"],
        SECONDS,
        what="the parts of a model that is gone, each for itself",
    )
