"""Pictures made of pixels: opened with care, decoded once, written anew so that nothing but pixels is left of them."""

from __future__ import annotations

import io
import mmap
import struct
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.errors import LimitExceeded, MalformedArtifact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "ICO", "JPEG2000", "PPM")
ANIMATED = frozenset({"GIF", "WEBP", "PNG", "AVIF"})
LARGEST_SIDE = 2048
PAGE_SIDE = 1024
LIGHT, DARK_PAPER = 200, (17, 24, 39)
THUMBNAIL_SIZE = (480, 480)
LOSSLESS_PIXELS = 1_500_000


MOST_PAGES_COUNTED = 10_000
FEW_PIXELS = 10_000
DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: what it was, and its pixels in RGB or RGBA, upright, at most ``LARGEST_SIDE`` large."""

    width: int
    height: int
    format: str
    mode: str
    frames: int
    image: Image
    lossless: bool
    warnings: tuple[str, ...]


def open_picture(
    path: Path, most_pixels: int, *, largest_side: int = LARGEST_SIDE, formats: tuple[str, ...] = FORMATS
) -> Picture:
    """Decode a picture; its pixels are kept at most ``largest_side`` high and wide.

    Raises:
        MalformedArtifact: it is none, or damaged beyond showing.
        LimitExceeded: it has more than ``most_pixels`` pixels.
    """
    opened = _opened(path, most_pixels, formats)
    width, height = opened.size
    name, mode = ("JPEG" if opened.format == "MPO" else opened.format or "?"), opened.mode
    frames, said = _frames(opened, path)
    if name == "JPEG" and max(opened.size) > 2 * largest_side:
        opened.draft("RGB", (largest_side, largest_side))
    said += _load(opened, most_pixels)
    turned = _upright(opened)
    if (turned.size[0] < turned.size[1] and width > height) or (turned.size[0] > turned.size[1] and width < height):
        width, height = height, width
    flat, notes = _flat(turned)
    flat = bare(flat)
    if max(flat.size) > largest_side:
        flat.thumbnail((largest_side, largest_side))
    if max(width, height) > largest_side:
        notes += (f"The image is {width:,} × {height:,} pixels; it is shown at {flat.size[0]:,} × {flat.size[1]:,}.",)
    lossless = name in {"PNG", "GIF", "BMP", "TIFF", "ICO", "PPM", "TGA"}
    return Picture(width, height, name, mode, frames, flat, lossless, said + notes)


def _opened(path: Path, most_pixels: int, formats: tuple[str, ...]) -> Image:
    from PIL import Image, UnidentifiedImageError

    allowed_before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened = Image.open(path, formats=formats)
    except UnidentifiedImageError:
        raise MalformedArtifact(
            "This is not a valid image: its header is damaged or truncated, or its variant is not supported.",
            code="damaged_image",
        ) from None
    except MemoryError:
        raise
    except Exception as error:
        raise MalformedArtifact(
            f"The image cannot be opened, it is damaged: {_short(error)}.", code="damaged_image"
        ) from error
    finally:
        Image.MAX_IMAGE_PIXELS = allowed_before
    width, height = opened.size
    if width * height > most_pixels:
        text = f"The image has {width:,} × {height:,} = {width * height:,} pixels; at most {most_pixels:,} are decoded."
        raise LimitExceeded(text, code="image_pixels")
    return opened


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__


def _frames(opened: Image, path: Path) -> tuple[int, tuple[str, ...]]:
    """Count frames or pages; a hostile file may hold millions of them, so counting ends somewhere."""
    try:
        if opened.format == "GIF":
            return max(1, count_gif_frames(path)), ()
        if opened.format == "TIFF":
            return _count_pages(opened)
        frames = int(getattr(opened, "n_frames", 1))
        opened.seek(0)
    except (OSError, EOFError, ValueError, SyntaxError, struct.error) as error:
        return 1, (f"The later frames are damaged or truncated: {_short(error)}.",)
    return max(1, frames), ()


def _count_pages(opened: Image) -> tuple[int, tuple[str, ...]]:
    pages = 1
    try:
        for page in range(1, MOST_PAGES_COUNTED):
            opened.seek(page)
            pages = page + 1
    except EOFError:
        pass
    except (OSError, ValueError, SyntaxError, struct.error) as error:
        opened.seek(0)
        return pages, (f"The later pages are damaged or truncated: {_short(error)}.",)
    opened.seek(0)
    return pages, ()


def _load(opened: Image, most_pixels: int) -> tuple[str, ...]:
    """Decode the pixels; of a truncated file as many as there are, with a warning."""
    from PIL import Image, ImageFile

    # what lies within (a PNG in an icon) may be larger than the header outside said; Pillow allows twice its limit
    allowed_before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, max(1, most_pixels // 2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _load_as_far_as_it_goes(opened)
    except Image.DecompressionBombError as error:
        text = f"The image holds a picture of more than the {most_pixels:,} pixels that are decoded."
        raise LimitExceeded(text, code="image_pixels") from error
    finally:
        Image.MAX_IMAGE_PIXELS = allowed_before
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _load_as_far_as_it_goes(opened: Image) -> tuple[str, ...]:
    from PIL import Image, ImageFile

    try:
        opened.load()
    except (MemoryError, Image.DecompressionBombError):
        raise
    except Exception as first:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            opened.load()
        except (MemoryError, Image.DecompressionBombError):
            raise
        except Exception as error:
            text = f"The image is damaged or truncated and cannot be decoded: {_short(error)}."
            raise MalformedArtifact(text, code="damaged_image") from error
        return (
            "The image is incomplete (truncated or damaged): shown is what could be decoded. "
            f"{_short(first).capitalize()}.",
        )
    return ()


def _upright(opened: Image) -> Image:
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(opened) or opened
    except (OSError, ValueError, SyntaxError, struct.error, KeyError, TypeError, ZeroDivisionError):
        return opened


def _flat(image: Image) -> tuple[Image, tuple[str, ...]]:
    if image.mode in DEEP_MODES:
        return _stretched(image)
    if image.mode == "RGBA":
        opaque = image.getchannel("A").getextrema() == (255, 255)
        return (image.convert("RGB") if opaque else image), ()
    transparent = "transparency" in image.info or image.mode in {"LA", "PA", "La", "RGBa"}
    return image.convert("RGBA" if transparent else "RGB"), ()


def bare(image: Image) -> Image:
    """Return pixels only: comments, profiles and descriptions would be written along."""
    copy = image.copy()
    copy.info.clear()
    copy.getexif().clear()
    return copy


def _stretched(image: Image) -> tuple[Image, tuple[str, ...]]:
    """Bring more than 8 bits a pixel into sight: a window of values becomes black to white, what is outside is cut."""
    import numpy as np
    from PIL import Image

    step = max(1, -(-max(image.size) // LARGEST_SIDE))
    values = np.asarray(image)[::step, ::step].astype(np.float32)
    finite = np.isfinite(values)
    if not finite.any():
        return Image.new("RGB", image.size), ("No pixel has a finite value: the image is shown black.",)
    said = () if finite.all() else (f"Pixels that are not finite numbers are shown black: {int((~finite).sum()):,}.",)
    known = values[finite]
    lowest, highest = float(known.min()), float(known.max())
    if lowest == highest:
        return Image.new("RGB", image.size), (*said, f"All pixels have the same value, {lowest:g}: shown black.")
    low, high = _window(known, lowest, highest)
    with np.errstate(over="ignore", invalid="ignore"):
        grey = np.clip((values - low) * (255.0 / (high - low)), 0, 255)
    shown = Image.fromarray(np.where(finite, grey + 0.5, 0).clip(0, 255).astype(np.uint8))
    text = f"Deep pixel values are windowed: {low:g} to {high:g} stretched to black and white"
    cut = f", of {lowest:g} to {highest:g} in all" if (low, high) != (lowest, highest) else ""
    return shown.convert("RGB"), (*said, f"{text}{cut}.")


def _window(known: Any, lowest: float, highest: float) -> tuple[float, float]:
    """Return all values, or where a few outliers would leave the rest in the dark, all but these."""
    import numpy as np

    if known.size < FEW_PIXELS:
        return lowest, highest
    low, high = (float(value) for value in np.percentile(known[:: max(1, known.size // 1_000_000)], (0.2, 99.8)))
    return (low, high) if low < high and high - low < 0.5 * (highest - lowest) else (lowest, highest)


def count_gif_frames(path: Path) -> int:
    """Count the images in a GIF by its blocks, up to ``MOST_PAGES_COUNTED``; a cut file counts as far as it goes."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _count_gif_images(data)


