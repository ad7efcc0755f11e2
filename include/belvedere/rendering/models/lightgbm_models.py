"""LightGBM models as text: blocks of ``name=value`` lines, one block a tree, parameters at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.models.tree_models import TreeModel, TreeNode
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 256 * 1024**2
MOST_FEATURES, LONGEST = 20_000, 200
WANTED = ("split_feature", "split_gain", "threshold", "left_child", "right_child", "leaf_value", "num_leaves")
CATEGORICAL = 1


def read_lightgbm(path: Path) -> TreeModel:
    """Read a model; one that is cut off keeps the trees that came whole, with its ``problem``.

    Raises:
        MalformedArtifact: it is none.
        LimitExceeded: it is larger than what is read.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise LimitExceeded(f"The model has {size:,} bytes; at most {MOST_BYTES:,} are read.", code="model_size")
    model = TreeModel("LightGBM", booster="gbdt")
    block: dict[str, str] = {}
    ended = False
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            name, equals, value = line.rstrip("\n").partition("=")
            if name == "Tree" or line.startswith("end of trees"):
                _close(model, block)
                block = {"Tree": value}
                ended = ended or not equals
                if ended:
                    break
            elif equals:
                block[name] = value
        parameters = dict(_parameters(list(lines))) if ended else {}
    if not ended:
        model.problem = "It ends before its last tree: it is truncated, and shown as far as it goes."
    if not model.trees and not model.features:
        raise MalformedArtifact("Not a LightGBM model (invalid or truncated): it has no tree.", code="no_tree")
    model.words = {name: parameters[name] for name in parameters}
    model.booster = parameters.get("boosting", "gbdt")
    return model


def _close(model: TreeModel, block: dict[str, str]) -> None:
    """Take in a finished block: the head of the file, or a tree."""
    if "Tree" in block:
        _tree(model, block)
        return
    model.version = clean(block.get("version", ""))[:40]
    model.objective = clean(block.get("objective", ""))[:LONGEST]
    model.features = [clean(name)[:LONGEST] for name in block.get("feature_names", "").split()[:MOST_FEATURES]]
    model.feature_count = len(model.features)
    classes = _integers(block.get("num_class", ""))
    model.classes = classes[0] if classes and classes[0] > 1 else 0


def _tree(model: TreeModel, block: dict[str, str]) -> None:
    features, gains = _integers(block.get("split_feature", "")), _reals(block.get("split_gain", ""))
    left, right = _integers(block.get("left_child", "")), _integers(block.get("right_child", ""))
    values = _reals(block.get("leaf_value", ""))
    model.trees += 1
    model.leaves += len(values)
    model.deepest = max(model.deepest, _depth(left, right))
    for at, feature in enumerate(features):
        name = model.features[feature] if 0 <= feature < len(model.features) else f"f{feature}"
        model.splits[name] += 1
        model.gains[name] += gains[at] if at < len(gains) else 0
    if model.trees == 1:
        model.first_tree = _nodes(model, block, features, left, right, values)


def _nodes(
    model: TreeModel, block: dict[str, str], features: list[int], left: list[int], right: list[int], values: list[float]
) -> list[TreeNode]:
    """Return the nodes, leaves behind the inner ones: LightGBM writes leaf ``n`` as the child ``-n - 1``."""
    thresholds, decisions = _reals(block.get("threshold", "")), _integers(block.get("decision_type", ""))
    inner = min(len(features), len(left), len(right), len(thresholds))
    nodes = []
    for at in range(inner):
        name = model.features[features[at]] if 0 <= features[at] < len(model.features) else f"f{features[at]}"
        categorical = at < len(decisions) and decisions[at] & CATEGORICAL
        question = "in some categories" if categorical else f"≤ {thresholds[at]:.4g}"
        nodes.append(TreeNode(name, question, _place(left[at], inner), _place(right[at], inner)))
    return nodes + [TreeNode(value=value) for value in values]


def _place(child: int, inner: int) -> int:
    return child if child >= 0 else inner - child - 1


def _depth(left: list[int], right: list[int]) -> int:
    level, seen, depth = [0] if left else [], {0}, 0
    while level:
        depth += 1
        below = {child for node in level for side in (left, right) for child in side[node : node + 1] if child > 0}
        level = [child for child in below if child < len(left) and child not in seen]
        seen.update(level)
    return depth


def _parameters(lines: list[str]) -> list[tuple[str, str]]:
    """Read ``[name: value]`` lines."""
    wanted = {"boosting", "learning_rate", "num_leaves", "max_depth", "num_iterations", "feature_fraction", "seed"}
    pairs = [line.strip()[1:-1].partition(": ") for line in lines[:5000] if line.startswith("[") and ": " in line]
    return [(clean(name)[:LONGEST], clean(value)[:LONGEST]) for name, _, value in pairs if name in wanted and value]


def _integers(text: str) -> list[int]:
    return [
        int(word)
        for word in text.split()
        if len(word) < 20 and word.lstrip("-").isascii() and word.lstrip("-").isdigit()
    ]


def _reals(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split()]
    except ValueError as error:
        raise MalformedArtifact(
            "A tree holds numbers that are none: the model is damaged.", code="damaged_tree"
        ) from error
