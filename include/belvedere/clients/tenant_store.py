"""The object store as one of a tenant's keys opens it: proves what the key may do, and what it may not."""

from __future__ import annotations

import io
import uuid
from typing import TYPE_CHECKING

from belvedere.clients.s3 import s3_client, translated
from belvedere.errors import AccessDenied, BucketMissing, ObjectMissing, PermanentError
from belvedere.model.storage import RESERVED_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from belvedere.model.tenant_state import Secret

PROBES = f"{RESERVED_PREFIX}probe/"
CONTENT = b"Belvedere tries whether this key works."


class TenantStore:
    """One access key's view of the object store. Safe to share between threads.

    Probes lie under ``.belvedere/``, so they never become artifacts.
    """

    def __init__(self, endpoint: str, key: Secret, region: str = "us-east-1") -> None:
        self._client = s3_client(endpoint, key.identifier, key.password, region)

    def check_listing(self, bucket: str) -> None:
        """Begin to list a bucket: that proves the key without leaving anything behind.

        Raises:
            AccessDenied: the key does not open it.
            BucketMissing, ServiceUnavailable: as their names say.
        """
        with translated(f"listing bucket {bucket} with a tenant's key"):
            next(iter(self._client.list_objects(bucket, prefix=PROBES)), None)

    def check_round_trip(self, bucket: str) -> None:
        """Put a small object, read it back and remove it for good; raises as ``check_listing`` does.

        Raises:
            PermanentError: the object store gave back other bytes than it was given.
        """
        probe = _new_probe()
        version = self._put(bucket, probe)
        try:
            if self._get(bucket, probe) != CONTENT:
                raise PermanentError(f"bucket {bucket} gave back other bytes than it was given", code="object_store")
        finally:
            self._remove(bucket, probe, version)

    def may_read(self, bucket: str) -> bool:
        """Whether the key lists a bucket or reads an object of it.

        Anything but a refusal counts as yes: a bucket or object that is missing is told only to who may look.
        """
        return _allowed(lambda: self.check_listing(bucket)) or _allowed(lambda: self._get(bucket, _new_probe()))

    def may_write(self, bucket: str) -> bool:
        """Whether the key puts an object into a bucket; it is removed again."""
        probe = _new_probe()
        try:
            version = self._put(bucket, probe)
        except AccessDenied:
            return False
        except BucketMissing:
            return True
        self._remove(bucket, probe, version)
        return True

    def _put(self, bucket: str, key: str) -> str | None:
        with translated(f"putting an object into bucket {bucket} with a tenant's key"):
            return self._client.put_object(bucket, key, io.BytesIO(CONTENT), len(CONTENT)).version_id

    def _get(self, bucket: str, key: str) -> bytes:
        with translated(f"reading an object of bucket {bucket} with a tenant's key"):
            response = self._client.get_object(bucket, key)
            try:
                return response.read()
            finally:
                response.close()
                response.release_conn()

    def _remove(self, bucket: str, key: str, version: str | None) -> None:
        with translated(f"removing an object of bucket {bucket} with a tenant's key"):
            self._client.remove_object(bucket, key, version_id=version)


def _new_probe() -> str:
    return f"{PROBES}{uuid.uuid4().hex}"


def _allowed(act: Callable[[], object]) -> bool:
    try:
        act()
    except AccessDenied:
        return False
    except (BucketMissing, ObjectMissing):
        pass
    return True
