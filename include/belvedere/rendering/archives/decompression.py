"""Reading compressed bytes that may be a bomb: as a stream, counted, and stopped before it matters."""

from __future__ import annotations

import io
import lzma
import zlib
from typing import TYPE_CHECKING, BinaryIO, cast

from belvedere.errors import LimitExceeded, MalformedArtifact

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from belvedere.model.rendering import Limits

COMPRESSIONS = {"gzip": "gzip", "bzip2": "bzip2", "xz": "xz", "zstd": "Zstandard"}
CHUNK_BYTES = 256 * 1024
LONGEST_READ = 64 * 1024**2
RATIO_COUNTS_FROM = 32 * 1024**2
DAMAGE = (EOFError, zlib.error, lzma.LZMAError, OSError, ValueError)


class Expanding(io.RawIOBase):
    """A stream of unpacked bytes that knows how many came out of how many, and stops where that is too much."""

    def __init__(self, stream: BinaryIO, packed_bytes: int, limits: Limits) -> None:
        super().__init__()
        self._stream, self._packed_bytes, self._limits = stream, packed_bytes, limits
        # one step at a time: a longer read that meets damage would lose what came before it
        self._read = getattr(stream, "read1", stream.read)
        self.expanded = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` unpacked bytes.

        Raises:
            LimitExceeded: it expands to more than the limits allow.
        """
        if size < 0 or size > LONGEST_READ:
            size = LONGEST_READ
        data: bytes = self._read(size)
        self.expanded += len(data)
        check_expansion(self.expanded, self._packed_bytes, self._limits)
        return data

    def head(self, size: int) -> bytes:
        """Return the first ``size`` bytes, fewer only where there are no more."""
        data = b""
        while len(data) < size and (more := self.read(size - len(data))):
            data += more
        return data

    def close(self) -> None:
        """Close the file below."""
        self._stream.close()
        super().close()


def check_expansion(expanded: int, packed: int, limits: Limits) -> None:
    """Refuse what has grown too large, or too large for what it was packed in.

    Raises:
        LimitExceeded: with the code ``expansion``.
    """
    if expanded > limits.expanded_bytes:
        text = f"It unpacks to more than the {limits.expanded_bytes:,} bytes allowed."
        raise LimitExceeded(text, code="expansion")
    if expanded > max(RATIO_COUNTS_FROM, limits.expansion_ratio * packed):
        text = (
            f"It unpacks to more than {limits.expansion_ratio} times its size, as decompression bombs do: it was "
            f"stopped after {expanded:,} bytes out of {packed:,}."
        )
        raise LimitExceeded(text, code="expansion")


def open_compressed(path: Path, kind: str, limits: Limits) -> Expanding:
    """Open a compressed file (``kind`` is a key of ``COMPRESSIONS``) for reading what is in it."""
    return Expanding(_OPENERS[kind](path), path.stat().st_size, limits)


def _gzip(path: Path) -> BinaryIO:
    import gzip

    return cast("BinaryIO", gzip.open(path))


def _bzip2(path: Path) -> BinaryIO:
    import bz2

    return cast("BinaryIO", bz2.open(path))


def _xz(path: Path) -> BinaryIO:
    return cast("BinaryIO", lzma.open(path))


def _zstd(path: Path) -> BinaryIO:
    import pyarrow

    return cast("BinaryIO", pyarrow.CompressedInputStream(pyarrow.OSFile(str(path)), "zstd"))


_OPENERS: dict[str, Callable[[Path], BinaryIO]] = {"gzip": _gzip, "bzip2": _bzip2, "xz": _xz, "zstd": _zstd}


def spill(stream: BinaryIO, target: Path, *, most: int) -> int:
    """Write what ``stream`` holds to ``target``; return how many bytes that were.

    Raises:
        MalformedArtifact: the stream breaks off or is damaged; what came before is in ``target``.
        LimitExceeded: it holds more than ``most`` bytes, or is a bomb.
    """
    written = 0
    with target.open("wb") as file:
        while True:
            try:
                chunk = stream.read(CHUNK_BYTES)
            except DAMAGE as error:
                text = f"It is damaged or truncated after {written:,} unpacked bytes: {explained(error)}."
                raise MalformedArtifact(text, code="damaged_archive") from error
            if not chunk:
                return written
            written += len(chunk)
            if written > most:
                text = f"It unpacks to more than the {most:,} bytes that are looked at."
                raise LimitExceeded(text, code="expansion")
            file.write(chunk)


def explained(error: BaseException) -> str:
    """Return in few words what a decompressor says is wrong."""
    return (" ".join(str(error).split())[:160] or type(error).__name__).rstrip(".")
