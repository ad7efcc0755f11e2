from __future__ import annotations

import pytest

from belvedere.gallery import policies
from belvedere.gallery.framing import HELPER_HASH
from belvedere.gallery.policies import PreviewPolicy, Serving, serving

ALL = [
    policies.inert(),
    policies.inert_media(),
    policies.page(HELPER_HASH),
    policies.active(),
    policies.interactive(),
]


def directives(policy: PreviewPolicy) -> dict[str, list[str]]:
    words = [directive.split() for directive in policy.headers()["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in words}


@pytest.mark.parametrize("policy", ALL)
def test_every_preview_is_sandboxed_without_an_origin_and_without_a_way_out(policy: PreviewPolicy) -> None:
    said = directives(policy)

    assert set(said["sandbox"]) <= {"allow-scripts"}
    assert said["default-src"] == said["connect-src"] == said["form-action"] == said["base-uri"] == ["'none'"]
    assert said["frame-ancestors"] == ["'self'"]
    assert not [source for name, values in said.items() for source in values if "*" in source or "http" in source], said


@pytest.mark.parametrize("policy", ALL)
def test_every_preview_says_what_it_is_and_tells_nobody_where_it_was(policy: PreviewPolicy) -> None:
    headers = policy.headers()

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Connection-Allowlist"] in ("()", "(response-origin)")


def test_only_users_pages_run_their_own_scripts() -> None:
    assert directives(policies.inert())["script-src"] == ["'none'"]
    assert directives(policies.page(HELPER_HASH))["script-src"] == [f"'{HELPER_HASH}'"]
    assert directives(policies.interactive())["script-src"] == ["'self'"]
    assert "'unsafe-inline'" in directives(policies.active())["script-src"]


def test_a_page_that_says_it_is_active_wins_script_and_no_way_out() -> None:
    """A child that was taken over may say so of any page: this is all it gets."""
    quiet, active = (policies.page(HELPER_HASH).headers(), policies.active().headers())
    differing = {name for name in quiet | active if quiet.get(name) != active.get(name)}
    said, claimed = directives(policies.page(HELPER_HASH)), directives(policies.active())

    assert differing == {"Content-Security-Policy"}
    assert {name for name in said | claimed if said.get(name) != claimed.get(name)} == {"script-src", "worker-src"}
    assert set(claimed["worker-src"]) == {"data:", "blob:"}


def test_our_own_pages_run_no_inline_script() -> None:
    assert "script-src 'self';" in policies.PAGE_POLICY
    assert "unsafe" not in policies.PAGE_POLICY


@pytest.mark.parametrize(
    ("declared", "served"),
    [
        ("text/html", Serving("text/html", download=False)),
        ("text/html; charset=utf-8", Serving("text/html; charset=utf-8", download=False)),
        ("TEXT/HTML", Serving("text/html", download=False)),
        ("image/svg+xml", Serving("image/svg+xml", download=False)),
        ("application/vnd.vegalite.v6+json", Serving("application/json", download=False)),
        ("text/csv", Serving("text/plain; charset=utf-8", download=False)),
        ("application/xhtml+xml", Serving("application/octet-stream", download=True)),
        ("text/xml", Serving("application/octet-stream", download=True)),
        ("application/javascript", Serving("application/octet-stream", download=True)),
        ("text/html\r\nX-Evil: 1", Serving("application/octet-stream", download=True)),
        ("", Serving("text/plain; charset=utf-8", download=False)),
    ],
)
def test_media_types_come_from_a_closed_list(declared: str, served: Serving) -> None:
    assert serving(declared) == served


def test_only_sounds_and_videos_are_played_and_none_of_them_as_anything_else() -> None:
    assert all(media_type.startswith(("audio/", "video/")) for media_type in policies.PLAYED)
    assert not policies.PLAYED & policies.SHOWN
    assert directives(policies.inert_media())["media-src"] == ["'self'"]
    assert directives(policies.inert_media())["script-src"] == ["'none'"]
