"""Kubeflow's descriptions: what they point to, and words that become markup."""

from __future__ import annotations

import json
from typing import Any

from tests.hostile.case import MARKUP, Collection

KUBEFLOW = Collection([])
ADDRESSES = (
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:9000/",
    "http://localhost:9000/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[::1]/",
    "http://[::ffff:169.254.169.254]/",
    "https://docs.example@169.254.169.254/",
    "https://169.254.169.254.nip.io/",
    "gopher://127.0.0.1:5432/_x",
    "file:///etc/passwd",
    "/etc/passwd",
    "minio://another-tenant/secret.csv",
    "s3://another-tenant/../secret.csv",
    "minio://bucket/../../another-tenant/secret.csv",
    "minio://@another-tenant/secret.csv",
    "minio://bucket:80@another-tenant/secret.csv",
    "gs://another-tenant/secret.csv",
    "volume://pvc/secret",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "",
    MARKUP,
)
SSRF = "KFP CVE-2023-6570, #13570 (redirects), MLflow CVE-2026-2393"


def ui(*outputs: Any) -> str:
    """Return UI metadata of these outputs."""
    return json.dumps({"outputs": list(outputs)})


NOTE = {"type": "markdown", "storage": "inline", "source": "# Note"}
KUBEFLOW.several(
    "ui_metadata",
    {
        "addresses": lambda: ui(NOTE, *({"type": "markdown", "source": address} for address in ADDRESSES)),
        "table_addresses": lambda: ui(
            NOTE, *({"type": "table", "format": "csv", "header": ["a"], "source": a} for a in ADDRESSES)
        ),
        "web_app": lambda: ui(
            {"type": "web-app", "storage": "inline", "source": f"<script>parent.alert(1)</script>{MARKUP}"}
        ),
        "web_app_breaks_out": lambda: ui(
            {"type": "web-app", "storage": "inline", "source": "'\"></iframe><script>alert(1)</script>"}
        ),
        "web_app_entities": lambda: ui(
            {"type": "web-app", "storage": "inline", "source": "&quot;&gt;&lt;/iframe&gt;<script>1</script>"}
        ),
        "labels": lambda: ui(
            {
                "type": "confusion_matrix",
                "format": "csv",
                "storage": "inline",
                "schema": [
                    {"name": "target", "type": "CATEGORY"},
                    {"name": MARKUP},
                    {"name": "count", "type": "NUMBER"},
                ],
                "labels": [MARKUP, "b"],
                "source": f'"{MARKUP.replace(chr(34), chr(34) * 2)}",b,3\nb,b,4\n',
            }
        ),
        "headers": lambda: ui(
            {"type": "table", "format": "csv", "storage": "inline", "header": [MARKUP, MARKUP], "source": "1,2\n3,4\n"}
        ),
        "roc": lambda: ui(
            {
                "type": "roc",
                "format": "csv",
                "storage": "inline",
                "schema": [{"name": "fpr"}, {"name": "tpr"}],
                "source": "x,y\n",
            },
            NOTE,
        ),
        "tensorboard": lambda: ui(
            {"type": "tensorboard", "source": f"s3://bucket/{MARKUP}"},
            {"type": "tensorboard", "source": "http://169.254.169.254/"},
        ),
        "types": lambda: ui(
            {"type": MARKUP, "source": MARKUP},
            {"type": ["table"]},
            7,
            None,
            {"type": "table", "source": {"a": 1}},
            NOTE,
        ),
        "storage": lambda: ui(
            {"type": "table", "storage": MARKUP, "source": "minio://bucket/x.csv", "format": MARKUP}, NOTE
        ),
        "python": lambda: ui(
            {"type": "python", "storage": "inline", "source": "import os; os.system('touch /tmp/belvedere-escape')"},
            NOTE,
        ),
        "many": lambda: ui(*[NOTE] * 5_000),
        "deep": lambda: '{"outputs": [' + '{"type": "table", "a": ' * 50_000,
        "large_inline": lambda: ui({"type": "markdown", "storage": "inline", "source": "*a " * 400_000}),
        "markdown": lambda: ui(
            {
                "type": "markdown",
                "storage": "inline",
                "source": f"{MARKUP} [x](javascript:alert(1)) ![y](http://127.0.0.1/)",
            }
        ),
    },
    "artifacts/run/mlpipeline-ui-metadata.json",
    f"{SSRF}; KFP #12670, #12671 (names as markup)",
    "the renderer asks inner servers or other tenants' buckets, or a label becomes script",
)
KUBEFLOW.several(
    "kfp_metrics",
    {
        "names": lambda: json.dumps({"metrics": [{"name": MARKUP, "numberValue": 0.5, "format": MARKUP}]}),
        "numbers": '{"metrics": [{"name": "a", "numberValue": 1e999, "format": "PERCENTAGE"}, {"name": "b", "numberValue": NaN}]}',
        "digits": lambda: '{"metrics": [{"name": "a", "numberValue": ' + "9" * 100_000 + "}]}",
        "types": '{"metrics": [7, null, {"name": {"a": 1}, "numberValue": "x"}, {"numberValue": 1}]}',
        "many": lambda: json.dumps({"metrics": [{"name": f"m{n}", "numberValue": n} for n in range(20_000)]}),
    },
    "artifacts/run/mlpipeline-metrics.json",
    "KFP #12670, CPython CVE-2020-10735",
    "a metric's name becomes markup, a number breaks the drawing",
)


