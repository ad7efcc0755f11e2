"""Users' own renderers as text: what the comment block at their head says, in the manner of PEP 723.

    # /// belvedere
    # inputs = ["*.csv"]
    # title = "Errors by class"
    # ///

Source: PEP 723 (inline script metadata); the block is TOML.
"""

from __future__ import annotations

import posixpath
import tomllib
from dataclasses import dataclass
from glob import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from belvedere.errors import LimitExceeded, MalformedArtifact
from belvedere.model.rendering import Listing, Reference, object_uri
from belvedere.model.storage import RENDERERS_PREFIX

if TYPE_CHECKING:
    from belvedere.model.rendering import Source

SUFFIX = ".viz.py"
BLOCK_START, BLOCK_END = "# /// belvedere", "# ///"
MOST_CODE_BYTES = 1024**2
MOST_LINES_ABOVE = 200
MOST_PATTERNS, LONGEST_PATTERN = 50, 1024
MOST_INPUTS = 50
MOST_INPUT_BYTES, MOST_BYTES_OF_INPUTS = 1024**3, 2 * 1024**3
FIELDS = {"inputs", "patterns", "title"}


@dataclass(frozen=True, slots=True)
class ScriptHeader:
    """What a script says of itself.

    ``inputs`` are patterns of the files it reads, beside it or below (None: not said); ``patterns`` are those of the
    keys that a tenant's registered renderer draws; ``unknown`` are fields that mean nothing here.
    """

    inputs: tuple[str, ...] | None = None
    patterns: tuple[str, ...] = ()
    title: str = ""
    unknown: tuple[str, ...] = ()


def read_code(source: Source) -> str:
    """Return a script's text.

    Raises:
        LimitExceeded, MalformedArtifact: it is too long, or no UTF-8 text.
    """
    return code_of(source.head(MOST_CODE_BYTES + 1))


def code_of(content: bytes) -> str:
    """Return a script's bytes as text; raises as ``read_code``."""
    if len(content) > MOST_CODE_BYTES:
        raise LimitExceeded(f"The script has more than the {MOST_CODE_BYTES:,} bytes allowed.", code="script_size")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = f"The script is no UTF-8 text: byte {error.start:,} cannot be read."
        raise MalformedArtifact(text, code="not_text") from None


def read_header(code: str) -> ScriptHeader:
    """Read the block at the head of a script; a script without one says nothing.

    Raises:
        MalformedArtifact: the block is not closed, no TOML, or a field holds what it should not.
    """
    block = _block(code)
    if block is None:
        return ScriptHeader()
    try:
        fields = tomllib.loads(block)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _bad(f"it is no TOML: {error}") from None
    return ScriptHeader(
        inputs=_patterns(fields, "inputs") if "inputs" in fields else None,
        patterns=_patterns(fields, "patterns"),
        title=_text(fields, "title"),
        unknown=tuple(sorted(fields.keys() - FIELDS))[:MOST_PATTERNS],
    )


def is_registration(key: str) -> bool:
    """Whether a key is the place of a tenant's registered renderer."""
    return key.startswith(RENDERERS_PREFIX)


def inputs_of(source: Source, header: ScriptHeader) -> tuple[Reference | Listing, ...]:
    """Return what a script beside its data reads: what its header says, or the object that it is named after.

    ``scores.csv.viz.py`` reads ``scores.csv``; ``scores.viz.py`` reads ``scores``, ``scores.*`` and what is below
    ``scores/``.
    """
    folder, name = posixpath.split(source.key)
    place = f"{folder}/" if folder else ""
    if header.inputs is not None:
        return (_listing(source, place, header.inputs),) if header.inputs else ()
    stem = name.removesuffix(SUFFIX)
    if "." in stem:
        return (Reference(f"minio://{source.bucket}/{quote(place + stem)}", MOST_INPUT_BYTES),)
    escaped = escape(stem)
    return (_listing(source, place, (escaped, f"{escaped}.*", f"{escaped}/*")),)


def named_inputs(source: Source, header: ScriptHeader) -> dict[str, str]:
    """Return the fetched inputs: their names beside the script, and the addresses under which they were found."""
    named_after = {one.uri: unquote(one.uri) for one in inputs_of(source, header) if isinstance(one, Reference)}
    folder = posixpath.dirname(source.key)
    start = object_uri(source.bucket, f"{folder}/" if folder else "")
    return {
        named_after.get(uri, uri).removeprefix(start): uri
        for uri, related in source.related.items()
        if related.path is not None
    }


def _listing(source: Source, place: str, names: tuple[str, ...]) -> Listing:
    return Listing(object_uri(source.bucket, place), MOST_INPUTS, MOST_INPUT_BYTES, MOST_BYTES_OF_INPUTS, names)


def _block(code: str) -> str | None:
    lines = code.splitlines()[: MOST_LINES_ABOVE + 200]
    starts = [at for at, line in enumerate(lines[:MOST_LINES_ABOVE]) if line.rstrip() == BLOCK_START]
    if not starts:
        return None
    content: list[str] = []
    for line in lines[starts[0] + 1 :]:
        if line.rstrip() == BLOCK_END:
            return "\n".join(content)
        if not line.startswith("#"):
            break
        content.append(line[1:].removeprefix(" "))
    raise _bad(f"it does not end with the line `{BLOCK_END}`")


def _patterns(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    values = fields.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise _bad(f'{name} must be a list of patterns such as ["*.csv"]')
    if len(values) > MOST_PATTERNS or any(len(value) > LONGEST_PATTERN for value in values):
        raise _bad(f"{name} has more than {MOST_PATTERNS} patterns, or one of more than {LONGEST_PATTERN} characters")
    return tuple(values)


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise _bad(f"{name} must be a text")
    return value[:200]


def _bad(what: str) -> MalformedArtifact:
    text = f"The block `{BLOCK_START}` at the head of the script is wrong: {what}."
    return MalformedArtifact(text, code="bad_header")
