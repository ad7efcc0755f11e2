"""Comparisons as JSON, and what page and JSON share: which artifacts, which pair, what differs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from belvedere.catalog.several import find_several
from belvedere.errors import ObjectMissing
from belvedere.gallery.compared import comparing, read_subjects
from belvedere.gallery.query import BadQuery
from belvedere.gallery.resources import PresenterDep, Resources, ResourcesDep
from belvedere.gallery.responses import ArtifactResponse, ErrorResponse
from belvedere.gallery.viewers import ViewerDep
from belvedere.rendering.comparing.comparison import Comparison, compare
from belvedere.rendering.comparing.subjects import LEAST, MOST

if TYPE_CHECKING:
    from belvedere.model.access import Scope
    from belvedere.model.artifact import Artifact

router = APIRouter(tags=["compare"])

ID = re.compile(r"[0-9a-f]{24}")
LONGEST = 40 * MOST


@dataclass(frozen=True, slots=True)
class Asked:
    """Which artifacts, in their order, and the one that the first is compared with (empty: the second)."""

    ids: tuple[str, ...]
    other: str


@dataclass(frozen=True, slots=True)
class Compared:
    """The artifacts that are there, those that are not (any more), and what differs; ``notes`` one an artifact."""

    artifacts: list[Artifact]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    comparison: Comparison


class CompareResponse(BaseModel):
    """Artifacts side by side, and what is different between them."""

    artifacts: list[ArtifactResponse]
    missing: list[str] = Field(description="Ids that were asked for and that no artifact (of your tenants) has.")
    notes: list[str] = Field(description="For each artifact what of it could not be compared; empty: everything was.")
    comparison: Comparison = Field(description="Artifacts are named by their place in the list, from 0.")


def asked(
    ids: Annotated[str, Query(max_length=LONGEST, description="Ids of 2 to 8 artifacts, separated by commas.")] = "",
    other: Annotated[
        str, Query(alias="with", max_length=LONGEST, description="Which of them the first one is compared with.")
    ] = "",
) -> Asked:
    """Read which artifacts are to be compared.

    Raises:
        BadQuery: naming the id that is none, stands there twice, or is one too many.
    """
    words = tuple(word.strip() for word in ids.split(",") if word.strip())
    wrong = next((word for word in words if not ID.fullmatch(word)), None)
    if wrong is not None:
        raise BadQuery(f"ids: {wrong[:40]!r} is no artifact's id, which has 24 hexadecimal digits")
    twice = next((word for word in words if words.count(word) > 1), None)
    if twice is not None:
        raise BadQuery(f"ids: {twice} stands there twice")
    if len(words) > MOST:
        raise BadQuery(f"ids: {len(words)} artifacts are too many; at most {MOST} are compared")
    if other and other not in words[1:]:
        raise BadQuery("with: is not one of the ids after the first one")
    return Asked(words, other)


AskedDep = Annotated[Asked, Depends(asked)]


def compared(resources: Resources, wanted: Asked, scope: Scope) -> Compared:
    """Compare artifacts of the scope.

    Raises:
        ObjectMissing: fewer than two of them are there.
    """
    with resources.catalog.connection() as connection:
        artifacts = find_several(connection, wanted.ids, scope)
    there = [artifact.id for artifact in artifacts]
    missing = tuple(one for one in wanted.ids if one not in there)
    if len(artifacts) < LEAST:
        raise ObjectMissing(f"there is nothing to compare with: no artifact has the id {', '.join(missing)}")
    chosen = max(1, there.index(wanted.other)) if wanted.other in there else 1
    with comparing():
        read = read_subjects(resources, artifacts, (0, chosen))
        return Compared(artifacts, missing, read.notes, compare(read.subjects, chosen))


@router.get("/compare", responses={400: {"model": ErrorResponse}, 404: {"model": ErrorResponse}})
def compare_artifacts(
    wanted: AskedDep, resources: ResourcesDep, presenter: PresenterDep, who: ViewerDep
) -> CompareResponse:
    """Compare 2 to 8 artifacts: curves and metrics of all, matrix, table and text of the first with one other."""
    if len(wanted.ids) < LEAST:
        raise BadQuery(f"ids: name {LEAST} to {MOST} artifacts, separated by commas")
    found = compared(resources, wanted, who.tenants)
    return CompareResponse(
        artifacts=[presenter.artifact(artifact) for artifact in found.artifacts],
        missing=list(found.missing),
        notes=list(found.notes),
        comparison=found.comparison,
    )
