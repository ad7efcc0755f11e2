"""TFRecord framing: length, its checksum, data, their checksum. A file that still grows ends anywhere.

Source: tensorflow/core/lib/io/record_writer.h.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from belvedere.rendering.training.crc32c import masked_crc32c

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER = struct.Struct("<QI")
LENGTH = struct.Struct("<Q")
CHECKSUM = struct.Struct("<I")
FRAME_BYTES = HEADER.size + CHECKSUM.size
CHECKED_BYTES = 48 * 1024**2
THINNED_FROM_BYTES = 4 * 1024**2
TAIL_BYTES_OF_RECORD = 8
MOST_RECORDS = 400_000
SMALL_RECORD = 512
PROBED_RECORDS = 20_000
MOST_NAMED = 3


@dataclass(slots=True)
class RecordFile:
    """One walk over a file of records; what was odd on the way stands in the fields afterwards.

    ``thinned`` n: of the small records only about one in n was read, so that about ``most_records`` are (but all at the
    file's end).
    """

    path: Path
    most_records: int = MOST_RECORDS
    records: int = 0
    read: int = 0
    thinned: int = 1
    unfinished_bytes: int = 0
    damaged: list[str] = field(default_factory=list)
    damaged_records: int = 0
    lost_bytes: int = 0
    _random: int = 1

    def payloads(self) -> Iterator[bytes]:
        """Yield the data of each good record; stop where the framing is lost."""
        size = self.path.stat().st_size
        if not size:
            return
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield from self._walk(data, size)

    def _walk(self, data: mmap.mmap, size: int) -> Iterator[bytes]:
        at, unchecked_from = 0, CHECKED_BYTES
        while at < size:
            if size - at < FRAME_BYTES:
                self.unfinished_bytes = size - at
                return
            length, checksum = HEADER.unpack_from(data, at)
            if checksum != masked_crc32c(data[at : at + 8]):
                self._lose(at, size)
                return
            end = at + FRAME_BYTES + length
            if end > size:
                self.unfinished_bytes = size - at
                return
            self.records += 1
            payload = data[at + HEADER.size : end - CHECKSUM.size]
            unchecked_from -= length
            if unchecked_from < 0 or CHECKSUM.unpack_from(data, end - CHECKSUM.size)[0] == masked_crc32c(payload):
                self.read += 1
                yield payload
            else:
                self._note(at)
            at = end if self.thinned == 1 else self._skip(data, end, size)
            if self.records == PROBED_RECORDS and size > THINNED_FROM_BYTES:
                self.thinned = max(1, -(-(size * self.records // at) // self.most_records))

    def _skip(self, data: mmap.mmap, at: int, size: int) -> int:
        """Return where to read on: some small records further, in no rhythm that the tags could have too."""
        length_at, tail = LENGTH.unpack_from, size - self.most_records * TAIL_BYTES_OF_RECORD
        self._random = (self._random * 1_103_515_245 + 12_345) & 0x7FFFFFFF
        left = (self._random >> 8) % (2 * self.thinned - 1)
        skipped = 0
        while skipped < left and at < tail:
            length = length_at(data, at)[0]
            if length >= SMALL_RECORD:
                break
            at += FRAME_BYTES + length
            skipped += 1
        self.records += skipped
        return at

    def _note(self, at: int) -> None:
        self.damaged_records += 1
        if len(self.damaged) < MOST_NAMED:
            self.damaged.append(f"record {self.records:,} at byte {at:,}")

    def _lose(self, at: int, size: int) -> None:
        self.lost_bytes = size - at
        self.damaged.append(f"byte {at:,}")

    def warnings(self, name: str) -> list[str]:
        """Say what was wrong with the file called ``name``."""
        said = []
        if self.damaged_records:
            where = ", ".join(self.damaged[:MOST_NAMED])
            count = "1 record has" if self.damaged_records == 1 else f"{self.damaged_records:,} records have"
            said.append(f"{name} is damaged: {count} a wrong checksum (CRC) and {_are(self.damaged_records)}: {where}.")
        if self.lost_bytes:
            said.append(
                f"{name} is damaged at {self.damaged[-1]}: the length there has a wrong checksum (CRC), so its last "
                f"{self.lost_bytes:,} bytes cannot be read; what comes before is shown."
            )
        if self.unfinished_bytes:
            said.append(
                f"{name} ends in the middle of a record ({self.unfinished_bytes:,} bytes of it are there): it is "
                "truncated or still being written; what is complete is shown."
            )
        if self.thinned > 1:
            said.append(
                f"{name} holds {self.records:,} records: of the small ones about one in {self.thinned:,} was read, "
                "and all at its end."
            )
        return said


def _are(count: int) -> str:
    return "is left out" if count == 1 else "are left out"
