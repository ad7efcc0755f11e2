from __future__ import annotations

from datetime import UTC, datetime

from belvedere.gallery.capability import Signer
from belvedere.gallery.presenting import Presenter
from belvedere.model.artifact import Artifact, ArtifactState, StoredOutput

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
ARTIFACT = Artifact(
    id="0123456789abcdef01234567",
    tenant="team",
    bucket="team",
    key="runs/a/roc.csv",
    version_id="",
    etag="e",
    size=1,
    content_type="text/csv",
    kind="roc",
    state=ArtifactState.RENDERED,
    is_latest=True,
    attempts=1,
    error_code=None,
    error_message=None,
    event_at=NOON,
    queued_at=NOON,
    rendered_at=NOON,
    latency_ms=1,
    renderer_name="belvedere.roc",
    renderer_version="1.2",
    title=None,
    alt_text=None,
    facts={"roc": {"auc": 0.9}},
    warnings=(),
    outputs=(
        StoredOutput("page", "page.html", "text/html", 1, "a"),
        StoredOutput("thumbnail", "thumbnail.svg", "image/svg+xml", 1, "b"),
    ),
    provenance={},
    run_dag_id=None,
    run_id=None,
    seq=1,
)


def test_a_card_is_told_as_the_whole_artifact_but_for_outputs_that_it_does_not_show() -> None:
    presenter = Presenter("/belvedere", Signer("secret", 300, clock=lambda: 0.0))

    whole, brief = presenter.artifact(ARTIFACT), presenter.artifact(ARTIFACT, brief=True)

    assert [output.role for output in whole.outputs] == ["page", "thumbnail", "source"]
    assert [output.role for output in brief.outputs] == ["thumbnail"]
    assert brief.thumbnail is not None
    assert brief.model_copy(update={"outputs": whole.outputs}) == whole
