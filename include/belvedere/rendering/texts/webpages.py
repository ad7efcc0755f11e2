"""What can be said of a stranger's HTML without running it: title, words, scripts, what it would fetch."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from belvedere.rendering.texts.plaintext import clean

LOOKED_AT = 1024**2
MOST_TAGS = 20_000
LONGEST_TAG = 4000
TAG_NAME = re.compile(r"/?[a-zA-Z][a-zA-Z0-9:-]{0,30}")
ENDS = {
    name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "template", "noscript", "svg", "title")
}
BREAKING = frozenset(
    ["p", "div", "br", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "li", "table", "section", "article", "ul", "ol", "pre"]
)
FETCHING = frozenset(
    ["script", "img", "iframe", "frame", "embed", "source", "video", "audio", "track", "input", "link"],
)
ADDRESS = re.compile(r"\b(?:src|href)\s*=\s*[\"']?((?:https?:)?//[^\s\"'>]{1,300})", re.IGNORECASE)
IMPORTED = re.compile(r"@import\s{1,5}(?:url\()?[\"']?((?:https?:)?//[^\s\"')>;]{1,300})", re.IGNORECASE)
CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=", re.IGNORECASE)
MOST_REFERENCES, MOST_LINES, MOST_HEADINGS = 50, 40, 50
HEADINGS = frozenset({"h1", "h2", "h3"})


@dataclass(frozen=True, slots=True)
class WebPage:
    """What a page is about. ``external`` are addresses it would fetch, which the sandbox refuses."""

    title: str
    lines: tuple[str, ...]
    scripts: int
    external: tuple[str, ...]
    headings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reader:
    """Walks over the tags once, without building anything: hostile nesting costs nothing."""

    text: str
    at: int = 0
    title: str = ""
    scripts: int = 0
    external: dict[str, None] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    heading_from: int | None = None

    def read(self) -> None:
        """Walk to the end, or to the first thing that is never closed."""
        for _ in range(MOST_TAGS):
            opening = self.text.find("<", self.at)
            self.words.append(self.text[self.at : opening if opening >= 0 else None])
            if opening < 0 or not self._step(opening):
                return

    def _step(self, opening: int) -> bool:
        if self.text.startswith("<!--", opening):
            return self._jump(self.text.find("-->", opening + 4), 3)
        closing = self.text.find(">", opening)
        name = TAG_NAME.match(self.text, opening + 1)
        if name is None and closing >= 0 and self.text[opening + 1 : opening + 2] not in ("!", "?"):
            self.at = opening + 1
            return True
        if not self._jump(closing, 1):
            return False
        return name is None or self._element(
            name.group().lower(), self.text[opening : min(closing, opening + LONGEST_TAG)]
        )

    def _jump(self, found: int, width: int) -> bool:
        self.at = found + width
        return found >= 0

    def _element(self, name: str, tag: str) -> bool:
        self.words.append("\n" if name.removeprefix("/") in BREAKING else " ")
        self.scripts += name == "script"
        self._note_heading(name)
        address = ADDRESS.search(tag) if name in FETCHING else None
        if address:
            self.external[address.group(1)] = None
        return name not in ENDS or self._hidden(name)

    def _note_heading(self, name: str) -> None:
        if name in HEADINGS:
            self.heading_from = len(self.words)
        elif name.removeprefix("/") in HEADINGS and self.heading_from is not None:
            self.headings.append("".join(self.words[self.heading_from :]))
            self.heading_from = None

    def _hidden(self, name: str) -> bool:
        """Skip an element whose content is not shown as words."""
        end = ENDS[name].search(self.text, self.at)
        if end is None:
            return False
        content = self.text[self.at : end.start()]
        if name == "title" and not self.title:
            self.title = content[:500]
        if name == "style":
            self.external |= dict.fromkeys(IMPORTED.findall(content[:100_000]))
        self.at = end.start()
        return True


def look_at(text: str) -> WebPage:
    """Return what the beginning of an HTML text says, by its tags alone: nothing is interpreted."""
    reader = _Reader(text[:LOOKED_AT])
    reader.read()
    external = tuple(clean(html.unescape(address)) for address in list(reader.external)[:MOST_REFERENCES])
    title = " ".join(html.unescape(reader.title).split())
    headings = (clean(" ".join(html.unescape(words).split()))[:200] for words in reader.headings[:MOST_HEADINGS])
    found = tuple(heading for heading in headings if heading)
    return WebPage(clean(title)[:200], _lines(reader.words), reader.scripts, external, found)


def _lines(words: list[str]) -> tuple[str, ...]:
    joined = "".join(
        word if word == "\n" else " ".join(word.split()) + (" " if word[-1:].isspace() else "") for word in words
    )
    lines = (clean(" ".join(html.unescape(piece).split())) for piece in joined.split("\n"))
    return tuple(line[:300] for line in lines if line)[:MOST_LINES]


def declares_charset(data: bytes) -> bool:
    """Whether a browser finds the encoding of these bytes by itself."""
    return data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) or CHARSET.search(data[:1024]) is not None
