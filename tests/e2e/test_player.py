"""Sounds and videos play in the artifact's page in a real browser, and jump by ranges."""

from __future__ import annotations

import io
import math
import struct
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from tests.harness.own_gallery import OwnGallery

SAMPLES = Path(__file__).parents[1] / "samples" / "media"


@pytest.fixture
def tab(browser: Browser, own: OwnGallery) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def tone(seconds: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(48_000)
        one = b"".join(struct.pack("<h", int(9000 * math.sin(at / 20))) for at in range(48_000))
        sound.writeframes(one * seconds)
    return file.getvalue()


def is_true(tab: Page, expression: str) -> None:
    """Wait for it from outside: the page's policy lets nobody evaluate text inside."""
    eventually(lambda: tab.evaluate(expression), 20.0, what=expression)


def test_a_long_sound_is_played_from_its_middle_by_a_range(tab: Page, own: OwnGallery) -> None:
    facts = {"audio": {"media_type": "audio/wav"}}
    artifact = own.hang("player/tone.wav", {}, source=tone(120), kind="audio", facts=facts)
    asked: list[str] = []
    tab.on("response", lambda one: asked.append(one.headers.get("content-range", "")) if "/media" in one.url else None)
    tab.goto(f"{own.url}/belvedere/artifacts/{artifact}")
    is_true(tab, "document.querySelector('audio').readyState >= 1")

    assert tab.evaluate("Math.round(document.querySelector('audio').duration)") == 120
    tab.evaluate("document.querySelector('audio').muted = true; document.querySelector('audio').currentTime = 100")
    tab.evaluate("document.querySelector('audio').play()")
    is_true(tab, "document.querySelector('audio').currentTime > 100.2")

    starts = [int(one.removeprefix("bytes ").partition("-")[0]) for one in asked if one]
    assert max(starts) > 5_000_000, "the browser asked for the middle, not for all that is before it"


def test_a_video_shows_its_pictures(tab: Page, own: OwnGallery) -> None:
    content = (SAMPLES / "clip.webm").read_bytes()
    facts = {"video": {"media_type": "video/webm"}}
    artifact = own.hang("player/clip.webm", {}, source=content, kind="video", facts=facts)
    tab.goto(f"{own.url}/belvedere/artifacts/{artifact}")
    is_true(tab, "document.querySelector('video').readyState >= 2")

    assert tab.evaluate(
        "[document.querySelector('video').videoWidth, document.querySelector('video').videoHeight]"
    ) == [
        160,
        96,
    ]


def test_what_a_browser_cannot_play_is_said(tab: Page, own: OwnGallery) -> None:
    facts = {"video": {"media_type": "video/mp4"}}
    artifact = own.hang("player/broken.mp4", {}, source=b"no video at all", kind="video", facts=facts)
    tab.goto(f"{own.url}/belvedere/artifacts/{artifact}")

    tab.wait_for_selector(".player-trouble:not([hidden])")
    assert "cannot play" in tab.inner_text(".player-trouble")
