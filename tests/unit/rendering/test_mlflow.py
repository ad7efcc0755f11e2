"""MLflow's model folders and runs: one artifact, nothing loaded, nothing followed outside."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.rendering.conftest import page_of

from belvedere.errors import BelvedereError, MalformedArtifact
from belvedere.model.rendering import Limits, Listing, Related, Rendering, Source, object_uri
from belvedere.model.watch import folder_of, is_wanted
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.models.mlflow_layout import run_folder
from belvedere.rendering.registry import find_renderer
from belvedere.rendering.renderers import mlflow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.unit.rendering.conftest import MakeSource

SAMPLES = Path(__file__).parents[2] / "samples" / "mlflow"
RUN = "mlflow/1/465712f3a726671b9caf9b8f314e5d3f"
MODEL = "artifacts/model/MLmodel"
SMALL = "flavors:\n  sklearn:\n    pickled_model: model.pkl\n    sklearn_version: 1.9.1\n"


def found_by(source: Source, objects: Mapping[str, Path]) -> Source:
    """Answer the renderer's listings from local files, as the fetcher does from the store."""
    references = find_renderer(detect(source)).references
    related: dict[str, Related] = {}
    for listing in references(source) if references else ():
        assert isinstance(listing, Listing)
        _, prefix = folder_of(listing.uri)
        for key, path in objects.items():
            uri, size = object_uri(source.bucket, key), path.stat().st_size
            if key != source.key and uri not in related and is_wanted(key, prefix, listing.names):
                fits = size <= listing.max_bytes_each
                related[uri] = Related(uri, path if fits else None, size, "", None if fits else "too large")
    return replace(source, related=related)


def render_run(name: str, key: str, root: str = RUN) -> Rendering:
    """Render one file of a sample run with the run around it."""
    folder = SAMPLES / name
    objects = {f"{root}/{path.relative_to(folder)}": path for path in folder.rglob("*") if path.is_file()}
    path = folder / key
    source = Source("bucket", f"{root}/{key}", "e", "", "", path.stat().st_size, path)
    return render_here(found_by(source, objects), Limits())


def test_a_model_is_shown_with_its_run() -> None:
    rendering = render_run("diabetes-elastic-net", MODEL)
    facts, page = rendering.facts["mlflow"], page_of(rendering)

    assert rendering.kind == "mlflow"
    assert facts["flavors"] == ["python_function", "sklearn"]
    assert facts["params"] == {"alpha": "0.05", "l1_ratio": "0.05"}
    assert facts["metrics"]["rmse"] == pytest.approx(70.2635458810819)
    assert facts["model_class"] == "sklearn.linear_model._coordinate_descent.ElasticNet"
    assert [column["name"] for column in facts["signature"]["inputs"]][:3] == ["age", "sex", "bmi"]
    assert facts["requirements"] == ["mlflow==3.17.2", "scikit-learn==1.9.1"]
    for words in (
        "mae",
        "61.319559117511254",
        'alt="ElasticNet-paths.png"',
        "python_env.yaml",
        "model.pkl",
        "0.0453409",
    ):
        assert words in page
    assert "10 inputs and giving 1 output; its run recorded mae 61.3196" in rendering.alt_text
    assert rendering.warnings == ()


def test_everything_of_the_run_is_a_member() -> None:
    rendering = render_run("diabetes-elastic-net", MODEL)

    assert f"{RUN}/metrics.json" in rendering.members
    assert f"{RUN}/artifacts/ElasticNet-paths.png" in rendering.members
    assert f"{RUN}/{MODEL}" not in rendering.members
    assert len(rendering.members) == 9


def test_a_tensor_signature_is_written_as_people_write_it() -> None:
    rendering = render_run("xgboost-iris", MODEL)

    assert rendering.facts["mlflow"]["model_class"] == "xgboost.core.Booster"
    assert rendering.facts["mlflow"]["signature"]["outputs"] == [
        {"name": "", "type": "float32 [any, 3]", "required": None}
    ]


def test_a_picture_of_a_run_stands_above_what_the_run_recorded() -> None:
    rendering = render_run("breast-cancer-autolog", "artifacts/training_confusion_matrix.png")
    page = page_of(rendering)

    assert rendering.kind == "image"
    assert rendering.facts["image"]["width"] == 1050
    assert rendering.facts["mlflow"]["images"] == [
        "training_confusion_matrix.png",
        "training_precision_recall_curve.png",
        "training_roc_curve.png",
    ]
    for words in ("training_roc_auc", "0.9728344167855822", "training_roc_curve.png", "max_iter"):
        assert words in page
    assert rendering.warnings == ()
    assert {output.role for output in rendering.outputs} == {"page", "figure", "thumbnail"}


def test_only_the_first_picture_of_a_run_without_a_model_leads_it() -> None:
    first = render_run("breast-cancer-autolog", "artifacts/training_confusion_matrix.png")
    second = render_run("breast-cancer-autolog", "artifacts/training_roc_curve.png")
    beside_a_model = render_run("diabetes-elastic-net", "artifacts/ElasticNet-paths.png")

    assert len(first.members) == 4
    assert second.members == ()
    assert beside_a_model.members == ()


