"""Whether what was drawn is harmless: parsed the way a browser parses it, then looked at tag by tag."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import nh3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.model.rendering import Output, Rendering

OWN_STYLE = re.compile(r"url\(\s*[\"']?(?!data:|#)|@import|expression\(|-moz-binding|behavior:", re.IGNORECASE)
FORBIDDEN = "script object embed applet base link form frame frameset portal foreignobject"
FORBIDDEN_TAGS = frozenset(FORBIDDEN.split())
HTML = (
    "a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption code col colgroup "
    "data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure footer form frame frameset "
    "h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link main map mark menu meta "
    "meter nav noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp script "
    "section select slot small source span strong style sub summary sup svg table tbody td template textarea tfoot th "
    "thead time title tr track u ul var video wbr applet portal marquee math animate animatemotion animatetransform "
    "circle clippath defs desc ellipse filter foreignobject g image line lineargradient marker mask metadata path "
    "pattern polygon polyline radialgradient rect set stop symbol text textpath tspan use view"
)
HTML_TAGS = set(HTML.split())
FETCHING_WORDS = (
    "src srcset srcdoc data poster background action formaction ping manifest codebase archive cite longdesc "
    "profile usemap lowsrc dynsrc icon xlink:href"
)
FETCHING = frozenset(FETCHING_WORDS.split())
ATTRIBUTE = re.compile(r"(?<![\w:-])[\w:-]{1,40}(?=\s{0,9}=)")
INLINE = re.compile(
    r"data:(?:image/(?:png|jpeg|gif|webp|svg\+xml)|audio/[\w.+-]+|video/[\w.+-]+|font/\w+)[;,]", re.IGNORECASE
)
LINKS = re.compile(r"(?:https?:)?//|mailto:|#|\?", re.IGNORECASE)
SCHEMES = "http https mailto data javascript vbscript file ftp blob minio s3"
PASSWORDS = b"root:x:0:0"


class _Walker(HTMLParser):
    """Collects what is wrong with each tag of HTML that a real parser has made regular."""

    def __init__(self, *, active: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self._active = active
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        if tag in FORBIDDEN_TAGS:
            self.wrong.append(f"<{tag}>")
        if tag == "meta" and "http-equiv" in given:
            self.wrong.append(f"<meta http-equiv={given['http-equiv']}>")
        if tag == "iframe":
            self._frame(given)
        for name, value in given.items():
            if not (tag == "iframe" and name == "srcdoc"):
                self.wrong += [f"<{tag} {problem}>" for problem in wrong_attribute(tag, name, value)]

    def _frame(self, given: dict[str, str]) -> None:
        if not self._active:
            self.wrong.append("a frame in a page that is not active")
        if given.get("sandbox") != "allow-scripts" or "src" in given:
            self.wrong.append(f"a frame with the rights {given.get('sandbox')!r} and the source {given.get('src')!r}")

    def handle_data(self, data: str) -> None:
        if self._in_style and OWN_STYLE.search(data):
            self.wrong.append(f"a style sheet that fetches: {data[:200]!r}")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False


def wrong_attribute(tag: str, name: str, value: str) -> Iterator[str]:
    """Yield what one attribute could do that it must not."""
    local = name.rpartition(":")[2].rpartition("}")[2].lower()
    plain = re.sub(r"[\x00-\x20]", "", value).lower()
    if local.startswith("on"):
        yield f"{name}={value[:60]!r}"
    if local == "style" and OWN_STYLE.search(value):
        yield f"style={value[:100]!r}"
    if local in {"href", "to", "values", "from"} and plain.startswith(("javascript:", "vbscript:", "data:text")):
        yield f"{name}={value[:60]!r}"
    if local == "href" and tag == "a" and plain and not LINKS.match(plain):
        yield f"{name}={value[:60]!r}"
    if local == "href" and tag not in {"a", "area"} and plain and not (plain.startswith("#") or INLINE.match(plain)):
        yield f"{name}={value[:60]!r}"
    if local in FETCHING and value and not INLINE.match(value.strip()):
        yield f"{name}={value[:60]!r}"


def wrong_in_html(content: bytes, *, active: bool = False) -> list[str]:
    """Return what a page holds that it must not hold.

    A parser of the HTML standard (html5ever) reads it first, so that nothing hides behind broken markup.
    """
    text = content.decode("utf-8")
    written = {name.lower() for name in ATTRIBUTE.findall(text)}
    attributes = written | {name.rpartition(":")[2] for name in written} | {"sandbox", "srcdoc", "src"}
    regular = nh3.clean(
        text,
        tags=HTML_TAGS,
        clean_content_tags=set(),
        attributes={"*": attributes - {"rel"}},
        strip_comments=True,
        link_rel=None,
        generic_attribute_prefixes={"on", "data-", "aria-"},
        url_schemes=set(SCHEMES.split()),
    )
    # The parser drops some of what it takes for an attack, so what was written is read as well.
    return [*_walked(regular, active=active), *_walked(text, active=active)]


def _walked(text: str, *, active: bool) -> list[str]:
    walker = _Walker(active=active)
    walker.feed(text)
    walker.close()
    return walker.wrong


def wrong_in_svg(content: bytes) -> list[str]:
    """Return what a drawing of ours holds that it must not hold; it must be well-formed XML without entities."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"<?xml-stylesheet" in content:
        return ["a document type, an entity or a style sheet instruction"]
    wrong = []
    for element in ElementTree.fromstring(content).iter():
        tag = str(element.tag).rpartition("}")[2].lower()
        if tag in FORBIDDEN_TAGS | {"iframe", "audio", "video", "handler", "listener"}:
            wrong.append(f"<{tag}>")
        if tag == "style" and OWN_STYLE.search(element.text or ""):
            wrong.append("a style sheet that fetches")
        for name, value in element.attrib.items():
            wrong += [f"<{tag} {problem}>" for problem in wrong_attribute(tag, name, value)]
    return wrong


