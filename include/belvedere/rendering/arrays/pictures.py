"""Arrays as pictures: what holds pixels is shown as images, matrices as heat maps. Nothing but numbers goes in."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

INK = (1, 124, 238)
LARGEST_SIDE, SMALLEST_SIDE, TILE_SIDE, MOST_TILES = 480, 160, 112, 24
SMALLEST_IMAGE = 8
CHANNELS = (1, 3, 4)


def images_in(values: NDArray[Any]) -> list[NDArray[Any]]:
    """Return the images that an array holds by its shape: one of (height, width, 3 or 4), or the first of many.

    A plain matrix is an image only if it is of bytes; anything else is better shown as a heat map.
    """
    if values.dtype.kind not in "uif" or values.size == 0:
        return []
    if values.ndim == 2:
        return [values] if values.dtype.itemsize == 1 and _large_enough(values.shape) else []
    if values.ndim == 3 and values.shape[2] in CHANNELS:
        return [values] if _large_enough(values.shape) else []
    if values.ndim == 3 or (values.ndim == 4 and values.shape[3] in CHANNELS):
        return list(values[:MOST_TILES]) if _large_enough(values.shape[1:]) else []
    if values.ndim == 4 and values.shape[1] in CHANNELS and _large_enough(values.shape[2:]):
        return [image.transpose(1, 2, 0) for image in values[:MOST_TILES]]
    return []


def _large_enough(shape: Sequence[int]) -> bool:
    return min(shape[:2]) >= SMALLEST_IMAGE


def as_image(values: NDArray[Any], low: float, high: float, side: int) -> str:
    """Return one image as the ``data:`` address of a PNG; values between ``low`` and ``high`` become grey levels."""
    import numpy as np
    from PIL import Image

    step = max(1, -(-max(values.shape[:2]) // (2 * side)))
    small = values[::step, ::step]
    if small.dtype != np.uint8:
        span = high - low if high > low else 1.0
        with np.errstate(all="ignore"):
            scaled = np.nan_to_num((small.astype(np.float64) - low) / span)
        small = (np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    if small.ndim == 3 and small.shape[2] == 1:
        small = small[:, :, 0]
    image = Image.fromarray(np.ascontiguousarray(small))
    return _png(_enlarged(image, side))


def heat_map(values: NDArray[Any], low: float, high: float) -> str:
    """Return a matrix as the ``data:`` address of a PNG: the higher a value, the stronger its ink.

    Very long or wide ones are stretched, so that their rows or columns can be told apart.
    """
    import numpy as np
    from PIL import Image

    pooled = _pooled(values)
    span = high - low if high > low else 1.0
    with np.errstate(all="ignore"):
        shares = np.nan_to_num((pooled - low) / span)
    pixels = np.empty((*pooled.shape, 4), np.uint8)
    pixels[:, :, :3] = INK
    pixels[:, :, 3] = np.clip(shares, 0, 1) * 245 + 10
    image = Image.fromarray(pixels)
    scale = LARGEST_SIDE / max(image.size)
    width, height = (max(SMALLEST_SIDE, round(length * scale)) for length in image.size)
    return _png(image.resize((width, height), Image.Resampling.NEAREST))


def _pooled(values: NDArray[Any]) -> NDArray[Any]:
    """Return a matrix of at most ``LARGEST_SIDE`` a side: each value the mean of a block."""
    import numpy as np

    blocks = [max(1, -(-length // LARGEST_SIDE)) for length in values.shape]
    height, width = (length // block * block for length, block in zip(values.shape, blocks, strict=True))
    wide = values[:height, :width].astype(np.float64)
    with np.errstate(all="ignore"):
        shaped = wide.reshape(height // blocks[0], blocks[0], width // blocks[1], blocks[1])
        return np.asarray(np.where(np.isfinite(shaped), shaped, 0).mean(axis=(1, 3)))


def _enlarged(image: Any, side: int) -> Any:
    from PIL import Image

    scale = min(side / image.width, side / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    return image.resize(size, how)


def _png(image: Any) -> str:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=6)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")
