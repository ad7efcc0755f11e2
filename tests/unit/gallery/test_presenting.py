from __future__ import annotations

from tests.harness.artifacts import rendered_curve

from belvedere.gallery.capability import Signer
from belvedere.gallery.presenting import Presenter
from belvedere.model.artifact import StoredOutput

ARTIFACT = rendered_curve(
    outputs=(
        StoredOutput("page", "page.html", "text/html", 1, "a"),
        StoredOutput("thumbnail", "thumbnail.svg", "image/svg+xml", 1, "b"),
    )
)


def test_a_card_is_told_as_the_whole_artifact_but_for_outputs_that_it_does_not_show() -> None:
    presenter = Presenter("/belvedere", Signer("secret", 300, clock=lambda: 0.0))

    whole, brief = presenter.artifact(ARTIFACT), presenter.artifact(ARTIFACT, brief=True)

    assert [output.role for output in whole.outputs] == ["page", "thumbnail", "source"]
    assert [output.role for output in brief.outputs] == ["thumbnail"]
    assert brief.thumbnail is not None
    assert brief.model_copy(update={"outputs": whole.outputs}) == whole
