"""Gradient boosted trees, whichever library wrote them: what experts ask of such a model."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from belvedere.rendering.drawing.layered import Box, draw_graph
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.pages.numbers import short

MOST_NODES_DRAWN = 127
BARS_SHOWN, BAR_HEIGHT = 20, 24


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A node of a tree: a question about a feature with two ways on, or (``left`` None) a leaf with its value."""

    feature: str = ""
    question: str = ""
    left: int | None = None
    right: int | None = None
    value: float = 0.0


@dataclass(slots=True)
class TreeModel:
    """A model: its words for people and machines, how often and how well each feature splits, its first tree."""

    library: str
    version: str = ""
    objective: str = ""
    booster: str = ""
    trees: int = 0
    leaves: int = 0
    deepest: int = 0
    classes: int = 0
    features: list[str] = field(default_factory=list)
    feature_count: int = 0
    splits: Counter[str] = field(default_factory=Counter)
    gains: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    first_tree: list[TreeNode] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    problem: str | None = None

    @property
    def importance(self) -> list[tuple[str, float]]:
        """Features by the total gain of their splits (by their number where gains are not written), best first."""
        counted: dict[str, float] = dict(self.gains) if any(self.gains.values()) else dict(self.splits)
        return sorted(counted.items(), key=lambda one: (-one[1], one[0]))

    @property
    def measure(self) -> str:
        """What the importance counts."""
        return "total gain" if any(self.gains.values()) else "number of splits"


def draw_tree(model: TreeModel) -> tuple[Drawing, int]:
    """Draw the first tree from its root, level by level; return how many nodes were left out, too."""
    order = _breadth_first(model.first_tree)
    shown = order[:MOST_NODES_DRAWN]
    place = {node: at for at, node in enumerate(shown)}
    boxes, edges = [], []
    for node in shown:
        found = model.first_tree[node]
        boxes.append(_box(found))
        edges += [(place[node], place[child]) for child in (found.left, found.right) if child in place]
    said = f"First tree of the model: {len(order)} nodes, root {boxes[0].title if boxes else 'none'}."
    drawing, cut = draw_graph(boxes, edges, label=said)
    return drawing, len(order) - len(shown) + cut


def _breadth_first(nodes: list[TreeNode]) -> list[int]:
    """Return the nodes that the root reaches, each once, whatever the links claim."""
    order, seen = [0] if nodes else [], {0}
    for node in order:
        for child in (nodes[node].left, nodes[node].right):
            if child is not None and 0 <= child < len(nodes) and child not in seen:
                seen.add(child)
                order.append(child)
    return order


def _box(node: TreeNode) -> Box:
    if node.left is None:
        return Box(short(node.value), "leaf", "soft")
    return Box(f"{node.feature} {node.question}", "yes: left, no: right", "card")


def draw_importance(model: TreeModel) -> Drawing:
    """Draw the features that matter most as bars."""
    shown = model.importance[:BARS_SHOWN]
    said = f"Feature importance by {model.measure}: {', '.join(f'{name} {short(value)}' for name, value in shown[:5])}."
    drawing = Drawing(720, 12 + BAR_HEIGHT * len(shown), label=said)
    most = max((value for _, value in shown), default=0) or 1
    for at, (name, value) in enumerate(shown):
        y = 8 + at * BAR_HEIGHT
        drawing.text(190, y + 13, name, css="ink", size=13, anchor="end", fit=180)
        drawing.rectangle(200, y, max(1.5, 420 * max(0.0, value) / most), 17, css="accent", radius=3)
        drawing.text(208 + 420 * max(0.0, value) / most, y + 13, short(value), css="muted", size=12)
    return drawing
