"""Frames of a page that scripts load after the page itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness.waiting import eventually

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page


def frame_of(page: Page, part: str, seconds: float = 10.0) -> Frame:
    """Wait for a frame whose address holds ``part``, and return it.

    Playwright learns of new frames only while it is asked something, so asking for the title is what makes them come.
    """

    def found() -> Frame | None:
        page.title()
        return next((frame for frame in page.frames[1:] if part in frame.url), None)

    return eventually(found, seconds, what=f"a frame of {part}")
