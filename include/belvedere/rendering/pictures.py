"""Pictures made of pixels: opened with care, decoded once, written anew so that nothing but pixels is left of them."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from belvedere.errors import LimitExceeded, MalformedArtifact

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
LARGEST_SIDE = 2048
THUMBNAIL_SIZE = (480, 480)
LOSSLESS_PIXELS = 1_500_000
ANIMATED_PIXELS = 12_000_000
MOST_FRAMES = 100
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


def open_picture(path: Path, most_pixels: int) -> Picture:
    """Decode a picture.

    Raises:
        MalformedArtifact: it is none, or damaged beyond showing.
        LimitExceeded: it has more than ``most_pixels`` pixels.
    """
    from PIL import Image, UnidentifiedImageError

    allowed_before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened = Image.open(path, formats=FORMATS)
    except UnidentifiedImageError:
        raise MalformedArtifact(
            "This is not a valid image: its header is damaged or truncated.", code="damaged_image"
        ) from None
    except (OSError, ValueError, SyntaxError, struct.error, OverflowError) as error:
        raise MalformedArtifact(
            f"The image cannot be opened, it is damaged: {_short(error)}.", code="damaged_image"
        ) from error
    finally:
        Image.MAX_IMAGE_PIXELS = allowed_before
    width, height = opened.size
    if width * height > most_pixels:
        text = f"The image has {width:,} × {height:,} = {width * height:,} pixels; at most {most_pixels:,} are decoded."
        raise LimitExceeded(text, code="image_pixels")
    name, mode = ("JPEG" if opened.format == "MPO" else opened.format or "?"), opened.mode
    frames, said = _frames(opened)
    if name == "JPEG" and max(opened.size) > 2 * LARGEST_SIDE:
        opened.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))
    said += _load(opened)
    turned = _upright(opened)
    if (turned.size[0] < turned.size[1] and width > height) or (turned.size[0] > turned.size[1] and width < height):
        width, height = height, width
    flat, notes = _flat(turned)
    flat = _bare(flat)
    if max(flat.size) > LARGEST_SIDE:
        flat.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        notes += (f"The image is {width:,} × {height:,} pixels; it is shown at {flat.size[0]:,} × {flat.size[1]:,}.",)
    lossless = name in {"PNG", "GIF", "BMP", "TIFF"}
    return Picture(width, height, name, mode, frames, flat, lossless, said + notes)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__


def _frames(opened: Image) -> tuple[int, tuple[str, ...]]:
    try:
        frames = int(getattr(opened, "n_frames", 1))
        opened.seek(0)
    except (OSError, EOFError, ValueError, SyntaxError, struct.error) as error:
        return 1, (f"The later frames are damaged or truncated: {_short(error)}.",)
    return frames, ()


def _load(opened: Image) -> tuple[str, ...]:
    """Decode the pixels; of a truncated file as many as there are, with a warning."""
    from PIL import ImageFile

    try:
        opened.load()
    except MemoryError:
        raise
    except Exception as first:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            opened.load()
        except MemoryError:
            raise
        except Exception as error:
            text = f"The image is damaged or truncated and cannot be decoded: {_short(error)}."
            raise MalformedArtifact(text, code="damaged_image") from error
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
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


def _bare(image: Image) -> Image:
    """Return pixels only: comments, profiles and descriptions would be written along."""
    copy = image.copy()
    copy.info.clear()
    copy.getexif().clear()
    return copy


def _stretched(image: Image) -> tuple[Image, tuple[str, ...]]:
    """Bring more than 8 bits a pixel into sight: the darkest value becomes black, the brightest white."""
    from PIL import Image

    deep = image.convert("F") if image.mode != "F" else image
    low, high = cast("tuple[float, float]", deep.getextrema())
    if not low < high or not high - low < float("inf"):
        return Image.new("RGB", image.size, (0, 0, 0)), ("All pixels have the same value, or some are not finite.",)
    scale = 255.0 / (high - low)
    grey = deep.point(lambda value: value * scale + (-low * scale)).convert("L")
    return grey.convert("RGB"), (f"Deep pixel values from {low:g} to {high:g} are stretched to black and white.",)


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
    """Return a small WebP."""
    small = picture.image.copy()
    small.thumbnail(THUMBNAIL_SIZE)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=82, method=1)
    return file.getvalue()


def animation(path: Path, picture: Picture) -> bytes | None:
    """Return a short animation written anew as WebP, None where it has too many pixels or cannot be read."""
    from PIL import Image, ImageSequence

    if not 1 < picture.frames <= MOST_FRAMES or picture.format not in {"GIF", "WEBP", "PNG", "AVIF"}:
        return None
    if picture.width * picture.height * picture.frames > ANIMATED_PIXELS:
        return None
    file = io.BytesIO()
    try:
        with Image.open(path, formats=FORMATS) as opened:
            pairs = [
                (_bare(frame.convert("RGBA")), int(frame.info.get("duration") or 100))
                for frame in ImageSequence.Iterator(opened)
            ]
            times = [max(20, min(10_000, duration)) for _, duration in pairs]
            pairs[0][0].save(
                file,
                "WEBP",
                save_all=True,
                append_images=[frame for frame, _ in pairs[1:]],
                duration=times,
                loop=0,
                quality=80,
                method=0,
            )
    except (OSError, ValueError, SyntaxError, EOFError, struct.error):
        return None
    return file.getvalue()
