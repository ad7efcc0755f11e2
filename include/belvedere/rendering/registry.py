"""Which renderer takes which kind. Importing this module is cheap; the renderers are imported on first use.

Third parties add theirs by the entry point group ``belvedere.renderers``: each entry names a module that
registers its renderers with the ``renderer`` decorator when it is imported.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import entry_points

from belvedere.errors import RendererUnavailable, UnsupportedArtifact
from belvedere.model.rendering import Facts, Limits, Listing, Reference, Rendering, Source
from belvedere.model.user_code import Program

log = logging.getLogger(__name__)

PROGRAM_HEAD_BYTES = 16 * 1024**2
ENTRY_POINT_GROUP = "belvedere.renderers"
BUILT_IN = (
    "confusion_matrix",
    "roc",
    "table",
    "numpy_array",
    "markdown",
    "image",
    "text",
    "html",
    "kfp_ui_metadata",
    "metrics",
    "coco",
    "onnx",
    "mlflow",
    "pickled",
    "boosted_trees",
    "safetensors",
    "skops",
    "keras",
    "saved_model",
    "pdf",
    "recording",
    "geojson",
    "heif",
    "tensorboard",
    "kfp_classification",
    "kfp_executor_output",
    "vega",
    "plotly",
    "progress",
    "document",
    "archive",
    "code",
    "notebook",
    "viz_script",
)
WARM_LIBRARIES = ("heapq", "duckdb", "nh3", "PIL.ImageOps", "PIL.ImageFile", "PIL.ImageSequence", "charset_normalizer")

Render = Callable[[Source, Limits], Rendering]
Refer = Callable[[Source], tuple[Reference | Listing, ...]]
Programs = Callable[[Source], tuple[Program, ...]]
ReadFacts = Callable[[Source, Limits], Facts]
Recognise = Callable[[Source, bytes], str | None]


@dataclass(frozen=True, slots=True)
class Renderer:
    """One registered renderer: ``name`` (such as ``belvedere.roc``), ``version`` and the kinds it takes.

    ``references`` lists what else the renderer needs of an artifact; None where artifacts of its kinds stand alone.
    ``recognise`` tells its kinds where our detection finds only something generic, such as text. ``programs`` lists
    users' programs to run in the sandbox first; an artifact without the bytes ``program_mark`` has none. ``facts``
    reads what the rendering would have as its facts, and draws nothing.
    """

    name: str
    version: str
    kinds: tuple[str, ...]
    function: Render
    references: Refer | None = None
    recognise: Recognise | None = None
    programs: Programs | None = None
    program_mark: bytes = b""
    facts: ReadFacts | None = None

    def render(self, source: Source, limits: Limits) -> Rendering:
        """Render, and stamp the rendering with this renderer's name and version."""
        return replace(self.function(source, limits), renderer_name=self.name, renderer_version=self.version)


_registered: dict[str, Renderer] = {}


def renderer(
    name: str,
    *,
    version: str,
    kinds: tuple[str, ...],
    references: Refer | None = None,
    recognise: Recognise | None = None,
    programs: Programs | None = None,
    program_mark: bytes = b"",
    facts: ReadFacts | None = None,
) -> Callable[[Render], Render]:
    """Register the decorated function ``(source, limits) -> Rendering`` for ``kinds``.

    A kind that is already taken keeps its first renderer: built-in renderers cannot be replaced silently.
    ``recognise(source, head)`` gets the first 64 kB and returns one of ``kinds`` or None; it is asked where
    built-in detection finds something generic only, runs shut in like the renderer, and has half a second.
    ``programs(source)`` lists users' programs for the sandbox; what came of them is in ``source.ran`` when the
    artifact is rendered (``belvedere.rendering.users.results`` shows it). ``facts(source, limits)`` reads the facts
    alone, for whoever is in a hurry: of progress they are shown before its picture is drawn.
    """

    def register(function: Render) -> Render:
        made = Renderer(name, version, kinds, function, references, recognise, programs, program_mark, facts)
        for kind in kinds:
            holder = _registered.setdefault(kind, made)
            if holder.name != name:
                log.warning("renderer %s asks for the kind %s, which %s has already", name, kind, holder.name)
        return function

    return register


@lru_cache(maxsize=1)
def renderers() -> tuple[Renderer, ...]:
    """Return every renderer, imported; built-in ones first.

    Raises:
        RendererUnavailable: a built-in one cannot be imported.
    """
    for module in BUILT_IN:
        _import_built_in(module)
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        try:
            entry.load()
        except Exception:
            log.exception("renderers of the entry point %s could not be loaded: they are left out", entry.name)
    return tuple(dict.fromkeys(_registered.values()))


def _import_built_in(module: str) -> None:
    name = f"belvedere.rendering.renderers.{module}"
    try:
        importlib.import_module(name)
    except Exception as error:
        text = (
            f"The renderer module {name} cannot be imported ({type(error).__name__}: {error}): mend the installation."
        )
        raise RendererUnavailable(text) from error


def recognisers() -> tuple[Renderer, ...]:
    """Return the renderers that tell their kinds themselves, in the order of their registration."""
    renderers()
    return tuple(each for each in dict.fromkeys(_registered.values()) if each.recognise is not None)


def find_renderer(kind: str) -> Renderer:
    """Return the renderer of ``kind``.

    Raises:
        UnsupportedArtifact: nobody takes that kind.
    """
    renderers()
    if kind not in _registered:
        raise UnsupportedArtifact(f"No renderer takes artifacts of the kind {kind!r}.")
    return _registered[kind]


def has_renderer(kind: str) -> bool:
    """Whether some renderer takes ``kind``."""
    renderers()
    return kind in _registered


def has_references(kind: str) -> bool:
    """Whether artifacts of ``kind`` may point to other objects that their renderer needs."""
    return has_renderer(kind) and _registered[kind].references is not None


def reads_facts(kind: str) -> bool:
    """Whether the renderer of ``kind`` can read its facts alone."""
    return has_renderer(kind) and _registered[kind].facts is not None


def stand_in(kind: str, chosen: Renderer) -> None:
    """Have ``kind`` rendered by another renderer from now on, in this process: for the conformance kit."""
    _registered[kind] = chosen


def may_have_programs(kind: str, source: Source) -> bool:
    """Whether an artifact may hold users' programs; looks for a few bytes, and reads no artifact of other kinds."""
    if not has_renderer(kind) or _registered[kind].programs is None:
        return False
    mark = _registered[kind].program_mark
    return not mark or mark in source.head(PROGRAM_HEAD_BYTES)


def warm() -> None:
    """Import and exercise all that rendering needs, so that processes forked from this one pay nothing for it.

    Takes about a second; leaves no thread, connection or open file behind.
    """
    for library in WARM_LIBRARIES:
        importlib.import_module(library)
    renderers()
    for module in BUILT_IN:
        prepare = getattr(importlib.import_module(f"belvedere.rendering.renderers.{module}"), "warm", None)
        if prepare is not None:
            prepare()
    importlib.import_module("belvedere.rendering.isolation.guard").prepare()
    importlib.import_module("belvedere.rendering.specimens").exercise()
