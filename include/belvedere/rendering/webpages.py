"""What can be said of a stranger's HTML without running it: title, words, scripts, what it would fetch."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from belvedere.rendering.plaintext import clean

LOOKED_AT = 1024**2
WORDS_FROM = 400_000
HIDDEN = re.compile(
    r"<(script|style|template|noscript|svg|head)\b[^>]*>.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL
)
TITLE = re.compile(r"<title[^>]*>([^<]{0,500})</title", re.IGNORECASE)
BREAKING = re.compile(
    r"</?(?:p|div|br|tr|h[1-6]|li|table|section|article|header|ul|ol|pre|form)\b[^>]*>", re.IGNORECASE
)
TAG = re.compile(r"<[^>]{0,4000}>")
SCRIPT = re.compile(r"<script\b", re.IGNORECASE)
FETCHED = re.compile(
    r"<(?:script|img|iframe|frame|embed|source|video|audio|track|input)\b[^>]{0,2000}?\bsrc\s*=\s*[\"']?((?:https?:)?//[^\s\"'>]{1,300})"
    r"|<link\b[^>]{0,2000}?\bhref\s*=\s*[\"']?((?:https?:)?//[^\s\"'>]{1,300})|@import\s+(?:url\()?[\"']?((?:https?:)?//[^\s\"')>]{1,300})",
    re.IGNORECASE,
)
CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=", re.IGNORECASE)
MOST_REFERENCES, MOST_LINES = 50, 40


@dataclass(frozen=True, slots=True)
class WebPage:
    """What a page is about. ``external`` are addresses it would fetch, which the sandbox refuses."""

    title: str
    lines: tuple[str, ...]
    scripts: int
    external: tuple[str, ...]


def look_at(text: str) -> WebPage:
    """Return what the beginning of an HTML text says, by simple patterns: nothing is interpreted."""
    head = text[:LOOKED_AT]
    title = TITLE.search(head)
    found = (next(filter(None, groups)) for groups in FETCHED.findall(head))
    external = tuple(dict.fromkeys(clean(html.unescape(address)) for address in found))[:MOST_REFERENCES]
    name = " ".join(html.unescape(title.group(1)).split()) if title else ""
    return WebPage(clean(name)[:200], _lines(text), len(SCRIPT.findall(head)), external)


def _lines(text: str) -> tuple[str, ...]:
    visible = " ".join(HIDDEN.sub(" ", text[:WORDS_FROM]).split())
    visible = re.sub(r"<(script|style)\b.*", " ", visible, flags=re.IGNORECASE | re.DOTALL)
    pieces = TAG.sub(" ", BREAKING.sub("\n", visible)).split("\n")
    lines = (clean(" ".join(html.unescape(piece).split())) for piece in pieces)
    return tuple(line[:300] for line in lines if line)[:MOST_LINES]


def declares_charset(data: bytes) -> bool:
    """Whether a browser finds the encoding of these bytes by itself."""
    return data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) or CHARSET.search(data[:1024]) is not None
