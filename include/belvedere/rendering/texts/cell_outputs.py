"""What a notebook's cell put out, as HTML: the best of its forms that is safe, and says so where none is."""

from __future__ import annotations

import base64
import binascii
import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from belvedere.errors import BelvedereError
from belvedere.rendering.drawing.svg import escaped
from belvedere.rendering.nesting import embedded, framed, render_within
from belvedere.rendering.pages.value_trees import Tree
from belvedere.rendering.texts.notebooks import CellOutput, joined
from belvedere.rendering.texts.terminal import coloured, settled
from belvedere.rendering.texts.webpages import look_at
from belvedere.rendering.vision.pictures import Picture, encoded, open_picture
from belvedere.rendering.vision.vectors import clean_svg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from belvedere.model.rendering import Limits, Source

    WriteForm = Callable[["OutputWriter", Any, Mapping[str, Any]], str]

FRAGMENT_HEAD = (
    '<!doctype html><meta charset="utf-8"><style>body{font:13px/1.5 system-ui,sans-serif;margin:8px}</style>'
)
MOST_TEXT, MOST_LINES = 60_000, 400
MOST_SANITISED, MOST_FRAMED = 1024**2, 12 * 1024**2
ROW_HEIGHT, LEAST_FRAME, MOST_FRAME, SCRIPTED_FRAME = 27, 90, 640, 460
VEGA = re.compile(r"application/vnd\.vega(?:lite)?\.v\d(?:\.json|\+json)?")
PLOTLY = re.compile(r"application/vnd\.plotly\.v1\+json")
NEEDS_SCRIPT = re.compile(r"<script|<iframe|<canvas", re.IGNORECASE)
NEEDS_STYLE = re.compile(r"<style(?! scoped)", re.IGNORECASE)
# fmt: off
TAGS = frozenset((
    "a", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd", "del", "details", "div", "dl",
    "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "mark", "ol",
    "p", "pre", "s", "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "u", "ul",
))
# fmt: on
CELL = {"colspan", "rowspan", "style", "title"}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "width", "height"}, "td": CELL, "th": CELL, "*": {"style"}}
HARMLESS_PROPERTIES = {"text-align", "color", "background-color", "font-weight", "font-style", "text-decoration"}
INLINE_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)


