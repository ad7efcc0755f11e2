"""Plain text, and text that grows while a run goes on: the end of it is what people want to see."""

from __future__ import annotations

import re
from dataclasses import dataclass

from belvedere.model.rendering import Limits, Output, Rendering, Sampled, Source
from belvedere.rendering.detection import detect
from belvedere.rendering.naming import file_name
from belvedere.rendering.numbers import bytes_in_words, short
from belvedere.rendering.page import page, verdict
from belvedere.rendering.plaintext import clean, decode
from belvedere.rendering.registry import renderer
from belvedere.rendering.svg import Drawing, escaped

NAME, VERSION = "belvedere.text", "1.0.0"
ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s?%")
OF_TOTAL = re.compile(r"\b(\d{1,9})\s?/\s?(\d{1,9})\b")
LONGEST_LINE = 4000
THUMBNAIL_LINES = 11


@dataclass(frozen=True, slots=True)
class _Text:
    lines: tuple[str, ...]
    total_lines: int
    encoding: str
    cut: bool
    warnings: tuple[str, ...]


@renderer(NAME, version=VERSION, kinds=("text", "progress"))
def render_text(source: Source, limits: Limits) -> Rendering:
    """Show text in a fixed-width font; of a huge one its beginning and its end."""
    kind = "progress" if detect(source) == "progress" else "text"
    text = _read(source, limits)
    last = next((line for line in reversed(text.lines) if line.strip()), "")
    share = percent_in(last) if kind == "progress" else None
    facts = {
        "text": {"lines": text.total_lines, "bytes": source.size, "encoding": text.encoding},
        "last_line": last.strip()[:1000],
        "percent": share,
    }
    name = file_name(source)
    said = f"{text.total_lines:,} lines, {bytes_in_words(source.size)}, {text.encoding}"
    figures = {"Progress": f"{short(share)} %"} if share is not None else {}
    figures |= {"Last line": last.strip()[:120]} if kind == "progress" else {}
    body = (verdict(figures) if figures else "") + _shown(text)
    return Rendering(
        kind=kind,
        renderer_name=NAME,
        renderer_version=VERSION,
        title=name,
        alt_text=f"Text of {text.total_lines:,} lines; the last one reads: {last.strip()[:200]}",
        facts={key: value for key, value in facts.items() if value is not None},
        outputs=(
            Output("page", "page.html", "text/html", page(name, body, lead=said, warnings=text.warnings)),
            Output("thumbnail", "thumbnail.svg", "image/svg+xml", _thumbnail(text, share, kind)),
        ),
        warnings=text.warnings,
        sampled=Sampled(len(text.lines), text.total_lines, "lines") if text.cut else None,
    )


def percent_in(line: str) -> float | None:
    """Return how far a progress line says that the work is, in percent."""
    found = PERCENT.findall(line)
    if found and float(found[-1]) <= 100:
        return float(found[-1])
    parts = [(int(done), int(total)) for done, total in OF_TOTAL.findall(line)]
    done, total = parts[0] if parts else (0, 0)
    return round(100 * done / total, 2) if total > 0 and done <= total else None


def visible(text: str) -> str:
    """Return text as a terminal would leave it: no colour codes, only the last state of rewritten lines."""
    text = ESCAPE_SEQUENCE.sub("", text).replace("\r\n", "\n")
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return clean(text)


def _read(source: Source, limits: Limits) -> _Text:
    budget = limits.text_bytes_shown
    if source.size <= budget:
        data = source.path.read_bytes()
        decoded = decode(data)
        lines = visible(decoded.text).rstrip("\n").split("\n")
        warnings = _warnings(decoded.encoding, decoded.certain, decoded.damaged)
        return _Text(tuple(map(_shortened, lines)), len(lines), decoded.encoding, False, warnings)
    return _read_ends(source, budget)


def _read_ends(source: Source, budget: int) -> _Text:
    head = decode(source.head(budget // 4), whole=False)
    with source.path.open("rb") as file:
        breaks = sum(part.count(b"\n") for part in iter(lambda: file.read(1024**2), b""))
        file.seek(source.size - 3 * budget // 4)
        tail_bytes = file.read()
    tail_bytes = tail_bytes[len(tail_bytes) % 2 :] if head.encoding.startswith("utf-16") else tail_bytes
    encoding = "utf-8" if head.encoding == "utf-8" else head.encoding
    tail = tail_bytes.decode(encoding, "replace")
    first = visible(head.text).split("\n")[:-1] or [visible(head.text)]
    last = visible(tail).rstrip("\n").split("\n")
    last = last[1:] or last
    total = breaks + 1
    shown = f"its first {len(first):,} and last {len(last):,} of {total:,} lines"
    said = f"The text is {bytes_in_words(source.size)} long: shown are {shown}."
    gap = f"... {max(0, total - len(first) - len(last)):,} lines left out ..."
    lines = tuple(map(_shortened, [*first, "", gap, "", *last]))
    return _Text(lines, total, head.encoding, True, (said, *_warnings(head.encoding, head.certain, 0)))


def _warnings(encoding: str, certain: bool, damaged: int) -> tuple[str, ...]:
    found = []
    if not certain:
        found.append(f"The text is not valid UTF-8; it was read as {encoding}, which is a guess.")
    if damaged:
        found.append(f"{damaged:,} characters are invalid in {encoding} and shown as �.")
    return tuple(found)


def _shortened(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}… ({len(line):,} characters)"


def _shown(text: _Text) -> str:
    return f'<div class="text"><pre>{escaped(chr(10).join(text.lines))}</pre></div>'


def _thumbnail(text: _Text, share: float | None, kind: str) -> bytes:
    drawing = Drawing(480, 300, label=f"The last lines of a text of {text.total_lines:,} lines")
    room = THUMBNAIL_LINES - (2 if share is not None else 0)
    filled = [line for line in text.lines if line.strip()]
    lines = filled[-room:] if kind == "progress" or text.cut else filled[:room]
    size = 17 if max((len(line) for line in lines), default=0) <= 42 else 13.5
    for at, line in enumerate(lines):
        newest = kind == "progress" and at == len(lines) - 1
        css = "mono strong" if newest else "mono"
        drawing.text(20, 34 + at * 24, line.expandtabs(8), css=css, size=size, fit=440)
    if share is not None:
        drawing.rectangle(20, 262, 350, 14, css="card", radius=7)
        drawing.rectangle(20, 262, max(8.0, 3.5 * share), 14, css="accent", radius=7)
        drawing.text(460, 276, f"{short(share)} %", css="strong", size=22, anchor="end")
    return drawing.to_bytes()
