"""Models: pickles and their disguises, ONNX, boosters, folders, annotations."""

from __future__ import annotations

import gzip
import json
import pickle
import struct
from typing import TYPE_CHECKING, Any

from tests.hostile.archives import member, tar_of
from tests.hostile.case import MARK, MARKUP, Case, Collection
from tests.hostile.pieces import npy, zip_of

if TYPE_CHECKING:
    from collections.abc import Callable

MODELS = Collection([])
COMMAND = f"touch /tmp/{MARK}"
QUOTED = json.dumps(MARKUP)
PICKLES = "ClearML CVE-2024-24590, PyTorch CVE-2025-32434"


class _Command:
    """Pickles to a call of the shell."""

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, (COMMAND,)


LOADED = {f"protocol_{number}": pickle.dumps(_Command(), number) for number in range(6)}
MODELS.several("pickle", dict(LOADED), "models/model.pkl", PICKLES, "loading a model runs its producer's commands")
PICKLE_BOMB = b"\x80\x02]q\0" + b"".join(b"(" + b"h%c" % (n - 1) * 10 + b"lq%c" % n for n in range(1, 60)) + b"."
MODELS.several(
    "pickle_of",
    {
        "endless_text": lambda: b"\x80\x05\x8d" + struct.pack("<Q", 2**62) + b"x",
        "endless_number": lambda: b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"\xff",
        "laughs": PICKLE_BOMB,
        "deep": lambda: b"\x80\x02" + b"(" * 500_000 + b".",
        "markup": lambda: f"c{MARKUP}\n{MARKUP}\n(tR.".encode(),
        "old_markup": lambda: f"\x80\x02c{MARKUP}\n{MARKUP}\n.".encode("latin-1"),
        "many_imports": lambda: b"\x80\x02" + b"".join(b"cos.a%d\nb%d\n0" % (n, n) for n in range(100_000)) + b"N.",
        "no_stop": lambda: b"\x80\x04" + b"K\x01" * 1000,
        "unknown_opcodes": lambda: b"\x80\x05" + bytes(range(256)) * 40,
        "frame": lambda: b"\x80\x04\x95" + struct.pack("<Q", 2**63 - 1) + b"N.",
        "stack_global": b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93\x8c\x02id\x85R.",
        "gzipped": lambda: gzip.compress(LOADED["protocol_4"]),
    },
    "models/model.pkl",
    PICKLES,
    "reading opcodes takes for ever, or what is imported becomes markup",
)


def torch_zip(content: bytes) -> bytes:
    """Return what torch.save writes: a ZIP with a pickle."""
    return zip_of({"archive/data.pkl": content, "archive/version": b"3\n", "archive/data/0": bytes(16)})


MODELS.several(
    "disguised_pickle",
    {
        "torch": lambda: torch_zip(LOADED["protocol_2"]),
        "torch_of_noise": lambda: torch_zip(bytes(range(256))),
        "joblib": lambda: b"\x80\x04" + LOADED["protocol_4"][2:] + bytes(64),
        "numpy": lambda: npy((1,), LOADED["protocol_4"], descr="'|O'"),
        "npz": lambda: zip_of({"a.npy": npy((1,), LOADED["protocol_4"], descr="'|O'")}),
        "numpy_type": lambda: npy((1,), bytes(8), descr="__import__('os').system('" + COMMAND + "')"),
        "skops": lambda: zip_of(
            {
                "schema.json": json.dumps(
                    {
                        "__class__": "system",
                        "__module__": "os",
                        "__loader__": "ReduceNode",
                        "content": {"file": "../../../../etc/passwd"},
                        "args": [COMMAND],
                        "protocol": 2,
                    }
                ).encode()
            }
        ),
        "skops_deep": lambda: zip_of(
            {"schema.json": b'{"__class__":"a","__loader__":"x","content":' * 5000 + b"1" + b"}" * 5000}
        ),
        "skops_markup": lambda: zip_of(
            {
                "schema.json": json.dumps(
                    {"__class__": MARKUP, "__module__": MARKUP, "__loader__": "ObjectNode"}
                ).encode()
            }
        ),
        "keras": lambda: zip_of(
            {"config.json": b'{"class_name":"Lambda","config":{"function":["gASV"]}}', "metadata.json": b"{}"}
        ),
    },
    "models/model.bin",
    "NumPy CVE-2019-6446, skops CVE-2024-37065, CVE-2025-54412, CVE-2025-54413, Keras CVE-2024-3660, CVE-2025-1550",
    "a file that holds a pickle is loaded with it",
)


