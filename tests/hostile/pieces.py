"""Formats by hand, so that they can say what no honest program writes."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def png(
    width: int,
    height: int,
    packed: bytes,
    *,
    depth: int = 8,
    colour: int = 2,
    extra: Iterable[tuple[bytes, bytes]] = (),
) -> bytes:
    """Return a PNG of these (already deflated) pixels, with more chunks before them."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    more = b"".join(chunk(name, data) for name, data in extra)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def gif_frames(width: int, height: int, count: int, comment: bytes = b"") -> bytes:
    """Return a GIF of ``count`` frames, each of a single code."""
    said = b"\x21\xfe" + bytes([len(comment)]) + comment + b"\0" if comment else b""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00"
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + screen + said + frame * count + b";"


def tiff(tags: Mapping[int, int], *, following: int = 0, huge_tag: bool = False) -> bytes:
    """Return a TIFF of one directory; ``following`` is where the next one is said to lie."""
    entries = [struct.pack("<HHII", number, 4, 1, value) for number, value in sorted(tags.items())]
    if huge_tag:
        entries.append(struct.pack("<HHII", 305, 2, 2**32 - 1, 8))
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", following)
    return b"II*\0" + struct.pack("<I", 8) + directory + bytes(64)


def npy(shape: tuple[int, ...], content: bytes, descr: str = "'<f8'") -> bytes:
    """Return a NumPy file of this announced shape and type."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape!r}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + content


def zip_of(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP archive, its members' names as they are."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return made.getvalue()