def _count_gif_images(data: mmap.mmap) -> int:
    at = 13 + (3 << (data[10] & 7) + 1 if len(data) > 10 and data[10] & 0x80 else 0)
    frames = 0
    while at + 1 < len(data) and data[at] in (0x21, 0x2C) and frames < MOST_PAGES_COUNTED:
        if data[at] == 0x2C:
            frames += 1
            flags = data[at + 9] if at + 9 < len(data) else 0
            at += 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        else:
            at += 2
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return frames


def encoded(picture: Picture) -> tuple[bytes, str, str]:
    """Return the picture written anew, with its media type and extension."""
    file = io.BytesIO()
    image = picture.image
    if picture.lossless and image.width * image.height <= LOSSLESS_PIXELS:
        image.save(file, "PNG", compress_level=3)
        return file.getvalue(), "image/png", "png"
    if image.mode == "RGB":
        image.save(file, "JPEG", quality=88)
        return file.getvalue(), "image/jpeg", "jpg"
    image.save(file, "WEBP", quality=88, method=1)
    return file.getvalue(), "image/webp", "webp"


def thumbnail(picture: Picture) -> bytes:
    """Return a small WebP, without transparency: a card may be light or dark."""
    small = picture.image.copy()
    small.thumbnail(THUMBNAIL_SIZE)
    small = _on_paper(small) if small.mode == "RGBA" else small
    file = io.BytesIO()
    small.save(file, "WEBP", quality=82, method=1)
    return file.getvalue()


