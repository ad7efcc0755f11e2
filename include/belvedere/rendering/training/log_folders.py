"""Which event files belong together: the log folder that people give TensorBoard, and the runs in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.errors import MalformedArtifact
from belvedere.model.rendering import Listing, Reference
from belvedere.rendering.texts.plaintext import clean
from belvedere.rendering.training.event_logs import EventLog
from belvedere.rendering.training.tfrecords import MOST_RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from belvedere.model.rendering import Related, Source

EVENT_FILES = ("*tfevents*",)
MOST_FILES, MOST_BYTES_EACH, MOST_BYTES = 60, 1024**3, 1024**3
MOST_SOURCES, LONGEST_NAME, FEWEST_RECORDS = 10, 120, 20_000
ADDRESS = re.compile(r"(?:[\w .-]{1,80}:)?(?:minio|s3)://([^/\s]+)/?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class EventFile:
    """An event file: its key and where its bytes are."""

    key: str
    path: Path


def log_folder(key: str) -> str:
    """Return the prefix of the log folder: what holds the run's folder, or the run's folder where nothing does."""
    run, slash, _ = key.rpartition("/")
    outer, above, _ = run.rpartition("/")
    return f"{outer}/" if above else f"{run}/" if slash else ""


def folder_listing(bucket: str, prefix: str) -> Listing:
    """Return what to fetch of a log folder."""
    return Listing(f"minio://{bucket}/{prefix}", MOST_FILES, MOST_BYTES_EACH, MOST_BYTES, EVENT_FILES)


def fetched_files(related: Mapping[str, Related], listing_uri: str) -> tuple[list[EventFile], list[str]]:
    """Return the event files found below a listing's address, and sentences about those that could not be had."""
    files, problems = [], []
    bucket = listing_uri.partition("://")[2].partition("/")[0]
    if listing_uri in related:
        problems.append(f"Of the log folder {listing_uri}: {related[listing_uri].problem or 'not listed'}")
    for uri, item in sorted(related.items()):
        key = uri.partition(f"://{bucket}/")[2]
        if not uri.startswith(listing_uri) or uri == listing_uri:
            continue
        if item.path is not None:
            files.append(EventFile(key, item.path))
        else:
            name = clean(key.removeprefix(listing_uri.partition(f"://{bucket}/")[2]))[:LONGEST_NAME]
            problems.append(f"{name} is left out: {item.problem or 'it could not be fetched'}")
    return files, problems


def log_references(source: str) -> tuple[Reference | Listing, ...]:
    """Return what to fetch of a Kubeflow output's ``source``: log folders or event files, several between commas."""
    found: list[Reference | Listing] = []
    for bucket, key in _addresses(source):
        if is_event_file(key):
            found.append(Reference(f"minio://{bucket}/{key}", MOST_BYTES_EACH))
        else:
            found.append(folder_listing(bucket, f"{key.rstrip('/')}/" if key.strip("/") else ""))
    return tuple(found)


def logged_runs(source: str, related: Mapping[str, Related]) -> tuple[dict[str, EventLog], list[str]]:
    """Return the runs that a Kubeflow output's ``source`` names, read, and sentences about what is left out.

    Raises:
        MalformedArtifact: there is no event file to be read.
    """
    runs: dict[str, EventLog] = {}
    problems: list[str] = []
    wanted = log_references(source)
    if not wanted:
        text = f"its source {clean(source)[:200]} is no folder of an object store (minio:// or s3://)"
        raise MalformedArtifact(text, code="log_folder")
    for one in wanted:
        files, odd = _fetched(one, related)
        bucket_and_prefix = one.uri.partition("://")[2]
        prefix = (
            bucket_and_prefix.partition("/")[2]
            if isinstance(one, Listing)
            else log_folder(files[0].key)
            if files
            else ""
        )
        found = read_runs(files, prefix)
        label = clean(prefix.rstrip("/").rpartition("/")[2]) if len(wanted) > 1 else ""
        runs |= {f"{label}/{name}" if label and label != name else name: log for name, log in found.items()}
        problems += odd
    if not runs:
        what = " ".join(problems) or "no event file lies there (none is written yet, or the address is wrong)"
        raise MalformedArtifact(f"its source {clean(source)[:200]} cannot be shown: {what}", code="no_event_files")
    return runs, problems


def _fetched(one: Reference | Listing, related: Mapping[str, Related]) -> tuple[list[EventFile], list[str]]:
    if isinstance(one, Listing):
        return fetched_files(related, one.uri)
    item = related.get(one.uri)
    if item is None or item.path is None:
        return [], [f"{clean(one.uri)[-LONGEST_NAME:]}: {item.problem if item else 'it could not be fetched'}"]
    return [EventFile(one.uri.partition("://")[2].partition("/")[2], item.path)], []


def _addresses(source: str) -> list[tuple[str, str]]:
    """Return buckets and keys; Kubeflow lets a name and a colon stand before each address."""
    found = []
    for part in source.split(",")[:MOST_SOURCES]:
        match = ADDRESS.fullmatch(part.strip())
        if match:
            found.append((match.group(1), match.group(2)))
    return found


def is_event_file(key: str) -> bool:
    """Whether a key is named as TensorBoard demands of event files."""
    return "tfevents" in key.rpartition("/")[2]


def with_itself(files: Iterable[EventFile], source: Source) -> list[EventFile]:
    """Return the files with the artifact's own one among them, in the order of their keys."""
    others = {file.key: file for file in files}
    return [{**others, source.key: EventFile(source.key, source.path)}[key] for key in sorted({*others, source.key})]


def read_runs(files: Iterable[EventFile], prefix: str) -> dict[str, EventLog]:
    """Read event files; those in one folder are one run, named by its path below ``prefix``."""
    runs: dict[str, EventLog] = {}
    listed = list(files)
    share = max(FEWEST_RECORDS, MOST_RECORDS // max(1, len(listed)))
    for file in listed:
        run = run_name(file.key, prefix)
        log = runs.setdefault(run, EventLog())
        log.read(file.path, clean(file.key.removeprefix(prefix))[-LONGEST_NAME:], share)
    return runs


def run_name(key: str, prefix: str) -> str:
    """Return what the run of an event file is called; one right in the log folder is called like the folder."""
    below = key.removeprefix(prefix).rpartition("/")[0]
    return clean(below or prefix.rstrip("/").rpartition("/")[2] or ".")[-LONGEST_NAME:]
