"""Uploads through the gallery: which key a file gets, and its bytes on their way into the store.

Bytes pass through: the store reads a part of a few megabytes from the request, sends it on, and reads the next.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
import unicodedata
from typing import TYPE_CHECKING

import anyio
import anyio.from_thread
from starlette.requests import ClientDisconnect

from belvedere.errors import LimitExceeded
from belvedere.gallery.query import BadQuery

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PREFIX = "uploads"
MOST_FOLDERS = 12
LONGEST_SEGMENT_BYTES = 200
LONGEST_KEY_BYTES = 800
SILENCE_SECONDS = 30.0
PLAIN_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}")
UNKNOWN_TYPE = "application/octet-stream"
# Categories of characters that names of files never need: controls, formats (such as overrides of the writing's
# direction), surrogates, unassigned ones, and separators of lines and paragraphs.
UNWANTED = ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")


def upload_key(user: str, name: str) -> str:
    """Return the key of a user's file. A name with slashes keeps its folders; everything odd in it is left out.

    Raises:
        BadQuery: nothing of the name is left, or it is too long or too deep.
    """
    segments = [part for part in (_segment(part) for part in name.replace("\\", "/").split("/")) if part]
    if not segments:
        raise BadQuery("name: is empty: give the file's name")
    if len(segments) > MOST_FOLDERS:
        raise BadQuery(f"name: stands in {len(segments) - 1} folders; at most {MOST_FOLDERS - 1} are taken")
    key = "/".join((PREFIX, folder_of(user), *segments))
    if len(key.encode()) > LONGEST_KEY_BYTES:
        raise BadQuery(f"name: makes a key of {len(key.encode())} bytes; at most {LONGEST_KEY_BYTES} are taken")
    return key


def folder_of(user: str) -> str:
    """Return the name of a user's folder: the user's own where it can be, else one that no other user has."""
    plain = _segment(user.replace("/", "_").replace("\\", "_"))
    return plain if plain == user else f"{plain}-{hashlib.sha256(user.encode('utf-8', 'replace')).hexdigest()[:8]}"


def content_type_of(said: str | None, key: str) -> str:
    """Return what the uploader says it is, or else what its name says."""
    plain = (said or "").partition(";")[0].strip()
    if PLAIN_TYPE.fullmatch(plain) and plain != UNKNOWN_TYPE:
        return plain
    return mimetypes.guess_type(key)[0] or UNKNOWN_TYPE


def _segment(text: str) -> str:
    """Return one folder's or file's name without what would disturb; empty where nothing is left of it."""
    normal = unicodedata.normalize("NFC", text)
    kept = "".join(character for character in normal if unicodedata.category(character) not in UNWANTED).strip()
    if not kept.strip("."):
        return ""
    return _shortened(kept)


def _shortened(name: str) -> str:
    """Cut a long name in its middle: the suffix says what a file is."""
    raw = name.encode()
    if len(raw) <= LONGEST_SEGMENT_BYTES:
        return name
    stem, dot, suffix = name.rpartition(".")
    ending = dot + suffix if stem and len(suffix.encode()) <= 20 else ""
    return raw[: LONGEST_SEGMENT_BYTES - len(ending.encode())].decode("utf-8", "ignore") + ending


class BodyReader:
    """A request's body as a file to be read in a worker thread; counts, and refuses more than ``most`` bytes.

    Raises (when read):
        LimitExceeded: the body is larger than it may be.
        ClientDisconnect: the uploader went away, or was silent for too long.
    """

    def __init__(self, body: AsyncIterator[bytes], most: int) -> None:
        self._body = body
        self._most = most
        self._read = bytearray()
        self.count = 0

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes, fewer at the end: whole, for the store's client glues pieces slowly."""
        while len(self._read) < size:
            chunk = anyio.from_thread.run(self._next)
            if chunk is None:
                break
            self._read += chunk
            self.count += len(chunk)
            if self.count > self._most:
                raise too_large(self._most)
        given = bytes(self._read[:size])
        del self._read[:size]
        return given

    async def _next(self) -> bytes | None:
        try:
            with anyio.fail_after(SILENCE_SECONDS):
                return await anext(self._body)
        except StopAsyncIteration:
            return None
        except TimeoutError as error:
            raise ClientDisconnect from error


def too_large(most: int) -> LimitExceeded:
    """Return the refusal of a file that is larger than uploads may be."""
    return LimitExceeded(
        f"the file is larger than {most:,} bytes, which is the most that can be uploaded here; "
        "put it into the bucket with mc, an S3 client, or the SDK"
    )
