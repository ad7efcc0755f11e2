"""What goes into an artifact's export: the files of its rendering and, where it is asked for, the object itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from belvedere.errors import ObjectChanged, ObjectMissing
from belvedere.export.signing import ExportKey
from belvedere.export.writing import Part
from belvedere.gallery.presenting import SOURCE, file_name
from belvedere.model.artifact import ArtifactState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from belvedere.gallery.resources import Rendition, Resources

UNSAFE = re.compile(r"[^\w.()+,@ -]")
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class _File:
    """Where a file lies, and what it is to be called in the zip."""

    bucket: str
    object_key: str
    version_id: str
    etag: str | None
    path: str
    role: str
    media_type: str
    active: bool


def export_key(resources: Resources) -> ExportKey:
    """Return the key that signs this gallery's exports.

    Raises:
        ConfigurationError: no secret is set.
    """
    settings = resources.settings
    return ExportKey(settings.export_secret.get_secret_value() or settings.capability_secret.get_secret_value())


def parts_of(resources: Resources, rendition: Rendition, *, source: bool) -> list[Part]:
    """Find the files, before the first byte is sent: afterwards nobody could be told what is missing.

    Raises:
        ObjectMissing: a file is not there any more, or there is none at all.
        ObjectChanged: other bytes stand where the artifact stood.
        BucketMissing, ServiceUnavailable: as their names say.
    """
    artifact = rendition.artifact
    files = [
        _File(
            rendition.renderings_bucket,
            output.object_key,
            "",
            None,
            f"rendering/{output.name}",
            output.role,
            output.media_type,
            output.active,
        )
        for output in artifact.outputs
    ]
    if source:
        if artifact.state is ArtifactState.DELETED:
            raise ObjectMissing("the object was deleted from its bucket: export its rendering alone")
        path, media_type = f"source/{file_name(artifact.key)}", artifact.content_type or "application/octet-stream"
        place = (artifact.bucket, artifact.key, artifact.version_id, artifact.etag)
        files.append(_File(*place, path, SOURCE, media_type, active=True))
    if not files:
        raise ObjectMissing("there is nothing to export yet: no rendering is stored, and the source was not asked for")
    names = distinct(safe_path(file.path) for file in files)
    return [_part(resources, file, name) for file, name in zip(files, names, strict=True)]


def _part(resources: Resources, file: _File, path: str) -> Part:
    info = resources.store.stat(file.bucket, file.object_key, file.version_id)
    if file.etag is not None and info.etag != file.etag:
        raise ObjectChanged("the object has other bytes by now than those this artifact was rendered from")
    read = partial(resources.store.stream, file.bucket, file.object_key, version_id=file.version_id)
    return Part(path, file.role, file.media_type, info.size, read, file.active)


def safe_path(path: str) -> str:
    """Return ``folder/name`` with a name that every system can unpack and none takes for another place."""
    folder, _, name = path.partition("/")
    plain = UNSAFE.sub("_", name).strip(" .")
    return f"{folder}/{plain[-LONGEST_NAME:].strip(' .') or 'unnamed'}"


def distinct(paths: Iterable[str]) -> list[str]:
    """Return the paths, those numbered that stood there before (whatever their case)."""
    seen: set[str] = set()
    given: list[str] = []
    for path in paths:
        folder, _, name = path.partition("/")
        fresh, number = path, 2
        while fresh.casefold() in seen:
            fresh, number = f"{folder}/{number}-{name}", number + 1
        seen.add(fresh.casefold())
        given.append(fresh)
    return given
