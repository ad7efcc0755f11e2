"""One or more artifacts of every kind, rendered as the main loop does it but without a store: for looks and figures."""

from __future__ import annotations

import bz2
import fnmatch
import gzip
import io
import json
import lzma
import math
import os
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stack.paths import ROOT

from belvedere.errors import UnsupportedArtifact
from belvedere.model.rendering import Limits, Listing, Related, Source
from belvedere.rendering.detection import detect
from belvedere.rendering.fallback import unsupported_card
from belvedere.rendering.isolation.guard import IsolatedResult, references_isolated, render_isolated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from belvedere.model.rendering import Rendering

BUCKET = "mlpipeline"
# Another folder of samples with the same manifest may be looked at: BELVEDERE_SAMPLES=/path
FILES = ROOT / "tests" / "samples" / "models"
SAMPLES = Path(os.environ.get("BELVEDERE_SAMPLES", ROOT / "examples" / "samples"))


@dataclass(frozen=True, slots=True)
class Specimen:
    """One artifact: its key and bytes, and the objects ``beside`` it in the bucket, by key."""

    name: str
    key: str
    content: bytes
    content_type: str = "application/octet-stream"
    beside: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A specimen's kind as its bytes tell it, and what became of it."""

    kind: str
    source: Source
    result: IsolatedResult


def render_specimen(specimen: Specimen, folder: Path, limits: Limits | None = None) -> Rendered:
    """Detect, fetch what is referred to from beside, and render in a child that is shut in.

    Raises:
        BelvedereError: as ``render_isolated``.
    """
    path = folder / "source"
    path.write_bytes(specimen.content)
    size = len(specimen.content)
    source = Source(BUCKET, specimen.key, "etag", "", specimen.content_type, size, path)
    limits, kind = limits or Limits(), detect(source)
    related: dict[str, Related] = {}
    for reference in references_isolated(source, limits, kind=kind, strictness="strict"):
        if isinstance(reference, Listing):
            related |= dict(_listed(reference, specimen, folder))
        else:
            related[reference.uri] = _related(reference.uri, specimen, folder)
    source = replace(source, related=related)
    return Rendered(kind, source, render_isolated(source, limits, strictness="strict", kind=kind))


def drawn(specimen: Specimen, folder: Path) -> Rendering:
    """Return the rendering of a specimen, or the card that stands for a kind without a renderer."""
    try:
        return render_specimen(specimen, folder).result.rendering
    except UnsupportedArtifact:
        source = Source(BUCKET, specimen.key, "etag", "", "", len(specimen.content), folder / "source")
        return unsupported_card(source, detect(source))


def _related(uri: str, specimen: Specimen, folder: Path) -> Related:
    content = specimen.beside.get(uri.partition("://")[2].partition("/")[2])
    if content is None:
        return Related(uri, None, 0, "", "there is no such object")
    path = folder / f"related-{zlib.crc32(uri.encode()):08x}"
    path.write_bytes(content)
    return Related(uri, path, len(content), "application/octet-stream")


def _listed(listing: Listing, specimen: Specimen, folder: Path) -> Iterator[tuple[str, Related]]:
    prefix = listing.uri.partition("://")[2].partition("/")[2]
    for key in sorted(specimen.beside):
        rest = key.removeprefix(prefix)
        if key.startswith(prefix) and any(fnmatch.fnmatchcase(rest, name) for name in listing.names):
            uri = f"minio://{BUCKET}/{key}"
            yield uri, _related(uri, specimen, folder)


def specimens() -> tuple[Specimen, ...]:
    """Return all samples, and made artifacts of the kinds that no sample shows."""
    return (*_samples(), *(make() for make in MADE))


def _samples() -> Iterator[Specimen]:
    for entry in json.loads((SAMPLES / "samples.json").read_text())["samples"]:
        files = {item["key"]: (SAMPLES / item["path"]).read_bytes() for item in entry["objects"]}
        types = {item["key"]: item.get("content_type", "") for item in entry["objects"]}
        trigger = entry["trigger_key"]
        beside = {key: content for key, content in files.items() if key != trigger}
        yield Specimen(entry["id"], trigger, files[trigger], types[trigger], beside)


