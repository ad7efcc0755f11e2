"""Where the images of a COCO file lie: beside it, as people and tools lay data sets out, and never outside its bucket.

Known layouts: images beside the file (Roboflow); ``images/`` below or beside its folder (CVAT); ``val2017/`` beside
``annotations/instances_val2017.json`` (COCO itself). What cannot be read from a file name is never guessed by listing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from belvedere.model.rendering import Listing, Reference
from belvedere.rendering.texts.json_stream import Budget
from belvedere.rendering.vision.coco import read_coco

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from belvedere.model.rendering import Related, Source
    from belvedere.rendering.vision.coco import Coco, Identity

SHOWN = 8
MOST_REFERENCES, MOST_PATTERNS, LONGEST_PATTERN = 42, 60, 800
IMAGE_BYTES = 24 * 1024**2
SCANNED_BYTES, SCANNED_SECONDS = 48 * 1024**2, 4.0
SPECIAL = re.compile(r"([*?\[])")
DIGIT = re.compile(r"[0-9]")
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}:(?=/)|[A-Za-z]:(?=[\\/])")


@dataclass(frozen=True, slots=True)
class FileName:
    """A ``file_name`` taken apart: ``path`` relative to some folder; ``refused``: why no more of it was followed."""

    path: str
    refused: str = ""


def read_file_name(text: str) -> FileName:
    """Return what may be followed of a file name: of absolute paths, addresses and climbing ones the last part only."""
    path = text.replace("\\", "/")
    last = path.rstrip("/").rpartition("/")[2]
    parts = path.split("/")
    if "\0" in path or last in ("", ".", ".."):
        return FileName("", "names no file")
    if ADDRESS.match(text) or path.startswith("/"):
        return FileName(urlsplit(path).path.rpartition("/")[2] if "://" in path else last, "")
    if ".." in parts:
        return FileName(last, "climbs out of its folder")
    return FileName("/".join(part for part in parts if part not in ("", ".")))


def folders(key: str) -> tuple[str, ...]:
    """Return the folders, each with its slash at the end, in which images of the COCO file ``key`` are looked for."""
    here, _, name = key.rpartition("/")
    split = name.rpartition(".")[0].rpartition("_")[2]
    inside = f"{here}/" if here else ""
    if not here:
        return (inside, "images/")
    parent = here.rpartition("/")[0]
    above = f"{parent}/" if parent else ""
    found = (inside, f"{inside}images/", f"{above}images/", above, f"{above}{split}/", f"{above}images/{split}/")
    return tuple(dict.fromkeys(folder for folder in found if not folder.endswith("//") and folder != "/"))


def address(bucket: str, key: str) -> str:
    """Return the ``minio://`` address of an object."""
    return f"minio://{bucket}/{quote(key, safe='/')}"


def key_of(uri: str) -> str:
    """Return the key in a ``minio://`` address."""
    return unquote(urlsplit(uri).path).removeprefix("/")


def candidates(source: Source, file_name: str) -> tuple[str, ...]:
    """Return the addresses at which an image may lie, the likeliest first."""
    path = read_file_name(file_name).path
    return tuple(address(source.bucket, folder + path) for folder in folders(source.key)) if path else ()


def references(source: Source) -> tuple[Reference | Listing, ...]:
    """List where the images of a few annotated entries may lie; many of these will not exist.

    The listings fetch nothing: they say in which folders objects named like the file's images belong to it.
    """
    coco = read_coco(source.path, shown=0, budget=Budget(SCANNED_BYTES, SCANNED_SECONDS))
    if coco.predictions:
        return ()
    chosen = choose(coco, SHOWN) or list(coco.images)[:SHOWN]
    uris = [candidates(source, coco.images[image].file_name) for image in chosen]
    wanted = dict.fromkeys(uri for of_one in uris for uri in of_one)
    names = patterns(image.file_name for image in coco.images.values())
    watched = [Listing(f"minio://{source.bucket}/{folder}", 0, 0, 0, names) for folder in own_folders(source.key)]
    return (*(watched if names else ()), *(Reference(uri, IMAGE_BYTES) for uri in list(wanted)[:MOST_REFERENCES]))


def own_folders(key: str) -> tuple[str, ...]:
    """Return those of the folders whose images are the COCO file's, and not anybody's: not the bucket's root."""
    here = key.rpartition("/")[0]
    above = here.rpartition("/")[0]
    return tuple(folder for folder in folders(key) if folder and (folder != f"{above}/" or not above))


def patterns(file_names: Iterable[str]) -> tuple[str, ...]:
    """Return what the names of many images have in common: the same words, and digits where they have digits."""
    found: dict[str, None] = {}
    suffixes: dict[str, None] = {}
    for file_name in file_names:
        path = read_file_name(file_name).path
        if not path:
            continue
        found[DIGIT.sub("[0-9]", SPECIAL.sub(r"[\1]", path))] = None
        suffixes[f"*.{SPECIAL.sub('', path.rpartition('.')[2])[:10]}"] = None
        if len(found) > MOST_PATTERNS and len(suffixes) > MOST_PATTERNS:
            return ()
    shown = found if len(found) <= MOST_PATTERNS else suffixes
    return tuple(pattern for pattern in shown if len(pattern) <= LONGEST_PATTERN)[:MOST_PATTERNS]


def choose(coco: Coco, how_many: int) -> list[Identity]:
    """Return annotated images that together show as many categories as can be, in the file's order where all do."""
    left = {image: seen for image, seen in coco.seen_together.items() if image in coco.images}
    left = left or {image: set() for image in coco.of_image if image in coco.images}
    chosen: list[Identity] = []
    covered: set[Identity] = set()
    while left and len(chosen) < how_many:
        best = max(left, key=lambda image: len(left[image] - covered))
        covered |= left.pop(best)
        chosen.append(best)
    return chosen


def last_parts(source: Source) -> frozenset[str]:
    """Return the file names of the images that ``references`` chose."""
    return frozenset(key_of(uri).rpartition("/")[2] for uri in source.related if not uri.endswith("/"))


def found_image(source: Source, file_name: str) -> Related | None:
    """Return the fetched image of an entry, if it was found."""
    for uri in candidates(source, file_name):
        related = source.related.get(uri)
        if related is not None and related.path is not None:
            return related
    return None


def members(source: Source, file_names: Iterable[str], found: Mapping[str, Related], most: int) -> tuple[str, ...]:
    """Return the keys of the images that belong to a COCO file; ``found`` are those fetched, by file name.

    Where the images lie is told by one that was found. While there is none, they are the places looked at, so that
    the file is rendered again when an image arrives.
    """
    for file_name, related in found.items():
        folder = key_of(related.uri).removesuffix(read_file_name(file_name).path)
        paths = (read_file_name(name).path for name in file_names)
        keys = dict.fromkeys(folder + path for path in paths if path)
        return tuple(list(keys)[:most])
    return tuple(dict.fromkeys(key_of(uri) for uri in source.related if not uri.endswith("/")))[:most]
