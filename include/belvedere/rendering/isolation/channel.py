"""How a rendering travels from its child process to us: JSON and raw bytes, never pickles, and nothing is believed.

A message is eight bytes of header length, the header (JSON), and the contents of the outputs one after another.
The child may have been taken over by what it read, so ``decode`` checks every field before it becomes ours.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast, get_args

from belvedere.errors import (
    BelvedereError,
    IsolationUnavailable,
    LimitExceeded,
    MalformedArtifact,
    RendererCrashed,
    RendererUnavailable,
    UnsupportedArtifact,
)
from belvedere.model.rendering import Facts, Listing, Output, Reference, Rendering, Role, Sampled
from belvedere.model.user_code import Program
from belvedere.rendering.texts.plaintext import clean

LENGTH = struct.Struct(">Q")
MAX_HEADER_BYTES = 8 * 1024**2
MAX_DEPTH = 40
MAX_WARNINGS, MAX_WARNING_CHARACTERS = 200, 1000
MAX_INTEGER_BITS = 1024
MAX_MEMBERS, MAX_KEY_BYTES = 10_000, 1024
MAX_PROGRAMS, MAX_INPUTS = 20, 100
MAX_REFERENCES, MAX_NAMES = 1000, 100
OUTPUT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(; ?charset=[a-z0-9-]+)?")
ERROR_CODE = re.compile(r"[a-z0-9_]{1,40}")
ROLES = get_args(Role)
ERRORS: dict[str, type[BelvedereError]] = {
    error.__name__: error
    for error in (
        UnsupportedArtifact,
        MalformedArtifact,
        LimitExceeded,
        IsolationUnavailable,
        RendererUnavailable,
        RendererCrashed,
    )
}


def plain(value: Any, depth: int = 0) -> Any:
    """Return ``value`` as JSON and PostgreSQL can hold it: no NaN, no control characters, no bottomless nesting."""
    if depth > MAX_DEPTH:
        return "..."
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        return "an integer of more than 300 digits"
    return value if value is None or isinstance(value, bool | int | float) else clean(str(value))


def _message(header: dict[str, Any], contents: Sequence[bytes] = ()) -> bytes:
    encoded = json.dumps(header, ensure_ascii=True, allow_nan=False).encode()
    if len(encoded) > MAX_HEADER_BYTES:
        text = f"The facts of this rendering take {len(encoded):,} bytes, more than {MAX_HEADER_BYTES:,}."
        return encode_error(LimitExceeded(text, code="output_size"))
    return b"".join((LENGTH.pack(len(encoded)), encoded, *contents))


def _one_line(text: str) -> str:
    """Titles carry names that strangers chose: no line ends in them, which some readers take for more than space."""
    return " ".join(clean(text).split())


def encode_error(error: BelvedereError) -> bytes:
    """Write an error that the child wants to tell us."""
    return _message(
        {"error": {"type": type(error).__name__, "code": error.code, "message": clean(error.message)[:2000]}}
    )


def encode_content(content: bytes) -> bytes:
    """Write plain bytes: what other work than rendering gives."""
    return _message({"content": len(content)}, [content])


def decode_content(message: bytes) -> bytes:
    """Read plain bytes.

    Raises:
        RendererCrashed: the message is incomplete or not ours.
        BelvedereError: whatever the child had to say.
    """
    header, content = split(message)
    _expect(header.get("content") == len(content), "content")
    return bytes(content)


def encode_references(references: Sequence[Reference | Listing]) -> bytes:
    """Write what an artifact points to."""
    items = [{**asdict(item), "uri": clean(item.uri)} for item in references[:MAX_REFERENCES]]
    return _message({"references": items})


def encode_programs(programs: Sequence[Program]) -> bytes:
    """Write users' programs, to be run in the sandbox."""
    items = [asdict(program) for program in programs]
    return _message({"programs": items})


def encode_facts(facts: Facts) -> bytes:
    """Write facts that were read without drawing anything."""
    return _message({"facts": plain(facts)})


