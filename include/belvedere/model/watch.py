"""Which objects an artifact's rendering depends on, told by the addresses its renderer asked for."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from belvedere.errors import PermanentError
from belvedere.model.rendering import Listing, Reference
from belvedere.model.storage import RESERVED_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

STORE_SCHEMES = frozenset({"minio", "s3"})


@dataclass(frozen=True, slots=True)
class Watch:
    """One object (``prefix`` is its key, ``names`` is empty), or those objects below a folder that match ``names``."""

    bucket: str
    prefix: str
    names: tuple[str, ...] = ()

    def sees(self, bucket: str, key: str) -> bool:
        """Tell whether an object is one of these."""
        if bucket != self.bucket:
            return False
        return is_wanted(key, self.prefix, self.names) if self.names else key == self.prefix


def watches_of(references: Iterable[Reference | Listing]) -> tuple[Watch, ...]:
    """Return what the references into object stores look at; addresses that are none of these are left out."""
    found = []
    for reference in references:
        try:
            found.append(_watch(reference))
        except (PermanentError, ValueError):
            continue
    return tuple(dict.fromkeys(found))


def _watch(reference: Reference | Listing) -> Watch:
    if isinstance(reference, Listing):
        return Watch(*folder_of(reference.uri), reference.names)
    return Watch(*object_of(reference.uri))


def object_of(uri: str) -> tuple[str, str]:
    """Return the bucket and key of an object's address, whose escapes (``%20``) are undone.

    Raises:
        PermanentError: it is not the address of an object in an object store.
        ValueError: it is not an address at all.
    """
    parts = urlsplit(uri)
    if parts.scheme not in STORE_SCHEMES:
        raise PermanentError("not the address of an object in a bucket", code="bad_name")
    key = unquote(parts.path) if "%" in parts.path else parts.path
    return parts.netloc, key.lstrip("/")


def folder_of(uri: str) -> tuple[str, str]:
    """Return the bucket and the prefix of a listing's address, which is written without escapes.

    Raises:
        PermanentError: it is not the address of a folder in an object store.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme not in STORE_SCHEMES or not bucket or not (prefix == "" or prefix.endswith("/")):
        raise PermanentError("not the address of a folder in a bucket", code="bad_name")
    return bucket, prefix


def is_wanted(key: str, prefix: str, names: Iterable[str]) -> bool:
    """Tell whether a listing of ``prefix`` for objects of these ``names`` finds ``key``."""
    if not key.startswith(prefix) or key.startswith(RESERVED_PREFIX) or key.endswith("/"):
        return False
    rest = key[len(prefix) :]
    return any(fnmatchcase(rest, name) for name in names)
