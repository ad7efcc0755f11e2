"""From the object store to local files: an artifact's bytes and what it refers to, within its tenant."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from belvedere.clients.web import fetch_page
from belvedere.errors import BelvedereError, ObjectChanged, PermanentError, TransientError
from belvedere.model.rendering import Limits, Listing, Reference, Related, Source, object_uri
from belvedere.model.watch import STORE_SCHEMES, folder_of, is_wanted, object_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from belvedere.clients.object_store import ObjectInfo, ObjectStore

MAX_REFERENCES = 50
MOST_KEYS_LISTED = 20_000


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

    def related(self, source: Source, references: Iterable[Reference | Listing]) -> dict[str, Related]:
        """Fetch what an artifact refers to; what may or can not be followed carries its problem.

        Raises:
            TransientError: the object store is away; the whole artifact should wait.
        """
        found: dict[str, Related] = {}
        for number, reference in enumerate(references):
            place = self._folder / f"related-{number}"
            if number >= MAX_REFERENCES:
                found[reference.uri] = _problem(reference.uri, f"more than {MAX_REFERENCES} references: not followed")
            elif isinstance(reference, Listing):
                found |= {uri: one for uri, one in self._listed(source, reference, place) if uri not in found}
            elif reference.uri not in found:
                found[reference.uri] = self._follow(source, reference, place)
        return found

    def _listed(self, source: Source, listing: Listing, folder: Path) -> Iterator[tuple[str, Related]]:
        """Yield what lies in a folder, each object under its own address; the listing's own only for its problem."""
        try:
            bucket, prefix = folder_of(listing.uri)
            self._check_owner(source, bucket)
            keys = islice(self._store.list(bucket, prefix), MOST_KEYS_LISTED + 1)
            yield from self._chosen(source, listing, keys, folder)
        except TransientError:
            raise
        except BelvedereError as error:
            yield listing.uri, _problem(listing.uri, error.message)

    def _chosen(
        self, source: Source, listing: Listing, listed: Iterable[ObjectInfo], folder: Path
    ) -> Iterator[tuple[str, Related]]:
        folder.mkdir()
        _, prefix = folder_of(listing.uri)
        objects, size = 0, 0
        for number, info in enumerate(listed):
            if number == MOST_KEYS_LISTED:
                yield listing.uri, _problem(listing.uri, f"only its first {MOST_KEYS_LISTED:,} objects were looked at")
            elif is_wanted(info.key, prefix, listing.names) and (info.bucket, info.key) != (source.bucket, source.key):
                objects += 1
                if objects > listing.max_objects:
                    yield listing.uri, _problem(listing.uri, f"it holds more than {listing.max_objects:,} such objects")
                    return
                found = self._one_of(info, listing, size, folder / f"{objects}")
                size += found.size if found.path else 0
                yield found.uri, found

    def _one_of(self, info: ObjectInfo, listing: Listing, fetched_bytes: int, path: Path) -> Related:
        uri = object_uri(info.bucket, info.key)
        if info.size > listing.max_bytes_each:
            return _too_large(uri, info, f"it has {info.size:,} bytes; the limit is {listing.max_bytes_each:,}")
        most = min(listing.max_bytes, self._limits.source_bytes)
        if fetched_bytes + info.size > most:
            return _too_large(uri, info, f"with it, more than {most:,} bytes would be fetched beside this artifact")
        try:
            now = self._store.fetch(info.bucket, info.key, path, max_bytes=listing.max_bytes_each)
        except TransientError:
            raise
        except BelvedereError as error:  # it went, or grew, since it was listed
            return _problem(uri, error.message)
        return Related(uri, path, now.size, now.content_type)

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
        bucket, key = object_of(reference.uri)
        self._check_owner(source, bucket)
        info = self._store.fetch(bucket, key, path, max_bytes=reference.max_bytes)
        return Related(reference.uri, path, info.size, info.content_type)

    def _check_owner(self, source: Source, bucket: str) -> None:
        """Raise unless ``bucket`` belongs to the tenant of ``source``."""
        tenant = self._tenant_of.get(source.bucket)
        if bucket != source.bucket and (tenant is None or self._tenant_of.get(bucket) != tenant):
            raise PermanentError("it lies in a bucket that does not belong to this tenant", code="foreign_bucket")

    def _from_web(self, reference: Reference, path: Path) -> Related:
        page = fetch_page(reference.uri, self._hosts, max_bytes=reference.max_bytes)
        path.write_bytes(page.content)
        return Related(reference.uri, path, len(page.content), page.content_type)


def _too_large(uri: str, info: ObjectInfo, problem: str) -> Related:
    return Related(uri, None, info.size, info.content_type, problem)


def _problem(uri: str, problem: str) -> Related:
    return Related(uri, None, 0, "", problem)
