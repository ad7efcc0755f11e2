"""Plain text, and text that grows while a run goes on: the end of it is what people want to see."""

from __future__ import annotations

import re

from belvedere.model.rendering import Facts, Limits, Rendering, Sampled, Source
from belvedere.rendering.detection import detect
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words, short
from belvedere.rendering.pages.page import verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.log_text import LogText, level_of, line_links, marked_lines, numbered, read_log
from belvedere.rendering.texts.terminal import TERMINAL_CSS, visible

__all__ = ["percent_in", "render_text", "visible"]

NAME, VERSION = "belvedere.text", "2.0.0"
PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s?%")
OF_TOTAL = re.compile(r"\b(\d{1,9})\s?/\s?(\d{1,9})\b")
THUMBNAIL_LINES, ERRORS_LISTED = 11, 6
SEARCH_HINT = "Find searches only what is shown here (Ctrl+F); the source tab has the whole file."


def read_facts(source: Source, limits: Limits) -> Facts:
    """Read what the text says of itself and how far the work is, and draw nothing."""
    kind = _kind(source)
    text = read_log(source, limits.text_bytes_shown)
    last = _last_line(text)
    return _facts(source, text, last, _share(kind, last))


@renderer(NAME, version=VERSION, kinds=("text", "progress"), facts=read_facts)
def render_text(source: Source, limits: Limits) -> Rendering:
    """Show text in a fixed-width font with line numbers; of a huge one its end, then its beginning."""
    kind = _kind(source)
    text = read_log(source, limits.text_bytes_shown)
    last = _last_line(text)
    share = _share(kind, last)
    shown = sum(len(stretch.lines) for stretch in text.stretches)
    part = Part(
        kind=kind,
        title=file_name(source),
        lead=f"{text.total_lines:,} lines, {bytes_in_words(source.size)}, {text.encoding}"
        + (f". {SEARCH_HINT}" if text.cut else ""),
        alt_text=f"Text of {text.total_lines:,} lines; the last one reads: {last[:200]}",
        facts=_facts(source, text, last, share),
        body=_body(text, kind, share, last),
        thumbnail=_thumbnail(text, share, kind),
        warnings=text.warnings,
        sampled=Sampled(shown, text.total_lines, "lines") if text.cut else None,
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _kind(source: Source) -> str:
    return "progress" if detect(source) == "progress" else "text"


def _last_line(text: LogText) -> str:
    return next((line for line in reversed(text.last_lines) if line.strip()), "").strip()


def _share(kind: str, last: str) -> float | None:
    return percent_in(last) if kind == "progress" else None


def _facts(source: Source, text: LogText, last: str, share: float | None) -> Facts:
    known = {"lines": text.total_lines, "bytes": source.size, "encoding": text.encoding, **_levels(text)}
    percent = {} if share is None else {"percent": share}
    return {"text": known, "last_line": last[:1000], **percent}


def percent_in(line: str) -> float | None:
    """Return how far a progress line says that the work is, in percent."""
    found = PERCENT.findall(line)
    if found and float(found[-1]) <= 100:
        return float(found[-1])
    parts = [(int(done), int(total)) for done, total in OF_TOTAL.findall(line)]
    done, total = parts[0] if parts else (0, 0)
    return round(100 * done / total, 2) if total > 0 and done <= total else None


def _levels(text: LogText) -> dict[str, int]:
    counts = {"errors": text.count("error"), "warnings": text.count("warning")}
    return {name: count for name, count in counts.items() if count}


def _body(text: LogText, kind: str, share: float | None, last: str) -> str:
    figures = {"Progress": f"{short(share)} %"} if share is not None else {}
    figures |= {"Last line": last[:120]} if kind == "progress" else {}
    where = " shown" if text.cut else ""
    figures |= {f"{name.capitalize()}{where}": f"{count:,}" for name, count in _levels(text).items()}
    top = verdict(figures) if figures else ""
    errors = marked_lines(text, "error", ERRORS_LISTED)
    if errors:
        said = "The last lines with errors" if text.count("error") > len(errors) else "Lines with errors"
        top += f"<details open><summary>{said}</summary>{line_links(errors)}</details>"
    styles = f"<style>{TERMINAL_CSS}</style>" if _is_coloured(text) else ""
    return styles + top + _shown(text)


def _is_coloured(text: LogText) -> bool:
    return any("\x1b" in line for stretch in text.stretches for line in stretch.lines)


def _shown(text: LogText) -> str:
    if not text.cut:
        return numbered(text.stretches[0], text.marks)
    first, last = text.stretches
    left_out = last.first - first.first - len(first.lines)
    gap = f'<p class="lead">{left_out:,} lines before these are left out.</p>'
    end = f"<h2>End of the text</h2>{gap}{numbered(last, text.marks)}"
    return f"{end}<h2>Beginning of the text</h2>{numbered(first, text.marks)}"


def _thumbnail(text: LogText, share: float | None, kind: str) -> Drawing:
    drawing = Drawing(480, 300, label=f"The last lines of a text of {text.total_lines:,} lines")
    room = THUMBNAIL_LINES - (2 if share is not None else 0)
    at_end = kind == "progress" or text.cut or text.marks
    filled = [line for line in (text.last_lines if at_end else text.first_lines) if line.strip()]
    lines = filled[-room:] if at_end else filled[:room]
    size = 17 if max((len(line) for line in lines), default=0) <= 42 else 13.5
    for at, line in enumerate(lines):
        newest = kind == "progress" and at == len(lines) - 1
        css = "mono strong" if newest else "mono wrong" if level_of(line) else "mono"
        drawing.text(20, 34 + at * 24, line.expandtabs(8), css=css, size=size, fit=440)
    if share is not None:
        drawing.rectangle(20, 262, 350, 14, css="card", radius=7)
        drawing.rectangle(20, 262, max(8.0, 3.5 * share), 14, css="accent", radius=7)
        drawing.text(460, 276, f"{short(share)} %", css="strong", size=22, anchor="end")
    return drawing
