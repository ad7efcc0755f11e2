from __future__ import annotations

import base64
import hashlib

from hypothesis import given
from hypothesis import strategies as st

from belvedere.gallery.framing import HELPER, HELPER_HASH, HELPER_TAG, Theme, in_theme, with_helper

SHEET = b"<style>body{color:black}@media (prefers-color-scheme: dark){body{color:white}}</style>"


def test_the_helper_comes_after_the_page() -> None:
    assert b"".join(with_helper(iter([b"<p>a", b"</p>"]))) == b"<p>a</p>" + HELPER_TAG


def test_the_helper_is_the_script_whose_hash_the_policy_allows() -> None:
    digest = base64.b64encode(hashlib.sha256(HELPER).digest()).decode()

    assert f"sha256-{digest}" == HELPER_HASH
    assert b"</script" not in HELPER


def test_a_page_in_utf_16_is_left_alone() -> None:
    page = "<p>a".encode("utf-16")

    assert b"".join(with_helper(iter([page]))) == page


def test_a_style_sheets_preference_is_decided_for_the_theme_of_the_page_around() -> None:
    assert b"@media (min-width: 0px){body{color:white}}" in in_theme(SHEET, Theme.DARK)
    assert b"@media (max-width: 0px){body{color:white}}" in in_theme(SHEET, Theme.LIGHT)
    assert b":root{color-scheme:dark}" in in_theme(SHEET, Theme.DARK)


def test_text_that_speaks_of_preferences_stays_as_it_is() -> None:
    page = b"<pre>@media (prefers-color-scheme: dark)</pre>"

    assert in_theme(page, Theme.DARK).startswith(page)


@given(st.binary(), st.sampled_from(Theme))
def test_no_page_loses_anything_but_preferences(page: bytes, theme: Theme) -> None:
    assert in_theme(page, theme).startswith(page) or b"prefers-color-scheme" in page.lower()
