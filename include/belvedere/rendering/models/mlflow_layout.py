"""Where MLflow puts things: the folder of a run or model around an object's key, and what of it is looked at.

Artifact stores hold ``<experiment>/<run id>/artifacts/...`` and (MLflow 3) ``models/m-<id>/artifacts/...``; a file
store has the run's metrics, parameters and tags beside ``artifacts``, one file each, exports one JSON file of each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.model.rendering import Listing, object_uri

if TYPE_CHECKING:
    from belvedere.model.rendering import Related, Source

ROOT = re.compile(r"(?P<root>(?:.*/)?(?:[0-9a-f]{32}|models/m-[0-9a-f]{32})/)artifacts/.")
MODEL_FILE = "MLmodel"
RECORDS = ("metrics.json", "params.json", "tags.json", "meta.yaml", "metrics/*", "params/*", "tags/*")
PICTURES = tuple(
    f"*.{ending}" for name in ("png", "jpg", "jpeg", "gif", "webp", "svg") for ending in (name, name.upper())
)
MEGABYTE = 1024**2
MOST_FILES = 2000


def run_folder(key: str) -> str | None:
    """Return the folder (with its slash) of the run or logged model among whose artifacts ``key`` is."""
    found = ROOT.match(key) if "/artifacts/" in key else None
    return found["root"] if found else None


def model_folder(key: str) -> str:
    """Return the folder of an ``MLmodel`` file."""
    return key[: len(key) - len(MODEL_FILE)]


def is_model_file(key: str) -> bool:
    """Tell whether this is the description of an MLflow model."""
    return key == MODEL_FILE or key.endswith(f"/{MODEL_FILE}")


def model_listings(source: Source) -> tuple[Listing, ...]:
    """Return what belongs to a model: its folder, and the run around it."""
    folder = _uri(source, model_folder(source.key))
    own = Listing(folder, 200, 8 * MEGABYTE, 32 * MEGABYTE)
    root = run_folder(source.key)
    return (*_records(source, root), own, *_run(source, root, pictures=12)) if root else (own,)


def picture_listings(source: Source) -> tuple[Listing, ...]:
    """Return what belongs to a picture among a run's artifacts: the run."""
    root = run_folder(source.key)
    return (*_records(source, root), *_run(source, root, pictures=8)) if root else ()


def _records(source: Source, root: str) -> tuple[Listing, ...]:
    return (Listing(_uri(source, root), 500, MEGABYTE, 16 * MEGABYTE, RECORDS),)


def _run(source: Source, root: str, *, pictures: int) -> tuple[Listing, ...]:
    """Pictures are fetched, the first of them; of everything else only the name and size are looked at."""
    shown = Listing(_uri(source, f"{root}artifacts/"), pictures, 4 * MEGABYTE, 16 * MEGABYTE, PICTURES)
    return shown, Listing(_uri(source, root), MOST_FILES, 0, 0)


def _uri(source: Source, prefix: str) -> str:
    return object_uri(source.bucket, prefix)


@dataclass(frozen=True, slots=True)
class Files:
    """What was found beside an artifact: the related objects of its own bucket, by key."""

    by_key: dict[str, Related]

    @classmethod
    def around(cls, source: Source) -> Files:
        """Collect them."""
        start = object_uri(source.bucket, "")
        found = {uri[len(start) :]: related for uri, related in source.related.items() if uri.startswith(start)}
        return cls({key: related for key, related in found.items() if key and not key.endswith("/")})

    def below(self, folder: str) -> dict[str, Related]:
        """Return what lies in a folder, by the rest of its key."""
        return {key[len(folder) :]: one for key, one in self.by_key.items() if key.startswith(folder)}

    def pictures(self, folder: str) -> dict[str, Related]:
        """Return the pictures in a folder, by the rest of their keys."""
        endings = tuple(name[1:] for name in PICTURES)
        return {name: one for name, one in self.below(folder).items() if name.endswith(endings)}
