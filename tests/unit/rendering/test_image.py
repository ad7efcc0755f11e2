"""Images: any common format, nothing but pixels left; bombs refused; half files shown as far as they go."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from typing import Any

import pytest
from PIL import Image
from tests.unit.rendering.conftest import page_of

from belvedere.errors import LimitExceeded, MalformedArtifact, UnsupportedArtifact
from belvedere.model.rendering import Limits, Rendering


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def gradient(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    return Image.linear_gradient("L").resize(size).convert(mode)


def facts_of(rendering: Rendering) -> dict[str, Any]:
    assert rendering.kind == "image"
    return dict(rendering.facts["image"])


def output(rendering: Rendering, role: str) -> bytes:
    return next(one.content for one in rendering.outputs if one.role == role)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_every_common_format_is_shown_whatever_its_name(render, format: str) -> None:
    rendering = render(saved(gradient(), format), "run/picture.csv")
    assert (facts_of(rendering)["width"], facts_of(rendering)["height"]) == (60, 40)
    assert facts_of(rendering)["format"] == format
    assert "the bytes are not that" in rendering.warnings[-1]
    small = Image.open(io.BytesIO(output(rendering, "thumbnail")))
    assert small.format == "WEBP"
    assert max(small.size) <= 480


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "I", "F", "CMYK"])
def test_every_colour_mode_is_shown(render, mode: str) -> None:
    image = gradient("L").convert("F").convert(mode) if mode == "F" else gradient("L")
    image = (
        image
        if mode == "F"
        else image.convert("I").convert("I;16")
        if mode == "I;16"
        else gradient("RGBA").convert(mode)
    )
    rendering = render(saved(image, "TIFF"), "run/picture.tiff")
    assert facts_of(rendering)["format"] == "TIFF"


def test_deep_pixels_are_stretched_into_sight(render) -> None:
    deep = Image.new("I;16", (4, 1))
    for at, value in enumerate((1000, 1100, 1200, 1300)):
        deep.putpixel((at, 0), value)
    rendering = render(saved(deep, "PNG"), "run/depth.png")
    shown = Image.open(io.BytesIO(output(rendering, "figure"))).convert("L")
    assert [shown.getpixel((at, 0)) for at in range(4)] == [0, 85, 170, 255]
    assert "stretched" in rendering.warnings[0]


def test_metadata_do_not_survive(render) -> None:
    exif = Image.Exif()
    exif[0x010E] = "CANARY in EXIF"
    rendering = render(saved(gradient(), "JPEG", exif=exif, comment=b"CANARY comment"), "run/photo.jpg")
    assert all(b"CANARY" not in one.content for one in rendering.outputs)


def test_a_picture_taken_sideways_is_shown_upright(render) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = facts_of(render(saved(gradient(size=(60, 40)), "JPEG", exif=exif), "run/photo.jpg"))
    assert (found["width"], found["height"]) == (40, 60)


def test_an_animation_is_counted_and_moves(render) -> None:
    frames = [gradient().rotate(30 * at) for at in range(5)]
    rendering = render(saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=80), "run/a.gif")
    assert facts_of(rendering)["frames"] == 5
    assert rendering.warnings == ()
    assert b"data:image/webp" in output(rendering, "page")


def test_pages_of_a_tiff_are_counted_and_the_first_ones_are_shown(render) -> None:
    pages = [gradient().rotate(9 * at) for at in range(12)]
    rendering = render(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]), "run/a.tiff")
    assert facts_of(rendering)["frames"] == 12
    assert page_of(rendering).count("data:image/png") == Limits().pages
    assert rendering.warnings == ("The image has 12 pages; the first 8 are shown.",)


def test_large_pictures_are_shown_smaller_and_say_so(render) -> None:
    rendering = render(saved(Image.new("L", (5000, 100), 128), "PNG"), "run/wide.png")
    assert facts_of(rendering)["width"] == 5000
    assert "shown at 2,048" in rendering.warnings[0]


def png_of_declared_size(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(30_000, 30_000), (2**31 - 1, 2**31 - 1), (100_000_000, 1)])
def test_a_decompression_bomb_is_refused_by_its_size(render, size: tuple[int, int]) -> None:
    with pytest.raises(LimitExceeded, match="pixels"):
        render(png_of_declared_size(*size), "run/bomb.png")


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_half_a_file_is_shown_as_far_as_it_goes_and_says_so(render, format: str) -> None:
    data = saved(Image.effect_noise((200, 200), 80), format)
    rendering = render(data[: len(data) // 2], f"run/half.{format.lower()}")
    assert "incomplete" in rendering.warnings[0]


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_a_header_alone_is_said_to_be_damaged(render, format: str) -> None:
    data = saved(gradient(size=(200, 200)), format)
    with pytest.raises(MalformedArtifact, match=r"damaged|truncated|not a valid"):
        render(data[:24], "run/head.png")


@pytest.mark.parametrize("start", range(0, 60, 4))
def test_flipped_bytes_never_end_in_an_unexplained_error(render, start: int) -> None:
    for format in ("PNG", "GIF", "BMP", "TIFF", "WEBP"):
        data = bytearray(saved(gradient(), format))
        for at in range(start, min(len(data), start + 4)):
            data[at] ^= 0xFF
        with suppress(MalformedArtifact, LimitExceeded, UnsupportedArtifact):
            assert render(bytes(data), "run/flipped.png", Limits(image_pixels=1_000_000)).outputs
