"""Outputs of the type python in Kubeflow's UI metadata: listed for the sandbox, shown beside the other outputs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.unit.rendering.conftest import page_of

from belvedere.model.rendering import Limits, Related
from belvedere.model.user_code import ProducedFile, ProgramRun
from belvedere.rendering.detection import detect
from belvedere.rendering.fingerprint import fingerprint_of
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.registry import may_have_programs
from belvedere.rendering.renderers.kfp_ui_metadata import programs, references

if TYPE_CHECKING:
    from pathlib import Path

CODE = "# über\nopen('a.md', 'w').write('# Made here')\n"
INLINE = {"type": "python", "storage": "inline", "source": CODE, "inputs": ["minio://bucket/data/x.csv"]}
FETCHED = {"type": "python", "source": "minio://bucket/draw.py"}
NOTE = {"type": "markdown", "storage": "inline", "source": "# A note beside it"}


def metadata(*outputs: object) -> str:
    return json.dumps({"outputs": outputs})


@pytest.fixture
def source(make_source, tmp_path: Path):
    script, data = tmp_path / "draw.py", tmp_path / "x.csv"
    script.write_text("print('fetched')\n")
    data.write_text("a\n1\n")
    made = make_source(metadata(INLINE, NOTE, FETCHED), "runs/1/anything.json")
    related = {"minio://bucket/draw.py": script, "minio://bucket/data/x.csv": data}
    return replace(made, related={uri: Related(uri, path, 1, "") for uri, path in related.items()})


def test_a_document_of_such_outputs_alone_is_told(make_source) -> None:
    assert detect(make_source(metadata(INLINE), "runs/1/anything.json")) == "kfp_ui_metadata"


def test_the_code_and_its_inputs_are_fetched_and_listed(source) -> None:
    assert [one.uri for one in references(source)] == ["minio://bucket/data/x.csv", "minio://bucket/draw.py"]
    first, second = programs(source)

    assert (first.name, first.code, first.inputs) == ("output-1", CODE, {"x.csv": "minio://bucket/data/x.csv"})
    assert (second.name, second.code) == ("output-3", "print('fetched')\n")


def test_only_metadata_with_such_outputs_are_asked_for_programs(source, make_source) -> None:
    plain = make_source(metadata(NOTE), "mlpipeline-ui-metadata.json")

    assert may_have_programs("kfp_ui_metadata", source)
    assert not may_have_programs("kfp_ui_metadata", plain)
    assert fingerprint_of(plain, "kfp_ui_metadata", Limits(), "strict", ()) is not None
    assert fingerprint_of(source, "kfp_ui_metadata", Limits(), "strict", ()) is None


def test_what_they_made_stands_beside_the_other_outputs(source, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.write_text("# Made here\n\nby **the** program\n")
    runs = {
        "output-1": ProgramRun((ProducedFile("a.md", made, 30),)),
        "output-3": ProgramRun(problem="The program failed: KeyError: 'x'", complained="Traceback"),
    }
    rendering = render_here(replace(source, ran=runs), Limits())
    page = page_of(rendering)

    assert page.index("<strong>the</strong>") < page.index("A note beside it") < page.index("KeyError")
    assert any("KeyError" in warning for warning in rendering.warnings)


def test_wrong_inputs_are_named(make_source) -> None:
    rendering = render_here(make_source(metadata({**INLINE, "inputs": "x"}, NOTE), "a.json"), Limits())

    assert "inputs is not a list of addresses" in page_of(rendering)
