"""Damaged bytes: cut, flipped, doubled and emptied samples, always the same ones, each rendered in a child."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from belvedere.errors import BelvedereError, LimitExceeded, RendererCrashed
from belvedere.rendering.isolation import render_isolated
from belvedere.testing.outputs import NotConforming

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from belvedere.model.rendering import Limits
    from belvedere.testing.samples import Sample

FLIPS = 12
SEED = 20_261_122


def damaged(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield damaged copies of ``content``, each with what was done to it."""
    size = len(content)
    for cut in sorted({1, size // 4, size // 2, size - 1} - {0, size}):
        yield f"cut after {cut} bytes", content[:cut]
    yield "doubled", content + content
    yield "with its beginning last", content[size // 2 :] + content[: size // 2]
    yield "nothing but zeros", bytes(min(size, 4096) or 16)
    chance = random.Random(SEED)  # noqa: S311 - the same damage every time
    for number in range(FLIPS):
        changed = bytearray(content)
        for _ in range(1 + number % 4 * 8):
            changed[chance.randrange(size)] = chance.randrange(256)
        yield f"flipped bytes, number {number}", bytes(changed)


def survive(sample: Sample, kind: str, limits: Limits, folder: Path) -> None:
    """Render every damaged copy of a sample as ``kind``.

    Raises:
        NotConforming: one of them ended otherwise than in a rendering or in an error that explains it.
    """
    for what, content in damaged(sample.content):
        source = sample.source(folder, content=content)
        try:
            render_isolated(source, limits, strictness="lenient", kind=kind)
        except RendererCrashed as error:
            raise NotConforming(f"{what}: it must end in a rendering or in MalformedArtifact. {error}") from None
        except LimitExceeded as error:
            if error.code in ("wall_time", "cpu_time", "memory"):
                raise NotConforming(f"{what}: it uses up what it may. {error}") from None
        except BelvedereError as error:
            if not error.message.strip():
                raise NotConforming(f"{what}: its error says nothing") from None
