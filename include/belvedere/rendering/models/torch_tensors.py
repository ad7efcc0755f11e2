"""Tensors of a PyTorch archive, from the opcodes of its pickle alone: names, types, shapes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.rendering.models.pickle_machine import Call, Global, Persistent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from belvedere.rendering.models.pickle_machine import Program

MOST_TENSORS = 100_000
REBUILDS = frozenset({"_rebuild_tensor_v2", "_rebuild_tensor", "_rebuild_qtensor"})
WRAPPERS = frozenset({"_rebuild_parameter", "_rebuild_parameter_with_state"})
DTYPES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A named tensor: its element type and shape."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def parameters(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


def tensors_of(programs: Iterable[Program]) -> list[StoredTensor]:
    """Return the tensors that are put into mappings under a name, as a state dictionary has them."""
    entries = [entry for program in programs for entry in program.entries]
    found = [_tensor(name, value) for name, value in entries]
    return [tensor for tensor in found if tensor is not None][:MOST_TENSORS]


def _tensor(name: str, value: Any) -> StoredTensor | None:
    if not (isinstance(value, Call) and isinstance(value.function, Global) and isinstance(value.arguments, tuple)):
        return None
    if value.function.name in WRAPPERS and value.arguments:
        return _tensor(name, value.arguments[0])
    if value.function.name not in REBUILDS or len(value.arguments) < 3:
        return None
    shape = value.arguments[2]
    if not isinstance(shape, tuple) or not all(isinstance(size, int) and 0 <= size < 2**62 for size in shape[:64]):
        return None
    return StoredTensor(name, _dtype(value.arguments[0]), shape[:64])


def _dtype(storage: Any) -> str:
    """Read ``('storage', torch.FloatStorage, '0', 'cpu', 100)``."""
    words = storage.id if isinstance(storage, Persistent) else ()
    kind = next((word for word in words if isinstance(word, Global)), None) if isinstance(words, tuple) else None
    return DTYPES.get(kind.name, kind.name) if kind else "?"
