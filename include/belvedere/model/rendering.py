"""What a renderer takes and gives: bytes in, outputs out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from belvedere.model.user_code import ProgramRun

Role = Literal["page", "figure", "thumbnail", "data"]
Facts = Mapping[str, Any]
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reference:
    """Something an artifact points to and its renderer needs, as written in the artifact.

    ``uri`` is a ``minio://bucket/key`` or ``s3://bucket/key`` address; some kinds allow ``https://`` ones too.
    """

    uri: str
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A folder whose objects an artifact belongs together with, as far as its renderer wants to see them.

    ``uri`` is ``minio://bucket/prefix/`` (or the bucket alone), the prefix written as it is, without escapes.
    Objects below it, at any depth, are found whose key's rest after the prefix matches one of the ``names``
    (patterns of ``fnmatch``, where ``*`` takes slashes too), in the order of their keys: at most ``max_objects``.
    One of more than ``max_bytes_each`` bytes, or beyond ``max_bytes`` in all, is told with its size but not fetched.
    """

    uri: str
    max_objects: int
    max_bytes_each: int
    max_bytes: int
    names: tuple[str, ...] = ("*",)


def object_uri(bucket: str, key: str) -> str:
    """Return the address under which an object found by a ``Listing`` stands in ``Source.related``."""
    return f"minio://{bucket}/{key}"


@dataclass(frozen=True, slots=True)
class Related:
    """A fetched reference: a local file, or the reason why there is none (ready to be shown to people)."""

    uri: str
    path: Path | None
    size: int
    content_type: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One artifact to render: its bytes are the local file ``path`` (read-only), ``size`` bytes long.

    ``related`` maps each reference's address to what it led to, and the ``object_uri`` of each object that a
    listing found to that object; a listing that could not be followed, or not to its end, stands there itself.
    ``ran`` holds what came of users' programs, by their names.
    """

    bucket: str
    key: str
    etag: str
    version_id: str
    content_type: str
    size: int
    path: Path
    related: Mapping[str, Related] = field(default_factory=dict)
    ran: Mapping[str, ProgramRun] = field(default_factory=dict)

    def head(self, length: int = 8192) -> bytes:
        """Return the first ``length`` bytes."""
        with self.path.open("rb") as file:
            return file.read(length)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one rendering may use. Sizes in bytes, times in seconds.

    Of what holds other things: ``members`` looked at, ``expanded_bytes`` read out of compressed ones, at most
    ``expansion_ratio`` times the bytes that were packed, ``depth`` levels of nesting, ``pages`` drawn.
    """

    source_bytes: int = 2 * 1024**3
    memory_bytes: int = 768 * 1024**2
    cpu_seconds: int = 60
    wall_seconds: float = 90.0
    output_bytes: int = 32 * 1024**2
    open_files: int = 64
    image_pixels: int = 64_000_000
    table_cells_shown: int = 20_000
    text_bytes_shown: int = 400_000
    rows_sampled: int = 200_000
    members: int = 10_000
    expanded_bytes: int = 1024**3
    expansion_ratio: int = 200
    depth: int = 64
    pages: int = 8


@dataclass(frozen=True, slots=True)
class Output:
    """One file of a rendering. ``name`` is its file name, such as ``figure.svg``.

    ``active``: a page that is or holds users' own HTML, whose scripts are to run: it is served in an opaque origin
    without any way out. It grants nothing more than that, so whoever sets it wins nothing.
    """

    role: Role
    name: str
    media_type: str
    content: bytes
    active: bool = False


@dataclass(frozen=True, slots=True)
class Sampled:
    """An honest note that only a part was looked at: ``shown`` of ``total`` ``unit`` (total None: unknown)."""

    shown: int
    total: int | None
    unit: str


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a renderer made of one artifact.

    ``facts`` hold the machine-readable truth under the names of the design (``roc``, ``table`` ...);
    ``alt_text`` says in one sentence what the figure shows; ``warnings`` are shown to people as they are.
    ``members`` are keys in the artifact's own bucket that are parts of it, such as the images beside a COCO file:
    the gallery shows them with it. Only what its references and listings reach can be a member.
    """

    kind: str
    renderer_name: str
    renderer_version: str
    title: str
    alt_text: str
    facts: Facts
    outputs: tuple[Output, ...]
    warnings: tuple[str, ...] = ()
    sampled: Sampled | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What one rendering cost: seconds and bytes, and which protections were in force."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    isolation: tuple[str, ...] = ()
