"""ROC curves from CSV: the curve, the area under it, the best threshold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.metrics.curves import RocCurve, read_roc
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import metric, short
from belvedere.rendering.pages.page import figure, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.tables.delimited import delimiter_of, read_rows
from belvedere.rendering.texts.plaintext import decode

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.roc", "1.0.0"
MOST_DRAWN = 600
MOST_IN_TABLE = 500
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@renderer(NAME, version=VERSION, kinds=("roc",))
def render_roc(source: Source, limits: Limits) -> Rendering:
    """Draw the curve with its AUC."""
    text = decode(source.path.read_bytes()).text
    curve = read_roc(read_rows(text, delimiter_of(text) or ","))
    return as_rendering(draw_roc(curve, file_name(source)), name=NAME, version=VERSION)


def draw_roc(curve: RocCurve, title: str) -> Part:
    """Return a curve as a part: the drawing, the AUC, the best threshold, its points."""
    auc, points = curve.auc, len(curve.fpr)
    alt = f"ROC curve with {points:,} points, AUC {metric(auc)}."
    drawn = _thinned(curve)
    drawing = _figure(drawn, auc, alt)
    warnings = curve.warnings
    if auc < 0.5:
        warnings = (
            *warnings,
            f"AUC {metric(auc)} is below 0.5, worse than chance: the labels or scores may be swapped.",
        )
    facts: dict[str, Any] = {"auc": round(auc, 6), "points": points}
    if curve.thresholds:
        facts["first_threshold"] = _plain(curve.thresholds[0])
    best = _best(curve)
    return Part(
        kind="roc",
        title=title,
        lead="ROC curve: true positive rate over false positive rate.",
        alt_text=alt,
        facts={"roc": facts},
        body=_body(curve, auc, best, drawing),
        thumbnail=_thumbnail(drawn, auc),
        figure=drawing,
        chart=_chart(drawn, auc),
        data=_data(curve),
        warnings=warnings,
    )


def _plain(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _best(curve: RocCurve) -> int:
    """Return which point is farthest above chance (Youden's J, the first one of equals)."""
    gains = [y - x for x, y in zip(curve.fpr, curve.tpr, strict=True)]
    return gains.index(max(gains))


def _thinned(curve: RocCurve) -> RocCurve:
    """Return at most ``MOST_DRAWN`` points for the drawing, both ends among them."""
    points = len(curve.fpr)
    if points <= MOST_DRAWN:
        return curve
    kept = sorted({round(at * (points - 1) / (MOST_DRAWN - 1)) for at in range(MOST_DRAWN)})
    thresholds = tuple(curve.thresholds[at] for at in kept) if curve.thresholds else ()
    return RocCurve(tuple(curve.fpr[at] for at in kept), tuple(curve.tpr[at] for at in kept), thresholds)


def _body(curve: RocCurve, auc: float, best: int, drawing: Drawing) -> str:
    points = len(curve.fpr)
    figures = {"AUC": metric(auc), "Points": f"{points:,}"}
    if curve.thresholds:
        figures["Best threshold"] = short(curve.thresholds[best])
    figures |= {"TPR there": metric(curve.tpr[best]), "FPR there": metric(curve.fpr[best])}
    area = f"AUC {metric(auc)}" + (f", first threshold {curve.thresholds[0]:g}" if curve.thresholds else "")
    shown = range(min(points, MOST_IN_TABLE))
    header = ["fpr", "tpr", "threshold"] if curve.thresholds else ["fpr", "tpr"]
    columns = [curve.fpr, curve.tpr, curve.thresholds] if curve.thresholds else [curve.fpr, curve.tpr]
    lines = [[short(column[at]) for column in columns] for at in shown]
    rest = f"<p>The first {len(shown):,} of {points:,} points.</p>" if points > len(shown) else ""
    listing = table(header, lines, numeric=[True] * len(header))
    return f"{verdict(figures)}<p>{area}</p>{figure(drawing.to_text())}<h2>Points</h2>{rest}{listing}"


def _thumbnail(curve: RocCurve, auc: float) -> Drawing:
    drawing = Drawing(480, 300, label=f"ROC curve, AUC {metric(auc)}")
    x, y, side = 20.0, 20.0, 260.0
    drawing.rectangle(x, y, side, side, css="card", radius=6)
    drawing.line(x, y + side, x + side, y, css="dashed")
    line = [(x + side * a, y + side * (1 - b)) for a, b in zip(curve.fpr, curve.tpr, strict=True)]
    drawing.polygon([(x, y + side), *line, (x + side, y + side)])
    drawing.polyline(line, css="curve")
    drawing.text(304, 62, "AUC", css="muted", size=18)
    drawing.text(304, 110, f"{auc:.3f}", css="strong", size=50)
    drawing.text(304, 150, "ROC curve", css="muted", size=18)
    drawing.text(304, 176, f"{len(curve.fpr):,} points", css="muted", size=18)
    return drawing


def _figure(curve: RocCurve, auc: float, alt: str) -> Drawing:
    drawing = Drawing(560, 500, label=alt)
    left, top, width, height = 60.0, 16.0, 480.0, 420.0
    for tick in TICKS:
        x, y = left + width * tick, top + height * (1 - tick)
        drawing.line(left, y, left + width, y)
        drawing.line(x, top, x, top + height)
        drawing.text(left - 8, y + 4, f"{tick:g}", css="muted", size=12, anchor="end")
        drawing.text(x, top + height + 20, f"{tick:g}", css="muted", size=12, anchor="middle")
    drawing.line(left, top + height, left + width, top, css="dashed")
    line = [(left + width * x, top + height * (1 - y)) for x, y in zip(curve.fpr, curve.tpr, strict=True)]
    drawing.polygon([(left, top + height), *line, (left + width, top + height)])
    drawing.polyline(line, css="curve")
    if len(line) <= 80:
        for x, y in line:
            drawing.circle(x, y, 2.6)
    drawing.text(left + width - 12, top + height - 16, f"AUC {metric(auc)}", css="strong", size=20, anchor="end")
    drawing.text(left + width / 2, 492, "false positive rate", css="muted", size=13, anchor="middle")
    drawing.text(16, top + height / 2, "true positive rate", css="muted", size=13, anchor="middle", rotate=-90)
    return drawing


def _data(curve: RocCurve) -> dict[str, Any]:
    thresholds = [_plain(value) for value in curve.thresholds]
    return {"fpr": list(curve.fpr), "tpr": list(curve.tpr), "thresholds": thresholds}


def _chart(curve: RocCurve, auc: float) -> dict[str, Any]:
    known: list[float | str | None] = [_plain(value) for value in curve.thresholds]
    thresholds = known or [None] * len(curve.fpr)
    points = zip(curve.fpr, curve.tpr, thresholds, strict=True)
    values = [{"fpr": x, "tpr": y, "threshold": z, "at": at} for at, (x, y, z) in enumerate(points)]
    scale = {"domain": [0, 1]}
    tips = [{"field": name, "type": "quantitative", "format": ".4f"} for name in ("fpr", "tpr")]
    curve_layer = {
        "mark": {"type": "line", "point": {"size": 22}, "color": "#017cee"},
        "encoding": {
            "x": {"field": "fpr", "type": "quantitative", "scale": scale, "title": "false positive rate"},
            "y": {"field": "tpr", "type": "quantitative", "scale": scale, "title": "true positive rate"},
            "order": {"field": "at", "type": "quantitative"},
            "tooltip": [*tips, {"field": "threshold", "type": "nominal"}],
        },
    }
    chance = {
        "data": {"values": [{"fpr": 0, "tpr": 0}, {"fpr": 1, "tpr": 1}]},
        "mark": {"type": "line", "strokeDash": [5, 5], "color": "#64748b"},
        "encoding": {"x": {"field": "fpr", "type": "quantitative"}, "y": {"field": "tpr", "type": "quantitative"}},
    }
    title = f"AUC {metric(auc)}"
    return {"width": 480, "height": 420, "title": title, "data": {"values": values}, "layer": [chance, curve_layer]}