MADE: list[Callable[[], Specimen]] = []


def made(key: str) -> Callable[[Callable[[], bytes | str]], Callable[[], Specimen]]:
    """Turn a function that returns bytes into one that returns a specimen under ``key``."""

    def wrap(make: Callable[[], bytes | str]) -> Callable[[], Specimen]:
        def build() -> Specimen:
            content = make()
            return Specimen(make.__name__, key, content.encode() if isinstance(content, str) else content)

        MADE.append(build)
        return build

    return wrap


@made("logs/train.log")
def log_with_colours() -> str:
    lines = [
        f"\x1b[2m07:00:{n:02}\x1b[0m \x1b[{colour}m{level}\x1b[0m trainer: step {n * 50}, loss {2 / (n + 1):.4f}"
        for n in range(60)
        for level, colour in [("WARNING", 33) if n % 17 == 3 else ("ERROR", 31) if n == 41 else ("INFO", 32)]
    ]
    return "\n".join(lines) + "\n"


@made("runs/a/progress.jsonl")
def progress_as_json_lines() -> str:
    rows = (
        {
            "time": f"2026-11-22T07:{n // 60:02}:{n % 60:02}Z",
            "step": n,
            "total": 120,
            "loss": round(1.8 * math.exp(-n / 30) + 0.05 * math.sin(n), 4),
            "accuracy": round(1 - math.exp(-n / 40), 4),
        }
        for n in range(80)
    )
    return "".join(json.dumps(row) + "\n" for row in rows)


@made("configs/train.yaml")
def yaml_tree() -> str:
    return (
        "model: &base\n  name: resnet50\n  layers: [64, 128, 256]\n  pretrained: true\noptimiser:\n  kind: adamw\n"
        "  lr: 3.0e-4\n  schedule:\n    - {epoch: 0, factor: 1.0}\n    - {epoch: 30, factor: 0.1}\n"
        "teacher:\n  <<: *base\n"
        "  name: resnet101\nnotes: |\n  Trained on the second half.\n  See the card.\n"
    )


@made("configs/settings.json")
def json_tree() -> str:
    return json.dumps(
        {"run": {"id": 7, "tags": ["a", "b"], "ok": True, "none": None}, "matrix": [[1, 2], [3, 4]], "text": "x" * 300}
    )


@made("reports/junit.xml")
def xml_tree() -> str:
    cases = "".join(f'<testcase name="case {n}" time="{n / 10}"/>' for n in range(12))
    return f'<?xml version="1.0"?><testsuite name="data checks" tests="12"><properties/>{cases}<!-- end --></testsuite>'


@made("src/train.py")
def python_source() -> str:
    return Path(__file__).read_text()[:6000]


@made("queries/features.sql")
def sql_source() -> str:
    return (
        "select user_id, count(*) as clicks\nfrom events -- all of them\nwhere day >= date '2026-01-01'\n"
        "group by 1\norder by clicks desc;\n"
    )


@made("arrays/weights.npy")
def numpy_matrix() -> bytes:
    import numpy

    rows = numpy.fromfunction(lambda y, x: numpy.sin(x / 9) * numpy.cos(y / 7), (96, 128))
    return _saved(lambda file: numpy.save(file, rows))


@made("arrays/arrays.npz")
def numpy_archive() -> bytes:
    import numpy

    noise = numpy.random.default_rng(7)
    arrays: dict[str, Any] = {
        "weights": noise.normal(size=(64, 32)),
        "bias": noise.normal(size=32),
        "steps": numpy.arange(10),
    }
    return _saved(lambda file: numpy.savez(file, **arrays))


def _saved(save: Callable[[Any], object]) -> bytes:
    file = io.BytesIO()
    save(file)
    return file.getvalue()


