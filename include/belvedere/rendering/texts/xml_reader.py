"""Reading XML for showing: its elements as they stand, no entity resolved, nothing fetched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.pages.value_trees import Element

MOST_ELEMENTS, DEEPEST = 200_000, 500


@dataclass(slots=True)
class _Reader:
    root: Element | None = None
    open: list[Element] = field(default_factory=list)
    elements: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        self.elements += 1
        if self.elements > MOST_ELEMENTS or len(self.open) >= DEEPEST:
            what = f"{MOST_ELEMENTS:,} elements" if self.elements > MOST_ELEMENTS else f"{DEEPEST} levels"
            raise LimitExceeded(f"The XML has more than {what}.", code="elements")
        element = Element(name, attributes)
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, _name: str) -> None:
        """Close it."""
        self.open.pop()

    def text(self, data: str) -> None:
        """Keep its words."""
        if data.strip() and self.open:
            self.open[-1].children.append(data.strip())


def read_xml(text: str) -> Element:
    """Return the root element of an XML text.

    Raises:
        MalformedArtifact: it is not well-formed, or declares entities of its own (``code`` is ``entities``).
        LimitExceeded: it has too many elements, or too deep ones.
    """
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _refuse_entities
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        said = (
            f"The XML is not well-formed: line {error.lineno}, column {error.offset}: {expat.ErrorString(error.code)}"
        )
        raise MalformedArtifact(f"{said}.", code="not_well_formed") from error
    if reader.root is None:
        raise MalformedArtifact("The XML holds no element.", code="not_well_formed")
    return reader.root


def _refuse_entities(*_declaration: Any) -> None:
    raise MalformedArtifact("The XML declares entities of its own; they are not resolved.", code="entities")
