"""Sounds and videos: what their headers say, and the waveform of a WAV file; nothing is decoded."""

from __future__ import annotations

import io
import math
import struct
import wave
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.rendering.conftest import page_of

from belvedere.errors import BelvedereError, MalformedArtifact
from belvedere.gallery.policies import PLAYED
from belvedere.model.rendering import Limits, Source
from belvedere.rendering.detection import detect
from belvedere.rendering.isolation.inmate import render_here
from belvedere.rendering.recordings.mpeg_audio import mp3_frame

if TYPE_CHECKING:
    from belvedere.model.rendering import Rendering

SAMPLES = Path(__file__).parents[2] / "samples" / "media"


def wav(seconds: float = 1.0, rate: int = 8000, channels: int = 1, width: int = 2, loud: float = 0.5) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        frames = bytearray()
        for at in range(int(seconds * rate)):
            value = loud * math.sin(at / 8)
            whole = round(value * (2 ** (8 * width - 1) - 1))
            one = bytes([128 + whole]) if width == 1 else whole.to_bytes(width, "little", signed=True)
            frames += one * channels
        sound.writeframes(bytes(frames))
    return file.getvalue()


def mp3(frames: int, tag: bytes = b"", first: bytes = b"") -> bytes:
    """Frames of MPEG 1 layer III, 128 kbit/s, 44.1 kHz, stereo: 417 bytes each."""
    one = b"\xff\xfb\x90\x00" + b"\0" * 413
    return tag + (b"\xff\xfb\x90\x00" + first.ljust(413, b"\0") if first else b"") + one * frames


def flac(seconds: int) -> bytes:
    packed = (44100 << 44) | (1 << 41) | (15 << 36) | 44100 * seconds
    return b"fLaC\x80\0\0\x22" + b"\x10\0" * 2 + b"\0" * 6 + packed.to_bytes(8, "big") + b"\0" * 16 + b"\xff\xf8" * 50


def ogg_page(kind: int, position: int, payload: bytes) -> bytes:
    return b"OggS\0" + bytes([kind]) + struct.pack("<qIII", position, 7, 0, 0) + bytes([1, len(payload)]) + payload


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def avi() -> bytes:
    head = struct.pack("<IIIIIIIIII16x", 40_000, 0, 0, 0, 75, 0, 1, 0, 320, 240)
    form = struct.pack("<IiiHH4sIiiII", 40, 320, -240, 1, 24, b"MJPG", 0, 0, 0, 0, 0)
    stream = chunk(b"LIST", b"strl" + chunk(b"strh", b"vidsMJPG" + b"\0" * 48) + chunk(b"strf", form))
    return chunk(b"RIFF", b"AVI " + chunk(b"LIST", b"hdrl" + chunk(b"avih", head) + stream) + chunk(b"LIST", b"movi"))


OPUS = ogg_page(2, 0, b"OpusHead\x01\x02" + struct.pack("<HIhB", 312, 44100, 0, 0))
VORBIS = ogg_page(2, 0, b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 2, 48_000, 0, 96_000, 0, 0xB8, 1))
MADE = {
    "a.wav": (wav(1.5), "audio", {"container": "WAV", "duration_seconds": 1.5, "codec": "PCM", "sample_rate": 8000}),
    "a.flac": (flac(3), "audio", {"container": "FLAC", "duration_seconds": 3.0, "channels": 2, "bits": 16}),
    "a.mp3": (mp3(100), "audio", {"container": "MP3", "duration_seconds": 2.606, "sample_rate": 44100}),
    "a.opus": (OPUS + ogg_page(4, 48_000 * 5 + 312, b"x"), "audio", {"codec": "Opus", "duration_seconds": 5.0}),
    "a.ogg": (VORBIS + ogg_page(4, 96_000, b"x"), "audio", {"codec": "Vorbis", "duration_seconds": 2.0}),
    "a.avi": (avi(), "video", {"codec": "MJPG", "width": 320, "height": 240, "duration_seconds": 3.0}),
}


def facts_of(rendering: Rendering, kind: str) -> dict[str, Any]:
    assert rendering.kind == kind
    facts = dict(rendering.facts[kind])
    assert facts["media_type"] in PLAYED
    return facts


