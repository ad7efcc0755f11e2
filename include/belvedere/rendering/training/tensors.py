"""TensorFlow's TensorProto as numbers or texts, without TensorFlow.

Source: tensorflow/core/framework/tensor.proto and types.proto.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

STRING = 7
NUMBERS = {1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", 9: "<i8", 10: "?", 17: "<u2", 19: "<f2"}
NUMBERS |= {22: "<u4", 23: "<u8"}
FIELDS = {1: "float_val", 2: "double_val", 9: "int64_val", 10: "bool_val", 22: "uint32_val", 23: "uint64_val"}
MOST_VALUES = 4_000_000


def texts_of(tensor: Any) -> list[bytes]:
    """Return a tensor's strings as bytes; none where it holds numbers."""
    return list(tensor.string_val) if tensor.dtype == STRING else []


def numbers_of(tensor: Any) -> list[float]:
    """Return a tensor's numbers, flat; none where it holds something else. One number may stand for all."""
    if tensor.dtype not in NUMBERS:
        return []
    if tensor.tensor_content:
        return _unpacked(tensor)
    listed: Sequence[float] = getattr(tensor, FIELDS.get(tensor.dtype, "int_val"))
    values = [float(value) for value in listed[:MOST_VALUES]]
    wanted = math.prod(shape_of(tensor))
    if values and len(values) < wanted <= MOST_VALUES:
        values += values[-1:] * (wanted - len(values))
    return values


def shape_of(tensor: Any) -> tuple[int, ...]:
    """Return a tensor's dimensions; negative sizes count as none."""
    return tuple(max(0, dimension.size) for dimension in tensor.tensor_shape.dim)


def _unpacked(tensor: Any) -> list[float]:
    import numpy as np

    kind = np.dtype(NUMBERS[tensor.dtype])
    content = tensor.tensor_content
    whole = content[: len(content) // kind.itemsize * kind.itemsize]
    found: list[float] = np.frombuffer(whole, kind)[:MOST_VALUES].astype(np.float64).tolist()
    return found
