"""What the server says on the first cards is what the scripts say on all others."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from belvedere.gallery.cards import STATE_WORDS, brought_along, card_of, folder_and_name
from belvedere.gallery.responses import ArtifactResponse, OriginResponse, ProblemResponse
from belvedere.gallery.static_files import FOLDER
from belvedere.model.artifact import ArtifactState


def artifact(**changes: Any) -> ArtifactResponse:
    known = dict.fromkeys(ArtifactResponse.model_fields)
    told = {
        "id": "0" * 24,
        "tenant": "team",
        "bucket": "b",
        "key": "runs/a/roc_curve.csv",
        "size": 1400,
        "state": ArtifactState.RENDERED,
        "kind": "confusion_matrix",
        "event_at": datetime.now(UTC) - timedelta(minutes=3),
        "thumbnail": "/belvedere/preview/x/thumbnail.svg",
        "facts": {"roc": {"auc": 0.9}},
        "outputs": [],
        "origin": OriginResponse(system="run", label="run", name="a", prefix="runs/a/", page="/belvedere/runs"),
        "page": "/belvedere/artifacts/" + "0" * 24,
    }
    return ArtifactResponse.model_construct(**(known | told | changes))


def test_states_are_called_the_same_by_server_and_scripts() -> None:
    script = (FOLDER / "js" / "words.js").read_text()
    block = re.search(r"STATE_WORDS = (\{.*?\});", script, re.DOTALL)
    assert block
    told = json.loads(re.sub(r",\s*}", "}", re.sub(r"(\w+):", r'"\1":', block[1])))
    assert told == {state.value: words for state, words in STATE_WORDS.items()}


def test_a_card_names_its_object_and_how_old_it_is() -> None:
    card = card_of(artifact())
    assert (card.name, card.folder, card.kind) == ("roc_curve.csv", "b/runs/a/", "confusion matrix")
    assert (card.age, card.state_words, card.stand_in, card.moves) == ("3 min", "rendered", "", False)
    assert card.picture


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": ArtifactState.QUEUED}, "queued"),
        ({}, "CSV"),
        ({"key": "runs/a/README"}, "file"),
        ({"state": ArtifactState.DEAD, "error": ProblemResponse(code="odd", message="line 3")}, "Failed: line 3"),
        ({"state": ArtifactState.UNSUPPORTED, "error": ProblemResponse(code="odd", message="no one")}, "CSV: no one"),
    ],
)
def test_where_no_picture_is_words_say_why(changes: dict[str, Any], words: str) -> None:
    assert card_of(artifact(thumbnail=None, **changes)).stand_in == words


@pytest.mark.parametrize("facts", [{"progress": {"step": 3}}, {"percent": 0}, {"percent": 12.5}])
def test_progress_is_left_to_the_scripts(facts: dict[str, Any]) -> None:
    card = card_of(artifact(facts=facts))
    assert card.moves
    assert not card.picture


@pytest.mark.parametrize("state", [ArtifactState.QUEUED, ArtifactState.RENDERING])
def test_progress_that_is_not_drawn_yet_hangs_as_if_it_were(state: ArtifactState) -> None:
    card = card_of(artifact(state=state, facts={"percent": 12.5}, rendered_at=None, thumbnail=None))
    assert (card.moves, card.state, card.state_words, card.stand_in) == (True, "rendered", "rendered", "")


@pytest.mark.parametrize(
    ("key", "folder", "name"),
    [("a/b.csv", "a/", "b.csv"), ("b.csv", "", "b.csv"), ("a/b/", "a/", "b/"), ("//", "", "//"), ("", "", "")],
)
def test_keys_are_split_before_their_last_part(key: str, folder: str, name: str) -> None:
    assert folder_and_name(key) == (folder, name)


def test_scripts_are_told_the_facts_of_progress_alone() -> None:
    assert brought_along(artifact())["facts"] == {}
    assert brought_along(artifact(facts={"percent": 3}))["facts"] == {"percent": 3}
    assert "outputs" not in brought_along(artifact())
