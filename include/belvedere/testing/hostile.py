"""Damaged bytes: cut, flipped, doubled and emptied samples, always the same ones, each rendered in a child."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from belvedere.errors import BelvedereError, LimitExceeded, RendererCrashed
from belvedere.rendering.isolation.guard import render_isolated
from belvedere.testing.outputs import NotConforming

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from belvedere.model.rendering import Limits
    from belvedere.testing.samples import Sample

DAMAGES = 20
SEED = 20_261_122


def damaged(content: bytes, most: int) -> Iterator[tuple[str, bytes]]:
    """Yield ``most`` damaged copies of ``content``, each with what was done to it."""
    size = len(content)
    cuts = [(f"cut after {cut:,} bytes", content[:cut]) for cut in sorted({size // 2, size - 1, 1} - {0, size})]
    moved = [("with its beginning last", content[size // 2 :] + content[: size // 2]), ("doubled", content * 2)]
    done = [*cuts, *moved][:most]
    yield from done
    chance = random.Random(SEED)  # noqa: S311 - the same damage every time
    for number in range(most - len(done)):
        changed = bytearray(content)
        for _ in range(1 + number % 4 * 8):
            changed[chance.randrange(size)] = chance.randrange(256)
        yield f"flipped bytes, number {number}", bytes(changed)


def survive(sample: Sample, kind: str, limits: Limits, folder: Path, damages: int) -> None:
    """Render so many damaged copies of a sample as ``kind``.

    Raises:
        NotConforming: one of them ended otherwise than in a rendering or in an error that explains it.
    """
    for what, content in damaged(sample.content, damages):
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