def test_a_picture_elsewhere_is_just_a_picture(make_source: MakeSource) -> None:
    content = (SAMPLES / "diabetes-elastic-net/artifacts/ElasticNet-paths.png").read_bytes()

    assert detect(make_source(content, "runs/a/artifacts/plot.png")) == "image"
    assert detect(make_source(content, f"{RUN}/artifacts/plot.png")) == "mlflow_image"
    assert render_here(make_source(content, f"{RUN}/artifacts/plot.png"), Limits()).warnings == ()


@pytest.mark.parametrize(
    ("key", "root"),
    [
        (f"{RUN}/artifacts/a/b.png", f"{RUN}/"),
        ("0123456789abcdef0123456789abcdef/artifacts/x", "0123456789abcdef0123456789abcdef/"),
        (
            "e/models/m-0123456789abcdef0123456789abcdef/artifacts/MLmodel",
            "e/models/m-0123456789abcdef0123456789abcdef/",
        ),
        ("a/artifacts/b.png", None),
        (f"{RUN}/artifacts/", None),
        (f"{RUN}x/artifacts/b.png", None),
    ],
)
def test_a_runs_folder_is_told_by_its_id(key: str, root: str | None) -> None:
    assert run_folder(key) == root


def test_a_file_stores_run_is_read_file_by_file(make_source: MakeSource, tmp_path: Path) -> None:
    written = {
        "metrics/loss": "1700000000000 0.9 0\n1700000001000 0.25 1\n",
        "params/depth": "7",
        "tags/team": "vision",
        "meta.yaml": "run_name: bold-cat-12\nstatus: 3\n",
    }
    objects = {}
    for name, text in written.items():
        objects[f"{RUN}/{name}"] = tmp_path / name.replace("/", "-")
        objects[f"{RUN}/{name}"].write_text(text)
    source = found_by(make_source(SMALL, f"{RUN}/{MODEL}"), objects)

    facts = render_here(source, Limits()).facts["mlflow"]

    assert facts["metrics"] == {"loss": 0.25}
    assert facts["params"] == {"depth": "7"}
    assert facts["tags"] == {"team": "vision", "run name": "bold-cat-12", "status": "3"}


def test_damaged_records_and_pictures_are_left_out_with_a_word(make_source: MakeSource, tmp_path: Path) -> None:
    objects = {}
    for name, content in {"metrics.json": b'{"a": 1, "b": "x"', "artifacts/p.png": b"\x89PNG broken"}.items():
        objects[f"{RUN}/{name}"] = tmp_path / name.replace("/", "-")
        objects[f"{RUN}/{name}"].write_bytes(content)

    rendering = render_here(found_by(make_source(SMALL, f"{RUN}/{MODEL}"), objects), Limits())

    assert any("metrics.json" in warning for warning in rendering.warnings)
    assert any("p.png" in warning for warning in rendering.warnings)


def test_a_model_alone_is_a_model(make_source: MakeSource) -> None:
    rendering = render_here(make_source(SMALL, "best/MLmodel"), Limits())

    assert rendering.title == "best"
    assert rendering.facts["mlflow"]["flavors"] == ["sklearn"]
    assert "It has no signature" in page_of(rendering)
    assert rendering.members == ()


def test_it_asks_for_its_own_folder_only(make_source: MakeSource) -> None:
    (listing,) = mlflow.references(make_source(SMALL, "best/MLmodel"))

    assert listing.uri == "minio://bucket/best/"


@pytest.mark.parametrize(
    "text",
    [
        "just words",
        "flavors: 3",
        "[1, 2]",
        "flavors:\n  a: {b: [",
        "a: &a [x]\nflavors: *a",
        "!!python/object/apply:os.system ['id']",
    ],
)
def test_what_describes_no_model_is_refused(make_source: MakeSource, text: str) -> None:
    with pytest.raises(MalformedArtifact, match=r"valid|flavors"):
        render_here(make_source(text, "m/MLmodel"), Limits())


def test_an_alias_bomb_weighs_as_much_as_its_text(make_source: MakeSource) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 12))

    rendering = render_here(make_source(f"{bomb}{SMALL}", "m/MLmodel"), Limits())

    assert any("aliases" in warning for warning in rendering.warnings)
    assert len(page_of(rendering)) < 50_000


def test_names_from_strangers_are_only_text(make_source: MakeSource, tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    metrics = tmp_path / "metrics.json"
    metrics.write_text(json.dumps({hostile: 1.5}))
    columns = json.dumps([{"name": hostile}])
    text = f"flavors:\n  '{hostile}':\n    model_class: '{hostile}'\nsignature:\n  inputs: '{columns}'\n"
    source = found_by(make_source(text, f"{RUN}/{MODEL}"), {f"{RUN}/metrics.json": metrics})

    rendering = render_here(source, Limits())

    assert all(hostile.encode() not in output.content for output in rendering.outputs)
    assert "&lt;script&gt;" in page_of(rendering)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_descriptions_end_in_a_rendering_or_an_error_of_ours(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray((SAMPLES / "xgboost-iris" / MODEL).read_bytes())
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=5)):
        content[at] = value
    path = tmp_path / "MLmodel"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])

    try:
        render_here(Source("b", "m/MLmodel", "e", "", "", path.stat().st_size, path), Limits(), "mlflow")
    except BelvedereError as error:
        assert error.message
