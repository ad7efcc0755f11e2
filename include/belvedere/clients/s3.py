"""One way to reach the object store over S3, and to tell its errors as ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, S3Error, ServerError

from belvedere.errors import AccessDenied, BucketMissing, ObjectMissing, PermanentError, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

MISSING_CODES = {"NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "ResourceNotFound", "NoSuchObject"}
DENIED_CODES = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AllAccessDisabled"}
STARTING_CODES = {"XMinioServerNotInitialized", "XMinioBucketMetadataNotInitialized", "XMinioIAMNotInitialized"}
BUSY_CODES = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", *STARTING_CODES}
TIMEOUT = urllib3.Timeout(connect=3.0, read=30.0)


def s3_client(endpoint: str, access_key: str, secret_key: str, region: str) -> Minio:
    """Return a client over a connection pool that threads may share; it never retries by itself."""
    parts = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}")
    return Minio(
        parts.netloc,
        access_key=access_key,
        secret_key=secret_key,
        secure=parts.scheme == "https",
        region=region,
        http_client=urllib3.PoolManager(maxsize=16, timeout=TIMEOUT, retries=urllib3.Retry(total=0)),
    )


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn the errors of minio-py and urllib3 into ours; ``what`` says what was being done, to people."""
    try:
        yield
    except S3Error as error:
        raise ours(error, what) from error
    except (urllib3.exceptions.HTTPError, ServerError, InvalidResponseError, OSError) as error:
        raise ServiceUnavailable(f"the object store did not answer while {what} ({type(error).__name__})") from error
    except ValueError as error:
        raise PermanentError(f"the object store's client refused {what}: {error}", code="bad_name") from error


def ours(error: S3Error, what: str) -> Exception:
    """Return our error for one of the server's."""
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
