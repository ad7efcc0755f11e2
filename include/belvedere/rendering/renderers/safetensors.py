"""safetensors: the header alone, which names every tensor with its type and shape.

Format: https://github.com/huggingface/safetensors#format: eight bytes of length, a JSON header, the numbers.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.rendering.models.torch_tensors import StoredTensor
from belvedere.rendering.pages.naming import file_name
from belvedere.rendering.pages.numbers import bytes_in_words, compact
from belvedere.rendering.pages.page import fact_list, table, verdict
from belvedere.rendering.pages.part import Part, as_rendering
from belvedere.rendering.registry import renderer
from belvedere.rendering.renderers.pickled import tensor_table, tensors_thumbnail
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from belvedere.model.rendering import Limits, Rendering, Source

NAME, VERSION = "belvedere.safetensors", "1.0.0"
MOST_HEADER_BYTES = 32 * 1024**2
MOST_FACTS, LONGEST = 100, 300


@renderer(NAME, version=VERSION, kinds=("safetensors",))
def render_safetensors(source: Source, limits: Limits) -> Rendering:
    """Show the tensors of a file without reading them."""
    header, data_bytes = _header(source)
    metadata = _metadata(header.pop("__metadata__", None))
    problems: list[str] = []
    tensors = list(_tensors(header, data_bytes, problems))
    parameters = sum(tensor.parameters for tensor in tensors)
    types = Counter(tensor.dtype for tensor in tensors)
    kinds = ", ".join(f"{n:,} {dtype}" for dtype, n in types.most_common(4)) or "none"
    said = f"safetensors file with {len(tensors):,} tensors ({kinds}) and {parameters:,} parameters."
    figures = {"Parameters": compact(parameters), "Tensors": f"{len(tensors):,}", "File": bytes_in_words(source.size)}
    rows = [(dtype, f"{n:,}") for dtype, n in types.most_common()]
    facts = {
        "tensors": len(tensors),
        "parameters": parameters,
        "dtypes": dict(types),
        "metadata": metadata,
        "shapes": {tensor.name: list(tensor.shape) for tensor in tensors[:MOST_FACTS]},
    }
    body = verdict(figures) + (f"<h2>Metadata</h2>{fact_list(metadata)}" if metadata else "")
    body += f"<h2>Tensors</h2>{tensor_table(tensors)}"
    body += f"<h2>Types</h2>{table(('type', 'tensors'), rows, numeric=(False, True))}"
    part = Part(
        kind="safetensors",
        title=file_name(source),
        lead=said,
        alt_text=said,
        facts={"safetensors": facts},
        body=body,
        thumbnail=tensors_thumbnail(tensors, parameters, said),
        warnings=tuple(problems[:10]),
    )
    return as_rendering(part, name=NAME, version=VERSION)


def _header(source: Source) -> tuple[dict[str, Any], int]:
    """Read the header and say how many bytes of numbers follow it."""
    with source.path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        left = max(0, source.size - 8)
        if length > left:
            text = f"Not a valid safetensors file: its header claims {length:,} bytes, {left:,} are there (truncated)."
            raise MalformedArtifact(text, code="truncated")
        if length > MOST_HEADER_BYTES:
            text = f"The header has {length:,} bytes; at most {MOST_HEADER_BYTES:,} are read."
            raise LimitExceeded(text, code="header_size")
        text = file.read(length).decode("utf-8", "replace")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MalformedArtifact("Not a valid safetensors file: its header is no JSON.", code="not_json") from error
    if not isinstance(header, dict):
        raise MalformedArtifact("Not a valid safetensors file: its header is no JSON object.", code="not_json")
    return header, left - length


def _metadata(found: Any) -> dict[str, str]:
    words = found.items() if isinstance(found, dict) else ()
    return {clean(name)[:LONGEST]: clean(str(value))[:LONGEST] for name, value in list(words)[:MOST_FACTS]}


def _tensors(header: dict[str, Any], data_bytes: int, problems: list[str]) -> Iterator[StoredTensor]:
    for name, entry in header.items():
        shown = clean(name)[:LONGEST]
        tensor = _tensor(shown, entry)
        if tensor is None:
            problems.append(f"The entry of the tensor {shown} is invalid: it is left out.")
            continue
        offsets = entry.get("data_offsets")
        if not _lies_within(offsets, data_bytes):
            problems.append(f"The numbers of the tensor {shown} lie outside of the file: it is truncated or damaged.")
        yield tensor


def _tensor(name: str, entry: Any) -> StoredTensor | None:
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or len(shape) > 64:
        return None
    if not all(isinstance(size, int) and 0 <= size < 2**62 for size in shape):
        return None
    tensor = StoredTensor(name, clean(str(entry.get("dtype", "?")))[:40], tuple(shape))
    return tensor if math.prod(shape) < 2**80 else None


def _lies_within(offsets: Any, data_bytes: int) -> bool:
    return (
        isinstance(offsets, list)
        and len(offsets) == 2
        and all(isinstance(offset, int) for offset in offsets)
        and 0 <= offsets[0] <= offsets[1] <= data_bytes
    )
