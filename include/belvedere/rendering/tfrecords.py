"""TFRecord framing: length, its checksum, data, their checksum. A file that still grows ends anywhere.

Source: tensorflow/core/lib/io/record_writer.h.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from belvedere.rendering.crc32c import masked_crc32c

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADER = struct.Struct("<QI")
CHECKSUM = struct.Struct("<I")
FRAME_BYTES = HEADER.size + CHECKSUM.size
CHECKED_BYTES = 48 * 1024**2
THINNED_FROM_BYTES = 96 * 1024**2
WHOLE_TAIL_BYTES = 8 * 1024**2
MOST_RECORDS = 1_000_000
SMALL_RECORD = 512
PROBED_RECORDS = 20_000
MOST_NAMED = 3


@dataclass(slots=True)
class RecordFile:
    """One walk over a file of records; what was odd on the way stands in the fields afterwards.

    ``thinned`` n: of the small records only every n-th was read (but all of the file's last megabytes).
    """

    path: Path
    records: int = 0
    read: int = 0
    thinned: int = 1
    unfinished_bytes: int = 0
    damaged: list[str] = field(default_factory=list)
    damaged_records: int = 0
    lost_bytes: int = 0

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
            skipped = self.thinned > 1 and self._skips(length, size - at)
            if not skipped and checksum != masked_crc32c(data[at : at + 8]):
                self._lose(at, size)
                return
            end = at + FRAME_BYTES + length
            if end > size:
                self.unfinished_bytes = size - at
                return
            self.records += 1
            if not skipped:
                payload = data[at + HEADER.size : end - CHECKSUM.size]
                unchecked_from -= length
                if unchecked_from < 0 or CHECKSUM.unpack_from(data, end - CHECKSUM.size)[0] == masked_crc32c(payload):
                    self.read += 1
                    yield payload
                else:
                    self._note(at)
            at = end
            if self.records == PROBED_RECORDS and size > THINNED_FROM_BYTES:
                self.thinned = max(1, -(-(size * self.records // at) // MOST_RECORDS))

    def _skips(self, length: int, remaining: int) -> bool:
        return length < SMALL_RECORD and remaining > WHOLE_TAIL_BYTES and self.records % self.thinned != 0

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
                f"{name} holds {self.records:,} records: of the small ones every {self.thinned:,}th was read, "
                "and all of its end."
            )
        return said


def _are(count: int) -> str:
    return "is left out" if count == 1 else "are left out"
