"""Making a stranger's SVG harmless: only known elements and attributes survive, nothing points outside.

What is left is shown as an image, where browsers run no script and load nothing: this is the first of two doors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.drawing.svg import escaped
from belvedere.rendering.texts.plaintext import clean
from belvedere.rendering.vision.vector_cost import MOST_DEPTH, References
from belvedere.rendering.vision.vector_styles import (
    EMBEDDED_PIXELS,
    cleaned_style,
    is_excessive,
    pixels_of_embedded,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

SVG, XLINK, XML = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink", "http://www.w3.org/XML/1998/namespace"
ELEMENTS = frozenset(
    [
        "svg",
        "g",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "textPath",
        "defs",
        "use",
        "symbol",
        "clipPath",
        "mask",
        "pattern",
        "linearGradient",
        "radialGradient",
        "stop",
        "marker",
        "title",
        "desc",
        "style",
        "image",
        "switch",
        "a",
        "filter",
        "feBlend",
        "feColorMatrix",
        "feComponentTransfer",
        "feComposite",
        "feConvolveMatrix",
        "feDiffuseLighting",
        "feDisplacementMap",
        "feDistantLight",
        "feDropShadow",
        "feFlood",
        "feFuncA",
        "feFuncB",
        "feFuncG",
        "feFuncR",
        "feGaussianBlur",
        "feMerge",
        "feMergeNode",
        "feMorphology",
        "feOffset",
        "fePointLight",
        "feSpecularLighting",
        "feSpotLight",
        "feTile",
        "feTurbulence",
    ]
)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_:.-]*")
LENGTH = re.compile(r"\s*([0-9.]+(?:[eE][-+]?[0-9]+)?)\s*(?:px|pt|in|cm|mm|em|)?\s*")
LARGEST_SIDE = 2000.0
TEXT_ELEMENTS = frozenset({"text", "tspan", "title", "desc", "textPath"})


@dataclass(slots=True)
class Vector:
    """A harmless SVG with its size and words; ``removed`` says what was left out."""

    content: bytes
    width: float
    height: float
    viewbox: str | None
    words: tuple[str, ...]
    removed: tuple[str, ...]
    declared_size: tuple[str | None, str | None]


@dataclass(slots=True)
class _Cleaner:
    parts: list[str] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)
    skipping: int = 0
    removed: dict[str, None] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    root: dict[str, str] = field(default_factory=dict)
    ids: list[str | None] = field(default_factory=list)
    references: References = field(default_factory=References)
    style: list[str] = field(default_factory=list)
    embedded_pixels: int = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Write an element that may stay; skip others with all that is in them."""
        space, _, local = name.rpartition(" ")
        if not self.stack and not self.skipping and (local != "svg" or space not in ("", SVG)):
            raise MalformedArtifact(
                f"This is not an SVG image: its root element is <{clean(local)[:40]}>.", code="not_svg"
            )
        if self.skipping or space not in ("", SVG) or local not in ELEMENTS:
            self._skip(local)
            return
        if len(self.stack) >= MOST_DEPTH:
            raise LimitExceeded(f"The SVG nests elements more than {MOST_DEPTH} deep.", code="too_deep")
        kept = dict(self._kept(local, attributes))
        if not self.stack:
            self.root = {key: value for key, value in kept.items() if key in {"width", "height", "viewBox"}}
            kept = {key: value for key, value in kept.items() if key not in {"width", "height", "viewBox", "style"}}
        else:
            self._write_start(local, kept)
        if not self.stack:
            self.parts.append(_written(kept))
        self.stack.append(local)
        self.ids.append(kept.get("id"))
        self.references.note(self.ids, local, kept)

    def _skip(self, local: str) -> None:
        if not self.skipping and local not in {"metadata", "namedview"}:
            self.removed[f"<{clean(local)[:30]}>"] = None
        self.skipping += 1

    def _write_start(self, local: str, kept: Mapping[str, str]) -> None:
        tag = "g" if local == "a" else local
        self.parts.append(f"<{tag}{_written(kept)}>")

    def end(self, name: str) -> None:
        """Close what was opened."""
        if self.skipping:
            self.skipping -= 1
            return
        local = self.stack.pop()
        self.ids.pop()
        if local == "style":
            self._finish_style()
        if self.stack:
            self.parts.append(f"</{'g' if local == 'a' else local}>")

    def text(self, data: str) -> None:
        """Keep words; style sheets are cleaned when they are complete, for they come in pieces."""
        if self.skipping or not self.stack:
            return
        if self.stack[-1] == "style":
            self.style.append(data)
            return
        if self.stack[-1] in TEXT_ELEMENTS and data.strip():
            self.words.append(clean(data.strip()))
        self.parts.append(escaped(data))

    def _finish_style(self) -> None:
        sheet = self._styled("".join(self.style))
        self.style.clear()
        self.references.note_style(sheet)
        self.parts.append(escaped(sheet))

    def _styled(self, value: str) -> str:
        found = cleaned_style(value)
        if found != value:
            self.removed["parts of styles"] = None
        return found

    def _kept(self, local: str, attributes: Mapping[str, str]) -> list[tuple[str, str]]:
        kept = []
        for name, value in attributes.items():
            space, _, plain = name.rpartition(" ")
            cleaned = self._attribute(local, space, plain, value)
            if cleaned is not None:
                kept.append((plain if space != XML else f"xml:{plain}", cleaned))
            elif plain != "href" or not value.startswith("#"):
                self.removed[f"{clean(plain)[:30]} attributes"] = None
        return kept

    def _attribute(self, local: str, space: str, name: str, value: str) -> str | None:
        if NAME.fullmatch(name) is None or name.lower().startswith("on") or space not in ("", XLINK, XML, SVG):
            return None
        if space == XML:
            return value if name == "space" else None
        if name == "href":
            inside = local != "a" and value.startswith("#")
            return value if inside or (local == "image" and self._may_be_embedded(value)) else None
        if space == XLINK or is_excessive(local, name, value):
            return None
        if name == "filter" and "url(" not in value and value != "none":
            return None
        styled = name == "style" or "(" in value or "\\" in value or "@" in value
        return self._styled(value) if styled else value

    def _may_be_embedded(self, address: str) -> bool:
        pixels = pixels_of_embedded(address)
        self.embedded_pixels += pixels or 0
        return pixels is not None and self.embedded_pixels <= EMBEDDED_PIXELS


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escaped(value)}"' for name, value in attributes.items())