@dataclass(slots=True)
class OutputWriter:
    """Writes outputs within one page: keeps account of its bytes, of scripts, and of the first picture."""

    source: Source
    limits: Limits
    left: int
    scripted: bool = False
    picture: Picture | None = None
    problems: dict[str, None] = field(default_factory=dict)

    def html(self, output: CellOutput) -> str:
        """Return an output as HTML."""
        if output.form == "error":
            return f'<div class="text error"><pre>{self.terminal(output.text)}</pre></div>'
        if output.form == "stream":
            css = "out stderr" if output.name == "stderr" else "out"
            return f'<pre class="{css}">{self.terminal(output.text)}</pre>'
        return self._display(output)

    def _display(self, output: CellOutput) -> str:
        """Show the best of a display's forms that can be shown."""
        for pattern, write in FORMS:
            for name in [name for name in output.data if pattern.fullmatch(str(name))]:
                made = self._attempt(write, output, name)
                if made:
                    self.left -= len(made)
                    return made
        return '<p class="blocked">an output in no form that can be shown</p>' if output.data else ""

    def _attempt(self, write: WriteForm, output: CellOutput, name: str) -> str:
        try:
            return write(self, output.data[name], output.data)
        except BelvedereError as error:
            self.problems[f"An output cannot be shown: {error.message}"] = None
            return ""

    def terminal(self, text: str) -> str:
        """Return printed text with its colours; of a long one both ends."""
        lines = settled(text[: 4 * MOST_TEXT]).rstrip("\n").split("\n")
        total = text.count("\n") + 1
        if len(lines) > MOST_LINES:
            half = MOST_LINES // 2
            lines = [*lines[:half], f"… {total - 2 * half:,} lines left out …", *lines[-half:]]
        shown = "\n".join(coloured(line[:4000] for line in lines))
        self.left -= len(shown)
        return shown if len(shown) <= 4 * MOST_TEXT else f"{escaped(text[:MOST_TEXT])}\n… cut …"

    def page(self, text: str) -> str:
        """Return HTML for showing: in our page where tables and words are all of it, else in a frame without rights."""
        scripted = NEEDS_SCRIPT.search(text) is not None
        if not scripted and not NEEDS_STYLE.search(text) and len(text) <= MOST_SANITISED:
            return f'<div class="scroll html">{sanitised(text)}</div>'
        if len(text) > min(MOST_FRAMED, self.left // 2):
            self.problems["An HTML output is left out: the page would become too large."] = None
            return ""
        if not scripted:
            height = min(MOST_FRAME, max(LEAST_FRAME, 60 + ROW_HEIGHT * text.count("<tr")))
            return framed(_as_page(text), "HTML output", height=height)
        title = look_at(text).title or "Interactive output"
        self.scripted = True
        return framed(_as_page(text), title, height=SCRIPTED_FRAME)

    def drawing(self, text: str) -> str:
        """Return an SVG as an image, made harmless."""
        vector = clean_svg(text.encode("utf-8", "replace"))
        address = f"data:image/svg+xml;base64,{base64.b64encode(vector.content).decode()}"
        return self._placed(address, " ".join(vector.words)[:200] or "drawing", vector.width, vector.height)

    def pixels(self, value: Any) -> str:
        """Return a picture of pixels, written anew."""
        address, picture = picture_address(joined(value), self.limits)
        self.picture = self.picture or picture
        return self._placed(address, "picture put out by this cell", picture.image.width, picture.image.height)

    def _placed(self, address: str, alt: str, width: float, height: float) -> str:
        if len(address) > self.left:
            self.problems["A picture is left out: the page would become too large."] = None
            return '<p class="blocked">picture left out: the page would become too large</p>'
        size = f'width="{width:.0f}" height="{height:.0f}"'
        return f'<div class="figure paper"><img src="{address}" alt="{escaped(alt)}" {size}></div>'


def picture_address(text: str, limits: Limits) -> tuple[str, Picture]:
    """Return a base64-encoded picture, written anew, as a ``data:`` address, and the picture.

    Raises:
        BelvedereError: it is no picture, or too large.
    """
    try:
        data = base64.b64decode("".join(text.split()), validate=False)
    except (binascii.Error, ValueError):
        data = b""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        picture = open_picture(Path(file.name), limits.image_pixels)
    return data_address(picture), picture


def data_address(picture: Picture) -> str:
    """Return a picture, written anew, as a ``data:`` address."""
    content, media_type, _ = encoded(picture)
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _as_page(text: str) -> str:
    """Give a fragment the type that notebooks show it in; leave a whole page as it is."""
    whole = text.lstrip()[:200].lower().startswith(("<!doctype", "<html"))
    return text if whole else f"{FRAGMENT_HEAD}{text}"


def sanitised(text: str) -> str:
    """Return HTML with nothing left of it but words, tables and inline pictures."""
    import nh3

    return nh3.clean(
        text,
        tags=set(TAGS),
        clean_content_tags={"script", "style"},
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=_allowed,
        filter_style_properties=HARMLESS_PROPERTIES,
        url_schemes={"http", "https", "mailto", "data"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "src":
        return value if INLINE_PICTURE.fullmatch(value) else None
    if attribute == "href" and value.strip().lower().startswith("data:"):
        return None
    return value


def markdown_html(text: str) -> str:
    """Return Markdown as clean HTML."""
    from belvedere.rendering.renderers.markdown import html_of

    return f'<div class="prose">{html_of(text)[0]}</div>'


def _note(what: str, data: Mapping[str, Any]) -> str:
    words = joined(data.get("text/plain"))[:300]
    said = f": {words}" if words.strip() else ""
    return f'<p class="blocked">{escaped(what + said)}</p>'


def _chart(writer: OutputWriter, value: Any, ending: str) -> str:
    """Draw a chart that came as data by the renderer of its kind."""
    content = joined(value) if isinstance(value, str | list) else json.dumps(value)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chart"
        path.write_text(content, encoding="utf-8", errors="replace")
        made = render_within(writer.source, writer.limits, path=path, name=f"chart.{ending}")
    return embedded(made) if made.kind in {"vega_lite", "plotly"} else ""


# the ways to show a display, the best first
FORMS: tuple[tuple[re.Pattern[str], WriteForm], ...] = (
    (VEGA, lambda writer, value, _: _chart(writer, value, "vl.json")),
    (PLOTLY, lambda writer, value, _: _chart(writer, value, "plotly.json")),
    (re.compile("text/html"), lambda writer, value, _: writer.page(joined(value))),
    (re.compile("text/markdown"), lambda _writer, value, _: markdown_html(joined(value))),
    (re.compile(r"image/svg\+xml"), lambda writer, value, _: writer.drawing(joined(value))),
    (re.compile("image/(?:png|jpeg|webp|gif|bmp)"), lambda writer, value, _: writer.pixels(value)),
    (
        re.compile(r"application/vnd\.jupyter\.widget-view\+json"),
        lambda _writer, _value, data: _note("an interactive widget, whose state is not among the outputs", data),
    ),
    (re.compile("text/latex"), lambda _writer, value, _: f'<p class="math">{escaped(joined(value)[:MOST_TEXT])}</p>'),
    (re.compile("application/json"), lambda writer, value, _: Tree(value, depth=writer.limits.depth).html),
    (
        re.compile("(?:application|text)/(?:x-)?javascript"),
        lambda _w, _v, data: _note("a script, which is not run", data),
    ),
    (re.compile("text/plain"), lambda writer, value, _: f'<pre class="out">{writer.terminal(joined(value))}</pre>'),
)
