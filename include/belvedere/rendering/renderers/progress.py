"""Progress as JSON lines: a bar, the time left, and a chart of each metric while the work goes on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from belvedere.rendering.drawing.axes import linear_axis
from belvedere.rendering.drawing.plots import PLOT_RULES, Frame, colour, legend, thinned
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.metrics.progress_lines import LAST_LINES, MOST_BYTES, Progress, read_progress
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import short
from belvedere.rendering.pages.page import figure, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.plaintext import clean
from belvedere.rendering.training.scalars import (
    Curve,
    Panel,
    importance,
    panel_drawing,
    panels_drawing,
    scalars_chart,
    value_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from belvedere.model.rendering import Facts, Limits, Rendering, Source

NAME, VERSION = "belvedere.progress", "1.1.0"
MOST_PANELS, MOST_PANELS_OF_FIGURE, MOST_IN_VERDICT, MOST_COLUMNS = 16, 6, 4, 12
# Enough for a line of a card's width; every browser that watches is told of them at each step.
MOST_IN_CURVE = 48
GRID = '<div style="display:flex;flex-wrap:wrap;gap:8px 20px">'


def read_facts(source: Source, limits: Limits) -> Facts:
    """Read how far the work is, and draw nothing."""
    progress = read_progress(source.path, source.size)
    groups = _groups(progress)
    return _facts(progress, _panels(progress, groups), _names(groups))


@renderer(NAME, version=VERSION, kinds=("progress_lines",), facts=read_facts)
def render_progress(source: Source, limits: Limits) -> Rendering:
    """Draw how far the work is."""
    progress = read_progress(source.path, source.size)
    return as_rendering(draw_progress(progress, file_name(source)), name=NAME, version=VERSION)


def draw_progress(progress: Progress, title: str) -> Part:
    """Return progress as a part."""
    groups = _groups(progress)
    names = _names(groups)
    panels = _panels(progress, groups)
    where = _where(progress)
    ends = ", ".join(f"{panel.tag} {value_text(panel.curves[0].values[-1])}" for panel in panels[:4])
    alt = f"Progress: {where}{f'; {ends}' if ends else ''}."
    bar = _bar(progress, alt)
    drawn = "".join(figure(panel_drawing(panel, names).to_text()) for panel in panels[:MOST_PANELS])
    rest = f"<p>The first {MOST_PANELS} of {len(panels):,} metrics.</p>" if len(panels) > MOST_PANELS else ""
    key = _key(names) if len(groups) > 1 else ""
    return Part(
        kind="progress_lines",
        title=title,
        lead=f"Progress as JSON lines, {progress.lines:,} {'line' if progress.lines == 1 else 'lines'}.",
        alt_text=alt,
        facts=_facts(progress, panels, names),
        body=f"{_verdict(progress, panels)}{figure(bar.to_text())}{key}{rest}{GRID}{drawn}</div>{_lines(progress)}",
        thumbnail=_thumbnail(progress, panels, where),
        figure=panels_drawing(panels[:MOST_PANELS_OF_FIGURE], names, alt) if panels else bar,
        chart=scalars_chart(panels, names) if panels else None,
        data=_data(panels, names),
        warnings=_warnings(progress),
    )


def _groups(progress: Progress) -> list[str]:
    return list(dict.fromkeys(group for _, group in progress.metrics)) or [""]


def _names(groups: list[str]) -> list[str]:
    return [group or "run" for group in groups]


def _panels(progress: Progress, groups: list[str]) -> list[Panel]:
    panels = []
    for tag in dict.fromkeys(name for name, _ in progress.metrics):
        curves = []
        for at, group in enumerate(groups):
            kept = progress.metrics.get((tag, group))
            points = sorted(kept.kept(), key=lambda point: point[0]) if kept is not None else []
            if points:
                curves.append(Curve(at, tuple(x for x, _ in points), tuple(y for _, y in points)))
        panels.append(Panel(tag, tuple(curves)))
    return sorted(panels, key=importance)


def _data(panels: list[Panel], names: list[str]) -> dict[str, Any]:
    return {
        panel.tag: {names[curve.run]: [list(point) for point in _finite(curve)] for curve in panel.curves}
        for panel in panels
    }


def _plain(value: float | None) -> float | int | None:
    return int(value) if value is not None and value.is_integer() else value


def _finite(curve: Curve) -> list[tuple[float, float]]:
    return [(x, y) for x, y in curve.points if math.isfinite(y)]


def _where(progress: Progress) -> str:
    step = short(progress.step) if progress.step is not None else "?"
    of = f" of {short(progress.total)}" if progress.total else ""
    share = f", {100 * progress.share:.0f} %" if progress.share is not None else ""
    left = f", {duration(progress.eta)} left" if progress.eta else ""
    return f"{progress.step_name} {step}{of}{share}{', done' if progress.done else left}"


def duration(seconds: float | None) -> str:
    """Return a time as people say it, ``2 h 05 min``."""
    if seconds is None or not math.isfinite(seconds) or seconds > 1e9:
        return "unknown"
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60:02d} min"


def _facts(progress: Progress, panels: list[Panel], names: list[str]) -> dict[str, Any]:
    last = {
        panel.tag if len(names) == 1 else f"{panel.tag} {names[curve.run]}": value
        for panel in panels
        for curve in panel.curves
        if math.isfinite(value := curve.values[-1])
    }
    facts: dict[str, Any] = {"lines": progress.lines, "step": _plain(progress.step), "total": _plain(progress.total)}
    facts |= {"eta_seconds": None if progress.eta is None else round(progress.eta, 1), "metrics": last}
    percent = {} if progress.share is None else {"percent": round(100 * progress.share, 2)}
    return {"progress": {**facts, **percent, **_curve(panels)}, **percent}


def _curve(panels: list[Panel]) -> dict[str, Any]:
    """Return the way of the first metric in few points: cards draw it while the work goes on."""
    known = _finite(panels[0].curves[0]) if panels else []
    if len(known) < 2:
        return {}
    points = [*(point for point in thinned(known, MOST_IN_CURVE) if point != known[-1]), known[-1]]
    steps, values = zip(*points, strict=True)
    return {"curve": {"metric": panels[0].tag, "steps": _figures(steps), "values": _figures(values)}}


def _figures(numbers: Iterable[float]) -> list[float]:
    return [float(f"{number:.6g}") for number in numbers]


def _verdict(progress: Progress, panels: list[Panel]) -> str:
    figures = {progress.step_name or "step": short(progress.step or 0.0)}
    if progress.total:
        figures["of"] = short(progress.total)
    if progress.share is not None:
        figures = {"Progress": f"{100 * progress.share:.0f} %", **figures}
    if progress.eta is not None:
        figures["Time left"] = "done" if progress.done else duration(progress.eta)
    for panel in panels[:MOST_IN_VERDICT]:
        figures[panel.tag] = value_text(panel.curves[0].values[-1])
    return verdict(figures)


def _bar(progress: Progress, alt: str) -> Drawing:
    drawing = Drawing(860, 22, label=alt, rules=PLOT_RULES)
    drawing.rectangle(0, 3, 860, 16, css="card", radius=8)
    if progress.share:
        drawing.rectangle(0, 3, max(16.0, 860 * progress.share), 16, css="f2" if progress.done else "accent", radius=8)
    return drawing


def _key(names: list[str]) -> str:
    drawing = Drawing(860, 26, label=f"Groups: {', '.join(names[:12])}", rules=PLOT_RULES)
    legend(drawing, names, 0, 16, 860)
    return figure(drawing.to_text())


def _lines(progress: Progress) -> str:
    columns = list(dict.fromkeys(name for line in progress.last for name in line))[:MOST_COLUMNS]
    rows = [[_cell(line.get(name)) for name in columns] for line in reversed(progress.last)]
    numeric = [all(isinstance(line.get(name), int | float) for line in progress.last) for name in columns]
    listing = table([clean(name)[:60] for name in columns], rows, numeric=numeric)
    return f"<h2>Last {min(LAST_LINES, len(rows))} lines</h2>{listing}"


def _cell(value: Any) -> str:
    return "" if value is None else clean(f"{value:.6g}" if isinstance(value, float) else str(value))[:120]


def _warnings(progress: Progress) -> tuple[str, ...]:
    said = []
    if progress.cut:
        said.append(f"The file is long: its last {MOST_BYTES // 1024**2} MB were read.")
    if progress.bad_lines:
        lines = "1 line is" if progress.bad_lines == 1 else f"{progress.bad_lines:,} lines are"
        said.append(f"{lines} no JSON object and left out.")
    if progress.unfinished:
        said.append("The last line is incomplete: it is truncated or still being written.")
    return tuple(said)


def _thumbnail(progress: Progress, panels: list[Panel], where: str) -> Drawing:
    drawing = Drawing(480, 300, label=f"Progress: {where}", rules=PLOT_RULES)
    share = progress.share
    said = f"{100 * share:.0f} %" if share is not None else f"{progress.step_name} {short(progress.step or 0.0)}"
    drawing.text(20, 56, said, css="strong", size=40)
    left = "done" if progress.done else f"{duration(progress.eta)} left" if progress.eta else ""
    drawing.text(460, 54, left, css="muted", size=19, anchor="end")
    if share is not None:
        drawing.rectangle(20, 74, 440, 16, css="card", radius=8)
        css = "f2" if progress.done else "accent"
        drawing.rectangle(20, 74, max(16.0, 440 * share), 16, css=css, radius=8)
    if panels:
        panel = panels[0]
        values = [value for curve in panel.curves for value in curve.values]
        across = linear_axis([step for curve in panel.curves for step in (curve.steps[0], curve.steps[-1])])
        frame = Frame(drawing, 20, 108, 440, 136, across, linear_axis(values))
        drawing.rectangle(frame.left, frame.top, frame.width, frame.height, css="card", radius=6)
        for curve in panel.curves:
            frame.line(thinned(curve.points, 200), css=f"s{colour(curve.run)} bold")
        drawing.text(20, 276, panel.tag, css="muted", size=19, fit=280)
        drawing.text(460, 277, value_text(panel.curves[0].values[-1]), css="strong", size=24, anchor="end")
    return drawing
