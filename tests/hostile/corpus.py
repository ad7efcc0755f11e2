"""The whole corpus."""

from __future__ import annotations

from tests.hostile.bombs import BOMBS
from tests.hostile.charts import CHARTS
from tests.hostile.markup import MARKUPS
from tests.hostile.notebooks import NOTEBOOKS

CASES = [case for subject in (BOMBS, MARKUPS, NOTEBOOKS, CHARTS) for case in subject.cases]
