"""Markdown: rendered without raw HTML, cleaned again, no picture from anywhere else."""

from __future__ import annotations

import contextlib
import itertools
import posixpath
import re
import urllib.parse
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.model.rendering import NOTHING, Limits, Reference, Rendering, Sampled, Source, object_uri
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.page import fact_list
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.texts.plaintext import Decoded, clean, decode

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence
    from typing import Any

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

NAME, VERSION = "belvedere.markdown", "1.1.0"
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
    "div": {"class"},
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
MOST_HEADINGS, MOST_LINES, MOST_FIELDS = 50, 9, 30
LONGEST_WORD = 2000
MOST_PICTURES, MOST_PICTURE_BYTES, MOST_BYTES_REFERRING = 20, 16 * 1024**2, 1024**2
PICTURES = "belvedere_pictures"


def references(source: Source) -> tuple[Reference, ...]:
    """List the pictures that the text shows from beside itself, within its own bucket."""
    if source.size > MOST_BYTES_REFERRING:
        return ()
    try:
        text = decode(source.path.read_bytes()).text
    except MalformedArtifact:
        return ()
    found = dict.fromkeys(uri for uri in (_uri_of(source, address) for address in _addresses(text)) if uri)
    return tuple(Reference(uri, MOST_PICTURE_BYTES) for uri in list(found)[:MOST_PICTURES])


def _addresses(text: str) -> list[str]:
    if "![" not in text:
        return []
    inner = (child for token in parser_for(text).parse(clean(text), {}) for child in token.children or ())
    return [str(token.attrGet("src") or "") for token in inner if token.type == "image"]


def _uri_of(source: Source, address: str) -> str | None:
    """Return where a relative address leads, beside the object; None where it leads elsewhere."""
    path = urllib.parse.unquote(address.partition("#")[0].partition("?")[0])
    if not path or ":" in path or path.startswith(("/", "\\")):
        return None
    key = posixpath.normpath(posixpath.join(posixpath.dirname(source.key), path))
    return None if key.startswith("..") or "\0" in key else object_uri(source.bucket, key)


def _fetched(source: Source, limits: Limits) -> dict[str, str]:
    """Return the pictures that were fetched, as they are addressed in the text."""
    if not source.related:
        return {}
    from belvedere.rendering.texts.cell_outputs import data_address
    from belvedere.rendering.vision.pictures import open_picture

    pictures: dict[str, str] = {}
    for address in dict.fromkeys(_addresses(decode(source.path.read_bytes()).text)):
        uri = _uri_of(source, address)
        related = source.related.get(uri) if uri else None
        if related is None or related.path is None:
            continue
        with contextlib.suppress(MalformedArtifact, LimitExceeded):
            pictures[address] = data_address(open_picture(related.path, limits.image_pixels))
    return pictures


@renderer(NAME, version=VERSION, kinds=("markdown",), references=references)
def render_markdown(source: Source, limits: Limits) -> Rendering:
    """Show Markdown as a page."""
    whole = source.size <= limits.text_bytes_shown
    decoded = decode(source.head(limits.text_bytes_shown), whole=whole)
    part = draw_markdown(decoded, file_name(source), _fetched(source, limits))
    if whole:
        return as_rendering(part, name=NAME, version=VERSION)
    said = f"The text is cut: the first {limits.text_bytes_shown:,} of {source.size:,} bytes are shown."
    sampled = Sampled(limits.text_bytes_shown, source.size, "bytes")
    cut = replace(part, warnings=(*part.warnings, said), sampled=sampled)
    return as_rendering(cut, name=NAME, version=VERSION)


@lru_cache(maxsize=2)
def parser(*, bare_links: bool = True) -> MarkdownIt:
    """Return the parser: GitHub's flavour without raw HTML; links to code are no links.

    ``bare_links``: addresses that stand in the text by themselves become links, too.
    """
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.front_matter import front_matter_plugin
    from mdit_py_plugins.tasklists import tasklists_plugin

    made = MarkdownIt("gfm-like", {"html": False, "linkify": bare_links, "typographer": False})
    made.use(footnote_plugin).use(tasklists_plugin).use(front_matter_plugin)
    made.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True, renderer=_formula)
    made.add_render_rule("image", _picture)
    return made


def parser_for(text: str) -> MarkdownIt:
    """Return the parser that a text can stand: looking for bare addresses takes quadratic time in endless words."""
    return parser(bare_links=not any(len(word) > LONGEST_WORD and "://" in word for word in text.split()))


def _formula(content: str, _options: Mapping[str, Any]) -> str:
    """Return a formula as it is written: what would set it is a script."""
    return escaped(content)


def _picture(self: object, tokens: Sequence[Token], at: int, options: object, env: MutableMapping[str, Any]) -> str:
    """Show pictures inside the text, and those that were fetched; for others, their description and address."""
    token = tokens[at]
    written = str(token.attrGet("src") or "")
    address = env.get(PICTURES, {}).get(written, written)
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


def html_of(text: str, pictures: Mapping[str, str] = NOTHING) -> tuple[str, list[tuple[int, str]]]:
    """Return Markdown as clean HTML, and its headings with their levels.

    ``pictures`` maps addresses of pictures in the text to ``data:`` addresses of their pixels.
    """
    env: MutableMapping[str, Any] = {PICTURES: pictures}
    tokens = parser_for(text).parse(clean(text), env)
    pairs = itertools.pairwise(tokens)
    levels = [(int(opening.tag[1:]), _words(body)) for opening, body in pairs if opening.type == "heading_open"]
    return to_html(tokens, env), levels[:MOST_HEADINGS]


def draw_markdown(decoded: Decoded, title: str, pictures: Mapping[str, str] = NOTHING) -> Part:
    """Return Markdown text as a part; ``pictures``: see ``html_of``."""
    text = clean(decoded.text)
    footnotes: MutableMapping[str, Any] = {PICTURES: pictures}
    tokens = parser_for(text).parse(text, footnotes)
    headings = _headings(tokens)
    lines = _plain_lines(tokens)
    html = _front_matter(tokens) + to_html(tokens, footnotes)
    warnings = (
        [] if decoded.certain else [f"The text is not UTF-8; it was read as {decoded.encoding}, which is a guess."]
    )
    blocked = html.count('class="blocked"')
    if blocked:
        which = "1 picture is" if blocked == 1 else f"{blocked:,} pictures are"
        warnings.append(f"{which} not loaded: only pictures inside the text or beside it in its bucket are shown.")
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


def _front_matter(tokens: Sequence[Token]) -> str:
    """Return what stands before the text between lines of dashes, as the names and values that it is."""
    found = next((token.content for token in tokens[:1] if token.type == "front_matter"), "")
    pairs = (line.partition(":") for line in found.split("\n") if ":" in line and not line.startswith((" ", "#")))
    facts = {name.strip(): value.strip().strip("\"'")[:300] for name, _, value in itertools.islice(pairs, MOST_FIELDS)}
    return fact_list(facts) if facts else ""


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
    said = (child for child in token.children if child.type != "html_inline")  # the boxes of task lists
    parts = ("\n" if child.type in {"softbreak", "hardbreak"} else child.content for child in said)
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
