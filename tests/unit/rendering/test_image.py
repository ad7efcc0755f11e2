"""Images: any common format, nothing but pixels left; bombs refused; half files shown as far as they go."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.unit.rendering.conftest import page_of

from belvedere.errors import BelvedereError, LimitExceeded, MalformedArtifact, UnsupportedArtifact
from belvedere.model.rendering import Limits, Rendering, Source
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.inmate import render_here


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


@pytest.mark.parametrize(
    ("format", "name"), [("ICO", "a.ico"), ("JPEG2000", "a.jp2"), ("PPM", "a.ppm"), ("TGA", "a.tga")]
)
def test_less_common_formats_are_shown_as_well(render, format: str, name: str) -> None:
    rendering = render(saved(gradient(size=(64, 64)), format), f"run/{name}")
    assert facts_of(rendering)["format"] == format
    assert facts_of(rendering)["width"] == 64


def test_a_tga_is_known_by_its_name_alone(render) -> None:
    with pytest.raises(UnsupportedArtifact):
        render(saved(gradient(), "TGA"), "run/picture.bin")
    with pytest.raises(MalformedArtifact):
        render(b"\0\1\2\3 no picture at all" * 10, "run/picture.tga")


@pytest.mark.parametrize("text", ["P1 is the first plan\nand P2 the second", "P6\nnot a picture", "P3 x 1 1"])
def test_text_that_begins_like_a_netpbm_image_is_text(make_source, text: str) -> None:
    assert detect(make_source(text, "run/plan.txt")) in {"text", "progress"}


def test_a_few_outliers_do_not_leave_a_deep_picture_in_the_dark(render) -> None:
    values = np.linspace(100, 200, 40_000, dtype=np.float32).reshape(200, 200)
    values[0, 0], values[0, 1], values[0, 2] = 1e6, np.nan, -np.inf
    rendering = render(saved(Image.fromarray(values), "TIFF"), "run/depth.tiff")
    shown = np.asarray(Image.open(io.BytesIO(output(rendering, "figure"))).convert("L"))
    assert shown[0, 0] == 255
    assert shown[0, 1] == shown[0, 2] == 0
    assert 120 < shown[100].mean() < 136
    assert "not finite numbers are shown black: 2" in rendering.warnings[0]
    assert "windowed" in rendering.warnings[1]
    assert "to 1e+06 in all" in rendering.warnings[1]


@pytest.mark.parametrize("values", [[np.nan, np.inf], [5.0, 5.0], [-3e38, 3e38]])
def test_extreme_floats_end_in_a_picture(render, values: list[float]) -> None:
    rendering = render(saved(Image.fromarray(np.array([values], np.float32)), "TIFF"), "run/odd.tiff")
    assert rendering.warnings


def test_sixteen_bit_and_big_tiff_are_read(render) -> None:
    deep = Image.fromarray(np.arange(60_000, dtype=np.uint16).reshape(200, 300))
    assert facts_of(render(saved(deep, "TIFF", big_tiff=True), "run/a.tif"))["mode"] == "I;16"


def test_a_long_animation_loses_frames_and_says_so(render) -> None:
    frames = [gradient(size=(100, 80)).rotate(3 * at) for at in range(110)]
    rendering = render(saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=40), "run/a.gif")
    assert facts_of(rendering)["frames"] == 110
    assert rendering.warnings == ("The animation is long: one of every 2 of its 110 frames is shown.",)
    moving = base64.b64decode(page_of(rendering).split("data:image/webp;base64,")[1].split('"')[0])
    shown = Image.open(io.BytesIO(moving))
    assert getattr(shown, "n_frames", 1) == 55
    shown.load()
    assert shown.info["duration"] == 80


def test_frames_without_number_are_counted_to_a_limit(render) -> None:
    whole = saved(Image.new("P", (1, 1)), "GIF")
    start = whole.index(b",", 13)
    rendering = render(whole[:start] + whole[start:-1] * 60_000 + b";", "run/frames.gif")
    assert facts_of(rendering)["frames"] == 10_000


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt", b"iCCP"])
def test_a_bomb_in_a_chunk_beside_the_pixels_is_not_unpacked(render, name: bytes) -> None:
    packed = zlib.compress(b"\0" * 80_000_000, 1)
    middle = {b"zTXt": b"k\0\0", b"iTXt": b"k\0\1\0\0\0", b"iCCP": b"k\0\0"}[name]
    whole = saved(gradient(), "PNG")
    content = whole[:33] + png_chunk(name, middle + packed) + whole[33:]
    with suppress(MalformedArtifact):
        assert facts_of(render(content, "run/bomb.png"))["width"] == 60


def test_a_bomb_within_an_icon_is_refused(render) -> None:
    inner = png_of_declared_size(20_000, 20_000)
    head = struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(inner), 22)
    with pytest.raises((LimitExceeded, MalformedArtifact)):
        render(head + inner, "run/bomb.ico")


def test_a_heif_image_has_a_card_that_says_its_size(render) -> None:
    extents = b"".join(struct.pack(">I4sIII", 20, b"ispe", 0, *size) for size in ((320, 240), (4032, 3024)))
    rendering = render(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + extents, "run/photo.heic")
    assert rendering.facts["image"] == {"width": 4032, "height": 3024, "format": "HEIF"}
    assert "cannot be shown" in rendering.warnings[0]
    assert "JPEG, PNG or AVIF" in page_of(rendering)
    assert "?" not in render(b"\0\0\0\x18ftypheic" + b"\xff" * 50, "run/photo.heic").title


def test_the_page_zooms_and_shows_the_brightness_without_script(render) -> None:
    page = page_of(render(saved(gradient(), "PNG"), "run/a.png"))
    assert 'type="checkbox" id="zoom"' in page
    assert "Histogram of grey" in page
    assert "Histogram of red, green, blue" in page_of(render(saved(Image.new("RGB", (9, 9), "red"), "PNG"), "a.png"))


@given(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000", "PPM", "ICO", "AVIF"]), st.data())
@settings(max_examples=80, deadline=None)
def test_cut_and_flipped_pictures_end_in_a_rendering_or_an_explained_error(
    tmp_path_factory: pytest.TempPathFactory, format: str, data: st.DataObject
) -> None:
    content = bytearray(saved(gradient(size=(32, 32)), format))
    for _ in range(data.draw(st.integers(0, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(20, len(content)))]
    path = tmp_path_factory.getbasetemp() / "flipped.img"
    path.write_bytes(content)
    source = Source("b", f"x.{format.lower()}", "e", "", "", len(content), path)
    with suppress(BelvedereError):
        assert render_here(source, Limits(image_pixels=1_000_000), "image").outputs


@pytest.mark.parametrize(("ink", "paper"), [((0, 0, 0), 255), ((255, 255, 255), 17)])
def test_a_thumbnail_of_a_transparent_picture_can_be_read_on_any_card(
    render, ink: tuple[int, int, int], paper: int
) -> None:
    clear = Image.new("RGBA", (40, 40), (*ink, 0))
    clear.paste((*ink, 255), (10, 10, 30, 30))
    small = Image.open(io.BytesIO(output(render(saved(clear, "PNG"), "run/a.png"), "thumbnail")))
    assert small.mode == "RGB"
    red = small.getchannel("R")
    assert abs(red.getpixel((2, 2)) - paper) < 12
    assert abs(red.getpixel((20, 20)) - ink[0]) < 12


def test_an_avif_that_calls_itself_heif_is_an_avif(make_source) -> None:
    assert detect(make_source(b"\0\0\0\x20ftypmif1\0\0\0\0mif1avifmiaf" + b"\0" * 40, "a")) == "image"
    assert detect(make_source(b"\0\0\0\x20ftypmif1\0\0\0\0mif1heicmiaf" + b"\0" * 40, "a")) == "heif"