def matrix(labels: list[Any], rows: list[Any]) -> str:
    """Return Kubeflow v2 classification metrics with a confusion matrix."""
    specs = [{"displayName": label} for label in labels]
    return json.dumps({"confusionMatrix": {"annotationSpecs": specs, "rows": rows}})


KUBEFLOW.several(
    "kfp_v2",
    {
        "labels": lambda: matrix([MARKUP, "<svg onload=alert(1)>"], [{"row": [1, 2]}, {"row": [3, 4]}]),
        "ragged": lambda: matrix(["a", "b"], [{"row": [1]}, {"row": [1, 2, 3]}, {}, 7]),
        "numbers": lambda: matrix(["a", "b"], [{"row": [1e308, 1e308]}, {"row": ["x", None]}]),
        "large": lambda: matrix([f"c{n}" for n in range(1_200)], [{"row": [n] * 1_200} for n in range(1_200)]),
        "curve": lambda: json.dumps(
            {"confidenceMetrics": [{"confidenceThreshold": 1e999, "falsePositiveRate": -5, "recall": "x"}] * 9}
        ).replace("Infinity", "1e999"),
        "slices": lambda: json.dumps(
            {"evaluationSlices": [{"slice": MARKUP, "sliceClassificationMetrics": {"confidenceMetrics": []}}] * 500}
        ),
        "executor": lambda: json.dumps(
            {
                "parameterValues": {MARKUP: MARKUP},
                "artifacts": {
                    MARKUP: {
                        "artifacts": [
                            {
                                "name": MARKUP,
                                "type": {"schemaTitle": title},
                                "uri": address,
                                "metadata": {MARKUP: MARKUP},
                            }
                            for title in ("system.HTML", "system.Markdown", "system.Metrics", "system.Model")
                            for address in ADDRESSES
                        ]
                    }
                },
            }
        ),
        "executor_types": '{"artifacts": {"a": {"artifacts": [7, {"uri": 7, "type": 7}, {"metadata": []}]}, "b": 7}}',
    },
    "v2/artifacts/run/evaluate/executor_output.json",
    f"{SSRF}; KFP #12860, #13433 (artifacts of other namespaces)",
    "an address in the output reads another tenant's objects, or a name becomes markup",
)
GEO = {
    "type": "FeatureCollection",
    "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [1, 2]}}],
}


def geometry(kind: str, coordinates: Any, **properties: Any) -> str:
    """Return a GeoJSON feature collection of one feature."""
    shape = {"type": kind, "coordinates": coordinates}
    return json.dumps({**GEO, "features": [{"type": "Feature", "properties": properties, "geometry": shape}]})


KUBEFLOW.several(
    "geojson",
    {
        "giant": lambda: geometry("Point", [1e308, -1e308]),
        "not_numbers": lambda: geometry(
            "LineString", [[1, 2], ["x", None], [], [float("nan"), float("inf")], {"a": 1}]
        ),
        "names": lambda: geometry(
            "Point", [1, 2], **{MARKUP: MARKUP, "name": MARKUP, "marker-symbol": "javascript:alert(1)"}
        ),
        "many_points": lambda: geometry("LineString", [[n % 180, n % 90] for n in range(200_000)]),
        "many_features": lambda: json.dumps(GEO | {"features": GEO["features"] * 50_000}),
        "nested": lambda: (
            '{"type":"FeatureCollection","features":[' + '{"type":"GeometryCollection","geometries":[' * 20_000
        ),
        "rings": lambda: geometry("Polygon", [[]] * 10_000),
        "types": '{"type":"FeatureCollection","features":[7,null,{"type":"Feature","geometry":7,"properties":7}]}',
        "crs": lambda: json.dumps(
            GEO | {"crs": {"type": "link", "properties": {"href": "http://169.254.169.254/", "type": "proj4"}}}
        ),
        "bbox": lambda: json.dumps(GEO | {"bbox": [1e999, "x"]}).replace("Infinity", "1e999"),
    },
    "maps/places.geojson",
    "CWE-20, CWE-674, CWE-918 in GeoJSON (crs links)",
    "coordinates that are none break the map, a link is followed",
)
