"""From the catalog's artifact to the gallery's JSON, with addresses that a browser may follow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from belvedere.gallery.capability import Grant
from belvedere.gallery.responses import (
    ArtifactResponse,
    FamilyResponse,
    KinResponse,
    OriginResponse,
    OutputResponse,
    ProblemResponse,
    RendererResponse,
    RunResponse,
)
from belvedere.gallery.verdict import verdict
from belvedere.model.artifact import ArtifactState
from belvedere.model.runs import run_of

if TYPE_CHECKING:
    from belvedere.catalog.browse import Family, Kin
    from belvedere.gallery.capability import Signer
    from belvedere.model.artifact import Artifact, StoredOutput

SOURCE = "source"
THUMBNAIL = "thumbnail"
SOURCE_TEXT = "source-text"
DATA_TEXT = "data-text"
INTERACTIVE = "interactive"
JSON = "application/json"
# Kinds whose page is a user's page as it is: it brings its own colours, and nothing in it is changed.
OWN_PAPER = frozenset({"html"})
VEGA_LITE = "application/vnd.vegalite.v6+json"
VEGA = "application/vnd.vega.v6+json"
PLOTLY = "application/vnd.plotly.v1+json"
CHARTS = frozenset({VEGA_LITE, VEGA, PLOTLY})


def revision_of(artifact: Artifact) -> int:
    """Return a number that changes whenever the artifact is rendered again."""
    return round(artifact.rendered_at.timestamp() * 1000) if artifact.rendered_at else 0


def file_name(key: str) -> str:
    """Return the last part of a key, which may end in slashes."""
    return PurePosixPath(key).name or key


def chart_output(artifact: Artifact) -> StoredOutput | None:
    """Return the output that the interactive view draws, if there is one."""
    return next((output for output in artifact.outputs if output.media_type in CHARTS), None)


def data_output(artifact: Artifact) -> StoredOutput | None:
    """Return the output that the data view lays out, if there is one."""
    return next((output for output in artifact.outputs if output.role == "data" and output.media_type == JSON), None)


@dataclass(frozen=True, slots=True)
class Presenter:
    """Writes artifacts for a gallery that is mounted at ``root`` (such as ``/belvedere``)."""

    root: str
    signer: Signer

    def artifact(self, artifact: Artifact, *, brief: bool = False) -> ArtifactResponse:
        """Return the artifact as JSON; ``brief`` for a card, which shows its thumbnail and no other output."""
        outputs = self._outputs(artifact, THUMBNAIL if brief else None)
        return ArtifactResponse(
            **{name: getattr(artifact, name) for name in AS_THEY_ARE},
            error=_problem(artifact),
            renderer=RendererResponse(name=artifact.renderer_name, version=artifact.renderer_version or "")
            if artifact.renderer_name
            else None,
            verdict=verdict(artifact.facts) if artifact.state is not ArtifactState.DELETED else None,
            facts=dict(artifact.facts),
            warnings=list(artifact.warnings),
            outputs=outputs,
            provenance=dict(artifact.provenance),
            run=RunResponse(dag_id=artifact.run_dag_id, run_id=artifact.run_id)
            if artifact.run_dag_id and artifact.run_id
            else None,
            origin=self.origin(artifact.bucket, artifact.key),
            page=f"{self.root}/artifacts/{artifact.id}",
            thumbnail=next((output.href for output in outputs if output.role == THUMBNAIL), None),
        )

    def origin(self, bucket: str, key: str) -> OriginResponse:
        """Return the run that an object belongs to."""
        run = run_of(key)
        page = f"{self.root}/runs?{urlencode({'bucket': bucket, 'run': run.prefix})}"
        name = run.name if run.prefix else f"{bucket} {run.name}"
        return OriginResponse(system=run.system.value, label=run.label, name=name, prefix=run.prefix, page=page)

    def family(self, family: Family) -> FamilyResponse:
        """Return what an artifact belongs together with as JSON."""
        return FamilyResponse(
            part_of=[self._kin(kin) for kin in family.leaders],
            files=[self._kin(kin) for kin in family.members],
            file_count=family.member_count,
        )

    def _kin(self, kin: Kin) -> KinResponse:
        return KinResponse(
            id=kin.id,
            key=kin.key,
            kind=kin.kind,
            state=kin.state,
            title=kin.title,
            size=kin.size,
            page=f"{self.root}/artifacts/{kin.id}",
        )

    def address(self, artifact: Artifact, name: str) -> str:
        """Return a signed address of one file of the artifact."""
        grant = Grant(artifact.id, revision_of(artifact), name)
        return f"{self.root}/preview/{self.signer.address(grant)}"

    def _outputs(self, artifact: Artifact, only: str | None) -> list[OutputResponse]:
        made = [
            OutputResponse(
                role=output.role,
                name=output.name,
                media_type=output.media_type,
                size=output.size,
                href=self.address(artifact, output.name),
            )
            for output in artifact.outputs
            if only in (None, output.role)
        ]
        if only or artifact.state is ArtifactState.DELETED:
            return made
        original = OutputResponse(
            role=SOURCE,
            name=file_name(artifact.key),
            media_type=artifact.content_type or "application/octet-stream",
            size=artifact.size,
            href=self.address(artifact, SOURCE),
        )
        return [*made, original]


def _problem(artifact: Artifact) -> ProblemResponse | None:
    if not artifact.error_code and not artifact.error_message:
        return None
    return ProblemResponse(code=artifact.error_code or "error", message=artifact.error_message or "no reason was given")


AS_THEY_ARE = (
    "id",
    "tenant",
    "bucket",
    "key",
    "version_id",
    "etag",
    "size",
    "content_type",
    "kind",
    "state",
    "attempts",
    "event_at",
    "queued_at",
    "rendered_at",
    "latency_ms",
    "title",
    "alt_text",
    "is_latest",
    "part",
    "seq",
)
