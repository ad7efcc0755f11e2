"""Reads what a comparison is made of: data files and beginnings of texts, never more than a bounded amount."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import BelvedereError, MalformedArtifact, ObjectChanged, ServiceUnavailable, TransientError
from belvedere.gallery.presenting import JSON, file_name, revision_of
from belvedere.model.artifact import ArtifactState
from belvedere.rendering.comparing.subjects import LETTERS, Subject
from belvedere.rendering.texts.plaintext import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from belvedere.gallery.resources import Resources
    from belvedere.model.artifact import Artifact

MOST_BYTES, MOST_BYTES_IN_ALL, MOST_FILES = 4 * 1024**2, 16 * 1024**2, 8
TEXT_BYTES = 512 * 1024
# Kinds whose text says more than any picture of it, and what is compared as text where both are of the same kind.
TEXT_KINDS = frozenset({"text", "progress", "markdown", "code", "json", "yaml", "xml", "html"})
AT_ONCE, PATIENCE_SECONDS = 2, 5.0
_places = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of the artifacts, and what could not be: a note for each (empty: all is there)."""

    subjects: tuple[Subject, ...]
    notes: tuple[str, ...]


@contextmanager
def comparing() -> Iterator[None]:
    """Let few comparisons run at a time, whose memory adds up.

    Raises:
        ServiceUnavailable: no place became free soon enough.
    """
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise ServiceUnavailable("many comparisons are being made right now: try again in a moment")
    try:
        yield
    finally:
        _places.release()


def read_subjects(resources: Resources, artifacts: Sequence[Artifact], pair: tuple[int, int]) -> Read:
    """Read the artifacts' data, and the texts of those two that are compared line by line.

    Raises:
        TransientError: the store does not answer.
    """
    room = MOST_BYTES_IN_ALL
    subjects, notes = [], []
    texts = _are_texts([artifacts[at] for at in pair])
    for at, artifact in enumerate(artifacts):
        documents, said, taken = _documents(resources, artifact, room)
        room -= taken
        lines, cut = None, False
        if texts and at in pair:
            lines, cut, trouble = _lines(resources, artifact)
            said = [*said, trouble] if trouble else said
        name = file_name(artifact.key)
        subjects.append(Subject(LETTERS[at], name, artifact.kind, artifact.facts, tuple(documents), lines, cut))
        notes.append(" ".join(said))
    return Read(tuple(subjects), tuple(notes))


def _are_texts(pair: Sequence[Artifact]) -> bool:
    return all(artifact.kind in TEXT_KINDS for artifact in pair)


def _documents(resources: Resources, artifact: Artifact, room: int) -> tuple[list[Any], list[str], int]:
    """Read the JSON files of a rendering that fit into the room; return them, what to tell, and what they took."""
    found, notes, taken = [], [], 0
    files = [output for output in artifact.outputs if output.role == "data" and output.media_type == JSON]
    for output in files[:MOST_FILES]:
        if output.size > min(MOST_BYTES, room - taken):
            notes.append(f"Its data ({output.size / 1e6:,.1f} MB) are too large to be compared: only its facts are.")
            continue
        try:
            bucket = resources.rendition(artifact.id, revision_of(artifact)).renderings_bucket
            content = resources.store.read(bucket, output.object_key, max_bytes=MOST_BYTES)
            found.append(json.loads(content))
        except (ValueError, RecursionError):
            notes.append("Its data are damaged: only its facts are compared.")
        except TransientError:
            raise
        except BelvedereError as error:
            notes.append(f"Its data cannot be read ({error.code.replace('_', ' ')}): only its facts are compared.")
        taken += output.size
    return found, notes, taken


def _lines(resources: Resources, artifact: Artifact) -> tuple[tuple[str, ...] | None, bool, str]:
    """Read the beginning of an artifact's text; return its lines, whether they are cut, and what to tell."""
    if artifact.state is ArtifactState.DELETED:
        return None, False, "The object was deleted: its text is gone."
    try:
        head, whole = _head(resources, artifact)
        text = decode(head, whole=whole).text if head else ""
    except TransientError:
        raise
    except MalformedArtifact:
        return None, False, "Its bytes are no text."
    except BelvedereError as error:
        return None, False, f"Its text cannot be compared: {error.message}."
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if (not whole and len(lines) > 1) or lines[-1] == "":
        lines.pop()
    return tuple(lines), not whole, ""


def _head(resources: Resources, artifact: Artifact) -> tuple[bytes, bool]:
    info = resources.store.stat(artifact.bucket, artifact.key, artifact.version_id)
    if info.etag != artifact.etag:
        raise ObjectChanged("the object has other bytes by now than those of this version")
    if not info.size:
        return b"", True
    length = min(info.size, TEXT_BYTES)
    pieces = resources.store.stream(artifact.bucket, artifact.key, version_id=artifact.version_id, length=length)
    return b"".join(pieces), length == info.size