def onnx(**changes: Any) -> bytes:
    """Return a small model; ``changes`` go to its only node, tensor and names."""
    from onnx import TensorProto, helper

    name = changes.get("name", "x")
    tensor = helper.make_tensor(
        f"{name}w", TensorProto.FLOAT, changes.get("dims", [2]), changes.get("values", [1.0, 2.0])
    )
    for key, value in changes.get("external", {}).items():
        tensor.data_location = TensorProto.EXTERNAL
        tensor.ClearField("float_data")
        tensor.external_data.add(key=key, value=value)
    node = helper.make_node(
        changes.get("op", "Add"), [name, f"{name}w"], ["y"], name=name, **changes.get("attributes", {})
    )
    shape = changes.get("shape", [2])
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [node] * changes.get("times", 1),
        name,
        [value(name, TensorProto.FLOAT, shape)],
        [value("y", TensorProto.FLOAT, shape)],
        [tensor],
        doc_string=name,
    )
    model = helper.make_model(graph, producer_name=changes.get("producer", "test"))
    model.metadata_props.add(key=name, value=name)
    return bytes(model.SerializeToString())


def _nested_graphs(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        graph = b"\x32" + _varint(len(inner)) + inner  # AttributeProto.g
        attribute = b"\x2a" + _varint(len(graph)) + graph  # NodeProto.attribute
        inner = b"\x0a" + _varint(len(attribute)) + attribute  # GraphProto.node
    return b"\x08\x08\x12\x04onnx\x3a" + _varint(len(inner)) + inner


def _varint(number: int) -> bytes:
    made = b""
    while number > 127:
        made, number = made + bytes([number & 127 | 128]), number >> 7
    return made + bytes([number])


@MODELS.add("models/deep.onnx", "ONNX CVE-2026-34445 (denial of service)", "graphs in graphs exhaust the stack")
def onnx_of_nested_graphs() -> bytes:
    return _nested_graphs(3_000)


ONNX_MODELS: dict[str, Callable[[], bytes]] = {
    "parent": lambda: onnx(external={"location": "../../../../../../etc/passwd", "offset": "0", "length": "8"}),
    "absolute": lambda: onnx(external={"location": "/etc/passwd"}),
    "environment": lambda: onnx(external={"location": "/proc/self/environ"}),
    "address": lambda: onnx(external={"location": "http://169.254.169.254/latest"}),
    "attribute": lambda: onnx(
        external={"location": "source", "__class__": "x", "basepath": "/etc", "checksum": MARKUP}
    ),
    "offset": lambda: onnx(external={"location": "source", "offset": "-5", "length": "99999999999999999999"}),
    "dimensions": lambda: onnx(dims=[2]),
    "shape": lambda: onnx(shape=[2**62, -1, 2**62, MARKUP]),
    "names": lambda: onnx(name=MARKUP, producer=MARKUP, op=MARKUP),
    "attributes": lambda: onnx(attributes={"a": MARKUP, "b": [1] * 100_000, "c": 1e308}),
    "many_nodes": lambda: onnx(times=100_000),
    "bidi": lambda: onnx(name="\u202e\u2066evil\n\x1b[31m"),
}
ONNX = "ONNX CVE-2022-25882, CVE-2024-27318, CVE-2025-51480, CVE-2026-27489, CVE-2026-34445"
ONNX_HARM = "a model reads files of the machine as its weights, or its names become markup"
MODELS.cases.extend(
    Case(f"onnx_{word}", ONNX, ONNX_HARM, "models/model.onnx", make) for word, make in ONNX_MODELS.items()
)

YAML_BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
MODELS.several(
    "mlmodel",
    {
        "tags": f"flavors:\n  python_function: !!python/object/apply:os.system ['{COMMAND}']\nrun_id: x\n",
        "new": f"flavors: !!python/object/new:tuple [!!python/name:os.system ['{COMMAND}']]\nmodel_uuid: x\n",
        "laughs": lambda: YAML_BOMB + "flavors: *a11\nmodel_uuid: x\n",
        "itself": "flavors: &a\n  python_function: *a\nmodel_uuid: x\n",
        "merge": lambda: "a: &a {x: 1}\n" + "b: {<<: [" + "*a," * 20_000 + "]}\nflavors: {}\nmodel_uuid: x\n",
        "deep": lambda: "flavors: " + "[" * 50_000 + "\nmodel_uuid: x\n",
        "deep_blocks": lambda: "flavors:\n" + "".join(" " * n + "a:\n" for n in range(1, 2_000)),
        "markup": f"flavors:\n  {QUOTED}: {{env: {QUOTED}}}\nrun_id: {QUOTED}\nmodel_uuid: x\n",
        "traversal": "flavors:\n  sklearn: {pickled_model: ../../../../etc/passwd, code: /etc}\nmodel_uuid: x\n",
        "numbers": lambda: (
            "flavors: {}\nmodel_uuid: x\na: " + "1" * 5_000_000 + "\nb: 0x" + "f" * 100_000 + "\nc: 1:1:1:1:1:1\n"
        ),
        "signature": lambda: (
            'flavors: {}\nsignature: {inputs: "' + "[" * 40_000 + '", outputs: "{\\"a\\": <script>}"}\nmodel_uuid: x\n'
        ),
        "wrong_types": "flavors: [1]\nsignature: 7\nrun_id: {a: b}\nutc_time_created: [x]\nmodel_uuid: x\n",
    },
    "models/a/MLmodel",
    "PyYAML CVE-2020-1747, CVE-2020-14343, Kubernetes CVE-2019-11253; MLflow #21422, CVE-2023-1177",
    "YAML builds objects or gigabytes, or its words become markup or paths",
)
MODELS.several(
    "yaml",
    {
        "laughs": YAML_BOMB,
        "tags": f"a: !!python/object/apply:os.system ['{COMMAND}']\nb: 1\n",
        "itself": "a: &a\n  b: *a\n",
        "deep": lambda: "a: " + "{a: " * 30_000,
        "markup": lambda: f"{json.dumps(MARKUP)}: {json.dumps(MARKUP)}\n" * 3,
        "documents": lambda: "---\na: 1\n" * 50_000,
        "anchors": lambda: "".join(f"- &a{n} x\n" for n in range(50_000)),
    },
    "runs/a/params.yaml",
    "PyYAML CVE-2020-1747, CVE-2020-14343, Kubernetes CVE-2019-11253",
    "YAML builds objects or gigabytes",
)
TREE = {
    "learner": {"learner_model_param": {"num_class": "3"}, "gradient_booster": {"model": {"trees": []}}},
    "version": [2, 0, 0],
}
MODELS.several(
    "xgboost",
    {
        "names": lambda: json.dumps(
            TREE | {"learner": TREE["learner"] | {"feature_names": [MARKUP] * 3, "attributes": {MARKUP: MARKUP}}}
        ),  # type: ignore[operator]
        "numbers": lambda: json.dumps(TREE).replace('"3"', '"' + "9" * 100_000 + '"'),
        "wrong_types": '{"version":[2],"learner":{"gradient_booster":7,"learner_model_param":[],"objective":"x"}}',
        "cycle": lambda: json.dumps(
            {
                "version": [2, 0, 0],
                "learner": {
                    "feature_names": [],
                    "learner_model_param": {"num_feature": "1"},
                    "objective": {"name": MARKUP},
                    "gradient_booster": {
                        "name": "gbtree",
                        "model": {
                            "gbtree_model_param": {"num_trees": "1"},
                            "trees": [
                                {
                                    "left_children": [0, 0],
                                    "right_children": [0, 99],
                                    "parents": [1, 1],
                                    "split_indices": [-1, 10**9],
                                    "split_conditions": [1e999, None],
                                    "tree_param": {"num_nodes": "-1"},
                                }
                            ],
                        },
                    },
                },
            }
        ).replace("Infinity", "1e999"),
    },
    "models/booster.json",
    "CWE-674, CWE-400 in model files",
    "a tree that holds itself is walked for ever",
)
MODELS.several(
    "ubjson",
    {
        "endless_array": b"{L\0\0\0\0\0\0\0\x07learner[$U#L\x7f\xff\xff\xff\xff\xff\xff\xff\0",
        "negative": b"{L\xff\xff\xff\xff\xff\xff\xff\xffx",
        "deep": lambda: b"{L\0\0\0\0\0\0\0\x07learner" + b"[" * 200_000,
        "nothing_many": b"{L\0\0\0\0\0\0\0\x07learner[$Z#L\0\0\0\x7f\xff\xff\xff\xff",
    },
    "models/booster.ubj",
    "CWE-789, CWE-674 in UBJSON",
    "announced counts are allocated",
)


def coco(**changes: Any) -> str:
    """Return small annotations with other fields."""
    plain: dict[str, Any] = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 64}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "area": 81, "iscrowd": 0}],
    }
    return json.dumps(plain | changes)


