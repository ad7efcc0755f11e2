"""The whole corpus."""

from __future__ import annotations

from tests.hostile.archives import ARCHIVES
from tests.hostile.bombs import BOMBS
from tests.hostile.charts import CHARTS
from tests.hostile.kubeflow import KUBEFLOW
from tests.hostile.markup import MARKUPS
from tests.hostile.models import MODELS
from tests.hostile.names import NAMES
from tests.hostile.notebooks import NOTEBOOKS
from tests.hostile.tables import TABLES

SUBJECTS = (BOMBS, MARKUPS, NOTEBOOKS, CHARTS, ARCHIVES, MODELS, TABLES, KUBEFLOW)
CASES = [*(case for subject in SUBJECTS for case in subject.cases), *NAMES]
