"""NumPy's files: header by header, without ever unpickling; every element is looked at, only the first are kept.

Source: NumPy, "NEP 1: A simple file format for NumPy arrays", and numpy.lib.format.
"""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from dataclasses import dataclass
from tokenize import TokenError
from typing import IO, TYPE_CHECKING, Any

from belvedere.errors import MalformedArtifact
from belvedere.rendering.arrays.figures import Figures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

MOST_HEADER = 16_384
MOST_ARRAYS = 64
KEPT_BYTES, KEPT_IN_ALL, PIECE_BYTES = 32 * 1024**2, 96 * 1024**2, 8 * 1024**2
PIECE_ELEMENTS = 1 << 20
LARGEST_LENGTH = 1 << 62
BROKEN = (
    zipfile.BadZipFile,
    OSError,
    RuntimeError,
    NotImplementedError,
    EOFError,
    ValueError,
    zlib.error,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class StoredArray:
    """One array: what its header says, the figures of all its elements, and the elements that were kept.

    ``kept`` has the array's shape where all were kept, else it is flat; None: nothing was read, ``problem`` says why.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    kept: NDArray[Any] | None = None
    figures: Figures | None = None
    problem: str = ""

    @property
    def size(self) -> int:
        """How many elements the header announces."""
        return math.prod(self.shape)

    @property
    def is_whole(self) -> bool:
        """Whether all elements were kept."""
        return self.kept is not None and self.kept.shape == self.shape


def read_arrays(path: Path, most_bytes: int) -> tuple[tuple[StoredArray, ...], int]:
    """Read the arrays of an ``.npy`` or ``.npz`` file, at most ``most_bytes``; return them, and how many there are.

    Raises:
        MalformedArtifact: it is neither, or damaged.
    """
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            return (_read(file, "", KEPT_BYTES, path.stat().st_size),), 1
    try:
        with zipfile.ZipFile(path) as archive:
            parts = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            if not parts:
                raise MalformedArtifact("The archive holds no NumPy arrays.", code="bad_numpy")
            return tuple(_parts(archive, parts[:MOST_ARRAYS], most_bytes)), len(parts)
    except BROKEN as error:
        raise MalformedArtifact(f"The .npz archive is damaged: {str(error)[:200]}", code="bad_numpy") from error


def _parts(archive: zipfile.ZipFile, parts: Sequence[zipfile.ZipInfo], most_bytes: int) -> Iterator[StoredArray]:
    kept = KEPT_IN_ALL
    for info in parts:
        with archive.open(info) as file:
            array = _read(file, info.filename.removesuffix(".npy"), min(kept, KEPT_BYTES), most_bytes)
        kept -= 0 if array.kept is None else array.kept.nbytes
        most_bytes -= array.size * array.dtype.itemsize if array.kept is not None else 0
        yield array


def _read(file: IO[bytes], name: str, kept_bytes: int, most_bytes: int) -> StoredArray:
    shape, fortran_order, dtype = _header(file)
    if dtype.hasobject:
        said = "It holds Python objects as a pickle: loading one runs its code, so it is not loaded here."
        return StoredArray(name, shape, dtype, problem=said)
    size = math.prod(shape)
    if not dtype.itemsize or size > LARGEST_LENGTH:
        return StoredArray(
            name, shape, dtype, problem="Its elements cannot be read: their number or size is impossible."
        )
    figures = Figures(dtype)
    kept, seen = _elements(file, dtype, min(size, max(0, most_bytes) // dtype.itemsize), kept_bytes, figures)
    problem = "" if seen == size else f"Only {seen:,} of {size:,} elements are there, or were read."
    if kept.size == size:
        kept = kept.reshape(shape, order="F" if fortran_order else "C")
    return StoredArray(name, shape, dtype, kept, figures, problem)


def _elements(
    file: IO[bytes], dtype: np.dtype[Any], wanted: int, kept_bytes: int, figures: Figures
) -> tuple[NDArray[Any], int]:
    """Look at all elements in pieces; return the first of them, and how many there were."""
    import numpy as np

    kept, seen, at_once = list[Any](), 0, max(1, min(PIECE_BYTES // dtype.itemsize, PIECE_ELEMENTS))
    while seen < wanted:
        content = file.read(min(at_once, wanted - seen) * dtype.itemsize)
        piece = np.frombuffer(content[: len(content) // dtype.itemsize * dtype.itemsize], dtype)
        if not piece.size:
            break
        figures.add(piece)
        if seen * dtype.itemsize < kept_bytes:
            kept.append(piece)
        seen += piece.size
    return (np.concatenate(kept) if kept else np.empty(0, dtype)), seen


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    from numpy.lib import format as numpy_format

    try:
        version = numpy_format.read_magic(file)
        read = numpy_format.read_array_header_1_0 if version == (1, 0) else numpy_format.read_array_header_2_0
        shape, fortran_order, dtype = read(file, max_header_size=MOST_HEADER)
        lengths = tuple(map(int, shape))
    except (ValueError, TypeError, SyntaxError, EOFError, OverflowError, KeyError, AttributeError, TokenError) as error:
        raise MalformedArtifact(f"The NumPy array's header is damaged: {str(error)[:200]}", code="bad_numpy") from error
    if any(length < 0 for length in lengths):
        raise MalformedArtifact("The NumPy array's shape has a negative length.", code="bad_numpy")
    return lengths, bool(fortran_order), dtype
