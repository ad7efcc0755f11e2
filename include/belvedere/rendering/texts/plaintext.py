"""Text from strangers: decoding bytes of any encoding, and removing characters that would confuse readers or stores."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

from belvedere.errors import MalformedArtifact

# C0 and C1 controls but tab, newline, carriage return; lone surrogates; characters that reorder what is read
HARMFUL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
GUESS_FROM_BYTES = 64 * 1024
PRINTABLE = bytes([0, 9, 10, 13, *range(32, 127), *range(160, 256)])


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, and how it was encoded; ``certain`` is False where the encoding was guessed."""

    text: str
    encoding: str
    certain: bool
    damaged: int = 0


def clean(text: str) -> str:
    """Replace control characters, lone surrogates and text-direction overrides by U+FFFD."""
    return HARMFUL.sub("\ufffd", text)


def _marked(data: bytes) -> str | None:
    return next((name for mark, name in BYTE_ORDER_MARKS if data.startswith(mark)), None)


def _utf16_without_mark(data: bytes) -> str | None:
    """UTF-16 of mostly Latin text has a zero in every other byte."""
    head = data[:4096]
    if len(head) < 4 or b"\0" not in head:
        return None
    pairs = len(head) // 2
    if len(head.translate(None, PRINTABLE)) > 0.1 * pairs:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.7 * pairs and even == 0:
        return "utf-16-le"
    if even > 0.7 * pairs and odd == 0:
        return "utf-16-be"
    return None


def is_binary(data: bytes) -> bool:
    """Whether these bytes are no text in any encoding known here: they hold zeros or many other control bytes."""
    if _marked(data) or _utf16_without_mark(data):
        return False
    head = data[:GUESS_FROM_BYTES]
    if b"\0" in head:
        return True
    controls = len(head) - len(head.translate(None, bytes([*range(1, 7), *range(14, 27), *range(28, 32), 127])))
    return controls > max(2, len(head) // 50)


@lru_cache(maxsize=8)
def _guessed(head: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(head, steps=3, chunk_size=1024, threshold=0.3).best()
    name = best.encoding if best is not None else "cp1252"
    if name in {"cp949", "euc_kr", "johab"}:
        return "cp949"
    if name in {"ascii", "utf_8", "utf_16", "utf_32", "latin_1", "cp1252", "cp1250", "iso8859_1", "iso8859_15"}:
        return "cp1252"
    return name


def encoding_of(data: bytes, *, whole: bool) -> tuple[str, bool]:
    """Return the encoding of text bytes, and whether that is certain; ``whole`` False: ``data`` is only a head."""
    marked = _marked(data) or _utf16_without_mark(data)
    if marked:
        return marked, True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=whole)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8", True
    if _mostly_utf8(data):
        return "utf-8", False
    return _guessed(data[:GUESS_FROM_BYTES]), False


def _mostly_utf8(data: bytes) -> bool:
    """Whether a text is rich in UTF-8 sequences but for a few damaged bytes, which do not make it another encoding."""
    text = data[:GUESS_FROM_BYTES].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    beyond_ascii = sum(1 for character in text if character > "\x7f") - broken
    return beyond_ascii > 8 * broken


def decode(data: bytes, *, whole: bool = True) -> Decoded:
    """Decode text bytes of any common encoding; bytes that do not fit become U+FFFD and are counted.

    ``whole`` False: ``data`` is only a head, and may end within a character.

    Raises:
        MalformedArtifact: the bytes are no text.
    """
    if is_binary(data):
        raise MalformedArtifact(
            "This is not text: it holds zero or control bytes, as binary files do.", code="not_text"
        )
    encoding, certain = encoding_of(data, whole=whole)
    try:
        decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        text = decoder.decode(data, final=whole)
    except (LookupError, UnicodeDecodeError):
        encoding, certain = "cp1252", False
        text = data.decode(encoding, "replace")
    text = text.removeprefix("\ufeff")
    label = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    return Decoded(text, label, certain, text.count("\ufffd") - data.count(b"\xef\xbf\xbd"))
