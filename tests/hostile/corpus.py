"""The whole corpus."""

from __future__ import annotations

from tests.hostile.bombs import BOMBS

CASES = [*BOMBS.cases]