def annotated(**fields: Any) -> str:
    """Return annotations whose only annotation has these fields."""
    return coco(annotations=[{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9]} | fields])


PATHS = [
    "../../../../etc/passwd",
    "/etc/passwd",
    "http://169.254.169.254/latest",
    "minio://another-tenant/secret.png",
    "s3://another-tenant/secret.png",
    "file:///etc/passwd",
    MARKUP,
    "a\0b.jpg",
    "../" * 300 + "x",
    "",
    ".",
    "..",
]
MODELS.several(
    "coco",
    {
        "paths": lambda: coco(
            images=[{"id": n, "file_name": path, "width": 9, "height": 9} for n, path in enumerate(PATHS)]
        ),
        "addresses": lambda: coco(
            images=[{"id": 1, "file_name": "a.jpg", "coco_url": path, "flickr_url": path} for path in PATHS]
        ),
        "names": lambda: coco(
            categories=[{"id": 1, "name": MARKUP, "supercategory": MARKUP}],
            info={"description": MARKUP, "url": "javascript:alert(1)"},
        ),
        "mask": lambda: annotated(iscrowd=1, segmentation={"size": [10**9, 10**9], "counts": [10**18]}),
        "packed_mask": lambda: annotated(iscrowd=1, segmentation={"size": [10**9, 10**9], "counts": "~" * 100_000}),
        "false_mask": lambda: annotated(iscrowd=1, segmentation={"size": [4, 4], "counts": [2**31, 2**31, -5]}),
        "markup_mask": lambda: annotated(iscrowd=1, segmentation={"size": [MARKUP, 4], "counts": MARKUP}),
        "polygon": lambda: annotated(segmentation=[[1.0, 2.0] * 500_000]),
        "odd_polygon": lambda: annotated(segmentation=[[1], [], ["x", None], {"a": 1}, 7]),
        "boxes": lambda: coco(
            annotations=[
                {"id": n, "image_id": 1, "category_id": 1, "bbox": box, "area": 1e308}
                for n, box in enumerate([[1e308, 0, 1e308, 1], [-5, -5, -5, -5], [1], ["x"] * 4, None, {"a": 1}])
            ]
        ),
        "not_numbers": lambda: coco().replace("[1, 1, 9, 9]", "[NaN, Infinity, -Infinity, 1e999]"),
        "sizes": lambda: coco(images=[{"id": 1, "file_name": "a.jpg", "width": 10**12, "height": -1}]),
        "ids": lambda: coco(
            images=[{"id": {"a": 1}}, {"id": None}, {"id": [1]}, 7],
            annotations=[7, {"image_id": [1], "category_id": {}}],
        ),
        "many": lambda: coco(
            annotations=[{"id": n, "image_id": 1, "category_id": n, "bbox": [1, 1, 2, 2]} for n in range(100_000)],
            categories=[{"id": n, "name": f"c{n}"} for n in range(100_000)],
        ),
        "wrong_types": '{"images": {}, "annotations": "x", "categories": 7}',
        "keypoints": lambda: annotated(keypoints=[1e308] * 300_000, num_keypoints=10**9),
    },
    "annotations/instances.json",
    "MLflow CVE-2024-1560 and kin (paths from files), CWE-789 in masks",
    "a picture's name reads another tenant's or the machine's file, a mask allocates gigabytes",
)


