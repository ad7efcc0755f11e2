"""TensorBoard event files: the runs of a log folder side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from belvedere.errors import MalformedArtifact
from belvedere.rendering.pages.part import as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.training.log_folders import (
    fetched_files,
    folder_listing,
    log_folder,
    read_runs,
    run_name,
    with_itself,
)
from belvedere.rendering.training.run_pages import draw_runs

if TYPE_CHECKING:
    from belvedere.model.rendering import Limits, Listing, Rendering, Source

NAME, VERSION = "belvedere.tensorboard", "1.0.0"


def references(source: Source) -> tuple[Listing, ...]:
    """Ask for the other event files of the log folder; a file at the top of a bucket stands alone."""
    folder = log_folder(source.key)
    return (folder_listing(source.bucket, folder),) if folder else ()


@renderer(NAME, version=VERSION, kinds=("tensorboard",), references=references)
def render_tensorboard(source: Source, limits: Limits) -> Rendering:
    """Draw what the runs logged.

    The first event file of a log folder stands for all of them; the others are its members.

    Raises:
        MalformedArtifact: not one record can be read.
    """
    folder = log_folder(source.key)
    found, problems = fetched_files(source.related, folder_listing(source.bucket, folder).uri)
    files = with_itself(found, source)
    runs = read_runs(files, folder)
    own = runs[run_name(source.key, folder)]
    if not own.records and own.warnings:
        raise MalformedArtifact(" ".join(own.warnings), code="no_records")
    name = folder.rstrip("/").rpartition("/")[2]
    title = f"{name}: {', '.join(runs)}" if len(runs) <= 3 else f"{name}: {len(runs)} runs"
    part = draw_runs(runs, title if name else "TensorBoard logs", limits, problems)
    rendering = as_rendering(part, name=NAME, version=VERSION)
    others = tuple(file.key for file in files if file.key != source.key)
    return replace(rendering, members=others) if others and source.key < others[0] else rendering