def wrong_in_chart(content: bytes) -> list[str]:
    """Return what a Vega-Lite specification would fetch or link to."""
    return list(_wrong_values(json.loads(content), "chart"))


def _wrong_values(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if where.endswith(".data") and name == "url" and not str(item).startswith("data:"):
                yield f"{where}.url is {str(item)[:60]!r}"
            if name in {"href", "usermeta", "loader"} or (name == "bind" and "element" in item):
                yield f"{where} has {name}"
            if not (name == "values" and where.endswith((".data", "]"))):
                yield from _wrong_values(item, f"{where}.{name}")
    elif isinstance(value, list):
        for at, item in enumerate(value[:2000]):
            yield from _wrong_values(item, f"{where}[{at}]")


def wrong_in_output(output: Output, kind: str) -> list[str]:
    """Return what one file of a rendering holds that it must not hold."""
    if PASSWORDS in output.content:
        return ["a file of this machine"]
    media_type = output.media_type.partition(";")[0]
    if media_type == "text/html":
        whole_of_users = kind == "html" and output.active
        return [] if whole_of_users else wrong_in_html(output.content, active=output.active)
    if media_type == "image/svg+xml":
        return wrong_in_svg(output.content)
    if "vega" in media_type:
        return wrong_in_chart(output.content)
    if media_type == "text/csv":
        text = output.content.decode("utf-8", "replace")
        return [line[:40] for line in text.splitlines() if line.startswith(("=", "+", "-", "@", "\t"))]
    if media_type.endswith("json"):
        json.loads(output.content, parse_constant=lambda word: _refuse(word))
    return []


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def wrong_in(rendering: Rendering) -> list[str]:
    """Return all that a rendering holds that it must not hold."""
    wrong = [
        f"{output.name}: {what}" for output in rendering.outputs for what in wrong_in_output(output, rendering.kind)
    ]
    if not any(output.role == "page" for output in rendering.outputs):
        wrong.append("no page")
    if PASSWORDS.decode() in json.dumps(dict(rendering.facts), default=str):
        wrong.append("facts that hold a file of this machine")
    words = [rendering.title, rendering.alt_text, *rendering.warnings]
    wrong += [f"control characters in {text[:60]!r}" for text in words if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text)]
    return wrong
