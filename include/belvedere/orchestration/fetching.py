"""From the object store to local files: an artifact's bytes and what it refers to, within its tenant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from belvedere.clients.web import fetch_page
from belvedere.errors import BelvedereError, ObjectChanged, PermanentError, TransientError
from belvedere.model.rendering import Limits, Reference, Related, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from belvedere.clients.object_store import ObjectInfo, ObjectStore

STORE_SCHEMES = frozenset({"minio", "s3"})
MAX_REFERENCES = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """The object version to fetch. ``etag`` empty: whatever is there."""

    bucket: str
    key: str
    version_id: str
    etag: str


class ChangedObject(ObjectChanged):
    """The bucket holds another version than the event announced; ``present`` describes it."""

    def __init__(self, present: ObjectInfo) -> None:
        super().__init__(f"{present.bucket}/{present.key} has other bytes by now than the event announced")
        self.present = present


class Fetcher:
    """Fetches artifacts into one folder. ``tenant_of`` decides which buckets a reference may reach."""

    def __init__(
        self, store: ObjectStore, folder: Path, tenant_of: Mapping[str, str], hosts: Iterable[str], limits: Limits
    ) -> None:
        self._store = store
        self._folder = folder
        self._tenant_of = tenant_of
        self._hosts = frozenset(hosts)
        self._limits = limits

    def source(self, wanted: Wanted) -> Source:
        """Fetch one artifact.

        Raises:
            ChangedObject: other bytes are there now.
            ObjectMissing, BucketMissing, LimitExceeded, AccessDenied, ServiceUnavailable: as their names say.
        """
        path = self._folder / "source"
        info = self._store.fetch(
            wanted.bucket, wanted.key, path, version_id=wanted.version_id, max_bytes=self._limits.source_bytes
        )
        if wanted.etag and info.etag != wanted.etag:
            raise ChangedObject(info)
        return Source(
            bucket=wanted.bucket,
            key=wanted.key,
            etag=info.etag,
            version_id=info.version_id,
            content_type=info.content_type,
            size=info.size,
            path=path,
        )

    def related(self, source: Source, references: Iterable[Reference]) -> dict[str, Related]:
        """Fetch what an artifact refers to; a reference that may or can not be followed carries its problem.

        Raises:
            TransientError: the object store is away; the whole artifact should wait.
        """
        found: dict[str, Related] = {}
        for number, reference in enumerate(references):
            if number >= MAX_REFERENCES:
                found[reference.uri] = _problem(reference.uri, f"more than {MAX_REFERENCES} references: not followed")
            elif reference.uri not in found:
                found[reference.uri] = self._follow(source, reference, self._folder / f"related-{number}")
        return found

    def _follow(self, source: Source, reference: Reference, path: Path) -> Related:
        try:
            if urlsplit(reference.uri).scheme in STORE_SCHEMES:
                return self._from_store(source, reference, path)
            return self._from_web(reference, path)
        except TransientError:
            if urlsplit(reference.uri).scheme in STORE_SCHEMES:
                raise
            return _problem(reference.uri, "its host did not answer")
        except BelvedereError as error:
            return _problem(reference.uri, error.message)
        except ValueError:
            return _problem(reference.uri, "not an address")

    def _from_store(self, source: Source, reference: Reference, path: Path) -> Related:
        parts = urlsplit(reference.uri)
        bucket = parts.netloc
        key = unquote(parts.path).lstrip("/") if "%" in parts.path else parts.path.lstrip("/")
        tenant = self._tenant_of.get(source.bucket)
        if bucket != source.bucket and (tenant is None or self._tenant_of.get(bucket) != tenant):
            raise PermanentError("it lies in a bucket that does not belong to this tenant", code="foreign_bucket")
        info = self._store.fetch(bucket, key, path, max_bytes=reference.max_bytes)
        return Related(reference.uri, path, info.size, info.content_type)

    def _from_web(self, reference: Reference, path: Path) -> Related:
        page = fetch_page(reference.uri, self._hosts, max_bytes=reference.max_bytes)
        path.write_bytes(page.content)
        return Related(reference.uri, path, len(page.content), page.content_type)


def _problem(uri: str, problem: str) -> Related:
    return Related(uri, None, 0, "", problem)
