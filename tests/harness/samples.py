"""The samples that `make up` shows, with what each must become (``examples/samples/samples.json``), and made ones."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from stack.paths import ROOT

FOLDER = ROOT / "examples" / "samples"
MANIFEST = json.loads((FOLDER / "samples.json").read_text())


@dataclass(frozen=True, slots=True)
class Sample:
    """One artifact: its files in the order of uploading, the key whose card it becomes, what is expected of it."""

    id: str
    trigger_key: str
    objects: tuple[tuple[str, bytes, str], ...]
    expect: dict[str, Any]


def _sample(entry: dict[str, Any]) -> Sample:
    objects = sorted(entry["objects"], key=lambda each: bool(each["key"] == entry["trigger_key"]))
    files = tuple(
        (each["key"], (FOLDER / each["path"]).read_bytes(), each.get("content_type", "application/octet-stream"))
        for each in objects
    )
    return Sample(entry["id"], entry["trigger_key"], files, entry["expect"])


SAMPLES = tuple(_sample(entry) for entry in MANIFEST["samples"])


def matrix_csv(seed: int = 0) -> bytes:
    """Return a small confusion matrix (3 labels) that no other seed has."""
    rows = [f"{a},{b},{(seed * 7 + ord(a) * ord(b)) % 997}" for a in "abc" for b in "abc"]
    return "\n".join(rows).encode()


def table_csv(rows: int = 3) -> bytes:
    """Return a table with two columns."""
    return ("name,value\n" + "".join(f"row {n},{n}\n" for n in range(rows))).encode()


def png(seed: int = 0, side: int = 64) -> bytes:
    """Return a picture that no other seed has."""
    rows = (
        b"\0" + b"".join(bytes((x * (seed + 1) % 256, (y * 7 + seed) % 256, seed // 256 % 256)) for x in range(side))
        for y in range(side)
    )

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"".join(rows)))
        + chunk(b"IEND", b"")
    )
