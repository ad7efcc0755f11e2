"""Boosted trees of XGBoost and LightGBM: the objective, what matters to the model, and its first tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.models.lightgbm_models import read_lightgbm
from belvedere.rendering.models.tree_models import TreeModel, draw_importance, draw_tree
from belvedere.rendering.models.xgboost_models import read_xgboost
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words, short
from belvedere.rendering.pages.page import fact_list, figure, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.boosted_trees", "1.0.0"
MOST_ROWS, MOST_FACTS = 300, 200
SCROLLED = (
    "<style>.graph{max-height:640px;overflow:auto;border:1px solid var(--line);border-radius:8px}"
    ".graph svg{margin:0 auto;max-width:none;display:block}</style>"
)


@renderer(NAME, version=VERSION, kinds=("xgboost", "lightgbm"))
def render_boosted_trees(source: Source, limits: Limits) -> Rendering:
    """Show a model of trees."""
    lightgbm = source.head(16).lstrip().startswith(b"tree")
    model = read_lightgbm(source.path) if lightgbm else read_xgboost(source.path)
    said = _sentence(model)
    importance = draw_importance(model)
    part = Part(
        kind=model.library.lower(),
        title=file_name(source),
        lead=said,
        alt_text=said,
        facts={model.library.lower(): _facts(model)},
        body=_body(model, importance, source.size),
        figure=importance,
        thumbnail=_thumbnail(model, said),
        warnings=(model.problem,) if model.problem else (),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _sentence(model: TreeModel) -> str:
    best = ", ".join(name for name, _ in model.importance[:3])
    said = f"{model.library} model for {model.objective or 'an objective it does not name'}"
    counts = f": {model.trees:,} trees with {model.leaves:,} leaves over {model.feature_count:,} features"
    return f"{said}{counts}{f'; {best} matter most by {model.measure}' if best else ''}."


def _facts(model: TreeModel) -> dict[str, Any]:
    return {
        "version": model.version,
        "objective": model.objective,
        "booster": model.booster,
        "trees": model.trees,
        "leaves": model.leaves,
        "max_depth": model.deepest,
        "classes": model.classes or None,
        "features": model.feature_count,
        "feature_names": model.features[:MOST_FACTS],
        "importance": {name: round(value, 6) for name, value in model.importance[:MOST_FACTS]},
        "importance_by": model.measure,
        "splits": dict(model.splits.most_common(MOST_FACTS)),
    }


def _body(model: TreeModel, importance: Drawing, size: int) -> str:
    figures = {
        "Trees": f"{model.trees:,}",
        "Leaves": f"{model.leaves:,}",
        "Deepest": f"{model.deepest:,}",
        "Features": f"{model.feature_count:,}",
        "Classes": f"{model.classes:,}" if model.classes else "",
        "File": bytes_in_words(size),
    }
    known = {
        "Objective": model.objective,
        "Booster": model.booster,
        "Version": model.version,
        **model.words,
    }
    return (
        SCROLLED
        + verdict({name: value for name, value in figures.items() if value})
        + fact_list({name: value for name, value in known.items() if value})
        + (f"<h2>Importance by {model.measure}</h2>{figure(importance.to_text())}" if model.importance else "")
        + _first_tree(model)
        + _features(model)
    )


def _first_tree(model: TreeModel) -> str:
    if not model.first_tree:
        return ""
    drawing, left_out = draw_tree(model)
    said = f'<p class="muted">{left_out:,} nodes are left out.</p>' if left_out else ""
    return f'<h2>First tree</h2><div class="graph">{drawing.to_text()}</div>{said}'


def _features(model: TreeModel) -> str:
    gains = dict(model.importance)
    names = list(dict.fromkeys([*gains, *model.features]))[:MOST_ROWS]
    rows = [(name, f"{model.splits[name]:,}", short(float(model.gains[name]))) for name in names]
    more = max(len(gains), model.feature_count) - len(rows)
    said = f'<p class="muted">and {more:,} more</p>' if more > 0 else ""
    heads = ("feature", "splits", "total gain")
    return f"<h2>Features</h2>{table(heads, rows, numeric=(False, True, True))}{said}" if rows else escaped("")


def _thumbnail(model: TreeModel, said: str) -> Drawing:
    drawing = Drawing(480, 300, label=said)
    drawing.text(20, 50, f"{model.trees:,}", css="strong", size=38)
    drawing.text(20, 72, "trees", css="muted", size=14)
    drawing.text(460, 46, model.library, css="muted", size=16, anchor="end")
    drawing.text(460, 70, model.objective, css="ink", size=15, anchor="end", fit=320)
    shown = model.importance[:6]
    most = max((value for _, value in shown), default=0) or 1
    for at, (name, value) in enumerate(shown):
        y = 98 + at * 32
        drawing.text(20, y + 16, name, css="ink", size=15, fit=150)
        drawing.rectangle(180, y, max(3.0, 280 * max(0.0, value) / most), 21, css="accent", radius=3)
    return drawing