def _on_paper(image: Image) -> Image:
    """Put a transparent picture on white, or on dark where what is drawn is light."""
    from PIL import Image, ImageStat

    alpha = image.getchannel("A")
    light = alpha.getbbox() is not None and ImageStat.Stat(image.convert("L"), mask=alpha).mean[0] > LIGHT
    paper = Image.new("RGB", image.size, DARK_PAPER if light else (255, 255, 255))
    paper.paste(image, mask=alpha)
    return paper


def page_pictures(path: Path, pages: int, most_pixels: int) -> Iterator[Picture]:
    """Yield the second to the last of the first ``pages`` pages of a TIFF.

    Raises:
        MalformedArtifact: a page is damaged.
        LimitExceeded: a page has too many pixels.
    """
    opened = _opened(path, most_pixels, FORMATS)
    for number in range(1, pages):
        try:
            opened.seek(number)
        except (OSError, EOFError, ValueError, SyntaxError, struct.error) as error:
            raise MalformedArtifact(f"Page {number + 1} is damaged: {_short(error)}.", code="damaged_image") from error
        width, height = opened.size
        if width * height > most_pixels:
            raise LimitExceeded(f"Page {number + 1} has {width * height:,} pixels.", code="image_pixels")
        said = _load(opened, most_pixels)
        flat, notes = _flat(_upright(opened))
        shown = bare(flat)
        shown.thumbnail((PAGE_SIDE, PAGE_SIDE))
        yield Picture(width, height, "TIFF", opened.mode, 1, shown, True, said + notes)