def clean_svg(data: bytes) -> Vector:
    """Return a harmless copy of an SVG.

    Raises:
        MalformedArtifact: it is not well-formed XML, declares entities, or is no SVG.
        LimitExceeded: its references would expand to an enormous drawing.
    """
    cleaner = _Cleaner()
    reader = expat.ParserCreate(namespace_separator=" ")
    reader.buffer_text = True
    reader.StartElementHandler = cleaner.start
    reader.EndElementHandler = cleaner.end
    reader.CharacterDataHandler = cleaner.text
    reader.EntityDeclHandler = _refuse_entities
    try:
        reader.Parse(data, True)
    except expat.ExpatError as error:
        text = f"This is not a valid SVG: line {error.lineno}, column {error.offset}: {expat.ErrorString(error.code)}."
        raise MalformedArtifact(text, code="not_well_formed") from error
    except (ValueError, LookupError) as error:
        raise MalformedArtifact(f"This SVG cannot be decoded: {error}.", code="not_well_formed") from error
    cleaner.references.check()
    return _finished(cleaner)


def _refuse_entities(*_declaration: Any) -> None:
    raise MalformedArtifact(
        "The SVG declares entities of its own, which is refused: they can expand without bound.", code="entities"
    )


def _length(text: str | None) -> float | None:
    found = LENGTH.fullmatch(text or "")
    try:
        value = float(found.group(1)) if found else 0.0
    except ValueError:
        return None
    return value if 0 < value < 1e9 else None


def _box(text: str | None) -> tuple[float, float] | None:
    parts = re.split(r"[\s,]+", (text or "").strip())
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    return (numbers[2], numbers[3]) if len(numbers) == 4 and 0 < numbers[2] < 1e9 and 0 < numbers[3] < 1e9 else None


def _finished(cleaner: _Cleaner) -> Vector:
    viewbox = cleaner.root.get("viewBox")
    box = _box(viewbox)
    declared = (cleaner.root.get("width"), cleaner.root.get("height"))
    width = _length(declared[0]) or (box[0] if box else 300.0)
    height = _length(declared[1]) or (box[1] if box else 150.0)
    scale = min(1.0, LARGEST_SIDE / max(width, height))
    shown = (max(1.0, width * scale), max(1.0, height * scale))
    frame = viewbox if box else f"0 0 {width:g} {height:g}"
    head = f'<svg xmlns="{SVG}" width="{shown[0]:.6g}" height="{shown[1]:.6g}" viewBox="{escaped(frame or "")}"'
    body = "".join(cleaner.parts[1:])
    content = f"{head}{cleaner.parts[0]}>{body}</svg>".encode()
    words = tuple(dict.fromkeys(cleaner.words))
    return Vector(content, width, height, viewbox if box else None, words, tuple(cleaner.removed), declared)
