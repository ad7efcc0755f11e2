"""From an item to its rendering: fetch, tell the kind, fetch what belongs to it, run users' programs, render."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from belvedere.model.rendering import NOTHING, Limits
from belvedere.model.watch import Watch, watches_of
from belvedere.orchestration.fetching import Fetcher, Wanted
from belvedere.orchestration.user_code import renderer_for, run_programs, run_registered, signed
from belvedere.rendering.detection import detect
from belvedere.rendering.fingerprint import fingerprint_of
from belvedere.rendering.isolation.guard import (
    programs_isolated,
    recognise_isolated,
    references_isolated,
    render_isolated,
)
from belvedere.rendering.users.results import KIND as SCRIPT_KIND
from belvedere.sandbox.choice import sandbox_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from belvedere.catalog.claims import ClaimedItem
    from belvedere.catalog.sources import RegisteredRenderer
    from belvedere.model.rendering import Listing, Reference, Rendering, Source, Usage
    from belvedere.model.user_code import ProgramRun
    from belvedere.orchestration.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Made:
    """A rendering and what it cost."""

    rendering: Rendering
    usage: Usage


class Making:
    """The making of one item's rendering in ``folder``.

    ``watches`` says what the rendering depends on, known once ``fetch`` is through.
    """

    def __init__(self, place: Workplace, item: ClaimedItem, folder: Path, on_wait: Callable[[float], None]) -> None:
        self._place = place
        self._item = item
        self._folder = folder
        self._on_wait = on_wait
        self._settings = place.settings_for(item.tenant)
        self._strictness = self._settings.isolation
        self._own = renderer_for(place.renderers, item.tenant, item.key)
        self.kind = ""
        self.watches: tuple[Watch, ...] = ()
        self._references: tuple[Reference | Listing, ...] = ()

    def fetch(self) -> Source:
        """Fetch the item's bytes and tell their kind.

        Raises:
            ChangedObject, ObjectMissing, BucketMissing, LimitExceeded, AccessDenied, ServiceUnavailable: as ever.
        """
        item = self._item
        source = self._fetcher(self._folder).source(Wanted(item.bucket, item.key, item.version_id, item.etag))
        self.kind = recognise_isolated(source, Limits(), kind=detect(source), strictness=self._strictness)
        return source

    def with_related(self, source: Source) -> Source:
        """Fetch what the artifact refers to.

        Raises:
            BelvedereError: it cannot even be told, or the object store is away.
        """
        references = references_isolated(source, self.limits, kind=self.kind, strictness=self._strictness)
        self._references = references
        self.watches = watches_of(references)
        return replace(source, related=self._fetcher(self._folder).related(source, references))

    def fingerprint(self, source: Source) -> str | None:
        """Return what tells whether another rendering is the same; None where nothing can."""
        if self._own is not None:
            return None
        return fingerprint_of(source, self.kind, self.limits, self._strictness, self._references)

    def render(self, source: Source) -> Made:
        """Run users' programs, if some draw this item, and render.

        Raises:
            BelvedereError: as ``render_isolated``.
        """
        complete = replace(source, ran=self._ran(source))
        render = self._place.ahead.render if self._place.ahead is not None else render_isolated
        result = render(complete, self.limits, strictness=self._strictness, on_wait=self._on_wait, kind=self.kind)
        made = signed(result.rendering, self._own) if self._own is not None else result.rendering
        return Made(made, result.usage)

    @property
    def runs_programs(self) -> bool:
        """Whether a tenant's own program draws the item."""
        return self._own is not None

    @property
    def limits(self) -> Limits:
        """The limits of the item's kind."""
        return self._settings.limits.of(self.kind)

    def _fetcher(self, folder: Path) -> Fetcher:
        place = self._place
        most = Limits(source_bytes=self._settings.limits.most_source_bytes())
        return Fetcher(place.store, folder, place.sources, self._settings.markdown_hosts, most)

    def _ran(self, source: Source) -> Mapping[str, ProgramRun]:
        limits = self._settings.limits.of(SCRIPT_KIND)
        if self._own is not None:
            return self._ran_for_tenant(source, self._own, limits)
        programs = programs_isolated(source, limits, kind=self.kind, strictness=self._strictness)
        if not programs:
            return NOTHING
        return run_programs(sandbox_of(self._settings), source, programs, self._folder, limits, self._on_wait)

    def _ran_for_tenant(self, source: Source, own: RegisteredRenderer, limits: Limits) -> Mapping[str, ProgramRun]:
        folder = self._folder / "script"
        folder.mkdir()
        fetcher = self._fetcher(folder)
        return run_registered(sandbox_of(self._settings), source, own, fetcher, folder, limits, self._on_wait)
