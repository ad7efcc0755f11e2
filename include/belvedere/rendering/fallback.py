"""Artifacts that no renderer takes still get a card that says what they are."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from belvedere.errors import MalformedArtifact, PermanentError, UnsupportedArtifact
from belvedere.model.rendering import Output, Rendering
from belvedere.rendering.detection import extension_of, mismatch
from belvedere.rendering.drawing.svg import Drawing, escaped
from belvedere.rendering.pages.numbers import bytes_in_words
from belvedere.rendering.pages.page import fact_list, page
from belvedere.rendering.signatures import label_of, media_type_of
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from belvedere.model.rendering import Source

NAME, VERSION = "belvedere.unsupported", "1.1.0"
HEAD_BYTES, HEX_BYTES, HEX_WIDTH, FIRST_BYTES = 64 * 1024, 512, 16, 32
MOST_STRINGS, LONGEST_STRING = 40, 160
PACKED_ENTROPY, LEAST_FOR_ENTROPY = 7.5, 512
PRINTABLE_RUN = re.compile(rb"[ -~]{6,400}")
TEXT_NAMES = frozenset({"csv", "tsv", "md", "txt", "log", "html", "htm", "json", "svg"})
IMAGE_NAMES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "avif"})


def unsupported(source: Source, kind: str) -> PermanentError:
    """Return the error to raise for an artifact that no renderer takes: it says what the artifact is.

    An empty object, and bytes that contradict the object's name, are errors of the artifact, not gaps of ours.
    """
    if kind == "empty":
        what = "0 bytes" if source.size == 0 else f"{source.size:,} bytes of white space"
        return MalformedArtifact(f"The file is empty ({what}): there is nothing to show.", code="empty")
    head = source.head(512)
    what = f"{label_of(kind, head)}, {bytes_in_words(source.size)}"
    extension = extension_of(source.key)
    if kind == "binary" and extension in TEXT_NAMES:
        text = f"The name ends in .{extension}, but the bytes are binary and not text: invalid or damaged ({what})."
        return MalformedArtifact(text, code="not_text")
    if kind == "binary" and extension in IMAGE_NAMES:
        text = (
            f"This is not a valid image: the name ends in .{extension}, but the bytes are of no image format ({what})."
        )
        return MalformedArtifact(text, code="not_an_image")
    odd = mismatch(source, kind)
    return UnsupportedArtifact(
        f"{what[0].upper()}{what[1:]}: no renderer takes this kind yet.{' ' + odd if odd else ''}"
    )


def unsupported_card(source: Source, kind: str) -> Rendering:
    """Return a rendering that says what an artifact of an unsupported ``kind`` is: its size, its bytes, its words.

    Reads the first 64 kB only and interprets nothing: it is made outside of the shut-in child.
    """
    head = source.head(HEAD_BYTES)
    label = label_of(kind, head)
    name = clean(source.key.rpartition("/")[2])
    found = strings_in(head)
    facts = {
        "file": {
            "media_type": media_type_of(head),
            "declared_media_type": clean(source.content_type)[:200],
            "size": source.size,
            "first_bytes": head[:FIRST_BYTES].hex(" "),
            "entropy": round(entropy(head), 2),
        }
    }
    return Rendering(
        kind=kind,
        renderer_name=NAME,
        renderer_version=VERSION,
        title=f"{name}: {label}",
        alt_text=f"{label}, {bytes_in_words(source.size)}; no renderer takes this kind yet.",
        facts=facts,
        outputs=(
            Output("page", "page.html", "text/html", page(name, _body(source, label, head, found))),
            Output("thumbnail", "thumbnail.svg", "image/svg+xml", _thumbnail(kind, label, source, head)),
        ),
    )


def _body(source: Source, label: str, head: bytes, found: list[str]) -> str:
    shown = {
        "What it is": label,
        "Size": f"{source.size:,} bytes ({bytes_in_words(source.size)})",
        "Media type": media_type_of(head),
        "Declared as": source.content_type or "nothing",
        "Looks like": _texture(head),
        "ETag": source.etag,
        "Version": source.version_id or "unversioned",
    }
    parts = [
        '<p class="lead">No renderer takes this kind of file yet. What can be said of it:</p>',
        fact_list(shown),
        f"<h2>First bytes</h2>{hex_view(head[:HEX_BYTES])}",
    ]
    if found:
        words = "\n".join(escaped(word) for word in found)
        parts.append(f'<h2>Words in it</h2><div class="text"><pre>{words}</pre></div>')
    return "".join(parts)


def hex_view(data: bytes) -> str:
    """Return bytes as programmers read them: offset, sixteen bytes a line, and their characters."""
    lines = []
    for at in range(0, len(data), HEX_WIDTH):
        row = data[at : at + HEX_WIDTH]
        characters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in row)
        lines.append(
            f'<span class="muted">{at:08x}</span>  {row.hex(" "):{3 * HEX_WIDTH}} '
            f'<span class="muted">{escaped(characters)}</span>'
        )
    return f'<div class="text"><pre>{chr(10).join(lines)}</pre></div>'


def strings_in(data: bytes) -> list[str]:
    """Return the longer runs of printable characters, each once: names and versions often tell what a file is."""
    found = dict.fromkeys(match.group().decode("ascii").strip() for match in PRINTABLE_RUN.finditer(data))
    telling = [word for word in found if sum(character.isalpha() for character in word) > len(word) // 3]
    return [word[:LONGEST_STRING] for word in telling[:MOST_STRINGS]]


def entropy(data: bytes) -> float:
    """Return the Shannon entropy of bytes in bits a byte: 0 for one byte repeated, near 8 for packed or encrypted."""
    counts = Counter(data)
    return -sum(count / len(data) * math.log2(count / len(data)) for count in counts.values())


def _texture(head: bytes) -> str:
    if not head.strip(b"\0"):
        return "nothing but zeros at its beginning"
    bits = entropy(head)
    if bits > PACKED_ENTROPY and len(head) >= LEAST_FOR_ENTROPY:
        return f"packed or encrypted ({bits:.2f} bits of entropy a byte)"
    return f"structured data ({bits:.2f} bits of entropy a byte)"


def _thumbnail(kind: str, label: str, source: Source, head: bytes) -> bytes:
    drawing = Drawing(480, 300, label=f"{label}, {bytes_in_words(source.size)}")
    word = (extension_of(source.key) or kind).upper()[:8]
    for at in range(5):
        row = head[at * 12 : at * 12 + 12].hex(" ")
        drawing.text(240, 196 + at * 22, row, css="mono muted", size=15, anchor="middle")
    drawing.rectangle(20, 24, 84, 104, css="card", radius=8)
    drawing.text(62, 84, word, css="strong", size=19 if len(word) < 6 else 14, anchor="middle")
    drawing.text(124, 66, label.partition(" (")[0], css="strong", size=21, fit=336)
    drawing.text(124, 94, bytes_in_words(source.size), css="muted", size=17)
    drawing.line(20, 158, 460, 158)
    return drawing.to_bytes()
