"""What is uploaded, and how fast."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from tests.harness.samples import matrix_csv, png, table_csv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from minio import Minio

UPLOADERS = 4
PICTURE_SIDE = 160


@dataclass(slots=True)
class Uploaded:
    """What was put: by key, the etag and the moment just before the PUT."""

    etags: dict[str, str] = field(default_factory=dict)
    moments: dict[str, float] = field(default_factory=dict)

    @property
    def began(self) -> float:
        """The moment of the first PUT."""
        return min(self.moments.values())


def picture(number: int) -> bytes:
    """Return one of the PNG class: some kB, different for every number."""
    return png(number, PICTURE_SIDE)


def mixed(number: int) -> tuple[str, bytes]:
    """Return a small artifact of changing kind: suffix and bytes."""
    makers = (("csv", lambda n: matrix_csv(n)), ("csv", lambda n: table_csv(n % 50 + 1)), ("png", picture))
    suffix, make = makers[number % len(makers)]
    return suffix, make(number)


class Uploads:
    """PUTs into one bucket."""

    def __init__(self, s3: Minio, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, uploaded: Uploaded, key: str, content: bytes) -> None:
        """Put one object and note it."""
        before = time.time()
        done = self._s3.put_object(self._bucket, key, BytesIO(content), len(content))
        uploaded.moments[key] = before
        uploaded.etags[key] = (done.etag or "").strip('"')

    def steady(self, prefix: str, count: int, per_second: float) -> Uploaded:
        """Put small artifacts of all kinds at a steady rate."""
        uploaded = Uploaded()
        contents = [(f"{prefix}{number:05}.{suffix}", content) for number, suffix, content in _numbered(count)]
        with ThreadPoolExecutor(UPLOADERS) as pool:
            began = time.monotonic()
            for number, (key, content) in enumerate(contents):
                time.sleep(max(0.0, began + number / per_second - time.monotonic()))
                pool.submit(self.put, uploaded, key, content)
        return uploaded

    def burst(self, prefix: str, count: int) -> Uploaded:
        """Put pictures as fast as the store takes them."""
        uploaded = Uploaded()
        pictures = [(f"{prefix}{number:05}.png", picture(number)) for number in range(count)]
        with ThreadPoolExecutor(UPLOADERS) as pool:
            for done in [pool.submit(self.put, uploaded, key, content) for key, content in pictures]:
                done.result()
        return uploaded


def _numbered(count: int) -> Iterator[tuple[int, str, bytes]]:
    for number in range(count):
        suffix, content = mixed(number)
        yield number, suffix, content
