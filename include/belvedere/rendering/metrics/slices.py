"""Metrics of slices of the data side by side, the worst first: where a model fails whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from belvedere.errors import MalformedArtifact
from belvedere.rendering.drawing.axes import span_axis
from belvedere.rendering.drawing.plots import COLOURS, PLOT_RULES, Frame, colour, legend, thinned
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.pages.numbers import count, metric
from belvedere.rendering.pages.page import figure, table, verdict
from belvedere.rendering.pages.part import Part
from belvedere.rendering.renderers.confusion_matrix import draw_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from belvedere.rendering.metrics.classification import Slice

MOST_DRAWN, MOST_MATRICES, MOST_BARS = 10, 12, 30
BAR_HEIGHT, MATRIX_WIDTH = 30.0, 330


def draw_slices(slices: Sequence[Slice], title: str) -> Part:
    """Return slices as a part, ordered by accuracy (or by AUC, where not all have a matrix).

    Raises:
        MalformedArtifact: no slice can be read.
    """
    good = [one for one in slices if one.metrics is not None]
    problems = [f"The slice {one.name} cannot be shown: {one.problem}" for one in slices if one.metrics is None]
    if not good:
        raise MalformedArtifact(f"No slice can be shown. {' '.join(problems[:5])}", code="no_slices")
    by = "accuracy" if all(_score(one, "accuracy") is not None for one in good) else "AUC"
    ordered = sorted(good, key=lambda one: (_score(one, by) is None, _score(one, by) or 0.0, one.name))
    worst, best = ordered[0], next(one for one in reversed(ordered) if _score(one, by) is not None or one is ordered[0])
    said = f"{by} from {_said(worst, by)} ({worst.name}) to {_said(best, by)} ({best.name})"
    alt = f"Metrics of {len(good)} slices, worst first: {said}."
    bars = _bars(ordered, by, alt)
    warnings = [*problems, *(f"{one.name}: {text}" for one in ordered for text in _warnings(one))]
    return Part(
        kind="kfp_sliced_metrics",
        title=title,
        lead=f"Sliced classification metrics: {len(slices):,} slices, the lowest {by} first.",
        alt_text=alt,
        facts={"slices": [_facts(one) for one in ordered], "slices_by": by},
        body=_body(ordered, by, bars),
        thumbnail=_thumbnail(ordered, by),
        figure=bars,
        chart=_chart(ordered, by),
        data=[_facts(one) for one in ordered],
        warnings=tuple(warnings[:20]),
    )


def _score(one: Slice, by: str) -> float | None:
    metrics = one.metrics
    if metrics is None:
        return None
    if by == "accuracy":
        return metrics.matrix.accuracy if metrics.matrix is not None else None
    return metrics.curve.auc if metrics.curve is not None else None


def _said(one: Slice, by: str) -> str:
    score = _score(one, by)
    return "unknown" if score is None else metric(score)


def _warnings(one: Slice) -> tuple[str, ...]:
    metrics = one.metrics
    if metrics is None:
        return ()
    matrix = metrics.matrix.warnings if metrics.matrix else ()
    return (*metrics.warnings, *matrix, *(metrics.curve.warnings if metrics.curve else ()))


def _facts(one: Slice) -> dict[str, Any]:
    facts: dict[str, Any] = {"slice": one.name}
    if one.metrics and one.metrics.matrix:
        accuracy = one.metrics.matrix.accuracy
        facts |= {"accuracy": None if accuracy is None else round(accuracy, 6), "total": one.metrics.matrix.total}
    if one.metrics and one.metrics.curve:
        facts |= {"auc": round(one.metrics.curve.auc, 6), "points": len(one.metrics.curve.fpr)}
    return facts


def _body(ordered: Sequence[Slice], by: str, bars: Drawing) -> str:
    scores = [score for score in (_score(one, by) for one in ordered) if score is not None]
    gap = metric(max(scores) - min(scores)) if scores else "unknown"
    figures = {"Slices": f"{len(ordered):,}", "Worst slice": ordered[0].name, f"Its {by}": _said(ordered[0], by)}
    lines = [
        [
            one.name,
            _said(one, "accuracy"),
            _said(one, "AUC"),
            count(one.metrics.matrix.total) if one.metrics and one.metrics.matrix else "",
        ]
        for one in ordered
    ]
    listing = table(["slice", "accuracy", "AUC", "examples"], lines, numeric=[False, True, True, True])
    parts = [verdict(figures | {"Gap to the best": gap}), figure(bars.to_text()), listing]
    if any(one.metrics and one.metrics.curve for one in ordered):
        parts.append(f"<h2>ROC curves</h2>{figure(_curves(ordered).to_text())}")
    matrices = [one for one in ordered if one.metrics and one.metrics.matrix]
    if matrices:
        parts.append("<h2>Confusion matrices</h2>")
        drawn = "".join(_matrix(one) for one in matrices[:MOST_MATRICES])
        parts.append(f'<div style="display:flex;flex-wrap:wrap;gap:12px 28px">{drawn}</div>')
        if len(matrices) > MOST_MATRICES:
            parts.append(f"<p>The {MOST_MATRICES} worst of {len(matrices):,} slices.</p>")
    return "".join(parts)


def _matrix(one: Slice) -> str:
    if one.metrics is None or one.metrics.matrix is None:
        return ""
    part = draw_matrix(one.metrics.matrix, one.name)
    drawn = figure(part.figure.to_text()) if part.figure else part.body
    said = f"accuracy {_said(one, 'accuracy')}, {count(one.metrics.matrix.total)} examples"
    head = f"<h3>{escaped(one.name)}</h3><p>{escaped(said)}</p>"
    return f'<div style="flex:0 1 {MATRIX_WIDTH}px">{head}{drawn}</div>'


def _bars(ordered: Sequence[Slice], by: str, alt: str) -> Drawing:
    shown = ordered[:MOST_BARS]
    drawing = Drawing(640, 20 + BAR_HEIGHT * len(shown) + 10, label=alt, rules=PLOT_RULES)
    _draw_bars(drawing, shown, by, 8, 14, 624, BAR_HEIGHT, 13)
    return drawing


def _draw_bars(
    drawing: Drawing, shown: Sequence[Slice], by: str, x: float, y: float, width: float, step: float, size: float
) -> None:
    named, figures = width * 0.34, size * 5.2
    room = width - named - figures
    for at, one in enumerate(shown):
        top, score = y + at * step, _score(one, by)
        drawing.text(x, top + step * 0.55, one.name, size=size, fit=named - 10)
        drawing.rectangle(x + named, top + step * 0.15, room, step * 0.6, css="card", radius=3)
        if score is not None:
            css = "wrong" if at == 0 and len(shown) > 1 else "accent"
            drawing.rectangle(x + named, top + step * 0.15, max(1.0, room * score), step * 0.6, css=css, radius=3)
        drawing.text(x + width, top + step * 0.55, _said(one, by), css="strong", size=size, anchor="end")


def _curves(ordered: Sequence[Slice]) -> Drawing:
    drawn = [one for one in ordered if one.metrics and one.metrics.curve][:MOST_DRAWN]
    drawing = Drawing(640, 520, label=f"ROC curves of {len(drawn)} slices", rules=PLOT_RULES)
    names = [f"{one.name} ({_said(one, 'AUC')})" for one in drawn]
    top = legend(drawing, names, 8, 18, 620)
    up, across = span_axis(0, 1, title="true positive rate"), span_axis(0, 1, title="false positive rate")
    frame = Frame(drawing, 60, top, 560, 470 - top, across, up)
    frame.draw_axes()
    frame.line([(0, 0), (1, 1)], css="dashed")
    for at, one in enumerate(drawn):
        if one.metrics and one.metrics.curve:
            points = list(zip(one.metrics.curve.fpr, one.metrics.curve.tpr, strict=True))
            frame.line(thinned(points), css=f"s{colour(at)} bold")
    return drawing


def _thumbnail(ordered: Sequence[Slice], by: str) -> Drawing:
    drawing = Drawing(480, 300, label=f"{by} of {len(ordered)} slices, worst first")
    drawing.text(20, 40, f"{by} by slice, worst first", css="muted", size=18)
    _draw_bars(drawing, ordered[:6], by, 20, 58, 440, 38, 18)
    return drawing


def _chart(ordered: Sequence[Slice], by: str) -> dict[str, Any] | None:
    drawn = [one for one in ordered if one.metrics and one.metrics.curve][:MOST_DRAWN]
    if not drawn:
        values = [{"slice": one.name, by: _score(one, by)} for one in ordered]
        y = {"field": "slice", "type": "nominal", "sort": None}
        x = {"field": by, "type": "quantitative", "scale": {"domain": [0, 1]}}
        tips = [{"field": "slice"}, {"field": by, "format": ".4f"}]
        return {"data": {"values": values}, "mark": "bar", "encoding": {"x": x, "y": y, "tooltip": tips}}
    values = [
        {"slice": one.name, "fpr": x, "tpr": y}
        for one in drawn
        if one.metrics and one.metrics.curve
        for x, y in thinned(list(zip(one.metrics.curve.fpr, one.metrics.curve.tpr, strict=True)))
    ]
    names = [one.name for one in drawn]
    scale = {"domain": names, "range": [COLOURS[colour(at)] for at in range(len(names))]}
    return {
        "height": 420,
        "data": {"values": values},
        "params": [{"name": "slices", "select": {"type": "point", "fields": ["slice"]}, "bind": "legend"}],
        "mark": {"type": "line", "point": {"size": 16}},
        "encoding": {
            "x": {"field": "fpr", "type": "quantitative", "title": "false positive rate"},
            "y": {"field": "tpr", "type": "quantitative", "title": "true positive rate"},
            "order": {"field": "fpr", "type": "quantitative"},
            "color": {"field": "slice", "type": "nominal", "scale": scale, "sort": None},
            "opacity": {"condition": {"param": "slices", "value": 1}, "value": 0.12},
            "tooltip": [{"field": "slice"}, {"field": "fpr", "format": ".4f"}, {"field": "tpr", "format": ".4f"}],
        },
    }
