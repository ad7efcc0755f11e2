"""One small sample of each kind that has a renderer of ours: files of ``tests/samples`` where there are some."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import math
import pickle
import struct
import tarfile
import wave
import zipfile
from pathlib import Path

from belvedere.testing import Sample

FILES = Path(__file__).parents[2] / "samples"
MEMBERS = {"data/table.csv": b"name,size\nfirst,1\nsecond,2\n", "note.md": b"# Note\n\nSome *words*.\n"}


def file(path: str, kind: str, key: str = "") -> Sample:
    return Sample.file(FILES / path, kind=kind, key=key)


def made(content: bytes | str, name: str, kind: str) -> Sample:
    return Sample(content.encode() if isinstance(content, str) else content, f"runs/1/{name}", kind=kind)


def zipped(members: dict[str, bytes] = MEMBERS) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return held.getvalue()


def tarred() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, content in MEMBERS.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return held.getvalue()


def sound() -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(at / 9))) for at in range(4000)))
    return held.getvalue()


def arrays() -> tuple[bytes, bytes]:
    import numpy as np

    one, many = io.BytesIO(), io.BytesIO()
    values = np.arange(60, dtype=np.float64).reshape(6, 10)
    np.save(one, values)
    np.savez(many, weights=values, bias=values[0])
    return one.getvalue(), many.getvalue()


def arrow() -> dict[str, bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"name": ["a", "b", None], "score": [0.5, 0.25, 1.0]})
    held, stream = io.BytesIO(), io.BytesIO()
    pq.write_table(table, held)
    with pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)
    return {"parquet": held.getvalue(), "arrow": stream.getvalue()}


def checkpoint() -> bytes:
    stored = pickle.dumps({"epoch": 3, "lr": 0.1}, protocol=2)
    return zipped({"weights/data.pkl": stored, "weights/version": b"3\n", "weights/data/0": bytes(16)})


def safetensors() -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
    return struct.pack("<Q", len(header)) + header + struct.pack("<4f", 1, 2, 3, 4)


PROGRESS = "".join(json.dumps({"step": at, "total": 20, "loss": 1 / at}) + "\n" for at in range(1, 9))
COCO = {
    "images": [{"id": 1, "file_name": "one.jpg", "width": 640, "height": 480}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 100, 50], "area": 5000, "iscrowd": 0}],
    "categories": [{"id": 1, "name": "cat"}],
}
GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"n": 1}, "geometry": {"type": "Point", "coordinates": [6.9, 50.9]}},
        {
            "type": "Feature",
            "properties": {"n": 2},
            "geometry": {"type": "LineString", "coordinates": [[6.9, 50.9], [7.1, 50.7]]},
        },
    ],
}
VEGA_LITE = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"values": [{"a": "A", "b": 28}, {"a": "B", "b": 55}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a", "type": "nominal"}, "y": {"field": "b", "type": "quantitative"}},
}
PLOTLY = {"data": [{"type": "scatter", "x": [1, 2, 3], "y": [2, 1, 3]}], "layout": {"title": {"text": "Points"}}}
UI_METADATA = {
    "outputs": [
        {"type": "markdown", "storage": "inline", "source": "# Note\n\nwords"},
        {"type": "table", "storage": "inline", "format": "csv", "header": ["a", "b"], "source": "1,2\n3,4\n"},
    ]
}
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
    b"4 0 obj<</Length 40>>stream\nBT /F 18 Tf 20 50 Td (Hello there) Tj ET\nendstream endobj\n"
    b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def samples() -> dict[str, tuple[Sample, ...]]:
    """Return the samples of each renderer of ours, by its name."""
    one, many = arrays()
    tables = arrow()
    return {
        "belvedere.confusion_matrix": (file("confusion_matrix/wine_confusion_matrix.csv", "confusion_matrix"),),
        "belvedere.roc": (file("roc/breast_cancer_roc.csv", "roc"),),
        "belvedere.table": (
            file("table/iris.csv", "table"),
            made(tables["parquet"], "t.parquet", "table"),
            made(tables["arrow"], "t.arrow", "table"),
        ),
        "belvedere.numpy": (made(one, "a.npy", "numpy"), made(many, "a.npz", "npz")),
        "belvedere.markdown": (file("kfp_v2/digits_note.md", "markdown"),),
        "belvedere.image": (file("image/china.jpg", "image"), file("image/roc.svg", "image")),
        "belvedere.text": (
            file("text/iris_classification_report.txt", "text"),
            file("text/progress.txt", "progress"),
        ),
        "belvedere.html": (made("<!doctype html><title>R</title><h1>Report</h1><p>words</p>", "r.html", "html"),),
        "belvedere.kfp_ui_metadata": (made(json.dumps(UI_METADATA), "mlpipeline-ui-metadata.json", "kfp_ui_metadata"),),
        "belvedere.metrics": (
            file("kfp_v1/iris-metrics/mlpipeline-metrics.json", "kfp_metrics"),
            file("kfp_v2/digits_metrics.json", "metrics"),
        ),
        "belvedere.coco": (made(json.dumps(COCO), "instances.json", "coco"),),
        "belvedere.onnx": (file("onnx/iris_logreg.onnx", "onnx"),),
        "belvedere.pickle": (made(pickle.dumps({"a": [1, 2], "b": Path("x")}), "model.pkl", "pickle"),),
        "belvedere.pytorch": (made(checkpoint(), "weights.pt", "pytorch"),),
        "belvedere.safetensors": (made(safetensors(), "weights.safetensors", "safetensors"),),
        "belvedere.progress": (made(PROGRESS, "progress.jsonl", "progress_lines"),),
        "belvedere.pdf": (made(PDF, "paper.pdf", "pdf"),),
        "belvedere.recording": (made(sound(), "tone.wav", "audio"), file("media/clip.mkv", "video")),
        "belvedere.geojson": (made(json.dumps(GEOJSON), "places.geojson", "geojson"),),
        "belvedere.tensorboard": (
            file("tensorboard/validation/events.out.tfevents.1795132800.trainer-0", "tensorboard"),
        ),
        "belvedere.kfp_classification": (
            file("kfp_v2/digits_classification_metrics.json", "kfp_classification_metrics"),
        ),
        "belvedere.kfp_executor_output": (file("kfp_v2/executor_output.json", "kfp_executor_output"),),
        "belvedere.vega": (made(json.dumps(VEGA_LITE), "bars.vl.json", "vega_lite"),),
        "belvedere.plotly": (made(json.dumps(PLOTLY), "points.plotly.json", "plotly"),),
        "belvedere.document": (
            made('{"a": {"b": [1, 2, {"c": null}]}, "d": "text"}', "tree.json", "json"),
            made("<?xml version='1.0'?><root><a n='1'>x</a></root>", "tree.xml", "xml"),
            made("name: run\nsteps:\n  - one\n  - two\nparams: {lr: 0.1}\n", "run.yaml", "yaml"),
        ),
        "belvedere.archive": (
            made(zipped(), "out.zip", "zip"),
            made(tarred(), "out.tar", "tar"),
            made(gzip.compress(tarred(), mtime=0), "out.tgz", "gzip"),
            made(bz2.compress(MEMBERS["data/table.csv"]), "table.csv.bz2", "bzip2"),
            made(lzma.compress(MEMBERS["data/table.csv"]), "table.csv.xz", "xz"),
        ),
        "belvedere.code": (made("import os\n\n\ndef f(x):\n    return x + 1\n", "train.py", "code"),),
        "belvedere.notebook": (file("notebook/elastic_net.ipynb", "notebook"),),
        "belvedere.viz_script": (made("print('hello')\n", "scores.csv.viz.py", "viz_script"),),
    }
