"""Event files as TensorFlow 1, TensorFlow 2 and PyTorch write them, made with tensorboard's own protocol buffers."""

from __future__ import annotations

import struct
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

START = 1_795_132_800.0
FLOAT, STRING = 1, 7


def record(payload: bytes) -> bytes:
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", masked_crc32c(length)) + payload + struct.pack("<I", masked_crc32c(payload))


def version() -> bytes:
    return record(Event(wall_time=START, file_version="brain.Event:2").SerializeToString())


def summary(step: int, *values: Summary.Value) -> bytes:
    event = Event(wall_time=START + step, step=step, summary=Summary(value=list(values)))
    return record(event.SerializeToString())


def scalar(tag: str, step: int, value: float) -> bytes:
    return summary(step, Summary.Value(tag=tag, simple_value=value))


def _metadata(plugin: str) -> SummaryMetadata:
    return SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=plugin))


def _shape(*sizes: int) -> TensorShapeProto:
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in sizes])


def tensor(tag: str, step: int, plugin: str, made: TensorProto) -> bytes:
    return summary(step, Summary.Value(tag=tag, metadata=_metadata(plugin) if plugin else None, tensor=made))


def tf2_scalar(tag: str, step: int, value: float, plugin: str = "scalars", *, packed: bool = True) -> bytes:
    content: dict[str, Any] = {"tensor_content": struct.pack("<f", value)} if packed else {"float_val": [value]}
    return tensor(tag, step, plugin, TensorProto(dtype=FLOAT, tensor_shape=_shape(), **content))


def tf2_histogram(tag: str, step: int, rows: list[tuple[float, float, float]]) -> bytes:
    packed = b"".join(struct.pack("<fff", *row) for row in rows)
    made = TensorProto(dtype=FLOAT, tensor_shape=_shape(len(rows), 3), tensor_content=packed)
    return tensor(tag, step, "histograms", made)


def tf2_image(tag: str, step: int, *pictures: bytes) -> bytes:
    return tensor(tag, step, "images", TensorProto(dtype=STRING, string_val=[b"8", b"8", *pictures]))


def text(tag: str, step: int, *words: str) -> bytes:
    return tensor(tag, step, "text", TensorProto(dtype=STRING, string_val=[word.encode() for word in words]))


def log_file(*records: bytes) -> bytes:
    return version() + b"".join(records)
