"""The object store as Belvedere needs it: stat, fetch, put, list, remove. Speaks S3 through minio-py."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, S3Error, ServerError

from belvedere.errors import (
    AccessDenied,
    BucketMissing,
    LimitExceeded,
    ObjectMissing,
    PermanentError,
    ServiceUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from minio.datatypes import Object

    from belvedere.settings import Settings

MISSING_CODES = {"NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "ResourceNotFound", "NoSuchObject"}
DENIED_CODES = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AllAccessDisabled"}
BUSY_CODES = {"SlowDown", "XMinioServerNotInitialized", "InternalError", "ServiceUnavailable", "RequestTimeout"}
CHUNK_BYTES = 1024 * 1024
UNKNOWN_TIME = datetime.fromtimestamp(0, UTC)
TIMEOUT = urllib3.Timeout(connect=3.0, read=30.0)


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


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        raise _ours(error, what) from error
    except (urllib3.exceptions.HTTPError, ServerError, InvalidResponseError, OSError) as error:
        raise ServiceUnavailable(f"the object store did not answer while {what} ({type(error).__name__})") from error
    except ValueError as error:
        raise PermanentError(f"the object store's client refused {what}: {error}", code="bad_name") from error


def _ours(error: S3Error, what: str) -> Exception:
    code = error.code or "unknown"
    if code in MISSING_CODES:
        return ObjectMissing(f"not found while {what}")
    if code == "NoSuchBucket":
        return BucketMissing(f"no such bucket while {what}: run the DAG provision_storage for it")
    if code in DENIED_CODES:
        return AccessDenied(f"the object store refused our key while {what}: check its policy")
    if code in BUSY_CODES:
        return ServiceUnavailable(f"the object store is busy ({code}) while {what}")
    return PermanentError(f"the object store answered {code} while {what}", code="object_store")


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
        parts = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}")
        pool = urllib3.PoolManager(maxsize=16, timeout=TIMEOUT, retries=urllib3.Retry(total=0))
        self._client = Minio(
            parts.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=parts.scheme == "https",
            region=region,
            http_client=pool,
        )

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
        with _translated(f"looking at {bucket}/{key}"):
            found = self._client.stat_object(bucket, key, version_id=version_id or None)
            return _info(bucket, found)

    def fetch(self, bucket: str, key: str, target: Path, *, version_id: str = "", max_bytes: int) -> ObjectInfo:
        """Stream one object version into the file ``target`` and describe what was read.

        Raises:
            LimitExceeded: the object is larger than ``max_bytes``.
            ObjectMissing, BucketMissing, AccessDenied, ServiceUnavailable: as their names say.
        """
        info = None
        with _translated(f"reading {bucket}/{key}"):
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
        with _translated(f"reading {bucket}/{key}"):
            response = self._client.get_object(bucket, key)
            try:
                if int(response.headers.get("Content-Length", 0)) > max_bytes:
                    raise LimitExceeded(f"{bucket}/{key} is larger than {max_bytes:,} bytes")
                return response.read()
            finally:
                response.close()
                response.release_conn()

    def stream(self, bucket: str, key: str, *, version_id: str = "") -> Iterator[bytes]:
        """Yield one object's bytes in pieces; raises as ``fetch`` does, on the first piece."""
        with _translated(f"reading {bucket}/{key}"):
            response = self._client.get_object(bucket, key, version_id=version_id or None)
            try:
                yield from response.stream(CHUNK_BYTES)
            finally:
                response.close()
                response.release_conn()

    def put(
        self, bucket: str, key: str, content: bytes, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> str:
        """Write one object whole and return its etag."""
        with _translated(f"writing {bucket}/{key}"):
            result = self._client.put_object(
                bucket,
                key,
                io.BytesIO(content),
                len(content),
                content_type=content_type,
                metadata=dict(metadata) if metadata else None,
            )
            return (result.etag or "").strip('"')

    def list(self, bucket: str, prefix: str = "", start_after: str = "") -> Iterator[ObjectInfo]:
        """Yield the current objects of a bucket in key order (listings carry no content types)."""
        with _translated(f"listing {bucket}/{prefix}"):
            for found in self._client.list_objects(
                bucket, prefix=prefix or None, recursive=True, start_after=start_after or None
            ):
                if not found.is_dir:
                    yield _info(bucket, found)

    def remove(self, bucket: str, keys: Iterable[str]) -> int:
        """Remove objects and return how many were asked for; objects already gone do not matter."""
        wanted = [DeleteObject(key) for key in keys]
        with _translated(f"removing objects from {bucket}"):
            problems = list(self._client.remove_objects(bucket, wanted))
        if problems:
            raise PermanentError(f"{len(problems)} objects of {bucket} could not be removed: {problems[0].code}")
        return len(wanted)

    def bucket_exists(self, bucket: str) -> bool:
        """Tell whether the bucket exists."""
        with _translated(f"looking for bucket {bucket}"):
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