@made("data/cities.arrow")
def arrow_file() -> bytes:
    import pyarrow

    table = pyarrow.table({"city": ["Wien", "Graz", "Linz", None], "people": [2_006_000, 300_000, 210_000, 155_000]})
    return _saved(lambda file: _write_arrow(file, table))


def _write_arrow(file: Any, table: Any) -> None:
    import pyarrow

    with pyarrow.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


@made("packages/run.zip")
def zip_archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/a.csv", "name,value\n" + "".join(f"row {n},{n * n}\n" for n in range(30)))
        archive.writestr("README.md", "# A run\n\nIt has **one** table.\n\n- first\n- second\n")
        archive.writestr("logs/run.log", "epoch 1/3 loss 0.9\nepoch 2/3 loss 0.6\nepoch 3/3 loss 0.5\n")
        archive.writestr("model.bin", bytes(range(256)) * 40)
        archive.writestr("report.html", "<h1>Report</h1><script>document.write('<p>made by script</p>')</script>")
    return file.getvalue()


@made("packages/page.tgz")
def tgz_of_a_page() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        content = b"<html><body><h1>Inside</h1><script>document.title='ran'</script></body></html>"
        member = tarfile.TarInfo("report.html")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


@made("data/numbers.csv.gz")
def packed_table() -> bytes:
    return gzip.compress(("n,square\n" + "".join(f"{n},{n * n}\n" for n in range(50))).encode(), mtime=0)


@made("reports/paper.pdf")
def pdf_document() -> bytes:
    from tests.hostile.bombs import pdf_with

    text = b"BT /F1 18 Tf 20 150 Td (Belvedere: a short paper) Tj 0 -30 Td /F1 11 Tf (With two lines of text.) Tj ET"
    stream = b"<< /Length %d >>\nstream\n" % len(text) + text + b"\nendstream"
    font = b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    return pdf_with(stream, page=font, box=b"0 0 300 200")


@made("audio/tone.wav")
def wave() -> bytes:
    samples = b"".join(struct.pack("<h", int(12_000 * math.sin(n / 8) * math.sin(n / 4000))) for n in range(16_000))
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8_000, 16_000, 2, 16)
    data = b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(form) + len(data)) + b"WAVE" + form + data


@made("maps/places.geojson")
def geojson() -> str:
    def ring(lon: float, lat: float) -> list[list[float]]:
        return [[lon + math.cos(a / 6 * math.pi) * 3, lat + math.sin(a / 6 * math.pi) * 2] for a in [*range(12), 0]]

    shapes: list[dict[str, Any]] = [{"type": "Polygon", "coordinates": [ring(8 + 5 * n, 46 + n)]} for n in range(3)]
    shapes += [
        {"type": "Point", "coordinates": [16.37, 48.2]},
        {"type": "LineString", "coordinates": [[8, 47], [13, 50], [19, 48]]},
    ]
    features = [
        {"type": "Feature", "properties": {"name": f"place {n}", "people": 1000 * n}, "geometry": shape}
        for n, shape in enumerate(shapes)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


@made("models/model.pkl")
def pickled_model() -> bytes:
    import pickle
    from fractions import Fraction

    return pickle.dumps({"weights": [Fraction(1, 3)] * 4, "name": "ridge", "steps": list(range(20))})


@made("models/model.safetensors")
def safetensors() -> bytes:
    head = json.dumps(
        {
            "encoder.weight": {"dtype": "F32", "shape": [16, 8], "data_offsets": [0, 512]},
            "encoder.bias": {"dtype": "F16", "shape": [16], "data_offsets": [512, 544]},
            "__metadata__": {"format": "pt"},
        }
    ).encode()
    return struct.pack("<Q", len(head)) + head + bytes(544)


@made("v2/run/sliced.json")
def sliced_metrics() -> str:
    def points(bend: float) -> list[dict[str, float]]:
        return [
            {"confidenceThreshold": 1 - n / 20, "falsePositiveRate": n / 20, "recall": (n / 20) ** bend}
            for n in range(21)
        ]

    return json.dumps(
        {
            "evaluationSlices": [
                {"slice": name, "sliceClassificationMetrics": {"confidenceMetrics": points(bend)}}
                for name, bend in (("women", 0.3), ("men", 0.5), ("age under 30", 0.8))
            ]
        }
    )


@made("strange/data.bin")
def unknown_bytes() -> bytes:
    return bytes(range(256)) * 20


@made("notes/card.md")
def markdown() -> str:
    return (
        "# Model card\n\nTrained on **iris**, see [the run](https://example.org).\n\n| metric | value |\n|---|---:|\n"
        "| F1 | 0.93 |\n\n```python\nmodel.fit(x, y)\n```\n\n- [x] tested\n- [ ] shipped\n"
    )


@made("data/book.xlsx")
def excel_workbook() -> bytes:
    from tests.hostile.bombs import workbook

    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}"><v>{n * n}</v></c></row>' for n in range(1, 30))
    head = '<row r="0"><c t="inlineStr"><is><t>n</t></is></c><c t="inlineStr"><is><t>square</t></is></c></row>'
    return workbook((head.replace('r="0"', 'r="1"') + rows.replace('r="1"', 'r="31"', 1)).encode())


