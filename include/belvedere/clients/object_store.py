"""The object store as Belvedere needs it: stat, fetch, put, list, remove. Speaks S3 through minio-py."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast
from urllib.parse import quote

from minio.commonconfig import CopySource
from minio.deleteobjects import DeleteObject

from belvedere.clients.s3 import s3_client, translated
from belvedere.errors import LimitExceeded, PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from minio.datatypes import Object

    from belvedere.settings import Settings

CHUNK_BYTES = 1024 * 1024
PART_BYTES = 8 * 1024 * 1024
UNKNOWN_TIME = datetime.fromtimestamp(0, UTC)


class Readable(Protocol):
    """What an object's bytes can be read from."""

    def read(self, size: int) -> bytes:
        """Return some of the next bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a listing or a HEAD tells of one object version. ``version_id`` is empty without versioning."""

    bucket: str
    key: str
    version_id: str
    etag: str
    size: int
    content_type: str
    modified_at: datetime


def _info(bucket: str, found: Object) -> ObjectInfo:
    return ObjectInfo(
        bucket=bucket,
        key=found.object_name or "",
        version_id=_real_version(found.version_id),
        etag=(found.etag or "").strip('"'),
        size=found.size or 0,
        content_type=found.content_type or "application/octet-stream",
        modified_at=found.last_modified or UNKNOWN_TIME,
    )


def _real_version(version_id: str | None) -> str:
    """Buckets without versioning, and objects older than it, say ``null``."""
    return "" if version_id in (None, "null") else str(version_id)


