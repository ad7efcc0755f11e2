"""Whether a page or picture works where it will be shown: without script, and without fetching anything."""

from __future__ import annotations

import re
from html.parser import HTMLParser

FETCHING_ATTRIBUTES = frozenset(
    {"src", "srcset", "poster", "data", "action", "formaction", "background", "ping", "manifest", "xlink:href"}
)
FORBIDDEN_ELEMENTS = frozenset(
    {"script", "object", "embed", "applet", "base", "link", "form", "frame", "frameset", "foreignobject", "portal"}
)
NAVIGATION = frozenset({"a", "area"})
FETCHED_CSS = re.compile(r"@import|url\(\s*(?![\"']?(?:#|data:))[^)]|expression\(|-moz-binding", re.IGNORECASE)
FRAME_RIGHTS = frozenset({"allow-scripts"})


def faults_of(text: str, *, svg: bool = False) -> list[str]:
    """Return what in a page (or a picture) would run a script, fetch something, or be refused by the policy."""
    reader = _Reader(svg=svg)
    reader.feed(text)
    reader.close()
    return reader.faults


class _Reader(HTMLParser):
    def __init__(self, *, svg: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self._svg = svg
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag in FORBIDDEN_ELEMENTS or (tag == "iframe" and self._svg):
            self.faults.append(f"the element <{tag}>")
        values = {name: value or "" for name, value in attrs}
        if tag == "iframe":
            self._look_at_frame(values)
        if tag == "meta" and values.get("http-equiv", "").lower() not in ("", "content-type"):
            self.faults.append(f"<meta http-equiv={values['http-equiv']!r:.40}>")
        for name, value in values.items():
            self._look_at(tag, name, value.strip())

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style and FETCHED_CSS.search(data):
            self.faults.append(f"CSS that fetches: {FETCHED_CSS.search(data)!r:.120}")

    def _look_at(self, tag: str, name: str, value: str) -> None:
        address = re.sub(r"[\x00-\x20]", "", value).lower()
        if name.startswith("on"):
            self.faults.append(f"the handler {name} of <{tag}>")
        elif address.startswith(("javascript:", "vbscript:")):
            self.faults.append(f"a script as {name} of <{tag}>")
        elif name == "style" and FETCHED_CSS.search(value):
            self.faults.append(f"CSS that fetches, in style of <{tag}>")
        elif self._fetches(tag, name) and address and not address.startswith(("data:image/", "#")):
            self.faults.append(f"the address {value[:80]!r} as {name} of <{tag}>")

    def _fetches(self, tag: str, name: str) -> bool:
        return name in FETCHING_ATTRIBUTES or (name == "href" and tag not in NAVIGATION)

    def _look_at_frame(self, values: dict[str, str]) -> None:
        rights = set(values.get("sandbox", "everything").split())
        if "sandbox" not in values or not rights <= FRAME_RIGHTS:
            self.faults.append("a frame without sandbox, or with rights beyond scripts of its own")
