"""Markdown: rendered without raw HTML, cleaned again, no picture from anywhere else."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from belvedere.model.rendering import Limits, Rendering, Sampled, Source
from belvedere.rendering.naming import file_name
from belvedere.rendering.part import Part, as_rendering
from belvedere.rendering.plaintext import Decoded, clean, decode
from belvedere.rendering.registry import renderer
from belvedere.rendering.svg import Drawing, escaped

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence
    from typing import Any

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

NAME, VERSION = "belvedere.markdown", "1.0.0"
INLINE_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
TAGS = frozenset(
    [
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "dd",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "img",
        "input",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "section",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
ATTRIBUTES = {
    "a": {"href", "title", "class", "id"},
    "img": {"src", "alt", "title"},
    "input": {"type", "checked", "disabled", "class"},
    "li": {"class", "id"},
    "ol": {"start"},
    "section": {"class"},
    "span": {"class", "title"},
    "sup": {"class"},
    "td": {"style"},
    "th": {"style"},
    "ul": {"class"},
}
LINK_SCHEMES = frozenset({"http", "https", "mailto", "data"})
MOST_HEADINGS, MOST_LINES = 50, 9


@renderer(NAME, version=VERSION, kinds=("markdown",))
def render_markdown(source: Source, limits: Limits) -> Rendering:
    """Show Markdown as a page."""
    whole = source.size <= limits.text_bytes_shown
    decoded = decode(source.head(limits.text_bytes_shown), whole=whole)
    part = draw_markdown(decoded, file_name(source))
    if whole:
        return as_rendering(part, name=NAME, version=VERSION)
    said = f"The text is cut: the first {limits.text_bytes_shown:,} of {source.size:,} bytes are shown."
    sampled = Sampled(limits.text_bytes_shown, source.size, "bytes")
    cut = replace(part, warnings=(*part.warnings, said), sampled=sampled)
    return as_rendering(cut, name=NAME, version=VERSION)


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    """Return the parser: GitHub's flavour without raw HTML; links to code are no links."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.tasklists import tasklists_plugin

    made = MarkdownIt("gfm-like", {"html": False, "linkify": True, "typographer": False})
    made.use(footnote_plugin).use(tasklists_plugin)
    made.add_render_rule("image", _picture)
    return made


def _picture(self: object, tokens: Sequence[Token], at: int, options: object, env: object) -> str:
    """Pictures inside the text are shown; for others, their description and address: nothing is fetched."""
    token = tokens[at]
    address = str(token.attrGet("src") or "")
    alt = token.content or "picture"
    if INLINE_PICTURE.fullmatch(address):
        return f'<img src="{escaped(address)}" alt="{escaped(alt)}">'
    return f'<span class="blocked">picture not loaded: {escaped(alt)} ({escaped(address[:300])})</span>'


def to_html(tokens: Sequence[Token], footnotes: MutableMapping[str, Any]) -> str:
    """Return parsed Markdown as clean HTML."""
    import nh3

    made = parser()
    raw = made.renderer.render(tokens, made.options, footnotes)
    return nh3.clean(
        raw,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes=set(LINK_SCHEMES),
        attribute_filter=_allowed,
        link_rel="noopener noreferrer nofollow",
    )


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "style":
        return value if re.fullmatch(r"text-align: ?(left|right|center);?", value) else None
    if attribute == "href" and value.strip().lower().startswith("data:"):
        return None
    if tag == "img" and attribute == "src" and not INLINE_PICTURE.fullmatch(value):
        return None
    return value


def draw_markdown(decoded: Decoded, title: str) -> Part:
    """Return Markdown text as a part."""
    text = clean(decoded.text)
    footnotes: MutableMapping[str, Any] = {}
    tokens = parser().parse(text, footnotes)
    headings = _headings(tokens)
    lines = _plain_lines(tokens)
    html = to_html(tokens, footnotes)
    warnings = (
        [] if decoded.certain else [f"The text is not UTF-8; it was read as {decoded.encoding}, which is a guess."]
    )
    blocked = html.count('class="blocked"')
    if blocked:
        pictures = "1 picture is" if blocked == 1 else f"{blocked:,} pictures are"
        warnings.append(f"{pictures} not loaded: only pictures inside the text are shown.")
    if not lines:
        warnings.append("The text shows nothing: it is empty.")
    name = headings[0] if headings else title
    return Part(
        kind="markdown",
        title=name,
        lead="",
        alt_text=f"Text: {' '.join(lines)[:300]}",
        facts={"markdown": {"title": name, "headings": headings, "words": sum(len(line.split()) for line in lines)}},
        body=f'<div class="prose">{html}</div>',
        thumbnail=_thumbnail(name if headings else "", lines),
        warnings=tuple(warnings),
        headed=False,
    )


def _headings(tokens: Sequence[Token]) -> list[str]:
    pairs = itertools.pairwise(tokens)
    return [_words(body) for opening, body in pairs if opening.type == "heading_open"][:MOST_HEADINGS]


def _plain_lines(tokens: Sequence[Token]) -> list[str]:
    return [
        line
        for token in tokens
        if token.type in {"inline", "fence", "code_block"}
        for line in _words(token).split("\n")
        if line.strip()
    ]


def _words(token: Token) -> str:
    if not token.children:
        return token.content.strip()
    parts = ("\n" if child.type in {"softbreak", "hardbreak"} else child.content for child in token.children)
    return "".join(parts).strip()


def _thumbnail(heading: str, lines: Sequence[str]) -> Drawing:
    drawing = Drawing(480, 300, label=f"Text: {heading or ' '.join(lines)[:80]}")
    top = 40.0
    if heading:
        drawing.text(20, top + 6, heading, css="strong", size=26, fit=440)
        top += 42
    rest = lines[1:] if heading and lines and lines[0] == heading else lines
    for line in rest[:MOST_LINES]:
        if top > 290:
            break
        drawing.text(20, top, line, css="ink", size=17, fit=440)
        top += 27
    return drawing


def warm() -> None:
    """Build the parser."""
    parser()
