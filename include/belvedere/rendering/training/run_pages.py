"""Training runs on one page: what their scalars came to, curves side by side, distributions, pictures, texts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from belvedere.model.rendering import Sampled
from belvedere.rendering.drawing.plots import PLOT_RULES, colour, legend
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.pages.page import figure, table, verdict
from belvedere.rendering.pages.part import Part
from belvedere.rendering.training.media import logged_pictures, logged_texts
from belvedere.rendering.training.ridges import ridge_drawing
from belvedere.rendering.training.scalars import (
    Curve,
    Panel,
    importance,
    panel_drawing,
    panel_thumbnail,
    panels_drawing,
    scalars_chart,
    value_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from belvedere.model.rendering import Limits, Output
    from belvedere.rendering.training.event_logs import EventLog

MOST_PANELS, MOST_PANELS_OF_FIGURE, MOST_RIDGES, MOST_IN_TABLE, MOST_IN_VERDICT = 24, 8, 12, 400, 4
MOST_IN_DATA = 1000
GRID = '<div style="display:flex;flex-wrap:wrap;gap:8px 20px">'


def draw_runs(runs: Mapping[str, EventLog], title: str, limits: Limits, warnings: Sequence[str] = ()) -> Part:
    """Return runs as a part. ``runs`` may be empty of data: a run that has just begun is shown as that."""
    names = list(runs)
    panels = panels_of(runs)
    alt = _alt_text(runs, panels)
    said = [*warnings, *(text for log in runs.values() for text in log.warnings), *_oddities(runs, panels)]
    nothing = not any(log.scalars or log.histograms or log.images or log.texts or log.audio for log in runs.values())
    if nothing:
        said.append("Nothing is logged yet: the event files hold no scalar, histogram, picture or text.")
    pictures, problems = logged_pictures(runs, limits)
    return Part(
        kind="tensorboard",
        title=title,
        lead=_lead(runs),
        alt_text=alt,
        facts={"tensorboard": {"runs": {name: run_facts(log) for name, log in runs.items()}}},
        body=_body(runs, panels) + pictures + logged_texts(runs) + _others(runs),
        thumbnail=_thumbnail(runs, panels),
        figure=panels_drawing(panels[:MOST_PANELS_OF_FIGURE], names, alt) if panels else None,
        chart=scalars_chart(panels[:MOST_IN_TABLE], names) if panels else None,
        data=_data(runs) if panels else None,
        warnings=(*said, *problems),
        sampled=_sampled(runs),
    )


def panels_of(runs: Mapping[str, EventLog]) -> list[Panel]:
    """Return a panel for each scalar tag, the most telling first."""
    tags = dict.fromkeys(tag for log in runs.values() for tag in log.scalars)
    panels = [Panel(tag, tuple(_curves(runs, tag))) for tag in tags]
    return sorted(panels, key=importance)


def _curves(runs: Mapping[str, EventLog], tag: str) -> list[Curve]:
    curves = []
    for at, log in enumerate(runs.values()):
        if tag in log.scalars:
            points = sorted(log.scalars[tag].kept(), key=lambda point: point.step)
            curves.append(Curve(at, tuple(float(p.step) for p in points), tuple(p.value for p in points)))
    return curves


def run_facts(log: EventLog) -> dict[str, Any]:
    """Return what one run logged, by tag."""
    return {
        "scalars": {tag: _scalar_facts(log, tag) for tag in log.scalars},
        "histograms": list(log.histograms),
        "images": list(log.images),
        "tensors": list(log.tensors),
        "audio": list(log.audio),
    }


def _scalar_facts(log: EventLog, tag: str) -> dict[str, Any]:
    last = log.last(tag)
    value = float(f"{last.value:.7g}") if math.isfinite(last.value) else str(last.value)
    return {"points": log.scalars[tag].count, "last_step": last.step, "last_value": value}


def _lead(runs: Mapping[str, EventLog]) -> str:
    logs = "1 run" if len(runs) == 1 else f"{len(runs):,} runs"
    records = sum(log.records for log in runs.values())
    return f"TensorBoard event files: {logs}, {records:,} records."


def _alt_text(runs: Mapping[str, EventLog], panels: Sequence[Panel]) -> str:
    names = list(runs)
    said = f"TensorBoard logs of {', '.join(names[:6])}"
    ends = [
        f"{panel.tag} ends at {', '.join(f'{value_text(c.values[-1])} ({names[c.run]})' for c in panel.curves[:4])}"
        for panel in panels[:3]
    ]
    return f"{said}: {'; '.join(ends)}." if ends else f"{said}."


def _oddities(runs: Mapping[str, EventLog], panels: Sequence[Panel]) -> list[str]:
    said = []
    for panel in panels:
        lost = sum(1 for curve in panel.curves for value in curve.values if not math.isfinite(value))
        if lost:
            values = "1 value is" if lost == 1 else f"{lost:,} values are"
            said.append(f"{panel.tag}: {values} not finite (nan or infinite); the curve has a gap there.")
    dropped = sum(log.dropped_tags for log in runs.values())
    if dropped:
        said.append(f"There are more tags than are read: {dropped:,} values of further tags are left out.")
    return said[:12]


def _sampled(runs: Mapping[str, EventLog]) -> Sampled | None:
    series = [kept for log in runs.values() for kept in log.scalars.values()]
    thinned = any(log.thinned for log in runs.values())
    if not thinned and all(kept.whole for kept in series):
        return None
    total = None if thinned else sum(kept.count for kept in series)
    return Sampled(sum(len(kept.kept()) for kept in series), total, "points")


def _body(runs: Mapping[str, EventLog], panels: Sequence[Panel]) -> str:
    names = list(runs)
    parts = [_verdict(runs, panels)]
    if panels:
        key = Drawing(860, 0, label="")
        height = legend(key, names, 0, 16, 860)
        shown = Drawing(860, height, label=f"Runs: {', '.join(names[:12])}", rules=PLOT_RULES)
        legend(shown, names, 0, 16, 860)
        drawn = "".join(figure(panel_drawing(panel, names).to_text()) for panel in panels[:MOST_PANELS])
        parts += [figure(shown.to_text()), f"{GRID}{drawn}</div>", _scalar_note(panels), _scalar_table(runs)]
    ridges = [
        ridge_drawing(tag if len(names) == 1 else f"{tag} · {name}", kept.kept(), colour(at))
        for at, (name, log) in enumerate(runs.items())
        for tag, kept in log.histograms.items()
    ]
    if ridges:
        drawn = "".join(figure(drawing.to_text()) for drawing in ridges[:MOST_RIDGES])
        parts.append(f"<h2>Histograms</h2>{_rest(len(ridges), MOST_RIDGES, 'histograms')}{GRID}{drawn}</div>")
    return "".join(parts)


def _scalar_note(panels: Sequence[Panel]) -> str:
    smooth = "<p>Faint lines are as logged, strong ones smoothed (0.6, as TensorBoard does).</p>"
    return smooth + _rest(len(panels), MOST_PANELS, "charts")


def _rest(there: int, shown: int, word: str) -> str:
    return f"<p>The first {shown} of {there:,} {word}.</p>" if there > shown else ""


def _verdict(runs: Mapping[str, EventLog], panels: Sequence[Panel]) -> str:
    names = list(runs)
    steps = [log.last(tag).step for log in runs.values() for tag in log.scalars]
    figures = {"Runs": f"{len(runs):,}"}
    if steps:
        figures["Last step"] = f"{max(steps):,}"
    for panel in panels[: max(1, MOST_IN_VERDICT // max(1, min(2, len(names))))]:
        for curve in panel.curves[:2]:
            where = f" ({names[curve.run]})" if len(names) > 1 else ""
            figures[f"{panel.tag}{where}"] = value_text(curve.values[-1])
    return verdict(figures)


def _scalar_table(runs: Mapping[str, EventLog]) -> str:
    lines = []
    for name, log in runs.items():
        for tag, kept in log.scalars.items():
            last = log.last(tag)
            finite = [point.value for point in kept.kept() if math.isfinite(point.value)]
            ends = [value_text(min(finite)), value_text(max(finite))] if finite else ["", ""]
            lines.append([name, tag, value_text(last.value), f"{last.step:,}", *ends, f"{kept.count:,}"])
    header = ["run", "tag", "last value", "last step", "lowest", "highest", "points"]
    listing = table(header, lines[:MOST_IN_TABLE], numeric=[False, False, True, True, True, True, True])
    return f"<h2>Scalars</h2>{_rest(len(lines), MOST_IN_TABLE, 'scalars')}{listing}"


def _others(runs: Mapping[str, EventLog]) -> str:
    lines = [
        [name, what, f"{count:,}"]
        for name, log in runs.items()
        for what, count in [*((f"audio {tag}", n) for tag, n in log.audio.items()), *log.others.items()]
    ]
    if not lines:
        return ""
    listing = table(["run", "logged", "records"], lines[:MOST_IN_TABLE], numeric=[False, False, True])
    return f"<h2>Also logged</h2><p>Not drawn here; TensorBoard itself shows it.</p>{listing}"


def _thumbnail(runs: Mapping[str, EventLog], panels: Sequence[Panel]) -> Drawing | Output:
    names = list(runs)
    if panels:
        return panel_thumbnail(panels[0], names, len(panels) - 1)
    ridges = next((ridge_drawing(tag, k.kept(), 0) for log in runs.values() for tag, k in log.histograms.items()), None)
    if ridges is not None:
        return ridges
    drawing = Drawing(480, 300, label=f"TensorBoard logs of {', '.join(names[:4])}")
    drawing.text(20, 60, "TensorBoard logs", css="strong", size=26)
    for at, name in enumerate(names[:6]):
        drawing.text(20, 100 + 28 * at, name, css="muted", size=18, fit=440)
    return drawing


def _data(runs: Mapping[str, EventLog]) -> dict[str, Any]:
    return {name: {tag: _series(log, tag) for tag in list(log.scalars)[:MOST_IN_TABLE]} for name, log in runs.items()}


def _series(log: EventLog, tag: str) -> dict[str, Any]:
    points = log.scalars[tag].kept()
    every = max(1, -(-len(points) // MOST_IN_DATA))
    chosen = points[::every]
    if chosen[-1] is not points[-1]:
        chosen.append(points[-1])
    values = [float(f"{p.value:.7g}") if math.isfinite(p.value) else str(p.value) for p in chosen]
    return {"steps": [p.step for p in chosen], "values": values}
