"""One page out of many: the bodies of our pages, taken from their frame, every id under a name of its own.

Works on our own pages only, whose strangers' words are escaped: a tag found by its brackets is a tag.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from belvedere.rendering.drawing.svg import escaped
from belvedere.rendering.pages.styles import PAGE_CSS

if TYPE_CHECKING:
    from re import Match

TAG = re.compile(r"<[a-zA-Z](?:[^<>\"]|\"[^\"]*\")*>")
STYLE = re.compile(r"(<style[^<>]*>)(.*?)(</style>)", re.DOTALL)
IDENTIFIER = re.compile(r"(?<=\sid=\")([^\"<>\s]+)(?=\")")
REFERRING = re.compile(r"(\s(?:id|for|name|list|aria-labelledby|aria-describedby|aria-controls)=\")([^\"<>]+)(?=\")")
LOCAL_LINK = re.compile(r"(\s(?:xlink:)?href=\"#)([^\"<>\s]+)(?=\")")
LOCAL_ADDRESS = re.compile(r"(url\((?:&quot;|&#x27;|')?#)([^)\"'&]+)")
SELECTOR = re.compile(r"#([A-Za-z_][\w-]*)")


def merged_body(page: str, title: str, prefix: str) -> str:
    """Return the body of one of our pages, fit to stand in another one: ids and what refers to them get ``prefix``.

    The heading goes where it only repeats ``title``; the one CSS of all pages stays behind, other styles come along.
    """
    head, _, rest = page.partition("<body>")
    body = rest.rpartition("</body>")[0] or rest or head
    body = body.removeprefix(f"<h1>{escaped(title)}</h1>")
    styles = "".join(found.group(2) for found in STYLE.finditer(head)).replace(PAGE_CSS, "").strip()
    if styles:
        body = f"<style>{styles}</style>{body}"
    return _renamed(body, prefix)


def _renamed(body: str, prefix: str) -> str:
    tags = TAG.findall(body)
    names = {found for tag in tags for found in IDENTIFIER.findall(tag)}
    renamed = TAG.sub(lambda tag: _renamed_tag(tag.group(), prefix), body)
    if not names:
        return renamed
    return STYLE.sub(lambda style: style[1] + _renamed_rules(style[2], names, prefix) + style[3], renamed)


def _renamed_tag(tag: str, prefix: str) -> str:
    if "=" not in tag or tag.startswith("<iframe"):
        return tag
    tag = REFERRING.sub(lambda found: found[1] + _prefixed(found[2], prefix), tag)
    tag = LOCAL_LINK.sub(lambda found: f"{found[1]}{prefix}{found[2]}", tag)
    return LOCAL_ADDRESS.sub(lambda found: f"{found[1]}{prefix}{found[2]}", tag)


def _prefixed(names: str, prefix: str) -> str:
    return " ".join(prefix + name for name in names.split())


def _renamed_rules(rules: str, names: set[str], prefix: str) -> str:
    def replaced(found: Match[str]) -> str:
        return f"#{prefix}{found[1]}" if found[1] in names else found[0]

    return SELECTOR.sub(replaced, rules)
