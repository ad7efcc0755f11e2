"""XGBoost models in JSON or UBJSON (https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html)."""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.models.tree_models import TreeModel, TreeNode
from belvedere.rendering.models.ubjson import read_ubjson
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MOST_JSON_BYTES, MOST_UBJSON_BYTES = 96 * 1024**2, 384 * 1024**2
MOST_FEATURES, LONGEST = 20_000, 200


def read_xgboost(path: Path) -> TreeModel:
    """Read a model.

    Raises:
        MalformedArtifact: it is none, or damaged.
        LimitExceeded: it is larger than what is read.
    """
    size, binary = path.stat().st_size, _is_ubjson(path)
    most = MOST_UBJSON_BYTES if binary else MOST_JSON_BYTES
    if size > most:
        raise LimitExceeded(f"The model has {size:,} bytes; at most {most:,} are read.", code="model_size")
    data = path.read_bytes()
    document = read_ubjson(data) if binary else _json(data)
    learner = _mapping(document, "learner") if isinstance(document, dict) else {}
    if not learner:
        raise MalformedArtifact("Not an XGBoost model (invalid or truncated): it has no learner.", code="no_learner")
    return _model(document, learner)


def _is_ubjson(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(2)
    return head[:1] == b"{" and head[1:2] in b"iUIlL$#" and head[1:2] != b""


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:150]
        raise MalformedArtifact(
            f"The model is not valid JSON (invalid or truncated): {said}.", code="not_json"
        ) from error


def _model(document: dict[str, Any], learner: dict[str, Any]) -> TreeModel:
    booster = _mapping(learner, "gradient_booster")
    forest = _mapping(_mapping(booster, "gbtree") or booster, "model")
    params = _mapping(learner, "learner_model_param")
    names = [clean(str(name))[:LONGEST] for name in _sequence(learner, "feature_names")[:MOST_FEATURES]]
    version = ".".join(str(part) for part in _sequence(document, "version")[:4])
    found = TreeModel(
        library="XGBoost",
        version=clean(version)[:40],
        objective=_word(_mapping(learner, "objective"), "name"),
        booster=_word(booster, "name") or "gbtree",
        classes=_integer(params, "num_class"),
        features=names,
        feature_count=_integer(params, "num_feature") or len(names),
    )
    trees = [tree for tree in _sequence(forest, "trees") if isinstance(tree, dict)]
    found.trees = len(trees)
    for tree in trees:
        _count(found, tree)
    found.first_tree = list(_nodes(found, trees[0])) if trees else []
    found.words = _words(learner, params)
    return found


def _words(learner: dict[str, Any], params: dict[str, Any]) -> dict[str, str]:
    attributes = {
        clean(str(name))[:LONGEST]: clean(str(value))[:LONGEST]
        for name, value in list(_mapping(learner, "attributes").items())[:30]
        if isinstance(value, str | int | float)
    }
    return {"Base score": _word(params, "base_score"), **attributes}


def _count(model: TreeModel, tree: dict[str, Any]) -> None:
    """Add a tree's splits and gains; features by their names where there are names."""
    left, features = _numbers(tree, "left_children"), _numbers(tree, "split_indices")
    gains = _numbers(tree, "loss_changes")
    for node, feature in enumerate(features[: len(left)]):
        if left[node] < 0:
            model.leaves += 1
            continue
        name = _feature(model, feature)
        model.splits[name] += 1
        model.gains[name] += gains[node] if node < len(gains) else 0
    model.deepest = max(model.deepest, _depth(left, _numbers(tree, "right_children")))


def _depth(left: Sequence[int], right: Sequence[int]) -> int:
    level, seen, depth = [0] if left else [], {0}, 0
    while level:
        below = {child for node in level for side in (left, right) for child in side[node : node + 1] if child > 0}
        level = [child for child in below if child < len(left) and child not in seen]
        seen.update(level)
        depth += 1 if level else 0
    return depth


def _nodes(model: TreeModel, tree: dict[str, Any]) -> Iterator[TreeNode]:
    left, right = _numbers(tree, "left_children"), _numbers(tree, "right_children")
    features, conditions = _numbers(tree, "split_indices"), _numbers(tree, "split_conditions")
    for node, (child, other, feature, condition) in enumerate(zip(left, right, features, conditions, strict=False)):
        if node > 100_000:
            return
        if child < 0:
            yield TreeNode(value=float(condition))
        else:
            yield TreeNode(_feature(model, feature), f"< {float(condition):.4g}", child, other)


def _feature(model: TreeModel, number: int) -> str:
    return model.features[number] if 0 <= number < len(model.features) else f"f{number}"


def _mapping(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _sequence(document: dict[str, Any], name: str) -> Sequence[Any]:
    found = document.get(name)
    return found if isinstance(found, list | array) else []


def _numbers(document: dict[str, Any], name: str) -> Sequence[Any]:
    found = _sequence(document, name)
    if isinstance(found, list) and not all(isinstance(one, int | float) for one in found):
        raise MalformedArtifact(f"A tree's {name} are no numbers: the model is damaged.", code="damaged_tree")
    return found


def _word(document: dict[str, Any], name: str) -> str:
    found = document.get(name)
    return clean(str(found))[:LONGEST] if isinstance(found, str | int | float) else ""


def _integer(document: dict[str, Any], name: str) -> int:
    word = _word(document, name)
    return int(word) if word.isascii() and word.isdigit() and len(word) < 12 else 0
