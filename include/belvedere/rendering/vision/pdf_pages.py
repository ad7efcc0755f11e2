"""Reading PDF files with PDFium: pages as pictures, their words, and what the document says of itself.

No form environment is made, so neither JavaScript nor form actions can run; nothing outside the file is read.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import MalformedArtifact
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL.Image import Image

SHOWN_WIDTH, LARGEST_SIDE = 1100, 1800
LARGEST_SCALE = 4.0
MOST_TEXT = 20_000
MOST_BOOKMARKS = 60
BOOKMARK_DEPTH = 4
TAIL_BYTES = 2048
PASSWORD_ERROR, SECURITY_ERROR = 4, 5


@dataclass(frozen=True, slots=True)
class PdfPage:
    """One page: its ``number`` from 1, size in points (1/72 inch), picture (None: not drawable) and words."""

    number: int
    width: float
    height: float
    image: Image | None
    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PdfSummary:
    """What a document says of itself; ``bookmarks`` are depth, title and page (0: none)."""

    pages: int
    version: str
    metadata: dict[str, str]
    bookmarks: tuple[tuple[int, str, int], ...]
    attachments: int
    scripts: int
    complete: bool


class PdfFile:
    """An open PDF.

    Opening raises MalformedArtifact: with the code ``encrypted`` where a password is needed, ``malformed_pdf`` where
    the bytes are no PDF that can be read.
    """

    def __init__(self, path: Path) -> None:
        import pypdfium2

        self._path = path
        try:
            self._document = pypdfium2.PdfDocument(path)
            self._count = len(self._document)
        except pypdfium2.PdfiumError as error:
            raise _unreadable(error) from error
        if self._count <= 0:
            raise MalformedArtifact("The PDF has no pages: it is damaged or truncated.", code="malformed_pdf")

    def summary(self) -> PdfSummary:
        """Return what the document says of itself."""
        import pypdfium2.raw

        document = self._document
        version = document.get_version()
        with self._path.open("rb") as file:
            file.seek(max(0, self._path.stat().st_size - TAIL_BYTES))
            complete = b"%%EOF" in file.read()
        said = document.get_metadata_dict(skip_empty=True)
        return PdfSummary(
            pages=self._count,
            version=f"{version // 10}.{version % 10}" if version else "",
            metadata={name: clean(" ".join(value.split()))[:300] for name, value in said.items()},
            bookmarks=tuple(self._bookmarks()),
            attachments=max(0, document.count_attachments()),
            scripts=max(0, pypdfium2.raw.FPDFDoc_GetJavaScriptActionCount(document)),
            complete=complete,
        )

    def _bookmarks(self) -> Iterator[tuple[int, str, int]]:
        import pypdfium2

        with suppress(pypdfium2.PdfiumError, ValueError):
            for number, bookmark in enumerate(self._document.get_toc(max_depth=BOOKMARK_DEPTH)):
                if number >= MOST_BOOKMARKS:
                    return
                target = bookmark.get_dest()
                page = target.get_index() if target is not None else None
                yield (
                    bookmark.level,
                    clean(" ".join(bookmark.get_title().split()))[:160],
                    (page or 0) + 1 if target else 0,
                )

    def pages(self, most: int) -> Iterator[PdfPage]:
        """Yield the first ``most`` pages; one that cannot be drawn carries its problem."""
        import pypdfium2

        for number in range(1, min(most, self._count) + 1):
            try:
                page = self._document[number - 1]
            except pypdfium2.PdfiumError:
                yield PdfPage(number, 0, 0, None, "", f"Page {number} is damaged and cannot be shown.")
                continue
            yield _drawn(number, page)
            page.close()


def _drawn(number: int, page: Any) -> PdfPage:
    import pypdfium2

    width, height = page.get_size()
    if not (0 < width < 1e6 and 0 < height < 1e6):
        return PdfPage(number, 0, 0, None, "", f"Page {number} has no usable size: {width:g} × {height:g} points.")
    scale = min(SHOWN_WIDTH / width, LARGEST_SIDE / max(width, height), LARGEST_SCALE)
    try:
        image = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    except (pypdfium2.PdfiumError, ValueError):
        return PdfPage(number, width, height, None, _words(page), f"Page {number} cannot be drawn.")
    return PdfPage(number, width, height, image, _words(page))


def _words(page: Any) -> str:
    import pypdfium2

    try:
        text = page.get_textpage()
        return clean(text.get_text_range(0, min(text.count_chars(), MOST_TEXT)).replace("\r\n", "\n")).strip()
    except (pypdfium2.PdfiumError, ValueError):
        return ""


def _unreadable(error: Any) -> MalformedArtifact:
    if getattr(error, "err_code", None) in (PASSWORD_ERROR, SECURITY_ERROR):
        text = "The PDF is encrypted and needs a password: nothing of it can be shown. Store it without a password."
        return MalformedArtifact(text, code="encrypted")
    text = "The PDF cannot be read: it is damaged, truncated, or not a valid PDF."
    return MalformedArtifact(text, code="malformed_pdf")
