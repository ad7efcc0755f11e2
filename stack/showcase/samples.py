"""The samples in ``examples/samples``: small real artifacts, each with the key under which it is uploaded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class SampleObject:
    """One file to upload."""

    file: Path
    key: str
    content_type: str

    @property
    def etag(self) -> str:
        """What the store will call these bytes after an upload in one piece."""
        return hashlib.md5(self.file.read_bytes(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Sample:
    """One artifact: ``trigger_key`` is the object whose card it becomes; that one is uploaded last."""

    name: str
    trigger_key: str
    objects: tuple[SampleObject, ...]

    @property
    def main(self) -> SampleObject:
        """The object that becomes the card."""
        return next(each for each in self.objects if each.key == self.trigger_key)


def read_samples(folder: Path) -> tuple[str, list[Sample]]:
    """Return the bucket the samples belong into, and the samples."""
    manifest = json.loads((folder / "samples.json").read_text())
    samples = [
        Sample(
            name=each["id"],
            trigger_key=each["trigger_key"],
            objects=tuple(
                SampleObject(
                    file=folder / one["path"],
                    key=one["key"],
                    content_type=one.get("content_type", "application/octet-stream"),
                )
                for one in sorted(each["objects"], key=lambda one: bool(one["key"] == each["trigger_key"]))
            ),
        )
        for each in manifest["samples"]
    ]
    return str(manifest["bucket"]), samples