@pytest.mark.parametrize("name", MADE)
def test_headers_are_read_whatever_the_name(render, name: str) -> None:
    content, kind, wanted = MADE[name]
    facts = facts_of(render(content, "runs/sound.bin"), kind)
    assert {key: facts.get(key) for key in wanted} == wanted


@pytest.mark.parametrize(
    ("name", "kind", "wanted"),
    [
        (
            "clip.webm",
            "video",
            {"container": "WebM", "codec": "VP8", "width": 160, "height": 96, "audio_codec": "Opus"},
        ),
        ("clip.mkv", "video", {"container": "Matroska", "codec": "H.264", "media_type": "video/x-matroska"}),
        (
            "tone.webm",
            "audio",
            {"container": "WebM", "codec": "Opus", "media_type": "audio/webm", "sample_rate": 48000},
        ),
        ("vp9.mp4", "video", {"container": "MP4", "codec": "VP9", "media_type": "video/mp4", "width": 160}),
    ],
)
def test_recordings_of_a_browser_are_read(render, name: str, kind: str, wanted: dict[str, Any]) -> None:
    rendering = render((SAMPLES / name).read_bytes(), f"runs/{name}")
    facts = facts_of(rendering, kind)
    assert {key: facts[key] for key in wanted} == wanted
    assert 1.0 < facts["duration_seconds"] < 1.4
    assert facts["codec"] in page_of(rendering)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_a_waveform_is_as_loud_as_the_sound(render, width: int) -> None:
    rendering = render(wav(width=width, loud=0.5, channels=2), "runs/a.wav")
    figure = next(one.content.decode() for one in rendering.outputs if one.role == "figure")
    assert figure.count("<polygon") == 2
    assert "Peak -6." in page_of(rendering)
    assert "Silence" in page_of(render(wav(loud=0), "runs/a.wav"))


def test_a_cut_wav_file_is_shown_as_far_as_it_goes_and_says_so(render) -> None:
    whole = wav(2)
    rendering = render(whole[: len(whole) // 2], "runs/a.wav")
    assert "truncated" in rendering.warnings[0]
    assert facts_of(rendering, "audio")["duration_seconds"] == pytest.approx(1.0, abs=0.01)


def test_the_length_of_an_mp3_comes_from_its_own_count_where_it_has_one(render) -> None:
    counted = b"\0" * 32 + b"Info" + struct.pack(">II", 1, 5000)
    assert facts_of(render(mp3(10, first=counted), "a.mp3"), "audio")["duration_seconds"] == pytest.approx(130.612)
    tagged = mp3(100, tag=b"ID3\x04\0\0\0\0\x02\x00" + b"\xff\xfb" * 128)
    assert facts_of(render(tagged, "a.mp3"), "audio")["duration_seconds"] == pytest.approx(2.606)


def test_what_browsers_seldom_play_is_said(render) -> None:
    assert "download" in render(avi(), "a.avi").warnings[0]


def test_text_that_begins_like_a_frame_is_no_sound(make_source) -> None:
    assert detect(make_source(b"\xff\xfb\x90\x00" + b"no second frame" * 100, "x")) == "binary"
    assert mp3_frame(b"\xff\xfb\xf0\x00") is None


@pytest.mark.parametrize(
    "content", [b"ID3" + b"\0" * 50, b"fLaC" + b"\0" * 10, b"RIFF\0\0\0\0WAVE", b"\0\0\0\x18ftypmp42" + b"\0" * 12]
)
def test_headers_alone_are_explained(render, content: bytes) -> None:
    with suppress(MalformedArtifact):
        assert render(content, "a.mp3").warnings


@pytest.mark.parametrize("name", [*MADE, "clip.webm", "vp9.mp4", "clip.mkv"])
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_flipped_bytes_end_in_a_rendering_or_an_explained_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    content = bytearray(MADE[name][0] if name in MADE else (SAMPLES / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, min(400, len(content) - 1)))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(12, len(content)))]
    path = tmp_path_factory.getbasetemp() / "flipped.media"
    path.write_bytes(content)
    with suppress(BelvedereError):
        assert render_here(Source("b", "x.mp4", "e", "", "", len(content), path), Limits(), "video").outputs
