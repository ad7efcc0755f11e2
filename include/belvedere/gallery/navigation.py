"""The bar above every page: the pages there are for this viewer, the one shown, and whose artifacts they see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from belvedere.gallery.auth import login_address
from belvedere.gallery.framing import Theme
from belvedere.gallery.resources import root_of
from belvedere.model.access import ALL_TENANTS, Role, Viewer

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import Request

MOST_TENANTS = 3
# Written by js/head.js.
THEME_COOKIE = "belvedere-theme"


def _everyone(_: Viewer | None) -> bool:
    return True


def _with_a_tenant(who: Viewer | None) -> bool:
    return who is not None and (who.operates or bool(who.roles))


def _members(who: Viewer | None) -> bool:
    return who is not None and (who.operates or Role.MEMBER in who.roles.values())


def _overseers(who: Viewer | None) -> bool:
    return who is not None and who.tenants is None


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the bar: its words, its path, what else counts as being there, and who is shown it."""

    label: str
    path: str
    beneath: tuple[str, ...] = ()
    is_for: Callable[[Viewer | None], bool] = _everyone

    def holds(self, path: str) -> bool:
        """Tell whether a path is this page or beneath it."""
        return path == self.path or any(path.startswith(part) for part in self.beneath)


PLACES = (
    Place("Wall", "/", ("/artifacts/", "/runs", "/compare", "/dags/")),
    Place("Upload", "/upload", is_for=_members),
    Place("Tenants", "/tenants", ("/tenants/", "/changes"), is_for=_with_a_tenant),
    Place("Operations", "/operations", is_for=_overseers),
    Place("Notifications", "/notifications", is_for=_with_a_tenant),
    Place("Help", "/help"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the bar."""

    label: str
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Who looks, in words; ``tenants`` are named while they are few, ``more`` counts the others."""

    name: str
    role: str
    tenants: tuple[str, ...]
    more: int


def around(request: Request) -> dict[str, Any]:
    """Return what the frame around every page needs; the templates' context processor."""
    root = root_of(request)
    path = request.url.path.removeprefix(root)
    who: Viewer | None = getattr(request.state, "viewer", None)
    entries = [Entry(place.label, root + place.path, place.holds(path)) for place in PLACES if place.is_for(who)]
    return {
        "root": root,
        "user": who.name if who else "",
        "theme": theme_of(request),
        "entries": entries,
        "standing": standing(who) if who else None,
        "login": login_of(request) if getattr(request.state, "public", False) else "",
    }


def theme_of(request: Request) -> str:
    """Return the colours in which the browser has shown pages so far, if it has."""
    theme = request.cookies.get(THEME_COOKIE, "")
    return theme if theme in tuple(Theme) else ""


def login_of(request: Request) -> str:
    """Return where to log in and come back to the page that is asked for."""
    server_root = root_of(request).removesuffix(request.app.state.settings.gallery_path)
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return login_address(server_root, path)


def standing(who: Viewer) -> Standing:
    """Say who looks and whose artifacts they see."""
    if who.operates:
        return Standing(who.name, "operator, all tenants", (), 0)
    if who.roles.get(ALL_TENANTS) is Role.AUDITOR:
        return Standing(who.name, "auditor, all tenants", (), 0)
    names = who.tenants or ()
    return Standing(who.name, "" if names else "in no tenant yet", names[:MOST_TENANTS], len(names[MOST_TENANTS:]))
