"""What a browser may do with each thing the gallery serves: content security policies and media types.

Two doors stand between an artifact and whoever looks at it. The frame's ``sandbox`` attribute without
``allow-same-origin``, and the same again as a header, so that a preview opened directly is as harmless.
A sandboxed frame may still navigate itself and speak WebRTC: the first is stopped by the embedding page's
``frame-src``, the second by ``Connection-Allowlist`` (measured in Chromium 156: nothing else stops STUN).

Whether a page gets ``page`` or ``active`` is told by its rendering (``Output.active``), and so, in the worst case,
by a renderer that hostile bytes have taken over. That is safe by construction: ``active`` lets scripts run, and
gives them nothing to run against. Their origin is opaque (``sandbox`` without ``allow-same-origin``: no cookie, no
storage, no reach into the page around), every directive that could fetch, post or frame says ``none`` or inline
data, popups, forms and navigation of others stay forbidden by the sandbox, and connections of any kind have an
empty allow-list. The two policies differ in ``script-src`` and ``worker-src`` alone (held by a test), so all that
a lie can win is to run script in a place where users' HTML runs anyway, and where it was put to be watched.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

NOWHERE = "()"
HERE = "(response-origin)"

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'self'"
)
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-DNS-Prefetch-Control": "off",
    "Content-Security-Policy": PAGE_POLICY,
    "Cache-Control": "private, no-store",
}

CLOSED = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; "
    "connect-src 'none'; form-action 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'self'"
)


@dataclass(frozen=True, slots=True)
class PreviewPolicy:
    """The policy of one class of previews; ``connects`` is its ``Connection-Allowlist``."""

    directives: str
    connects: str = NOWHERE

    def headers(self) -> dict[str, str]:
        """Return the response headers that state the policy."""
        return {
            "Content-Security-Policy": self.directives,
            "Connection-Allowlist": self.connects,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-DNS-Prefetch-Control": "off",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), midi=()",
        }


def inert() -> PreviewPolicy:
    """For pictures and data: no script at all."""
    return PreviewPolicy(f"sandbox; {CLOSED}; script-src 'none'")


def inert_media() -> PreviewPolicy:
    """For the bytes of a sound or video: opened as a page of its own, nothing but a player stands there."""
    closed = CLOSED.replace("media-src data: blob:", "media-src 'self'")
    return PreviewPolicy(f"sandbox; {closed}; script-src 'none'")


def page(helper_hash: str) -> PreviewPolicy:
    """For renderers' pages: no script but the frame's helper, known by its hash."""
    return PreviewPolicy(f"sandbox allow-scripts; {CLOSED}; script-src '{helper_hash}'; frame-src data: blob: about:")


def active() -> PreviewPolicy:
    """For users' HTML: any script it brings along, in an opaque origin and without any way out.

    ``unsafe-eval`` and ``blob:`` add nothing to what inline script may do already, and reports made by
    altair, plotly and itables need them.
    """
    scripts = "script-src 'unsafe-inline' 'unsafe-eval' data: blob:; worker-src data: blob:"
    return PreviewPolicy(f"sandbox allow-scripts; {CLOSED}; {scripts}; frame-src data: blob: about:")


def interactive() -> PreviewPolicy:
    """For the gallery's own chart shell: its scripts come from the gallery, the chart is data."""
    return PreviewPolicy(f"sandbox allow-scripts; {CLOSED}; script-src 'self'", connects=HERE)


SHOWN = {
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "text/plain",
    "text/csv",
    "application/json",
}


PLAYED = frozenset(
    {
        "audio/aac",
        "audio/flac",
        "audio/mp4",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "audio/webm",
        "audio/x-matroska",
        "video/mp4",
        "video/ogg",
        "video/quicktime",
        "video/webm",
        "video/x-matroska",
        "video/x-msvideo",
    }
)


@dataclass(frozen=True, slots=True)
class Serving:
    """With which media type something is served, and whether only as a download."""

    media_type: str
    download: bool


def serving(media_type: str) -> Serving:
    """Decide how to serve a renderer's output: from a closed list, everything else as a download."""
    parsed = Message()
    parsed["Content-Type"] = media_type
    plain = parsed.get_content_type()
    if plain.endswith("+json"):
        plain = "application/json"
    if plain not in SHOWN:
        return Serving("application/octet-stream", download=True)
    if plain.startswith("text/") and plain != "text/html":
        return Serving("text/plain; charset=utf-8", download=False)
    charset = parsed.get_content_charset()
    return Serving(f"{plain}; charset={charset}" if charset and charset.isascii() else plain, download=False)
