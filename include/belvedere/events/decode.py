"""MinIO's event records, decoded and checked. Everything here may come from anybody who can write to the topic.

The record's shape is MinIO's (``internal/event/event.go``), after AWS S3's event message structure 2.0. The
writer's access key id stands in it twice (``userIdentity``, ``requestParameters``): it is never read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from belvedere.errors import PermanentError
from belvedere.model.events import ArtifactEvent, EventKind, sortable_sequencer
from belvedere.model.storage import is_reserved

if TYPE_CHECKING:
    from collections.abc import Mapping

CREATED = re.compile(r"s3:ObjectCreated:(Put|Post|Copy|CompleteMultipartUpload)")
REMOVED = re.compile(r"s3:ObjectRemoved:(Delete|DeleteMarkerCreated|DeleteAllVersions)")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ETAG = re.compile(r"[0-9A-Za-z-]{1,80}")
VERSION = re.compile(r"[0-9A-Za-z._-]{0,128}")
UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
MAX_KEY_BYTES = 1024
MAX_CONTENT_TYPE = 200
MAX_SIZE = 2**53


class UndecodableEvent(PermanentError):
    """A record of the topic is not an event we can believe; the message says what is wrong with it."""

    code = "undecodable_event"


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one Kafka record held: events, and the problems of those parts that held none."""

    events: tuple[ArtifactEvent, ...]
    problems: tuple[str, ...] = ()


def decode(value: bytes) -> Decoded:
    """Decode one Kafka record. Events of kinds that do not concern us are left out silently.

    Raises:
        UndecodableEvent: nothing in it can be an event.
    """
    try:
        document = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise UndecodableEvent(f"not JSON: {type(error).__name__}") from error
    records = document.get("Records") if isinstance(document, dict) else None
    if not isinstance(records, list):
        raise UndecodableEvent("no list of Records in it")
    events: list[ArtifactEvent] = []
    problems: list[str] = []
    for number, record in enumerate(records):
        try:
            event = decode_record(record)
        except UndecodableEvent as error:
            problems.append(f"record {number}: {error.message}")
        else:
            events += [event] if event else []
    return Decoded(tuple(events), tuple(problems))


def decode_record(record: Any) -> ArtifactEvent | None:
    """Decode one entry of ``Records``; None when it is of a kind, or about a key, that does not concern us.

    Raises:
        UndecodableEvent: a field is missing or cannot be true.
    """
    name = _text(record, "eventName")
    created = CREATED.fullmatch(name) is not None
    if not created and REMOVED.fullmatch(name) is None:
        return None
    found = _mapping(_mapping(record, "s3"), "object")
    key = decode_key(_text(found, "key"))
    size = _size(found) if created else 0
    if is_reserved(key) or (key.endswith("/") and size == 0):
        return None
    return ArtifactEvent(
        kind=EventKind.CREATED if created else EventKind.REMOVED,
        bucket=_matching(BUCKET, _text(_mapping(_mapping(record, "s3"), "bucket"), "name"), "bucket name"),
        key=key,
        version_id=_version(found),
        etag=_matching(ETAG, _text(found, "eTag").strip('"'), "eTag") if created else "",
        size=size,
        content_type=UNPRINTABLE.sub("", str(found.get("contentType") or ""))[:MAX_CONTENT_TYPE],
        sequencer=_sequencer(found),
        event_at=_time(record),
    )


def decode_key(escaped: str) -> str:
    """Undo the query escaping of keys in ``Records`` (space is ``+``, everything else percent-encoded UTF-8).

    Raises:
        UndecodableEvent: the key is empty, too long, or not text that PostgreSQL and S3 can both hold.
    """
    try:
        key = unquote_to_bytes(escaped.replace("+", " ")).decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise UndecodableEvent("the key is not UTF-8") from error
    length = len(key.encode("utf-8", "surrogatepass"))
    if not 0 < length <= MAX_KEY_BYTES:
        raise UndecodableEvent(f"the key has {length} bytes; S3 allows 1 to {MAX_KEY_BYTES}")
    if "\0" in key:
        raise UndecodableEvent("the key holds a NUL character")
    return key


def _mapping(parent: Any, name: str) -> Mapping[str, Any]:
    value = parent.get(name) if isinstance(parent, dict) else None
    if not isinstance(value, dict):
        raise UndecodableEvent(f"{name} is missing")
    return value


def _text(parent: Any, name: str) -> str:
    value = parent.get(name) if isinstance(parent, dict) else None
    if not isinstance(value, str):
        raise UndecodableEvent(f"{name} is missing or not text")
    return value


def _matching(pattern: re.Pattern[str], value: str, what: str) -> str:
    if pattern.fullmatch(value) is None:
        raise UndecodableEvent(f"the {what} is malformed")
    return value


def _version(found: Mapping[str, Any]) -> str:
    version = found.get("versionId") or ""
    if not isinstance(version, str):
        raise UndecodableEvent("versionId is not text")
    return "" if version == "null" else _matching(VERSION, version, "versionId")


def _size(found: Mapping[str, Any]) -> int:
    size = found.get("size", 0)
    if type(size) is not int or not 0 <= size <= MAX_SIZE:
        raise UndecodableEvent("size is not a count of bytes")
    return size


def _sequencer(found: Mapping[str, Any]) -> str:
    try:
        return sortable_sequencer(_text(found, "sequencer"))
    except ValueError as error:
        raise UndecodableEvent("sequencer is not a hexadecimal number") from error


def _time(record: Any) -> datetime:
    try:
        time = datetime.fromisoformat(_text(record, "eventTime"))
    except ValueError as error:
        raise UndecodableEvent("eventTime is not a time") from error
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise UndecodableEvent("eventTime is out of range") from error