@MODELS.add("models/model.tgz", PICKLES, "a pickle inside an archive is loaded")
def tgz_of_a_pickle() -> bytes:
    return tar_of((member("model.pkl"), LOADED["protocol_4"]))


def _extension(metadata: dict[bytes, bytes]) -> Any:
    import pyarrow

    return pyarrow.table(
        {"a": pyarrow.array([b"x"])}, schema=pyarrow.schema([pyarrow.field("a", pyarrow.binary(), metadata=metadata)])
    )


EXTENSION = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": LOADED["protocol_4"]}


@MODELS.add("runs/a/type.parquet", "PyArrow CVE-2023-47248", "a column type is unpickled on reading")
def parquet_with_a_pickled_type() -> bytes:
    import io

    import pyarrow.parquet

    made = io.BytesIO()
    pyarrow.parquet.write_table(_extension(EXTENSION), made)
    return made.getvalue()


@MODELS.add("runs/a/type.arrow", "PyArrow CVE-2023-47248", "a column type is unpickled on reading")
def arrow_with_a_pickled_type() -> bytes:
    import io

    import pyarrow

    made, table = io.BytesIO(), _extension(EXTENSION)
    with pyarrow.ipc.new_file(made, table.schema) as writer:
        writer.write_table(table)
    return made.getvalue()