def encode_kind(kind: str, problems: Sequence[str]) -> bytes:
    """Write what recognisers found, and what was wrong with some of them."""
    return _message({"kind": kind, "problems": [clean(text)[:MAX_WARNING_CHARACTERS] for text in problems]})


def encode_rendering(rendering: Rendering, in_force: Sequence[str]) -> bytes:
    """Write a rendering and the protections it was made under."""
    sampled = rendering.sampled
    header = {
        "kind": rendering.kind,
        "renderer_name": rendering.renderer_name,
        "renderer_version": rendering.renderer_version,
        "title": _one_line(rendering.title)[:500],
        "alt_text": _one_line(rendering.alt_text)[:2000],
        "facts": plain(rendering.facts),
        "warnings": [clean(text)[:MAX_WARNING_CHARACTERS] for text in rendering.warnings[:MAX_WARNINGS]],
        "sampled": sampled and {"shown": sampled.shown, "total": sampled.total, "unit": sampled.unit},
        "outputs": [
            [item.role, item.name, item.media_type, len(item.content), item.active] for item in rendering.outputs
        ],
        "members": list(rendering.members[:MAX_MEMBERS]),
        "isolation": list(in_force),
    }
    return _message(header, [item.content for item in rendering.outputs])


def _expect(condition: bool, what: str) -> None:
    if not condition:
        raise RendererCrashed(f"The rendering process sent something unreadable ({what}).")


def _text(header: Mapping[str, Any], name: str) -> str:
    value = header.get(name)
    _expect(isinstance(value, str), name)
    return cast("str", value)


