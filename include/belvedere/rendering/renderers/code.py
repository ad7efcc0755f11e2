"""Source code and configuration files: in colours, with line numbers and what they define."""

from __future__ import annotations

import re

from belvedere.model.rendering import Limits, Rendering, Sampled, Source
from belvedere.rendering.drawing.svg import Drawing
from belvedere.rendering.pages.highlighting import CODE_CSS, highlighted
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.log_text import Stretch, numbered
from belvedere.rendering.texts.plaintext import clean, decode

NAME, VERSION = "belvedere.code", "1.0.0"
WARM_LANGUAGES = ("python", "yaml", "json")
THUMBNAIL_LINES, MOST_DEFINITIONS = 11, 60
DEFINITION = re.compile(
    r"^(?:async\s+)?(?:def|class|func|fn|function|interface|struct|enum|trait)\s+(\w{1,80})", re.MULTILINE
)


@renderer(NAME, version=VERSION, kinds=("code",))
def render_code(source: Source, limits: Limits) -> Rendering:
    """Show source code in colours; of a long file its beginning."""
    whole = source.size <= limits.text_bytes_shown
    decoded = decode(source.head(limits.text_bytes_shown), whole=whole)
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    lines, language = highlighted(text, name=file_name(source))
    warnings = [] if decoded.certain else [f"The text is not UTF-8; it was read as {decoded.encoding}, a guess."]
    if not whole:
        warnings.append(f"The file is cut: its first {limits.text_bytes_shown:,} of {source.size:,} bytes are shown.")
    defined = [clean(name) for name in DEFINITION.findall(text)][:MOST_DEFINITIONS]
    called = language or "Text"
    facts = {"lines": len(lines), "bytes": source.size, "language": called, "encoding": decoded.encoding}
    part = Part(
        kind="code",
        title=file_name(source),
        lead=f"{called}, {len(lines):,} {'line' if len(lines) == 1 else 'lines'}, {bytes_in_words(source.size)}.",
        alt_text=f"{called} source of {len(lines):,} lines"
        + (f"; it defines {', '.join(defined[:8])}." if defined else "."),
        facts={"text": facts | ({"definitions": defined} if defined else {})},
        body=f"<style>{CODE_CSS}</style>{numbered(Stretch(1, ()), lines=lines)}",
        thumbnail=_thumbnail(text, called),
        warnings=tuple(warnings),
        sampled=None if whole else Sampled(limits.text_bytes_shown, source.size, "bytes"),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _thumbnail(text: str, language: str) -> Drawing:
    drawing = Drawing(480, 300, label=f"The beginning of a {language} file")
    for at, line in enumerate(text[:4000].split("\n")[:THUMBNAIL_LINES]):
        comment = line.lstrip().startswith(("#", "//", "--", '"""'))
        css = "mono muted" if comment else "mono"
        drawing.text(20, 34 + at * 24, clean(line.expandtabs(4)), css=css, size=14, fit=440)
    drawing.text(464, 290, language, css="muted", size=13, anchor="end")
    return drawing


def warm() -> None:
    """Build the lexers of the languages that notebooks and configurations are written in."""
    for language in WARM_LANGUAGES:
        highlighted("x", language=language)
