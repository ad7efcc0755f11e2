"""One way to reach MinIO's admin API, and to tell its errors as ours.

What the vendor's exceptions say repeats access keys, in addresses and in answers: none is ever the cause of ours.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3
from minio import MinioAdmin
from minio.credentials import StaticProvider
from minio.error import MinioAdminException

from belvedere.clients.s3 import BUSY_CODES, DENIED_CODES, TIMEOUT
from belvedere.errors import (
    AccessDenied,
    BelvedereError,
    BucketMissing,
    PermanentError,
    ServiceUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_SUCH_USER = "XMinioAdminNoSuchUser"
NO_SUCH_POLICY = "XMinioAdminNoSuchPolicy"
SHARED_CODE = "XMinioInvalidIAMCredentials"
NO_SUCH_KEY = f"{SHARED_CODE} 404"
ALREADY_SO = "XMinioAdminPolicyChangeAlreadyApplied"
KEY_IS_TAKEN = "XMinioIAMServiceAccountNotAllowed"
MISSING_CODES = {NO_SUCH_USER: "account", NO_SUCH_POLICY: "policy", NO_SUCH_KEY: "access key"}


class AccountMissing(PermanentError):
    """The object store does not know the user, policy or access key."""

    code = "account_missing"


def admin_client(endpoint: str, access_key: str, secret_key: str, region: str) -> MinioAdmin:
    """Return a client over a connection pool that threads may share; it never retries by itself."""
    parts = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}")
    return MinioAdmin(
        endpoint=parts.netloc,
        credentials=StaticProvider(access_key, secret_key),
        secure=parts.scheme == "https",
        region=region,
        http_client=urllib3.PoolManager(maxsize=16, timeout=TIMEOUT, retries=urllib3.Retry(total=0)),
    )


@contextmanager
def translated_admin(what: str, *, harmless: tuple[str, ...] = ()) -> Iterator[None]:
    """Turn the errors of MinIO's admin API into ours; answers whose code is ``harmless`` are no errors.

    ``what`` says what was being done, to people, and holds no access key.
    """
    try:
        yield
    except MinioAdminException as error:
        code = code_of(error)
        if code not in harmless:
            raise ours(code, what) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise ServiceUnavailable(f"the object store did not answer while {what} ({type(error).__name__})") from None
    except ValueError:
        raise PermanentError(f"the object store's client refused {what}", code="object_store") from None


def code_of(error: MinioAdminException) -> str:
    """Return the code of the server's answer; minio-py keeps the answer where only itself should look.

    One code says that a key is missing, and that an account may not: only its status tells which.
    """
    try:
        code = str(json.loads(error._body)["Code"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {error._code}"
    return f"{code} {error._code}" if code == SHARED_CODE else code


def ours(code: str, what: str) -> BelvedereError:
    """Return our error for a code of the server's."""
    if code in MISSING_CODES:
        return AccountMissing(f"the object store knows no such {MISSING_CODES[code]} while {what}")
    if code == "NoSuchBucket":
        return BucketMissing(f"no such bucket while {what}: apply its tenant, or run the DAG provision_storage for it")
    if code in DENIED_CODES:
        return AccessDenied(f"the object store refused our account while {what}: it needs a policy that allows admin:*")
    if code in BUSY_CODES or code.startswith("HTTP 5"):
        return ServiceUnavailable(f"the object store is busy ({code}) while {what}")
    return PermanentError(f"the object store answered {code} while {what}", code="object_store")
