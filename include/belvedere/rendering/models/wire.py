"""Protocol Buffers by their wire format alone: fields of a message, read in place, whatever they claim.

A model of two gigabytes is walked through without reading its weights; no schema, no allocation by what lengths
promise. Format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from belvedere.errors import MalformedArtifact
from belvedere.rendering.texts.plaintext import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10
MOST_TEXT_BYTES = 4096
SIGN, MODULUS = 1 << 63, 1 << 64
DOUBLE, FLOAT = struct.Struct("<d"), struct.Struct("<f")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: its number, and its value as a number or as a message, string or bytes."""

    number: int
    wire_type: int
    value: int
    content: Message | None

    def message(self) -> Message:
        """Return the content as a message.

        Raises:
            MalformedArtifact: the field is a number.
        """
        if self.content is None:
            raise broken(f"field {self.number} is a number where a message must be")
        return self.content

    def text(self) -> str:
        """Return the content as text, cut at some length; raises as ``message``."""
        return clean(self.message().data(MOST_TEXT_BYTES).decode("utf-8", "replace"))

    def integer(self) -> int:
        """Return the value as a signed integer (two's complement, as int32 and int64 are written)."""
        return self.value - MODULUS if self.value & SIGN else self.value

    def real(self) -> float:
        """Return the value of a float field."""
        return float(FLOAT.unpack(self.value.to_bytes(4, "little"))[0]) if self.wire_type == FIXED32 else 0.0


@dataclass(frozen=True, slots=True)
class Message:
    """A part of a buffer that holds a message."""

    buffer: memoryview
    start: int
    end: int

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.end - self.start

    def data(self, most: int | None = None) -> bytes:
        """Return the bytes, or the first ``most`` of them."""
        end = self.end if most is None else min(self.end, self.start + most)
        return bytes(self.buffer[self.start : end])

    def fields(self) -> Iterator[Field]:
        """Yield the fields in their order; one that is cut off comes as far as it is there, before the error.

        Raises:
            MalformedArtifact: what follows is no field, or it ends beyond the message.
        """
        at = self.start
        while at < self.end:
            key, at = self._varint(at)
            number, wire_type = key >> 3, key & 7
            if number == 0:
                raise broken("a field has the number 0")
            if wire_type == VARINT:
                value, at = self._varint(at)
                yield Field(number, wire_type, value, None)
            elif wire_type == LENGTH:
                length, at = self._varint(at)
                there = min(length, self.end - at)
                yield Field(number, wire_type, length, Message(self.buffer, at, at + there))
                if there < length:
                    raise broken(f"field {number} claims {length:,} bytes, {there:,} are left: it is truncated")
                at += length
            else:
                value, at = self._fixed(at, number, wire_type)
                yield Field(number, wire_type, value, None)

    def integers(self) -> Iterator[int]:
        """Yield packed integers; raises as ``fields``."""
        at = self.start
        while at < self.end:
            value, at = self._varint(at)
            yield value - MODULUS if value & SIGN else value

    def _varint(self, at: int) -> tuple[int, int]:
        value = shift = 0
        while at < self.end and shift < 7 * LONGEST_VARINT:
            byte = self.buffer[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & (MODULUS - 1), at
            shift += 7
        raise broken("a number does not end: it is truncated or damaged")

    def _fixed(self, at: int, number: int, wire_type: int) -> tuple[int, int]:
        length = {FIXED64: 8, FIXED32: 4}.get(wire_type)
        if length is None:
            raise broken(f"field {number} has the wire type {wire_type}, which nobody writes")
        if length > self.end - at:
            raise broken(f"field {number} is truncated")
        return int.from_bytes(self.buffer[at : at + length], "little"), at + length


def broken(what: str) -> MalformedArtifact:
    """Return the error of a message that cannot be read."""
    return MalformedArtifact(f"Not a valid protocol buffer (invalid, damaged or truncated): {what}.", code="protobuf")