def _texts(header: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = header.get(name)
    _expect(isinstance(values, list) and all(isinstance(value, str) for value in values), name)
    return tuple(cast("list[str]", values))


def split(message: bytes) -> tuple[dict[str, Any], memoryview]:
    """Return the header of a message and what follows it; raise the error that it carries, if it carries one.

    Raises:
        RendererCrashed: the message is incomplete or not ours.
        BelvedereError: whatever the child had to say.
    """
    _expect(len(message) >= LENGTH.size, "no header")
    (length,) = LENGTH.unpack_from(message)
    end = LENGTH.size + length
    _expect(length <= MAX_HEADER_BYTES and end <= len(message), "header length")
    try:
        header = json.loads(message[LENGTH.size : end])
    except (ValueError, RecursionError):
        header = None
    _expect(isinstance(header, dict), "header")
    if "error" in header:
        _raise(header["error"])
    return header, memoryview(message)[end:]


def _raise(error: Any) -> None:
    _expect(isinstance(error, dict) and error.get("type") in ERRORS, "error")
    code = _text(error, "code")
    _expect(ERROR_CODE.fullmatch(code) is not None, "error code")
    raise ERRORS[error["type"]](_text(error, "message"), code=code)


def decode_references(message: bytes) -> tuple[Reference | Listing, ...]:
    """Read what an artifact points to; raises as ``split``."""
    header, _ = split(message)
    items = header.get("references")
    _expect(isinstance(items, list) and len(items) <= MAX_REFERENCES, "references")
    return tuple(_reference(item) for item in cast("list[Any]", items))


def _reference(item: Any) -> Reference | Listing:
    _expect(isinstance(item, dict), "reference")
    uri, max_bytes = _text(item, "uri"), _size(item, "max_bytes")
    if "names" not in item:
        return Reference(uri, max_bytes)
    names = _texts(item, "names")
    _expect(len(names) <= MAX_NAMES and all(_is_key(name) for name in names), "names")
    return Listing(uri, _size(item, "max_objects"), _size(item, "max_bytes_each"), max_bytes, names)


def _size(header: Mapping[str, Any], name: str) -> int:
    value = header.get(name)
    _expect(isinstance(value, int) and not isinstance(value, bool) and value >= 0, name)
    return cast("int", value)


def _members(header: Mapping[str, Any]) -> tuple[str, ...]:
    members = _texts(header, "members")
    _expect(len(members) <= MAX_MEMBERS and len(set(members)) == len(members), "members")
    _expect(all(_is_key(key) for key in members), "member")
    return members


def _is_key(text: str) -> bool:
    """Tell whether an object could have this key: UTF-8, and of the length that S3 allows."""
    try:
        return 0 < len(text.encode()) <= MAX_KEY_BYTES and "\0" not in text
    except UnicodeEncodeError:
        return False


def decode_programs(message: bytes) -> tuple[Program, ...]:
    """Read users' programs; raises as ``split``."""
    header, _ = split(message)
    items = header.get("programs")
    _expect(isinstance(items, list) and len(items) <= MAX_PROGRAMS, "programs")
    return tuple(_program(item) for item in cast("list[Any]", items))


def _program(item: Any) -> Program:
    _expect(isinstance(item, dict), "program")
    inputs = item.get("inputs")
    _expect(isinstance(inputs, dict) and len(inputs) <= MAX_INPUTS, "inputs")
    _expect(all(isinstance(uri, str) and 0 < len(name) <= MAX_KEY_BYTES for name, uri in inputs.items()), "input")
    return Program(_text(item, "name"), _text(item, "code"), inputs)


def decode_facts(message: bytes) -> Facts:
    """Read facts; raises as ``split``."""
    header, _ = split(message)
    return _facts(header)


def _facts(header: Mapping[str, Any]) -> dict[str, Any]:
    facts = header.get("facts")
    _expect(isinstance(facts, dict), "facts")
    return cast("dict[str, Any]", facts)


def decode_kind(message: bytes) -> tuple[str, tuple[str, ...]]:
    """Read what recognisers found, and what was wrong with some of them."""
    header, _ = split(message)
    return _text(header, "kind"), _texts(header, "problems")


def _outputs(items: Any, contents: memoryview) -> tuple[Output, ...]:
    _expect(isinstance(items, list) and all(isinstance(item, list) and len(item) == 5 for item in items), "outputs")
    outputs, start = [], 0
    for role, name, media_type, size, active in items:
        _expect(role in ROLES, "output role")
        _expect(isinstance(name, str) and OUTPUT_NAME.fullmatch(name) is not None, "output name")
        _expect(isinstance(media_type, str) and MEDIA_TYPE.fullmatch(media_type) is not None, "output media type")
        _expect(isinstance(active, bool), "output activity")
        _expect(isinstance(size, int) and 0 <= size <= len(contents) - start, "output size")
        outputs.append(Output(role, name, media_type, bytes(contents[start : start + size]), active))
        start += size
    _expect(len({output.name for output in outputs}) == len(outputs), "two outputs of one name")
    return tuple(outputs)


def _sampled(item: Any) -> Sampled | None:
    if item is None:
        return None
    _expect(isinstance(item, dict) and isinstance(item.get("shown"), int), "sampled")
    _expect(item.get("total") is None or isinstance(item["total"], int), "sampled total")
    return Sampled(item["shown"], item.get("total"), _text(item, "unit"))


def decode_rendering(message: bytes) -> tuple[Rendering, tuple[str, ...]]:
    """Read a rendering and the protections it was made under.

    Raises:
        RendererCrashed: the message is incomplete or not ours.
        BelvedereError: whatever the child had to say.
    """
    header, contents = split(message)
    rendering = Rendering(
        kind=_text(header, "kind"),
        renderer_name=_text(header, "renderer_name"),
        renderer_version=_text(header, "renderer_version"),
        title=_text(header, "title"),
        alt_text=_text(header, "alt_text"),
        facts=_facts(header),
        outputs=_outputs(header.get("outputs"), contents),
        warnings=_texts(header, "warnings"),
        sampled=_sampled(header.get("sampled")),
        members=_members(header),
    )
    return rendering, _texts(header, "isolation")