@made("data/numbers.csv.bz2")
def bzip2_table() -> bytes:
    return bz2.compress(b"n,square\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(50)))


@made("data/numbers.csv.xz")
def xz_table() -> bytes:
    return lzma.compress(b"n,square\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(50)))


@made("data/numbers.csv.zst")
def zstd_table() -> bytes:
    import pyarrow

    packed = pyarrow.compress(b"n,square\n" + b"1,1\n" * 50, codec="zstd", asbytes=True)
    return bytes(packed)


@made("packages/run.tar")
def tar_archive() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in (
            ("run/a.csv", b"a,b\n1,2\n3,4\n"),
            ("run/log.txt", b"started\nended\n"),
            ("run/x.bin", bytes(99)),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


PACKAGES = {
    "docx": {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w:document xmlns:w='w'/>"},
    "pptx": {"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<p:presentation xmlns:p='p'/>"},
    "odt": {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "META-INF/manifest.xml": "<m/>",
        "content.xml": "<c/>",
    },
    "epub": {"mimetype": "application/epub+zip", "META-INF/container.xml": "<c/>", "book.xhtml": "<p>one</p>"},
    "jar": {"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n", "a/B.class": "x"},
    "whl": {"a-1.dist-info/WHEEL": "Wheel-Version: 1.0\n", "a-1.dist-info/METADATA": "Name: a\n", "a/__init__.py": ""},
}


def _package(ending: str) -> Specimen:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in PACKAGES[ending].items():
            archive.writestr(name, content)
    return Specimen(f"package_{ending}", f"packages/thing.{ending}", file.getvalue())


MADE.extend(partial(_package, ending) for ending in PACKAGES)


@made("models/model.pt")
def pytorch_model() -> bytes:
    import pickle

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps({"layer.weight": [1.0, 2.0], "epoch": 3}, 2))
        archive.writestr("model/version", "3\n")
        archive.writestr("model/data/0", bytes(64))
    return file.getvalue()


@made("plots/bars.vg.json")
def vega_chart() -> str:
    marks = [
        {
            "type": "rect",
            "from": {"data": "t"},
            "encode": {
                "enter": {
                    "x": {"scale": "x", "field": "c"},
                    "width": {"scale": "x", "band": 1},
                    "y": {"scale": "y", "field": "n"},
                    "y2": {"scale": "y", "value": 0},
                    "fill": {"value": "steelblue"},
                }
            },
        }
    ]
    return json.dumps(
        {
            "$schema": "https://vega.github.io/schema/vega/v6.json",
            "width": 300,
            "height": 200,
            "data": [{"name": "t", "values": [{"c": "A", "n": 28}, {"c": "B", "n": 55}, {"c": "C", "n": 43}]}],
            "scales": [
                {"name": "x", "type": "band", "domain": {"data": "t", "field": "c"}, "range": "width", "padding": 0.1},
                {"name": "y", "domain": {"data": "t", "field": "n"}, "range": "height", "nice": True},
            ],
            "axes": [{"orient": "bottom", "scale": "x"}, {"orient": "left", "scale": "y"}],
            "marks": marks,
        }
    )


@made("films/clip.mp4")
def video() -> bytes:
    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", len(content) + 8, name) + content

    head = box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, 5000) + bytes(80))
    track = box(
        b"tkhd", struct.pack(">IIIIII", 7, 0, 0, 1, 0, 5000) + bytes(52) + struct.pack(">II", 640 << 16, 360 << 16)
    )
    return (
        box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")
        + box(b"moov", head + box(b"trak", track))
        + box(b"mdat", bytes(400))
    )


@made("scores.csv.viz.py")
def script_of_a_user() -> str:
    return "# What this shows: nothing yet, for it was not run.\nprint('hello')\n"


MODELS = ("diabetes_lightgbm.txt", "iris_pipeline.skops", "iris_pipeline.joblib", "tiny.h5", "tiny.safetensors")


def _model(name: str) -> Specimen:
    return Specimen(
        f"model_{name.partition('.')[0]}_{name.partition('.')[2]}", f"models/{name}", (FILES / name).read_bytes()
    )


MADE.extend(partial(_model, name) for name in MODELS)


@made("photos/phone.heic")
def heif() -> bytes:
    return struct.pack(">I4s4sI", 24, b"ftyp", b"heic", 0) + b"mif1heic" + struct.pack(">I4s", 16, b"mdat") + bytes(8)


@made("models/model.keras")
def keras_model() -> bytes:
    layers = [
        {"class_name": "Dense", "config": {"name": f"dense_{n}", "units": 8, "activation": "relu"}} for n in range(2)
    ]
    config = {"class_name": "Sequential", "config": {"name": "net", "layers": layers}}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", '{"keras_version": "3.8.0", "date_saved": "2026-11-22@07:00:00"}')
        archive.writestr("model.weights.h5", b"\x89HDF\r\n\x1a\n" + bytes(600))
    return file.getvalue()


@made("models/booster.json")
def xgboost_model() -> str:
    tree = {
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "parents": [2147483647, 0, 0],
        "split_indices": [0, 0, 0],
        "split_conditions": [2.45, 0.4, -0.2],
        "split_type": [0, 0, 0],
        "default_left": [0, 0, 0],
        "base_weights": [0.0, 0.4, -0.2],
        "loss_changes": [36.9, 0.0, 0.0],
        "sum_hessian": [44.4, 13.8, 30.7],
        "categories": [],
        "id": 0,
        "tree_param": {"num_deleted": "0", "num_feature": "2", "num_nodes": "3", "size_leaf_vector": "1"},
    }
    parameters = {"num_trees": "1", "num_parallel_tree": "1"}
    model = {"gbtree_model_param": parameters, "tree_info": [0], "trees": [tree]}
    learner = {
        "attributes": {},
        "feature_names": ["petal length", "petal width"],
        "feature_types": ["float", "float"],
        "gradient_booster": {"model": model, "name": "gbtree"},
        "learner_model_param": {"base_score": "5E-1", "num_class": "0", "num_feature": "2", "num_target": "1"},
        "objective": {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    return json.dumps({"learner": learner, "version": [2, 1, 3]})


@made("models/net/saved_model.pb")
def saved_model() -> bytes:
    def part(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    tensor = part(1, b"x:0") + b"\x10\x01"
    signature = part(1, part(1, b"x") + part(2, tensor)) + part(2, part(1, b"y") + part(2, tensor))
    signatures = part(5, part(1, b"serving_default") + part(2, signature + part(3, b"tensorflow/serving/predict")))
    return b"\x08\x01" + part(2, part(1, part(4, b"serve") + part(5, b"2.20.0")) + signatures)