class ObjectStore:
    """A connection pool to one object store. Safe to share between threads."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str, region: str = "us-east-1") -> None:
        self._client = s3_client(endpoint, access_key, secret_key, region)

    @classmethod
    def from_settings(cls, settings: Settings) -> ObjectStore:
        """Connect as the settings say."""
        return cls(
            settings.minio_endpoint,
            settings.minio_access_key.get_secret_value(),
            settings.minio_secret_key.get_secret_value(),
            settings.minio_region,
        )

    def stat(self, bucket: str, key: str, version_id: str = "") -> ObjectInfo:
        """Describe one object version.

        Raises:
            ObjectMissing, BucketMissing, AccessDenied, ServiceUnavailable: as their names say.
        """
        with translated(f"looking at {bucket}/{key}"):
            found = self._client.stat_object(bucket, key, version_id=version_id or None)
            return _info(bucket, found)

    def fetch(self, bucket: str, key: str, target: Path, *, version_id: str = "", max_bytes: int) -> ObjectInfo:
        """Stream one object version into the file ``target`` and describe what was read.

        Raises:
            LimitExceeded: the object is larger than ``max_bytes``.
            ObjectMissing, BucketMissing, AccessDenied, ServiceUnavailable: as their names say.
        """
        info = None
        with translated(f"reading {bucket}/{key}"):
            response = self._client.get_object(bucket, key, version_id=version_id or None)
            try:
                info = _info_of_response(bucket, key, response.headers)
                if info.size > max_bytes:
                    raise LimitExceeded(f"{bucket}/{key} has {info.size:,} bytes; the limit is {max_bytes:,}")
                with target.open("wb") as file:
                    for chunk in response.stream(CHUNK_BYTES):
                        file.write(chunk)
            finally:
                response.close()
                response.release_conn()
        return info

    def read(self, bucket: str, key: str, *, max_bytes: int) -> bytes:
        """Return a small object's bytes; raises as ``fetch`` does."""
        with translated(f"reading {bucket}/{key}"):
            response = self._client.get_object(bucket, key)
            try:
                if int(response.headers.get("Content-Length", 0)) > max_bytes:
                    raise LimitExceeded(f"{bucket}/{key} is larger than {max_bytes:,} bytes")
                return response.read()
            finally:
                response.close()
                response.release_conn()

    def stream(
        self, bucket: str, key: str, *, version_id: str = "", offset: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        """Yield one object's bytes in pieces, ``length`` of them from ``offset``; None: all the rest.

        Raises as ``fetch`` does, on the first piece.
        """
        with translated(f"reading {bucket}/{key}"):
            response = self._client.get_object(
                bucket, key, offset=offset, length=length or 0, version_id=version_id or None
            )
            try:
                yield from response.stream(CHUNK_BYTES)
            finally:
                response.close()
                response.release_conn()

    def put(
        self, bucket: str, key: str, content: bytes, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> str:
        """Write one object whole and return its etag."""
        with translated(f"writing {bucket}/{key}"):
            result = self._client.put_object(
                bucket,
                key,
                io.BytesIO(content),
                len(content),
                content_type=content_type,
                metadata=dict(metadata) if metadata else None,
            )
            return (result.etag or "").strip('"')

    def put_stream(
        self, bucket: str, key: str, content: Readable, length: int | None, content_type: str, *, put_by: str
    ) -> ObjectInfo:
        """Write one object from what is read part by part; ``length`` None where nobody knows it.

        Whatever ``content`` raises is raised, and nothing is left of the object.
        """
        with translated(f"writing {bucket}/{key}"):
            result = self._client.put_object(
                bucket,
                key,
                cast("BinaryIO", content),
                -1 if length is None else length,
                content_type=content_type,
                metadata={"belvedere-put-by": quote(put_by, safe="")},
                part_size=PART_BYTES,
                num_parallel_uploads=1,
            )
        return ObjectInfo(
            bucket=bucket,
            key=key,
            version_id=_real_version(result.version_id),
            etag=(result.etag or "").strip('"'),
            size=length or 0,
            content_type=content_type,
            modified_at=result.last_modified or UNKNOWN_TIME,
        )

    def copy(self, bucket: str, key: str, to_bucket: str, to_key: str) -> None:
        """Copy one object inside the store; raises as ``fetch`` does."""
        with translated(f"copying {bucket}/{key}"):
            self._client.copy_object(to_bucket, to_key, CopySource(bucket, key))

    def list(self, bucket: str, prefix: str = "", start_after: str = "") -> Iterator[ObjectInfo]:
        """Yield the current objects of a bucket in key order (listings carry no content types)."""
        with translated(f"listing {bucket}/{prefix}"):
            for found in self._client.list_objects(
                bucket, prefix=prefix or None, recursive=True, start_after=start_after or None
            ):
                if not found.is_dir:
                    yield _info(bucket, found)

    def versions(self, bucket: str, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield every version of every object of a bucket in key order, the newest of a key first."""
        with translated(f"listing the versions in {bucket}/{prefix}"):
            for found in self._client.list_objects(bucket, prefix=prefix or None, recursive=True, include_version=True):
                if not found.is_dir and not found.is_delete_marker:
                    yield _info(bucket, found)

    def remove(self, bucket: str, keys: Iterable[str]) -> int:
        """Remove objects and return how many were asked for; objects already gone do not matter."""
        wanted = [DeleteObject(key) for key in keys]
        with translated(f"removing objects from {bucket}"):
            problems = list(self._client.remove_objects(bucket, wanted))
        if problems:
            raise PermanentError(f"{len(problems)} objects of {bucket} could not be removed: {problems[0].code}")
        return len(wanted)

    def remove_version(self, bucket: str, key: str, version_id: str) -> None:
        """Remove one version of an object for good (an empty ``version_id``: the object, in a bucket without them)."""
        with translated(f"removing {bucket}/{key}"):
            self._client.remove_object(bucket, key, version_id=version_id or None)

    def bucket_exists(self, bucket: str) -> bool:
        """Tell whether the bucket exists."""
        with translated(f"looking for bucket {bucket}"):
            return self._client.bucket_exists(bucket)


def _info_of_response(bucket: str, key: str, headers: Mapping[str, str]) -> ObjectInfo:
    return ObjectInfo(
        bucket=bucket,
        key=key,
        version_id=_real_version(headers.get("x-amz-version-id")),
        etag=headers.get("ETag", "").strip('"'),
        size=int(headers.get("Content-Length", 0)),
        content_type=headers.get("Content-Type", "application/octet-stream"),
        modified_at=parsedate_to_datetime(headers["Last-Modified"]),
    )
